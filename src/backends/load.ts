import { RELAXED, STRICT } from "../generated/wasm.ts";
import { pagesFor } from "../memory/map.ts";

/** The module as it is inlined in the package, or what the caller gives instead. */
export type ModuleSource = URL | BufferSource | WebAssembly.Module;

/** Compiles the kernels that are given, or the inlined ones. */
export async function compile(source: ModuleSource | undefined, relaxed = false): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof URL) return WebAssembly.compile(await bytesAt(source));
  if (source !== undefined) return WebAssembly.compile(source);
  return WebAssembly.compile(fromBase64(relaxed ? RELAXED : STRICT));
}

/** Memory of the map with an arena of so many bytes; halved where the platform refuses the size. */
export function createMemory(arenaBytes: number): { memory: WebAssembly.Memory; arenaBytes: number } {
  for (let bytes = arenaBytes; ; bytes = Math.floor(bytes / 2)) {
    const pages = pagesFor(bytes);
    try {
      return { memory: new WebAssembly.Memory({ initial: pages, maximum: pages }), arenaBytes: bytes };
    } catch (error) {
      if (!(error instanceof RangeError) || bytes < 65536) throw error;
    }
  }
}

async function bytesAt(url: URL): Promise<BufferSource> {
  if (url.protocol === "file:") {
    const { readFile } = await import("node:fs/promises");
    return readFile(url);
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`createLosses: ${url} answered ${response.status}`);
  return response.arrayBuffer();
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
