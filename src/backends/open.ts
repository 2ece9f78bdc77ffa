import type { Backend } from "./backend.ts";
import { createJsBackend } from "./js.ts";
import { compile, createMemory, type ModuleSource } from "./load.ts";
import { Pool } from "./pool.ts";
import { countCores } from "./spawn.ts";
import { createThreads, TUNING, type Tuning } from "./threads.ts";
import { createWasmBackend } from "./wasm.ts";

/** What a WebAssembly backend is opened with. */
export interface WasmOptions {
  readonly threads: number | "auto";
  readonly arenaBytes: number;
  readonly relaxed?: boolean;
  readonly wasm?: ModuleSource;
  readonly worker?: URL | string;
  readonly tuning?: Tuning;
}

/** A backend, the workers of it, and why it is less than was asked for. */
export interface Opened {
  readonly backend: Backend;
  readonly pool?: Pool;
  readonly notes: readonly string[];
}

/** Workers that stopped are replaced so often, in the life of an engine. */
const SPARES = 4;
const START_MILLISECONDS = 10_000;

/** The WebAssembly backend, with threads where they are asked for and can be had. */
export async function openWasm(options: WasmOptions): Promise<Opened> {
  const threads = options.threads === "auto" ? countCores() : options.threads;
  if (threads === 1) return openAlone(options, []);
  const opened = await openShared(options, threads);
  if (typeof opened !== "string") return opened;
  return openAlone(options, [`threads: ${options.threads} was asked for, but ${opened}; one runs.`]);
}

async function openAlone({ arenaBytes, relaxed, wasm }: WasmOptions, notes: readonly string[]): Promise<Opened> {
  const module = await compile(wasm, { relaxed });
  const got = createMemory(arenaBytes);
  const { exports } = await WebAssembly.instantiate(module, { env: { memory: got.memory } });
  const backend = createWasmBackend(exports as never, got.memory, got.arenaBytes, createJsBackend(0));
  return { backend, notes: [...notes, ...notesOf(arenaBytes, got.arenaBytes)] };
}

/** With workers, or why not. */
async function openShared(options: WasmOptions, threads: number): Promise<Opened | string> {
  const { arenaBytes, relaxed, wasm, worker, tuning = TUNING } = options;
  const refusal = whyNotShared();
  if (refusal !== undefined) return refusal;
  const module = await compile(wasm, { shared: true, relaxed });
  const got = createMemory(arenaBytes, threads - 1 + SPARES, true);
  let exports: WebAssembly.Exports;
  try {
    ({ exports } = await WebAssembly.instantiate(module, { env: { memory: got.memory } }));
  } catch (error) {
    if (error instanceof WebAssembly.LinkError) return "the module given is one for memory that is not shared";
    throw error;
  }
  const pool = new Pool({
    module,
    memory: got.memory,
    arenaBytes: got.arenaBytes,
    workers: threads - 1,
    spares: SPARES,
    spinMilliseconds: threads > countCores() ? 0 : tuning.workerSpinMilliseconds,
    startMilliseconds: START_MILLISECONDS,
    source: worker,
  });
  await pool.start();
  if (pool.size === 0) {
    pool.close();
    return pool.notes[0].replace(/^threads: /, "").replace(/\.$/, "");
  }
  const launcher = createThreads(exports as never, got.memory.buffer, pool, tuning);
  const backend = createWasmBackend(exports as never, got.memory, got.arenaBytes, createJsBackend(0), launcher);
  return { backend, pool, notes: notesOf(arenaBytes, got.arenaBytes) };
}

function notesOf(asked: number, got: number): string[] {
  return got < asked ? [`arenaBytes: ${asked} was asked for, but the platform gives ${got}.`] : [];
}

/** Makes a shared memory and posts it: engines have the one without the other, and claim isolation without either. */
function whyNotShared(): string | undefined {
  const { port1, port2 } = new MessageChannel();
  try {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    port1.postMessage(memory);
    if (memory.buffer instanceof ArrayBuffer) return "this engine has no shared memory";
    return undefined;
  } catch {
    if (globalThis.crossOriginIsolated !== false) return "this engine has no shared memory";
    return "this page may not share memory, which takes the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";
  } finally {
    port1.close();
    port2.close();
  }
}
