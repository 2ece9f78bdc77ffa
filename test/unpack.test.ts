import { afterEach, expect, test, vi } from "vitest";
import { unpack } from "../src/backends/unpack.ts";
import { STRICT } from "../src/generated/strict.ts";
import { createLosses } from "../src/index.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** As in a browser: no module of Node. */
function withoutNode() {
  vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
}

test("streams unpack what Node's zlib unpacks", async () => {
  const wanted = await unpack(STRICT);
  withoutNode();
  expect(Buffer.compare(await unpack(STRICT), wanted)).toBe(0);
});

test("an engine that can't unpack runs in JavaScript and says so, or from a file", async () => {
  const module = new WebAssembly.Module(await unpack(STRICT));
  withoutNode();
  vi.stubGlobal("DecompressionStream", undefined);
  const losses = await createLosses();
  expect(losses.backend).toBe("js");
  expect(losses.notes).toEqual([
    "backend: this engine has no DecompressionStream for the inlined module (the option wasm takes a file); the JavaScript loops run.",
  ]);
  await expect(createLosses({ backend: "wasm" })).rejects.toThrow("no DecompressionStream");
  expect((await createLosses({ wasm: module })).backend).toBe("wasm");
});
