import { type Binary, isBytes } from "../backends/wasm/opened.ts";
import type { Exports } from "../backends/wasm/plan.ts";
import { isOutOfMemory } from "../check.ts";
import { pagesFor } from "../memory/map.ts";
import { nodeModule } from "./node.ts";

/** Compiles a module that is not compiled yet. */
export async function compile(source: Binary): Promise<WebAssembly.Module> {
  if (!isBytes(source)) return source;
  return inNode() ? new WebAssembly.Module(source) : WebAssembly.compile(source);
}

/** The functions of a module over a memory. */
export async function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<Exports> {
  const imports = { env: { memory } };
  const instance = inNode()
    ? new WebAssembly.Instance(module, imports)
    : await WebAssembly.instantiate(module, imports);
  return instance.exports as Exports;
}

/** There, at once takes 1 ms, and to wait for threads that do it 6; browsers refuse large modules at once. */
const inNode = () => nodeModule("node:fs") !== undefined;

/** What 32-bit addresses reach. */
const MAXIMAL_PAGES = 65536;

/** Memory of the map with an arena of so many bytes; halved where the platform refuses the size. */
export function createMemory(
  arenaBytes: number,
  workers = 0,
  shared = false,
): { memory: WebAssembly.Memory; arenaBytes: number } {
  for (let bytes = arenaBytes; ; bytes = Math.floor(bytes / 2)) {
    const pages = pagesFor(bytes, workers);
    if (pages > MAXIMAL_PAGES) continue;
    try {
      return { memory: new WebAssembly.Memory({ initial: pages, maximum: pages, shared }), arenaBytes: bytes };
    } catch (error) {
      if (!isOutOfMemory(error) || bytes < 65536) throw error;
    }
  }
}
