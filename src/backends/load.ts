import { pagesFor } from "../memory/map.ts";
import type { Binary } from "./opened.ts";
import type { Exports } from "./plan.ts";

/** Compiles a module for ordinary or for shared memory. */
export async function compile(source: Binary, shared = false): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  const binary = shared ? withSharedMemory(source) : source;
  return inNode() ? new WebAssembly.Module(binary) : WebAssembly.compile(binary);
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
const inNode = () => globalThis.process?.getBuiltinModule?.("node:fs") !== undefined;

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
      if (!(error instanceof RangeError) || bytes < 65536) throw error;
    }
  }
}

/** The import of memory: "env", "memory", a memory; its limits follow. */
const MEMORY_IMPORT = [3, ...new TextEncoder().encode("env"), 6, ...new TextEncoder().encode("memory"), 2];
/** Limits: a maximum; the memory is shared. */
const BOUNDED = 1;
const SHARED = 3;

/**
 * The same module for a shared memory. The two differ in one byte, the flags of the memory's import, so that the package
 * carries one of them.
 */
export function withSharedMemory(source: BufferSource): Uint8Array<ArrayBuffer> {
  const view = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  const bytes = view.slice();
  const at = bytes.findIndex((_, i) => MEMORY_IMPORT.every((byte, k) => bytes[i + k] === byte));
  const flags = at + MEMORY_IMPORT.length;
  if (at >= 0 && bytes[flags] === BOUNDED) bytes[flags] = SHARED;
  return bytes;
}
