import type { Backend } from "../backend.ts";
import type { Pool } from "../threads/pool.ts";
import type { Tuning } from "../threads/threads.ts";

/** A module: its bytes, or compiled. */
export type Binary = BufferSource | WebAssembly.Module;

// not by instanceof: those of another realm are some, too
const tagOf = (value: unknown): string => Object.prototype.toString.call(value);

export function isBytes(value: unknown): value is BufferSource {
  return ArrayBuffer.isView(value) || tagOf(value) === "[object ArrayBuffer]";
}

export function isModule(value: unknown): value is WebAssembly.Module {
  return tagOf(value) === "[object WebAssembly.Module]";
}

/** What a WebAssembly backend is opened with. */
export interface WasmOptions {
  readonly threads: number | "auto";
  readonly arenaBytes: number;
  readonly wasm: Binary;
  readonly worker?: string;
  readonly tuning?: Tuning;
}

/** A backend, the workers of it, and why it is less than was asked for. */
export interface Opened {
  readonly backend: Backend;
  readonly pool?: Pool;
  readonly notes: readonly string[];
}

export function notesOf(asked: number, got: number): string[] {
  return got < asked ? [`arenaBytes: ${asked} was asked for, but the platform gives ${got}.`] : [];
}
