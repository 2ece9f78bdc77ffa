import type { Kernel } from "../descriptions/kernel.ts";
import type { Dtype, FloatArray, HalfBits, IntegerArray } from "../dtype.ts";
import type { Arena } from "../memory/arena.ts";
import type { ExactSum } from "../numeric/exactSum.ts";

/** What a kernel is called with: arrays that start at the first unit of the call, absent ones as null, and numbers. */
export type Argument = FloatArray | HalfBits | IntegerArray | number | null | undefined;

/** Arguments by the names of a kernel's parameters; `count` and `scratch` are the backend's. */
export type Arguments = Readonly<Record<string, Argument>>;

/** Arguments `B` of a kernel that takes `A`, none too many. */
export type Exactly<A, B extends A> = B & Readonly<Record<Exclude<keyof B, keyof A>, never>>;

/** Empty arrays, which stand for none where an array must be: what is called again and again lets its arrays go. */
export const NO_FLOATS: FloatArray = new Float32Array(0);
export const NO_LABELS: IntegerArray = new Int32Array(0);

/**
 * Takes the partial results of `units` units of a launch, the first one's number being `first`. The call is not over: it may run
 * kernels that have no partial results, for which there is one place, on arrays of the backend's memory, since the windows are
 * in use. So nothing that a caller of the package wrote may run here.
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
   *
   * @throws TypeError where an array that the kernel needs is absent; nothing has run then
   */
  run<A extends object, B extends A>(
    kernel: Kernel<A>,
    dtype: Dtype,
    units: number,
    args: Exactly<A, B>,
    elements?: number,
    reduce?: Reduce,
  ): void;
  /** Float64 numbers for an evaluator to add up in, 0 at first; the same ones each time. */
  workspace(): Float64Array;
  /** An empty exact sum; one at a time. */
  exactSum(): ExactSum;
  /** Adds the first n partial results of a launch to it. */
  addExactly(sum: ExactSum, partials: Float64Array, n: number): void;
}

/** How a backend runs kernels inside: arguments are checked against the parameters where they are placed. */
export type Run = (
  kernel: Kernel,
  dtype: Dtype,
  units: number,
  args: Arguments,
  elements?: number,
  reduce?: Reduce,
) => void;
