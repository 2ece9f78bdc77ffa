import { CONSTANT_TABLE } from "../generated/table.ts";

/** The constant at a place of the table, in both precisions. */
export function constant(place: number): { readonly f32: number; readonly f64: number } {
  const [f32, f64] = CONSTANT_TABLE[place];
  return { f32: Math.fround(f32), f64 };
}

/** So many constants that stand side by side: the coefficients of a polynomial. */
export function constantsFrom(first: number, count: number): ReturnType<typeof constant>[] {
  return Array.from({ length: count }, (_, i) => constant(first + i));
}
