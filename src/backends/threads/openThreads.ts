import { isOutOfMemory } from "../../check.ts";
import { compile, createMemory, instantiate } from "../../module/load.ts";
import { nodeModule } from "../../module/node.ts";
import { notesOf, type Opened, type WasmOptions } from "../wasm/opened.ts";
import type { Exports } from "../wasm/plan.ts";
import { createWasmBackend } from "../wasm/wasmBackend.ts";
import { createWideBackend } from "../wasm/wideRows.ts";
import { hasRoomFor } from "./addressSpace.ts";
import { countCores } from "./cores.ts";
import { Pool } from "./pool.ts";
import { withSharedMemory } from "./sharedMemory.ts";
import { createSharing } from "./sharing.ts";
import { createThreads, TUNING } from "./threads.ts";

/** Workers that stopped are replaced so often, in the life of an engine. */
const SPARES = 4;
const START_MILLISECONDS = 10_000;

/** With workers, or why not. */
export async function openThreads(options: WasmOptions, threads: number): Promise<Opened | string> {
  const { arenaBytes, wasm, worker, tuning = TUNING } = options;
  const got = sharedMemory(arenaBytes, threads - 1);
  if (typeof got === "string") return got;
  const module = await compile(withSharedMemory(wasm));
  let exports: Exports;
  try {
    exports = await instantiate(module, got.memory);
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
  const { buffer } = got.memory;
  const sharing = createSharing(createThreads(exports, buffer, pool, tuning), buffer);
  const backend = createWasmBackend(exports, got.memory, got.arenaBytes, createWideBackend(module, true), sharing);
  return { backend, pool, notes: notesOf(arenaBytes, got.arenaBytes) };
}

/**
 * Makes a shared memory and posts it, or says why it can't: engines have the one without the other, and claim isolation
 * without either. What the caller waits with must be there, too.
 */
function sharedMemory(arenaBytes: number, workers: number): ReturnType<typeof createMemory> | string {
  const globals = globalThis as unknown as Readonly<Record<string, unknown>>;
  const missing = ["Atomics", "performance", "setTimeout", "clearTimeout"].find((name) => globals[name] === undefined);
  if (missing !== undefined) return `this engine has no ${missing}`;
  if (!("SharedArrayBuffer" in globalThis)) return whyNotShared();
  // tests in jsdom run in Node, but without its global
  const Channel = globalThis.MessageChannel ?? nodeModule("node:worker_threads")?.MessageChannel;
  if (Channel === undefined) return "this engine has no MessageChannel";
  const { port1, port2 } = new Channel();
  try {
    const got = createMemory(arenaBytes, workers + SPARES, true);
    if (!hasRoomFor(workers)) return "this process may take too few addresses (ulimit -v)";
    port1.postMessage(got.memory);
    return isShared(got.memory.buffer) ? got : whyNotShared();
  } catch (error) {
    // too little memory, shared or not
    if (isOutOfMemory(error)) throw error;
    return whyNotShared();
  } finally {
    port1.close();
    port2.close();
  }
}

const isShared = (buffer: ArrayBufferLike) => buffer[Symbol.toStringTag] === "SharedArrayBuffer";

function whyNotShared(): string {
  if (globalThis.crossOriginIsolated !== false) return "this engine has no shared memory";
  return "this page may not share memory, which takes the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";
}
