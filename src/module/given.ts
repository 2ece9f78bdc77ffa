import type { Binary } from "../backends/wasm/opened.ts";
import { kindOf } from "../check.ts";
import { BUILDS } from "../generated/builds.ts";
import { compile } from "./load.ts";

/** A module to open, which of the package's it is, and why that is not what was asked for. */
export interface Found {
  readonly wasm: Binary;
  readonly relaxed: boolean;
  readonly notes: readonly string[];
}

/** Checks the option `wasm`; what is returned reads it. */
export function checkGiven(wasm: unknown): (relaxed: boolean) => Promise<Found> {
  if (
    wasm instanceof URL ||
    wasm instanceof ArrayBuffer ||
    ArrayBuffer.isView(wasm) ||
    (typeof WebAssembly === "object" && wasm instanceof WebAssembly.Module)
  ) {
    return (relaxed) => read(wasm as URL | Binary, relaxed);
  }
  throw new TypeError(`createLosses: wasm must be a URL, bytes or a WebAssembly.Module, but is ${kindOf(wasm)}`);
}

async function read(source: URL | Binary, asked: boolean): Promise<Found> {
  let wasm: Binary;
  let module: WebAssembly.Module;
  try {
    wasm = source instanceof URL ? await bytesAt(source) : source;
    // to look at it; threads compile other bytes of it, and to do it twice takes V8 0.1 ms
    module = await compile(wasm);
  } catch (cause) {
    throw new Error(`createLosses: wasm: ${(cause as Error).message}`, { cause });
  }
  const build = buildOf(module);
  const relaxed = build === BUILDS.relaxed;
  if (!relaxed && build !== BUILDS.strict) {
    const ours = `${BUILDS.strict} (strict.wasm) and ${BUILDS.relaxed} (relaxed.wasm)`;
    throw new RangeError(
      `createLosses: wasm is of ${build ? `build ${build}` : "no build"}, but this version's are ${ours}`,
    );
  }
  const note = `relaxed: ${asked} was asked for, but wasm is ${relaxed ? "relaxed" : "strict"}.wasm.`;
  return { wasm, relaxed, notes: relaxed === asked ? [] : [note] };
}

/** The digest with which the package's files end, in a section of its own. */
function buildOf(module: WebAssembly.Module): string {
  const sections = WebAssembly.Module.customSections(module, "build");
  return sections.map((bytes) => Array.from(new Uint8Array(bytes), hex).join("")).join();
}

const hex = (byte: number) => byte.toString(16).padStart(2, "0");

async function bytesAt(url: URL): Promise<BufferSource> {
  if (url.protocol === "file:") {
    const { readFile } = globalThis.process.getBuiltinModule("node:fs/promises");
    return readFile(url) as Promise<Uint8Array<ArrayBuffer>>;
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.arrayBuffer();
}
