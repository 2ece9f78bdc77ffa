import type { Dtype, FloatArray, HalfBits, LabelArray } from "../dtype.ts";
import type { Scratch } from "../kernels/scratch.ts";

/** What a kernel is called with: arrays that start at the first unit of the call, absent ones as null. */
export type Argument = FloatArray | HalfBits | LabelArray | number | null;

/** One parameter of a kernel. */
export interface Parameter {
  readonly name: string;
  /**
   * `in` and `out` are arrays; `partials` an array of float64 results, one or more a unit, that the call reduces;
   * `scalar` a number; `count` the number of elements from the first unit on; `scratch` the thread's working memory.
   */
  readonly role: "in" | "out" | "partials" | "scalar" | "count" | "scratch";
  /** Of an array: elements a unit. `block` is 1024, `classes` a row, `call` as many as it has, whatever the units. */
  readonly per?: "block" | "classes" | "unit" | "call";
  /** Of an array: `float` is the kernel's dtype, `i32` labels (any integer type at the door), `f64` always float64, `u16` bits. */
  readonly type?: "float" | "i32" | "f64" | "u16";
  /** Of an array with `per: "unit"`: values a unit, where it is not one. */
  readonly values?: number;
}

/** A loop in JavaScript, with the bits of the WebAssembly function of the same name and parameters. */
export type Loop = (begin: number, end: number, ...parameters: never[]) => void;

/** What a call of a kernel is put together from. */
export interface Kernel {
  /** Name of the WebAssembly function too, with _f32 or _f64 where there is one for each. */
  readonly name: string;
  /** What is scheduled and rounded as one: a row, or a block of 1024 elements. */
  readonly unit: "row" | "block";
  readonly dtypes: readonly Dtype[] | null;
  readonly parameters: readonly Parameter[];
  /** false: it reduces over all units of a launch, so that a launch is not shared out among threads. */
  readonly splits?: false;
}

/**
 * A kernel, described once: the JavaScript backend, tests, the bench and the README's table read it. The build writes what
 * a call needs of it into src/generated/kernels.ts, so that a page that runs WebAssembly does not load the loops.
 */
export interface DescribedKernel extends Kernel {
  /** One line. */
  readonly formula: string;
  /** Relative error of a result that is stated and tested, per dtype. */
  readonly tolerance: { readonly f32: string; readonly f64: string };
  readonly loop: Loop;
}

export const BOTH: readonly Dtype[] = ["f32", "f64"];

/** The tolerance of kernels that don't round. */
export const EXACT = { f32: "exact", f64: "exact" } as const;

export const scratch: Parameter = { name: "scratch", role: "scratch" };
export const count: Parameter = { name: "count", role: "count" };

export function input(name: string, per: Parameter["per"], type: Parameter["type"] = "float"): Parameter {
  return { name, role: "in", per, type };
}

export function output(name: string, per: Parameter["per"], type: Parameter["type"] = "float"): Parameter {
  return { name, role: "out", per, type };
}

export function partials(name: string, values = 1): Parameter {
  return { name, role: "partials", per: "unit", type: "f64", values };
}

export function scalar(name: string): Parameter {
  return { name, role: "scalar" };
}

/**
 * Freezes a description; `loop` is typed here and erased, since a call is put together from the list of parameters.
 * @__NO_SIDE_EFFECTS__ bundlers leave out kernels that are not used
 */
export function kernel<P extends unknown[]>(
  description: Omit<DescribedKernel, "loop"> & { loop: (begin: number, end: number, ...parameters: P) => void },
): DescribedKernel {
  return Object.freeze({ ...description, loop: description.loop as unknown as Loop });
}

/** The loop of a loss over rows, from the one of its gradient: `grad` is null and `scale` 1. */
export function withoutGradient<Targets, Options extends number[]>(
  loop: (
    begin: number,
    end: number,
    logits: FloatArray,
    targets: Targets,
    weights: FloatArray | null,
    grad: FloatArray | null,
    losses: Float64Array,
    ...rest: [...options: Options, scale: number, work: Scratch]
  ) => void,
) {
  return (
    begin: number,
    end: number,
    logits: FloatArray,
    targets: Targets,
    weights: FloatArray | null,
    losses: Float64Array,
    ...rest: [...options: Options, work: Scratch]
  ): void => {
    const work = rest.pop() as Scratch;
    loop(begin, end, logits, targets, weights, null, losses, ...(rest as unknown as Options), 1, work);
  };
}
