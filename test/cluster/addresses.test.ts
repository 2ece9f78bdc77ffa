/** Inputs by address and states in buckets: the same bytes, and keys and tokens nowhere but in the environment. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { addressServer } from "../addressServer.ts";
import { bucketServer } from "../bucketServer.ts";
import { workshop } from "../command.ts";
import { npy } from "../files.ts";
import { labelsOf, logitsOf, mulberry32 } from "../inputs.ts";
import { command } from "./cluster.ts";
import { TestRedis } from "./redis.ts";

const ROWS = 900;
const CLASSES = 6;
const SECRETS = { key: "very/secret+key", session: "secretSession", token: "hf_secretToken" };
const { at, run } = workshop();
const server = await addressServer();
const bucket = await bucketServer(SECRETS.key);
const env = {
  AWS_ENDPOINT_URL_S3: bucket.origin,
  AWS_ACCESS_KEY_ID: "AKIDPUBLIC",
  AWS_SECRET_ACCESS_KEY: SECRETS.key,
  AWS_SESSION_TOKEN: SECRETS.session,
  HF_ENDPOINT: server.origin,
  HF_TOKEN: SECRETS.token,
};
let redis: TestRedis;
let work: ReturnType<typeof command>;
let wanted: Buffer;
let logits: Buffer;
let labels: Buffer;
let count = 0;
let name = "";

beforeAll(async () => {
  mkdirSync(at("redis"));
  redis = await TestRedis.start(at("redis"));
  const random = mulberry32(3);
  logits = npy(logitsOf(random, "float32", ROWS, CLASSES) as Float32Array, [ROWS, CLASSES]);
  labels = npy(labelsOf(random, ROWS, CLASSES), [ROWS]);
  writeFileSync(at("logits.npy"), logits);
  writeFileSync(at("labels.npy"), labels);
  expect(run("evaluate", "logits.npy", "labels.npy", "--state", "wanted.acc").code).toBe(0);
  wanted = readFileSync(at("wanted.acc"));
  work = command(["cluster", "work", "--redis", redis.address], env, { kept: true });
});
afterAll(() => redis.kill());
beforeEach(async () => {
  const client = redis.client();
  await client.flushall();
  client.disconnect();
  bucket.objects.clear();
  bucket.faults.length = 0;
  name = `run${++count}`;
});

const inBucket = (key: string, bytes: Buffer) => {
  bucket.objects.set(`/evals/${key}`, bytes);
  return `s3://evals/${key}`;
};
const submit = (files: readonly string[], ...more: string[]) => {
  const args = ["cluster", "submit", ...files, "--run", name, "--shard-rows", "150", "--redis", redis.address];
  return command([...args, ...more], env).ended;
};

/** A run that ends well, and with the state of one process; nothing that is told or kept holds a secret. */
async function expectSame(files: readonly string[], ...more: string[]): Promise<void> {
  const { code, stderr, stdout } = await submit(files, "--wait", "--state", at("got.acc"), ...more);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(readFileSync(at("got.acc")).equals(wanted)).toBe(true);
  await expectNoSecrets(stdout);
}

async function expectNoSecrets(...texts: string[]): Promise<void> {
  const client = redis.client();
  const kept: Buffer[] = [];
  for (const key of await client.keys("*")) kept.push(Buffer.from(key), (await client.dumpBuffer(key))!);
  client.disconnect();
  for (const secret of Object.values(SECRETS)) {
    for (const text of [...texts, work.stderr()]) expect(text).not.toContain(secret);
    for (const bytes of kept) expect(bytes.includes(secret)).toBe(false);
  }
}

