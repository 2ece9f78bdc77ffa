import { openWasm } from "./backends/openWasm.ts";
import type { Tuning } from "./backends/threads/threads.ts";
import type { WasmOptions } from "./backends/wasm/opened.ts";
import { addressOf, checkChoice, checkInteger, checkOptions, kindOf } from "./check.ts";
import { createEngine, type FacesOf, type Parts } from "./engine.ts";
import type { Engine, LossesOptions } from "./losses.ts";
import { ARENA, ARENA_OVERHEAD, PAGE, SLACK } from "./memory/map.ts";
import { fusesMultiplyAdd, hasRelaxedSimd, losesStack, refused, whyNoSimd } from "./module/features.ts";
import type { Found } from "./module/given.ts";

/** Where the package's modules are had from, strict or relaxed; undefined where nothing inflates what is inlined. */
export type Modules = (relaxed: boolean) => Promise<Uint8Array<ArrayBuffer> | undefined>;

const DEFAULT_ARENA = 64 * 1024 * 1024;
/** What 32-bit addresses reach, less what the engine keeps for itself. */
const LARGEST_ARENA = 65536 * PAGE - ARENA - ARENA_OVERHEAD - SLACK;
export const MAXIMAL_THREADS = 1024;
const BACKENDS = ["auto", "wasm", "js"];
const KNOWN = ["backend", "threads", "relaxed", "arenaBytes", "wasm", "worker"];

/** Checks the options, picks a backend and opens it; `facesOf` makes what the engine has beside its memory. */
export async function create<F extends object>(
  facesOf: FacesOf<F>,
  options: LossesOptions,
  moduleOf: Modules,
  tuning?: Tuning,
): Promise<Engine & F> {
  checkOptions("createLosses", options, KNOWN);
  const { backend = "auto", threads = 1, relaxed = false, arenaBytes = DEFAULT_ARENA } = options;
  checkChoice("createLosses", "backend", backend, BACKENDS);
  checkInteger("createLosses", "arenaBytes", arenaBytes, 0, LARGEST_ARENA);
  if (threads !== "auto") checkInteger("createLosses", "threads", threads, 1, MAXIMAL_THREADS, ' or "auto"');
  if (typeof relaxed !== "boolean") {
    throw new TypeError(`createLosses: relaxed must be a boolean, but is ${kindOf(relaxed)}`);
  }
  const worker = addressOf(options.worker);
  if (options.worker !== undefined && worker === undefined) {
    throw new TypeError(`createLosses: worker must be a URL or a string, but is ${kindOf(options.worker)}`);
  }
  // in a file of its own: most have the inlined one
  const given = options.wasm === undefined ? undefined : (await import("./module/given.ts")).checkGiven(options.wasm);

  const notes: string[] = [];
  if (backend !== "js") {
    const opened =
      whyNoWasm(backend) ?? (await inWebAssembly({ threads, arenaBytes, worker, tuning }, relaxed, moduleOf, given));
    if (typeof opened !== "string") return createEngine(opened, facesOf);
    if (backend === "wasm") throw new Error(`createLosses: backend is "wasm", but ${opened}`);
    notes.push(`backend: ${opened}; the JavaScript loops run.`);
  }
  if (relaxed) notes.push("relaxed: the JavaScript loops have none; the strict kernels run.");
  if (threads !== 1) notes.push(`threads: ${threads} was asked for, but the JavaScript loops run on one.`);
  const { openJs } = await import("./backends/js/openJs.ts");
  return createEngine({ backend: openJs(arenaBytes), notes }, facesOf);
}

/** What an engine with WebAssembly is made of, or why there is none, whatever the platform throws; what is wrong with a given module is thrown. */
async function inWebAssembly(
  options: Omit<WasmOptions, "wasm">,
  relaxed: boolean,
  moduleOf: Modules,
  given?: (relaxed: boolean) => Promise<Found | string>,
): Promise<Parts | string> {
  let found = await given?.(relaxed);
  if (typeof found === "string") return found;
  let fused = found?.relaxed ?? relaxed;
  const notes: string[] = [];
  try {
    const unfit = fused ? whyNotRelaxed() : undefined;
    if (unfit !== undefined) {
      fused = false;
      found = undefined;
      notes.push(`relaxed: ${unfit}; the strict kernels run.`);
    }
    const wasm = found?.wasm ?? (await moduleOf(fused));
    if (wasm === undefined) return NOTHING_INFLATES;
    const opened = await openWasm({ ...options, wasm });
    notes.push(...(found?.notes ?? []), ...opened.notes);
    return { backend: opened.backend, notes, relaxed: fused, pool: opened.pool };
  } catch (error) {
    return refused(error);
  }
}

const NOTHING_INFLATES = "this engine has no DecompressionStream (the option wasm takes a file)";

/** Why the relaxed kernels can't be had, where they can't. */
function whyNotRelaxed(): string | undefined {
  if (!hasRelaxedSimd()) return "this engine has no relaxed SIMD";
  // without it they are no faster, and their exp is less accurate
  return fusesMultiplyAdd() ? undefined : "this machine has no fused multiply-add";
}

/** Why this engine can't run WebAssembly, where it can't. */
function whyNoWasm(backend: string): string | undefined {
  const missing = whyNoSimd();
  if (missing !== undefined) return missing;
  if (backend === "auto" && losesStack(globalThis.navigator?.userAgent ?? "")) {
    return 'this engine can lose values of WebAssembly on the stack (backend: "wasm" takes it anyway)';
  }
  return undefined;
}
