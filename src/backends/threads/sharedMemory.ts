import { type Binary, isBytes } from "../wasm/opened.ts";

/** The import of memory: "env", "memory", a memory; its limits follow. */
const MEMORY_IMPORT = [3, ...ascii("env"), 6, ...ascii("memory"), 2];
/** Limits: a maximum; the memory is shared. */
const BOUNDED = 1;
const SHARED = 3;

function ascii(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

/**
 * The same module for a shared memory. The two differ in one byte, the flags of the memory's import, so that the package
 * carries one of them. One that is compiled stays what it is.
 */
export function withSharedMemory(source: Binary): Binary {
  if (!isBytes(source)) return source;
  const view = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  const bytes = view.slice();
  const at = bytes.findIndex((_, i) => MEMORY_IMPORT.every((byte, k) => bytes[i + k] === byte));
  const flags = at + MEMORY_IMPORT.length;
  if (at >= 0 && bytes[flags] === BOUNDED) bytes[flags] = SHARED;
  return bytes;
}
