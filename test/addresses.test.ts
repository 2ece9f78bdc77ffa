import { describe, expect, test, vi } from "vitest";
import { addressOf, withoutSecrets } from "../src/formats/addresses/address.ts";
import { openAddress } from "../src/formats/addresses/openAddress.ts";
import type { Patience } from "../src/formats/addresses/transfer.ts";
import type { ByteSource } from "../src/formats/bytes.ts";
import { FormatError } from "../src/formats/error.ts";
import { addressServer, type Behaviour, signatureOf } from "./addressServer.ts";
import { bytesOf, llamaFile, npy, safetensors, sampleLine, zip } from "./files.ts";
import { mulberry32 } from "./inputs.ts";
import { readBoth, readOne } from "./readFiles.ts";

const server = await addressServer();
const other = await addressServer();

const PATIENCE: Patience = { failures: 3, milliseconds: 1, silence: 30_000 };
/** For servers that fall silent. */
const IMPATIENCE: Patience = { ...PATIENCE, silence: 200 };
/** More than two windows of 8 MiB. */
const FILE = Buffer.alloc(
  20_000_001,
  Uint8Array.from({ length: 999_983 }, (_, i) => (i * 7919) >> 3),
);

async function whole(source: ByteSource, atATime = 3_000_000): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (;;) {
    const part = Buffer.alloc(atATime);
    const n = await source.read(part);
    parts.push(part.subarray(0, n));
    if (n < atATime) return Buffer.concat(parts);
  }
}

async function read(how: Behaviour = {}, file = FILE): Promise<Buffer> {
  const patience = how.faults?.includes("stall") ? IMPATIENCE : PATIENCE;
  const source = await openAddress(server.serve("/file.bin", file, how), patience);
  try {
    return await whole(source);
  } finally {
    await source.close();
  }
}

const line = (what: string) => new FormatError(`${server.origin}/file.bin: ${what}`);

describe("a file comes whole", () => {
  const broken = ["reset", "cut", 500, 503, 429, "stall"] as const;
  test.each<[string, Behaviour]>([
    ["in windows", {}],
    ["without an ETag", { tag: () => undefined }],
    ["with a weak ETag", { tag: () => 'W/"1"' }],
    ["from a server without ranges", { noRanges: true }],
    ["and without its length", { noRanges: true, noLength: true }],
    ...broken.map((fault): [string, Behaviour] => [`though the first request meets ${fault}`, { faults: [fault] }]),
    ...broken.map((fault): [string, Behaviour] => [
      `though later ones meet ${fault}`,
      { faults: [undefined, fault, fault] },
    ]),
    ...broken.map((fault): [string, Behaviour] => [
      `without ranges, though the second one meets ${fault}`,
      { noRanges: true, faults: [undefined, fault] },
    ]),
  ])("%s", async (_, how) => {
    expect((await read(how)).equals(FILE)).toBe(true);
  });

  test.each([0, 1, 2 ** 23, 2 ** 23 + 1])("of %i bytes", async (length) => {
    for (const how of [{}, { noRanges: true }]) {
      expect((await read(how, FILE.subarray(0, length))).equals(FILE.subarray(0, length))).toBe(true);
    }
  });

  test("what is read goes on from the byte that was reached", async () => {
    await read({ faults: [undefined, "cut"] });
    const begins = server.asked.map(({ headers }) => headers.range);
    expect(begins).toContain("bytes=8388608-16777215");
    expect(begins.some((it) => /^bytes=1\d{7}-16777215$/.test(it ?? ""))).toBe(true);
    expect(server.asked.slice(1).every(({ headers }) => headers["if-range"] === '"1"')).toBe(true);
  });

  test("parts from anywhere, and what is passed over is not asked for", async () => {
    const source = await openAddress(server.serve("/file.bin", FILE), PATIENCE);
    for (const [position, length] of [
      [19_999_990, 100],
      [5, 10],
      [262_140, 8],
      [262_143, 300_000],
      [20_000_001, 1],
    ]) {
      const into = Buffer.alloc(length);
      const n = await source.readAt!(into, position);
      expect(into.subarray(0, n).equals(FILE.subarray(position, position + length))).toBe(true);
    }
    const before = server.asked.length;
    await source.discard(19_000_000);
    expect((await whole(source)).equals(FILE.subarray(19_000_000))).toBe(true);
    expect(server.asked.length).toBe(before + 1);
    await source.close();
  });
});

