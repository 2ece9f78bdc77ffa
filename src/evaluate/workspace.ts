import type { Backend } from "../backends/backend.ts";
import { addRecords, countersOf, SUM_BINS, SUMS, tally } from "../kernels/tally.ts";
import { addExactly } from "../kernels/targets.ts";
import { addRangeToBins } from "../numeric/exactSum.ts";
import { MAXIMAL_BINS } from "./options.ts";

/** Ranks counted one by one; rarer ones beyond are added as 1 / rank. */
export const RANKS = 4096;

/** Where one evaluator at a time adds up its rows: in the engine's memory where there is room, where a kernel can. */
export class Workspace {
  readonly sums: Float64Array;
  /** Bins of the sum of weights. */
  readonly weights: Float64Array;
  readonly counters: Float64Array;
  readonly #backend: Backend;
  readonly #resident: boolean;
  #user: { drain(): void } | undefined;

  constructor(backend: Backend) {
    const sums = SUMS.length * SUM_BINS;
    const counters = sums + SUM_BINS;
    const length = counters + countersOf(RANKS, MAXIMAL_BINS).length;
    const memory = backend.name === "wasm" ? allocate(backend, length) : undefined;
    const array = memory ?? new Float64Array(length);
    this.#backend = backend;
    this.#resident = memory !== undefined;
    this.sums = array.subarray(0, sums);
    this.weights = array.subarray(sums, counters);
    this.counters = array.subarray(counters);
  }

  /** Makes it the user's, after whose it was has taken what is his. */
  take(user: { drain(): void }): void {
    if (this.#user === user) return;
    this.#user?.drain();
    this.#user = user;
  }

  isOf(user: { drain(): void }): boolean {
    return this.#user === user;
  }

  /** Adds the first n records. */
  add(rows: Float64Array, n: number, ranks: number, bins: number): void {
    const { sums, counters } = this;
    if (this.#resident) this.#backend.run(tally, "f64", n, { rows, sums, counters, ranks, bins });
    else addRecords(0, n, rows, sums, counters, ranks, bins);
  }

  /** Adds the first n weights of rows. */
  addWeights(values: Float64Array, n: number): void {
    const bins = this.weights;
    if (this.#resident) this.#backend.run(addExactly, "f64", n, { values, bins });
    else addRangeToBins(0, n, values, bins);
  }
}

function allocate(backend: Backend, length: number): Float64Array | undefined {
  try {
    return backend.arena.alloc(Float64Array, length);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
