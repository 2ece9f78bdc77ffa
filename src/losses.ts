import type { CrossEntropyLosses } from "./api/crossEntropy.ts";
import type { DivergenceLosses } from "./api/divergences.ts";
import type { ElementwiseLosses } from "./api/elementwiseLosses.ts";
import type { Optimizers } from "./api/optimizers/faces.ts";
import type { SoftmaxLosses } from "./api/softmax.ts";
import type { NumericArray } from "./dtype.ts";
import type { Evaluations } from "./evaluate/evaluations.ts";

// What `using` needs. It merges with esnext.disposable, which TypeScript before 5.2 lacks, and most programs do not name.
declare global {
  interface SymbolConstructor {
    readonly dispose: unique symbol;
  }
  interface Disposable {
    [Symbol.dispose](): void;
  }
}

/** Options of createLosses. */
export interface LossesOptions {
  /**
   * `auto` (default): WebAssembly where it has SIMD, can be relied on and is not refused (a Content-Security-Policy without
   * 'wasm-unsafe-eval', too little memory), else JavaScript and a note. `wasm` rejects there.
   */
  backend?: "auto" | "wasm" | "js" | undefined;
  /**
   * Threads to run, the caller included; `auto`: the cores there are. Default 1. Where threads can't be had one runs, and a
   * note says why.
   */
  threads?: number | "auto" | undefined;
  /** Trade the same bits everywhere for speed (fused multiply-add). Default false. */
  relaxed?: boolean | undefined;
  /** Bytes that alloc() can give out, fixed for life. Default 64 MiB. */
  arenaBytes?: number | undefined;
  /**
   * Instead of the inlined module: where one of the package's files is (a URL, or a string: in browsers relative to the page,
   * in Node a path), its bytes, or the WebAssembly.Module (an `object` here: only the DOM's declarations name it, and
   * programs compile without them). A page whose Content-Security-Policy lacks 'wasm-unsafe-eval' can't compile it either:
   * the JavaScript loops run.
   *
   * @example
   * import wasm from "wasm-loss/strict.wasm?url"; // Vite
   */
  wasm?: Address | string | ArrayBuffer | ArrayBufferView | object | undefined;
  /**
   * Instead of the inlined worker, which a Content-Security-Policy forbids where worker-src lacks blob: - a URL or a string.
   * Vite inlines so small a file as data:, which such a policy forbids as well, unless it is told not to.
   *
   * @example
   * import worker from "wasm-loss/worker.js?url&no-inline"; // Vite
   */
  worker?: Address | string | undefined;
}

/** A URL, for programs without declarations of that. */
export interface Address {
  readonly href: string;
}

/** The constructor of a typed array. */
export type Constructor = abstract new (...args: never[]) => NumericArray;

/** What losses run on: one memory, and what computes in it. */
export interface Engine {
  /** What runs: WebAssembly, or the JavaScript loops. */
  readonly backend: "wasm" | "js";
  /** Threads that really run, the caller included. */
  readonly threads: number;
  /** Whether multiply-add is fused. */
  readonly relaxed: boolean;
  /** Why this is less than was asked for, a sentence each; empty when nothing is. */
  readonly notes: readonly string[];

  /**
   * A zeroed typed array in the engine's memory: computed on where it is, without a copy. With threads that memory is shared;
   * nobody else may write to an array while a call reads it.
   *
   * @throws TypeError of a type that is not a typed array; RangeError of a length that is not an integer from 0 on, and
   * where the arena is full.
   * @example
   * const logits = losses.alloc(Float32Array, rows * classes);
   */
  alloc<A extends Constructor>(type: A, length: number): InstanceType<A>;

  /**
   * Gives an array of alloc() back. It must not be used any more.
   *
   * @throws TypeError of what is no view; RangeError of a view that alloc() did not give, or that was given back already.
   */
  free(view: ArrayBufferView): void;

  /** Lets memory go. Later calls throw; closing twice is fine. */
  close(): void;
  /** As close(), for `using`. */
  [Symbol.dispose](): void;
}

/** Losses, gradients and optimizers over one memory. */
export interface LossFunctions
  extends Engine,
    ElementwiseLosses,
    SoftmaxLosses,
    CrossEntropyLosses,
    DivergenceLosses,
    Optimizers {}

/** The same, and evaluations. See createLosses. */
export interface Losses extends LossFunctions, Evaluations {}
