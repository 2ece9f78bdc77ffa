import type { Argument, Kernel } from "../descriptions/kernel.ts";
import type { Dtype } from "../dtype.ts";
import type { Arena } from "../memory/arena.ts";
import type { ExactSum } from "../numeric/exactSum.ts";

/** Arguments by the names of a kernel's parameters; `partials`, `count` and `scratch` are the backend's. */
export type Arguments = Readonly<Record<string, Argument | undefined>>;

/**
 * Takes the partial results of `units` units of a launch, the first one's number being `first`. Others may be at work: it may
 * run kernels that have no partial results, for which there is one place.
 */
export type Reduce = (partials: Float64Array, units: number, first: number) => void;

/** One way of running kernels. The bits of the results are the same for every one. */
export interface Backend {
  readonly name: "wasm" | "js";
  /** Gives out memory in which the backend works without copying. */
  readonly arena: Arena;
  /**
   * Runs a kernel over all units, launch by launch in order. `elements` is what `count` says: the elements of the call.
   * Partial results go to `reduce`, or, where there is none, as a whole to the array that the arguments name for them.
   */
  run(kernel: Kernel, dtype: Dtype, units: number, args: Arguments, elements?: number, reduce?: Reduce): void;
  /** Float64 numbers for an evaluator to add up in, 0 at first; the same ones each time. */
  workspace(): Float64Array;
  /** An empty exact sum; one at a time. */
  exactSum(): ExactSum;
  /** Adds the first n partial results of a launch to it. */
  addExactly(sum: ExactSum, partials: Float64Array, n: number): void;
}