describe("what fails says so in a line", () => {
  test.each<[string, Behaviour, string | RegExp]>([
    ["a file that is not there", { refuse: () => 404 }, "the server answers 404 Not Found"],
    ["a door that is closed", { faults: [403] }, "the server answers 403 Forbidden"],
    ["an error for ever", { refuse: () => 500 }, "the server answers 500 Internal Server Error (4 times in a row)"],
    ["a change between windows", { tag: (request) => `"${Math.min(request, 1)}"` }, "it changed while it was read"],
    ["a change that is answered 412", { faults: [undefined, 412] }, "it changed while it was read"],
    [
      "a change without ranges",
      { noRanges: true, faults: [undefined, "cut"], tag: (request) => `"${request >> 1}"` },
      "it changed while it was read",
    ],
    ["a compressed body", { headers: { "content-encoding": "gzip" } }, "the server sends it compressed (gzip)"],
    [
      "a range that is not the one asked for",
      { headers: {}, refuse: () => 206 },
      /^the server sends no Content-Range, but bytes from 0 on/,
    ],
    ["silence", { faults: Array(20).fill("stall"), noRanges: true }, /^no answer for 0.2 s \(\d times in a row\)$/],
    ["a redirect in a ring", { redirect: server.origin }, "more than 10 redirects"],
    [
      "a redirect in the open",
      { redirect: "http://example.com" },
      "only https:// is read (http:// on this machine alone)",
    ],
    ["a redirect to a file", { redirect: "file:///etc" }, "only https:// is read (http:// on this machine alone)"],
  ])("%s", async (_, how, what) => {
    const promise = read(how).then((it) => it.length);
    if (typeof what === "string") await expect(promise).rejects.toThrow(line(what));
    else
      await expect(promise).rejects.toThrow(
        expect.objectContaining({ message: expect.stringMatching(new RegExp(what.source.replace("^", "file.bin: "))) }),
      );
  });

  test("a changed length, and a server that is not there", async () => {
    const url = server.serve("/file.bin", FILE, { tag: () => undefined });
    const source = await openAddress(url, PATIENCE);
    server.serve("/file.bin", FILE.subarray(0, -1), { tag: () => undefined });
    await expect(whole(source).then((it) => it.length)).rejects.toThrow(line("it changed while it was read"));
    await source.close();
    await expect(openAddress("http://127.0.0.1:1/x", PATIENCE)).rejects.toThrow(
      /^http:\/\/127.0.0.1:1\/x: .*\(4 times in a row\)$/,
    );
  });

  test.each([
    ["http://example.com/x", "http://example.com/x: only https:// is read (http:// on this machine alone)"],
    ["https://", "https://...: no address that can be read"],
    ["https://user:pass?word@host/x", "https://...: no address that can be read"],
    ["s3://bucket", "s3://bucket: must be s3://BUCKET/KEY"],
    ["hf://datasets/user/file", "hf://datasets/user/file: must be hf://datasets/USER/REPOSITORY[@REVISION]/PATH"],
  ])("%s", async (address, message) => {
    await expect(openAddress(address, PATIENCE)).rejects.toThrow(new FormatError(message));
  });

  test("closing ends what is under way", async () => {
    const source = await openAddress(
      server.serve("/file.bin", FILE, { faults: [undefined, "stall", "stall"] }),
      PATIENCE,
    );
    const reading = whole(source).catch((error) => error);
    await source.close();
    expect(await reading).toBeInstanceOf(Error);
    const before = server.asked.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.asked.length).toBe(before);
  });
});

