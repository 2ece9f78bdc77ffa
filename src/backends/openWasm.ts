import { reasonOf } from "../check.ts";
import { compile, createMemory, instantiate } from "../module/load.ts";
import { countCores } from "./threads/cores.ts";
import { notesOf, type Opened, type WasmOptions } from "./wasm/opened.ts";
import { createWasmBackend } from "./wasm/wasmBackend.ts";
import { createWideBackend } from "./wasm/wideRows.ts";

/** The WebAssembly backend, with threads where they are asked for and can be had. */
export async function openWasm(options: WasmOptions): Promise<Opened> {
  const threads = options.threads === "auto" ? countCores() : options.threads;
  if (threads === 1) return openAlone(options, []);
  const opened = await withThreads(options, threads);
  if (typeof opened !== "string") return opened;
  return openAlone(options, [`threads: ${options.threads} was asked for, but ${opened}; one runs.`]);
}

/** With workers, or why not, whatever the platform throws. */
async function withThreads(options: WasmOptions, threads: number): Promise<Opened | string> {
  try {
    // in a file of its own: most engines have one thread
    const { openThreads } = await import("./threads/openThreads.ts");
    return await openThreads(options, threads);
  } catch (error) {
    return `threads are refused here (${reasonOf(error)})`;
  }
}

async function openAlone({ arenaBytes, wasm }: WasmOptions, notes: readonly string[]): Promise<Opened> {
  const module = await compile(wasm);
  const got = createMemory(arenaBytes);
  const exports = await instantiate(module, got.memory);
  const backend = createWasmBackend(exports, got.memory, got.arenaBytes, createWideBackend(module));
  return { backend, notes: [...notes, ...notesOf(arenaBytes, got.arenaBytes)] };
}