describe("inputs", () => {
  test("over http on loopback, with faults on the way", async () => {
    const x = server.serve("/logits.npy", logits);
    const y = server.serve("/labels.npy", labels, { faults: [undefined, 503, "reset", undefined, "cut", 429] });
    await expectSame([x, y]);
    // each shard asks for its own rows
    const ranges = server.asked.filter(({ url }) => url === "/logits.npy").map(({ headers }) => headers.range);
    expect(ranges).toContain(`bytes=${logits.length - 150 * 4 * CLASSES}-${logits.length - 1}`);
  });

  test("of the Hub, with a token", async () => {
    const folder = "/datasets/user/repo/resolve/main";
    server.serve(`${folder}/logits.npy`, logits);
    server.serve(`${folder}/labels.npy`, labels);
    await expectSame(["hf://datasets/user/repo/logits.npy", "hf://datasets/user/repo/labels.npy"]);
    expect(server.asked.every(({ headers }) => headers.authorization === `Bearer ${SECRETS.token}`)).toBe(true);
  });

  test("in a bucket, by patterns, each request signed", async () => {
    inBucket("run/logits.npy", logits);
    inBucket("run/labels.npy", labels);
    inBucket("run/other/logits.npy", labels);
    const before = bucket.asked.length;
    await expectSame(["s3://evals/run/logi*.npy", "s3://evals/run/label*.npy"]);
    expect(bucket.asked.slice(before).every(({ status }) => status < 300)).toBe(true);
  });

  test("a file that changes after it was submitted", async () => {
    const x = server.serve("/logits.npy", logits);
    const changing = { tag: (request: number) => (request < 5 ? '"1"' : '"2"') };
    const y = server.serve("/labels.npy", labels, changing);
    const { code, stderr } = await submit([x, y], "--wait");
    expect(code).toBe(1);
    expect(stderr).toMatch(/npy: it changed while it was read|npy has changed since the run was submitted/);
  });

  test.each([
    ["http://user:secretPass@127.0.0.1/x.npy", "http://127.0.0.1/x.npy: everybody who reads Redis would see"],
    ["https://host/x.npy?X-Amz-Signature=secretPass", "https://host/x.npy: everybody who reads Redis would see"],
    ["s3://evals/x.npy?secretPass", "s3://evals/x.npy: everybody who reads Redis would see"],
    ["https://host/*.npy", "https://host/*.npy: patterns are of files and of s3:// alone"],
    ["s3://evals/none-*.npy", "s3://evals/none-*.npy: no file is called so"],
    ["-", "standard input is of one machine"],
  ])("%s is refused", async (address, message) => {
    const { code, stderr } = await submit([address, at("labels.npy")]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("secretPass");
    await expectNoSecrets(stderr);
  });

  test("a server that sends no parts", async () => {
    const x = server.serve("/logits.npy", logits);
    const y = server.serve("/labels.npy", labels, { noRanges: true });
    const { code, stderr } = await submit([x, y]);
    expect(code).toBe(1);
    expect(stderr).toContain(".npy: shards are parts of files, but its server sends none");
  });
});

describe("states in a bucket", () => {
  test("of a run, and what is there is not done again when Redis forgets it", async () => {
    const x = inBucket("logits.npy", logits);
    const y = inBucket("labels.npy", labels);
    bucket.faults.push(503, 500);
    await expectSame([x, y], "--state-dir", "s3://evals/states/");
    const states = [...bucket.objects.keys()].filter((key) => key.startsWith("/evals/states/"));
    expect(states).toHaveLength(ROWS / 150 + 1);
    const client = redis.client();
    await client.flushall();
    client.disconnect();
    // half of one, as of a disk that was full, is no state
    bucket.objects.set(states[0], bucket.objects.get(states[0])!.subarray(0, 40));
    const before = bucket.asked.length;
    await expectSame([x, y], "--state-dir", "s3://evals/states/");
    const puts = bucket.asked
      .slice(before)
      .filter(({ method, url }) => method === "PUT" && url.startsWith("/evals/states"));
    // that it is there already, and then in its place; a last merge may be the one that was broken
    expect(puts.length).toBeGreaterThan(0);
    expect(puts.length).toBeLessThan(5);
    expect(bucket.objects.get(states[0])!.length).toBeGreaterThan(40);
  });

  test("of evaluate --shard, which merge takes from there", async () => {
    const inputs = [at("logits.npy"), at("labels.npy")];
    for (let i = 1; i <= 5; i++) {
      const shard = ["--shard", `${i}/5`, "--state-dir", "s3://evals/parts"];
      const { code, stderr } = await command(["evaluate", ...inputs, ...shard], env).ended;
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    }
    expect(bucket.objects.has("/evals/parts/part-3-of-5.acc")).toBe(true);
    const merged = await command(["merge", "s3://evals/parts", "--state", "s3://evals/all.acc"], env).ended;
    expect(merged).toMatchObject({ code: 0, stderr: "" });
    expect(bucket.objects.get("/evals/all.acc")!.equals(wanted)).toBe(true);
    bucket.objects.delete("/evals/parts/part-3-of-5.acc");
    const { stderr } = await command(["merge", "s3://evals/parts"], env).ended;
    expect(stderr).toContain("s3://evals/parts: 1 of 5 shards are missing (3)");
    const wrong = await command(["merge", "s3://evals/parts"], { ...env, AWS_SECRET_ACCESS_KEY: "wrongSecret" }).ended;
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toBe(
      "wasm-loss: s3://evals/parts/: the server answers 403 Forbidden (The signature is not right)\n",
    );
  });

  test.each([
    ["https://host/states", "--state-dir is https://host/states, but must be a folder or s3://BUCKET/PREFIX"],
    [
      "s3://user:secretPass@evals/states",
      "--state-dir is s3://evals/states, but must be a folder or s3://BUCKET/PREFIX",
    ],
  ])("%s is refused", async (dir, message) => {
    const { code, stderr } = await submit([at("logits.npy"), at("labels.npy")], "--state-dir", dir);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `wasm-loss: ${message} (see wasm-loss --help)\n` });
  });
});
