import { type Binary, isBytes, isModule } from "../backends/wasm/opened.ts";
import { addressOf, isOutOfMemory, kindOf, reasonOf } from "../check.ts";
import { BUILDS } from "../generated/builds.ts";
import { refused } from "./features.ts";
import { compile } from "./load.ts";
import { nodeModule } from "./node.ts";

/** A module to open, which of the package's it is, and why that is not what was asked for. */
export interface Found {
  readonly wasm: Binary;
  readonly relaxed: boolean;
  readonly notes: readonly string[];
}

/** Checks the option `wasm`; what is returned reads it, or says why this platform can't compile it. */
export function checkGiven(wasm: unknown): (relaxed: boolean) => Promise<Found | string> {
  const address = addressOf(wasm);
  if (address !== undefined) return (relaxed) => read(() => bytesAt(address), relaxed);
  if (isBytes(wasm) || isModule(wasm)) return (relaxed) => read(() => wasm, relaxed);
  throw new TypeError(
    `createLosses: wasm must be a URL, a string, bytes or a WebAssembly.Module, but is ${kindOf(wasm)}`,
  );
}

async function read(source: () => Binary | Promise<Binary>, asked: boolean): Promise<Found | string> {
  let wasm: Binary;
  let module: WebAssembly.Module;
  try {
    wasm = await source();
    // to look at it; threads compile other bytes of it, and to do it twice takes V8 0.1 ms
    module = await compile(wasm);
  } catch (cause) {
    // what is wrong with the bytes is a CompileError
    if (isOutOfMemory(cause)) return refused(cause);
    throw new Error(`createLosses: wasm: ${reasonOf(cause)}`, { cause });
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

/** Bytes of a URL; in Node also of a path. */
async function bytesAt(address: string): Promise<BufferSource> {
  const files = nodeModule("node:fs/promises");
  if (files && !/^(https?|data|blob):/.test(address)) {
    return files.readFile(address.startsWith("file:") ? new URL(address) : address);
  }
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} answered ${response.status}`);
  return response.arrayBuffer();
}