describe("keys and tokens", () => {
  test.each([
    ["https://user:secret@host/a/b.npy?X-Amz-Signature=secret#secret", "https://host/a/b.npy"],
    ["s3://key:secret@bucket/a.npy?secret", "s3://bucket/a.npy"],
    ["hf://datasets/a/b@main/c.npy?secret", "hf://datasets/a/b@main/c.npy"],
    ["a@b.npy", "a@b.npy"],
  ])("%s is called %s", (address, name) => {
    expect(withoutSecrets(address)).toBe(name);
  });

  test("user and password go to the host as they are usually sent", async () => {
    const url = server.serve("/file.bin", FILE.subarray(0, 9)).replace("http://", "http://user:p%40ss@");
    const source = await openAddress(url, PATIENCE);
    expect(source.path).toBe(`${server.origin}/file.bin`);
    expect(server.asked[0].headers.authorization).toBe(`Basic ${Buffer.from("user:p@ss").toString("base64")}`);
    await source.close();
  });

  test("a token of the Hub goes to the Hub, not to where it redirects", async () => {
    vi.stubEnv("HF_TOKEN", "hf_secret");
    vi.stubEnv("HF_ENDPOINT", server.origin);
    try {
      const path = "/datasets/user/repo/resolve/refs%2Fpr%2F1/a b/x.bin";
      other.serve(decodeURIComponent(path), FILE);
      server.serve("/", FILE, { redirect: other.origin });
      const source = await openAddress("hf://datasets/user/repo@refs%2Fpr%2F1/a b/x.bin", PATIENCE);
      expect((await whole(source)).equals(FILE)).toBe(true);
      await source.close();
      expect(server.asked[0].url).toBe(path.replace(" ", "%20"));
      expect(server.asked.every(({ headers }) => headers.authorization === "Bearer hf_secret")).toBe(true);
      expect(other.asked.length).toBeGreaterThan(2);
      expect(other.asked.every(({ headers }) => headers.authorization === undefined)).toBe(true);
      expect(addressOf("hf://user/model/x.npy").url.pathname).toBe("/user/model/resolve/main/x.npy");
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test("S3: every request is signed; without keys none is", async () => {
    vi.stubEnv("AWS_ENDPOINT_URL_S3", server.origin);
    vi.stubEnv("AWS_ACCESS_KEY_ID", "AKID");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret/key");
    vi.stubEnv("AWS_SESSION_TOKEN", "session");
    vi.stubEnv("AWS_REGION", "eu-west-3");
    try {
      server.serve("/bucket/a b/ü+(1).bin", FILE);
      const source = await openAddress("s3://bucket/a b/ü+(1).bin", PATIENCE);
      expect((await whole(source)).equals(FILE)).toBe(true);
      await source.close();
      expect(server.asked.length).toBe(3);
      for (const request of server.asked) {
        const { headers } = request;
        expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-west-3\/s3\/aws4_request/);
        expect(headers.authorization).toContain(`Signature=${signatureOf(request, "secret/key")}`);
        expect(headers["x-amz-security-token"]).toBe("session");
      }
      expect(server.asked.slice(1).every(({ headers }) => headers["if-match"] === '"1"')).toBe(true);
      vi.stubEnv("AWS_ACCESS_KEY_ID", undefined);
      server.serve("/bucket/x.bin", FILE.subarray(0, 5));
      await (await openAddress("s3://bucket/x.bin", PATIENCE)).close();
      expect(server.asked[0].headers.authorization).toBe(undefined);
      vi.stubEnv("AWS_ENDPOINT_URL_S3", undefined);
      expect(addressOf("s3://bucket/x.npy").url.href).toBe("https://bucket.s3.eu-west-3.amazonaws.com/x.npy");
      expect(addressOf("s3://my.bucket/x.npy").url.href).toBe("https://s3.eu-west-3.amazonaws.com/my.bucket/x.npy");
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test("S3: a bucket of another region", async () => {
    vi.stubEnv("AWS_ENDPOINT_URL_S3", server.origin);
    try {
      server.serve("/bucket/x.bin", FILE, { refuse: () => 301, headers: { "x-amz-bucket-region": "eu-north-1" } });
      await expect(openAddress("s3://bucket/x.bin", PATIENCE)).rejects.toThrow(
        "s3://bucket/x.bin: the server answers 301 Moved Permanently (the bucket is in eu-north-1: AWS_REGION)",
      );
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe("every format by address", () => {
  const x = Float32Array.from({ length: 12 }, (_, i) => i / 4);
  const y = Int32Array.of(0, 2, 1, 1);
  const tensors = {
    logits: { dtype: "F32", shape: [4, 3], data: bytesOf(x) },
    labels: { dtype: "I32", shape: [4], data: bytesOf(y) },
  };
  const members = [
    { name: "logits.npy", data: npy(x, [4, 3]), deflate: true },
    { name: "labels.npy", data: npy(y, [4]) },
  ];
  const rows = Array.from(y, (label, i) => [label, ...x.subarray(3 * i, 3 * i + 3)].join());
  const expected = { logits: [...x], labels: [...y] };

  test.each<[string, Buffer, object]>([
    ["both.npz", zip(members), expected],
    ["both.safetensors", safetensors(tensors), expected],
    ["both.csv", Buffer.from(["label,logit_0,logit_1,logit_2", ...rows].join("\n")), expected],
    [
      "both.jsonl",
      Buffer.from(sampleLine({ logLikelihoods: [-1, -2], choices: ["a", "b"], target: 1 })),
      { logits: [-1, -2], labels: [1] },
    ],
  ])("%s", async (name, file, wanted) => {
    for (const how of [{}, { faults: [500, "cut"] }] as const) {
      expect(await readBoth(server.serve(`/${name}`, file, how))).toMatchObject(wanted);
    }
  });

  test("npy in both orders, base logits, and raw binary", async () => {
    const options = { role: "logits", floats: true } as const;
    expect((await readOne(server.serve("/x.npy", npy(x, [4, 3])), options)).values).toEqual([...x]);
    const fortran = Buffer.from(npy(x, [4, 3]).toString("latin1").replace("False", "True "), "latin1");
    const turned = Array.from(x, (_, i) => x[(i % 3) * 4 + Math.floor(i / 3)]);
    expect((await readOne(server.serve("/x.npy", fortran), options)).values).toEqual(turned);
    expect((await readOne(server.serve("/x.bin", bytesOf(x)), { ...options, dtype: "f32" })).values).toEqual([...x]);
    const random = mulberry32(3);
    const base = llamaFile({ context: 8, classes: 5, chunks: 2, random, logits: () => [random(), 1, 2, 3, 4] });
    expect(await readBoth(server.serve("/x.kld", base.bytes))).toMatchObject({
      logits: base.logProbabilities,
      labels: base.labels,
    });
  });

  test("an archive from a server without ranges", async () => {
    await expect(readBoth(server.serve("/both.npz", zip(members), { noRanges: true }))).rejects.toThrow(
      "an archive can only be read from a file that is named, not from a server that sends no parts of it",
    );
  });
});
