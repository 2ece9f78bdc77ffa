import type { Backend, Reduce } from "../backends/backend.ts";
import { countersOf, PRODUCTS, SUM_BINS, SUMS } from "../descriptions/counters.ts";
import { BLOCK_ELEMENTS } from "../descriptions/thresholds.ts";
import { dtypeOf, type FloatArray, type HalfBits } from "../dtype.ts";
import { regression, tally } from "../generated/kernels.ts";
import { MAXIMAL_BINS } from "./evaluatorOptions.ts";

/** Ranks counted one by one; rarer ones beyond are added as 1 / rank. */
export const RANKS = 4096;

/** What an evaluator runs on, while it is open. */
export interface EvaluationDoor {
  /** Throws, naming the function, when it is closed. */
  backend(name: string): Backend;
  workspace(): Workspace;
}

/** Where one evaluator at a time adds up: a place of its own in the engine's memory. */
export class Workspace {
  readonly sums: Float64Array;
  readonly counters: Float64Array;
  readonly #backend: Backend;
  #user: { drain(): void } | undefined;

  constructor(backend: Backend) {
    const counters = (SUMS.length + PRODUCTS.length) * SUM_BINS;
    const array = backend.workspace();
    this.#backend = backend;
    this.sums = array.subarray(0, counters);
    this.counters = array.subarray(counters, counters + countersOf(RANKS, MAXIMAL_BINS).length);
  }

  /** Makes it the user's, after whose it was has taken what is his. */
  take(user: { drain(): void }): void {
    if (this.#user === user) return;
    this.leave();
    this.#user = user;
  }

  /** Makes it nobody's. */
  leave(): void {
    this.#user?.drain();
    this.#user = undefined;
  }

  /** Adds the first n records; `weighted` as of the kernel. */
  add(rows: Float64Array, n: number, ranks: number, bins: number, weighted: number): void {
    const { sums, counters } = this;
    this.#backend.run(tally, "f64", n, { rows, sums, counters, ranks, bins, weighted });
  }

  /** Adds up errors and targets; the largest error of each block goes to `reduce`. */
  addErrors(predictions: FloatArray | HalfBits, targets: FloatArray | HalfBits, reduce: Reduce): void {
    const { sums } = this;
    const { length } = predictions;
    const blocks = Math.ceil(length / BLOCK_ELEMENTS);
    this.#backend.run(regression, dtypeOf(predictions), blocks, { predictions, targets, sums }, length, reduce);
  }
}
