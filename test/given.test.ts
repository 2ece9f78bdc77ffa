import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, test, vi } from "vitest";
import { withSharedMemory } from "../src/backends/threads/sharedMemory.ts";
import { BUILDS } from "../src/generated/builds.ts";
import { createLosses, type LossesOptions } from "../src/index.node.ts";
import { openLosses } from "../src/inlinedLosses.ts";
import { compile } from "../src/module/load.ts";
import { SHARE_ALL } from "./backends.ts";
import { labelsOf, logitsOf, mulberry32 } from "./inputs.ts";

const NAMES = ["strict", "relaxed"] as const;
const urlOf = (name: string) => new URL(`../dist/${name}.wasm`, import.meta.url);
const random = mulberry32(31);
const [rows, classes] = [20, 1000];
const logits = logitsOf(random, "float32", rows, classes);
const labels = labelsOf(random, rows, classes);

/** What an engine says of itself, and the bits it computes; threads share every call. */
async function engineOf(options: LossesOptions) {
  const losses = await openLosses(options, SHARE_ALL);
  const { backend, threads, relaxed, notes } = losses;
  const gradient = losses.crossEntropyWithGrad(logits, labels, { classes }).grad;
  losses.close();
  return { backend, threads, relaxed, notes, bits: Buffer.from(gradient.buffer).toString("hex") };
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const own = {
  strict: await engineOf({ backend: "wasm" }),
  relaxed: await engineOf({ backend: "wasm", relaxed: true }),
};

test("the two modules' bits can be told apart", () => {
  expect([own.strict.relaxed, own.relaxed.relaxed]).toEqual([false, true]);
  expect(own.strict.bits).not.toBe(own.relaxed.bits);
});

describe.each(NAMES)("%s.wasm", (name) => {
  const bytes = readFileSync(urlOf(name));
  const notesOf = (asked: boolean) =>
    asked === (name === "relaxed") ? [] : [`relaxed: ${asked} was asked for, but wasm is ${name}.wasm.`];

  test.each([false, true])("says what it is, with relaxed: %s, given in any way, on any threads", async (relaxed) => {
    for (const threads of [1, 2]) {
      const module = await compile(threads > 1 ? withSharedMemory(bytes) : bytes);
      const { buffer } = Uint8Array.from(bytes);
      const { href } = urlOf(name);
      const data = `data:application/wasm;base64,${bytes.toString("base64")}`;
      // of another realm
      const foreign = runInNewContext("Uint8Array.from(bytes).buffer", { bytes });
      const given = [
        href,
        fileURLToPath(href),
        data,
        urlOf(name),
        bytes,
        buffer,
        new Int8Array(buffer),
        foreign,
        module,
      ];
      for (const [i, wasm] of given.entries()) {
        const engine = await engineOf({ backend: "wasm", threads, relaxed, wasm });
        const wanted = { ...own[name], threads, notes: notesOf(relaxed) };
        expect(engine, `number ${i}, ${threads} threads`).toEqual(wanted);
      }
    }
  });

  test("of another version is refused, by both builds", async () => {
    const other = Uint8Array.from(bytes);
    other.fill(0xab, -8);
    const none = bytes.subarray(0, -16);
    for (const [wasm, build] of [
      [other, "build abababababababab"],
      [none, "no build"],
      [Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0), "no build"],
    ] as const) {
      const error = new RangeError(
        `createLosses: wasm is of ${build}, but this version's are ${BUILDS.strict} (strict.wasm) and ${BUILDS.relaxed} (relaxed.wasm)`,
      );
      for (const threads of [1, 2]) {
        await expect(createLosses({ wasm, threads })).rejects.toThrow(error);
        await expect(createLosses({ wasm: await compile(wasm), threads })).rejects.toThrow(error);
      }
    }
  });
});

test.each([
  [null, "null"],
  [42, "a number"],
  [true, "a boolean"],
  [{}, "an Object"],
  [{ href: 1 }, "an Object"],
  [[0, 97], "an Array"],
])("wasm: %s is of the wrong kind", async (wasm, kind) => {
  for (const backend of ["auto", "wasm", "js"] as const) {
    await expect(createLosses({ backend, wasm: wasm as never })).rejects.toThrow(
      new TypeError(`createLosses: wasm must be a URL, a string, bytes or a WebAssembly.Module, but is ${kind}`),
    );
  }
});

test.each([
  [null, "null"],
  [7, "a number"],
  ["wasm", "a string"],
])("options: %s are of the wrong kind", async (options, kind) => {
  await expect(createLosses(options as never)).rejects.toThrow(
    new TypeError(`createLosses: options must be an object, but is ${kind}`),
  );
});

test("a module that can't be read or compiled: the reason, behind function and argument", async () => {
  const cut = readFileSync(urlOf("strict")).subarray(0, 1000);
  vi.stubGlobal("fetch", async () => new Response("", { status: 404 }));
  for (const [wasm, reason] of [
    ["missing.wasm", /^createLosses: wasm: ENOENT.*missing\.wasm/],
    ["https://example.com/x.wasm", /^createLosses: wasm: https:\/\/example\.com\/x\.wasm answered 404$/],
    [urlOf("missing"), /^createLosses: wasm: ENOENT.*missing\.wasm/],
    [new URL("https://example.com/x.wasm"), /^createLosses: wasm: https:\/\/example\.com\/x\.wasm answered 404$/],
    [new Uint8Array(10), /^createLosses: wasm: .*magic/],
    [cut, /^createLosses: wasm: WebAssembly\.Module\(\)/],
  ] as const) {
    const error = await createLosses({ wasm }).catch((thrown) => thrown);
    expect(error.message).toMatch(reason);
    expect(error.message).toContain(error.cause.message);
  }
});

test("a string is a page's address where there is no Node", async () => {
  const bytes = readFileSync(urlOf("strict"));
  const fetched = vi.fn(async (_: string) => new Response(bytes));
  vi.stubGlobal("fetch", fetched);
  const wasm = "/assets/strict-abc.wasm";
  vi.stubGlobal("process", undefined);
  try {
    expect((await createLosses({ wasm })).backend).toBe("wasm");
  } finally {
    vi.unstubAllGlobals();
  }
  expect(fetched).toHaveBeenCalledExactlyOnceWith(wasm);
});

test("out of memory it is compiled nowhere, and JavaScript runs", async () => {
  class Scarce extends WebAssembly.Module {
    constructor(bytes: BufferSource) {
      if (bytes.byteLength > 1000) throw new RangeError("WebAssembly.Module(): Out of memory");
      super(bytes);
    }
  }
  vi.spyOn(WebAssembly, "Module").mockImplementation(Scarce);
  const reason = "WebAssembly is refused here (WebAssembly.Module(): Out of memory)";
  for (const wasm of [undefined, urlOf("strict")]) {
    const { backend, notes } = await createLosses({ wasm });
    expect({ backend, notes }).toEqual({ backend: "js", notes: [`backend: ${reason}; the JavaScript loops run.`] });
    const refusal = createLosses({ backend: "wasm", wasm });
    await expect(refusal).rejects.toThrow(new Error(`createLosses: backend is "wasm", but ${reason}`));
  }
});
