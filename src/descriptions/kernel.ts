import type { Dtype } from "../dtype.ts";

// What a kernel is, said once. From these descriptions the build writes the entry points of the WebAssembly module, the types
// of calls and of JavaScript loops, and the tables of README and docs/; tests, bench and digests loop over list.ts.

/** One parameter of a kernel. Their order is the order of the call, in WebAssembly and in JavaScript. */
export interface Parameter {
  readonly name: string;
  /**
   * `in`, `out` and `inout` (read and written) are arrays; `partials` is an array of float64 results, one or more a unit, that the
   * call reduces; `scalar` is a number; `count` the number of elements from the first unit on; `scratch` the thread's
   * working memory.
   */
  readonly role: "in" | "out" | "inout" | "partials" | "scalar" | "count" | "scratch";
  /**
   * Of an array: elements a unit. `block` is 1024, `classes` a row, `entries` those that are given of one, `call` as many as
   * it has, whatever the units.
   */
  readonly per?: "block" | "classes" | "entries" | "unit" | "call";
  /** Of an array: `float` is the kernel's dtype, `f32` and `f64` always that, `i32` labels (any integer type at the door), `u16` bits. */
  readonly type?: "float" | "f32" | "f64" | "i32" | "u16";
  /** Of a scalar: what WebAssembly takes it as. */
  readonly number?: "i32" | "f64";
  /** Of an array with `per: "unit"`: values a unit, where it is not one. */
  readonly values?: number;
  /** Of an array: a call may do without (null; address 0). */
  readonly optional?: true;
}

/** What a call of a kernel is put together from. `A` are the arguments, by name: src/generated/kernels.ts has them. */
export interface Kernel<A extends object = object> {
  /** Name of the WebAssembly function too, with _f32 or _f64 where there is one for each. */
  readonly name: string;
  /** What is scheduled and rounded as one: a row, or a block of 1024 elements. */
  readonly unit: "row" | "block";
  /** null: there is one function, whatever the dtype. */
  readonly dtypes: readonly Dtype[] | null;
  readonly parameters: readonly Parameter[];
  /** false: it reduces over all units of a launch, so that a launch is not shared out among threads. */
  readonly splits?: false;
  /**
   * Takes the arguments of a call by their names: each array and each scalar to the place of its parameter. Written out by the
   * build: looking names up in a loop takes 5 ns each.
   */
  read(given: A, arrays: unknown[], numbers: Float64Array): void;
}

/** A kernel, described once. */
export interface Description extends Omit<Kernel, "read"> {
  /** One line. */
  readonly formula: string;
  /** Relative error of a result that is stated and tested, per dtype. */
  readonly tolerance: { readonly f32: string; readonly f64: string };
  /** File of assembly/ with the function of this name, or with the class that a template is filled in with. */
  readonly module: string;
  readonly template?: true;
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

/** Bins or counters of float64 that a call adds to: as many as there are, whatever the units. */
export function accumulated(name: string): Parameter {
  return { name, role: "inout", per: "call", type: "f64" };
}

/** An array of the dtype that a call updates in place, block by block. */
export function updated(name: string): Parameter {
  return { name, role: "inout", per: "block", type: "float" };
}

export function partials(name: string, values = 1): Parameter {
  return { name, role: "partials", per: "unit", type: "f64", values };
}

export function integer(name: string): Parameter {
  return { name, role: "scalar", number: "i32" };
}

export function real(name: string): Parameter {
  return { name, role: "scalar", number: "f64" };
}

export function optional(parameter: Parameter): Parameter {
  return { ...parameter, optional: true };
}
