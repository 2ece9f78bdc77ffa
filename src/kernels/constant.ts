import { CONSTANT_TABLE } from "../generated/table.ts";

/** Every constant, by its place in the table, in both precisions. */
export const CONSTANTS: readonly { readonly f32: number; readonly f64: number }[] = CONSTANT_TABLE.map((value) => {
  const [f32, f64] = typeof value === "number" ? [value, value] : value;
  return { f32: Math.fround(f32), f64 };
});

/** The constant at a place. */
export const constant = (place: number) => CONSTANTS[place];

/** So many constants that stand side by side: the coefficients of a polynomial. */
export const constantsFrom = (first: number, count: number) => CONSTANTS.slice(first, first + count);
