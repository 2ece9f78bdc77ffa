import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";
import { BUILDS } from "../src/generated/builds.ts";
import { createLosses } from "../src/index.node.ts";
import { moduleBeside } from "../src/module/beside.ts";
import { inlinedModule } from "../src/module/inlined.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** As in a browser: no module of Node. */
function withoutNode() {
  vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
}

test("streams inflate what Node's zlib inflates", async () => {
  const wanted = await inlinedModule();
  withoutNode();
  expect(Buffer.compare(await inlinedModule(), wanted)).toBe(0);
});

test.each(["strict", "relaxed"] as const)("the file %s.wasm is what is inlined, and its digest", async (name) => {
  const bytes = readFileSync(new URL(`../dist/${name}.wasm`, import.meta.url));
  const module = await inlinedModule(name === "relaxed");
  expect(Buffer.compare(bytes.subarray(0, module.length), module)).toBe(0);
  const digest = createHash("sha256").update(module).digest("hex").slice(0, 16);
  expect(BUILDS[name]).toBe(digest);
  // a section of its own: id 0, 14 bytes, a name of 5
  expect(bytes.toString("latin1", module.length)).toBe(
    `\0\x0e\x05build${Buffer.from(digest, "hex").toString("latin1")}`,
  );
});

test("the file is taken in Node, where it is of this build", async () => {
  const folder = new URL("../dist/", import.meta.url).href;
  const read = vi.spyOn(process.getBuiltinModule("node:fs"), "readFileSync");
  const file = readFileSync(new URL("strict.wasm", folder));
  const inlined = await inlinedModule();
  const isInlined = async (base?: string) => Buffer.compare((await moduleBeside(base, false))!, inlined) === 0;
  read.mockClear();
  expect((await moduleBeside(folder, false))?.length).toBe(file.length);
  expect((await moduleBeside(folder, true))?.length).not.toBe(file.length);
  expect(read).toHaveBeenCalledTimes(2);
  read.mockReturnValueOnce(Buffer.concat([file, file.subarray(-1)]));
  expect(await isInlined(folder)).toBe(true);
  read.mockReturnValueOnce(Buffer.alloc(0));
  expect(await isInlined(folder)).toBe(true);
  expect(await isInlined(new URL("missing/", folder).href)).toBe(true);
  read.mockClear();
  // bundled to a CommonJS module, loaded over the network, in Deno
  for (const base of [undefined, "https://example.com/dist/"]) expect(await isInlined(base)).toBe(true);
  vi.stubGlobal("Deno", {});
  expect(await isInlined(folder)).toBe(true);
  expect(read).not.toHaveBeenCalled();
});

test("an engine that can't inflate runs in JavaScript and says so, or from a file", async () => {
  const module = new WebAssembly.Module(readFileSync(new URL("../dist/strict.wasm", import.meta.url)));
  withoutNode();
  vi.stubGlobal("DecompressionStream", undefined);
  const losses = await createLosses();
  expect(losses.backend).toBe("js");
  expect(losses.notes).toEqual([
    "backend: this engine has no DecompressionStream (the option wasm takes a file); the JavaScript loops run.",
  ]);
  await expect(createLosses({ backend: "wasm" })).rejects.toThrow("no DecompressionStream");
  expect((await createLosses({ wasm: module })).backend).toBe("wasm");
});
