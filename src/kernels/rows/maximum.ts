import type { FloatArray } from "../../dtype.ts";

/** Largest of x[from..to), not below `start`; NaNs are passed over. */
export function maximum(x: FloatArray, from: number, to: number, start: number): number {
  let top = start;
  for (let j = from; j < to; j++) if (top < x[j]) top = x[j];
  return top;
}

/** Largest of x[from..to) but for the one at `leftOut`, not below `start`; NaNs are passed over. */
export function maximumWithout(x: FloatArray, from: number, to: number, leftOut: number, start: number): number {
  if (leftOut < from || leftOut >= to) return maximum(x, from, to, start);
  return maximum(x, leftOut + 1, to, maximum(x, from, leftOut, start));
}

/** Index of the first maximum m of a row, or -1 (all -inf or NaN). */
export function placeOf(x: FloatArray, from: number, to: number, m: number): number {
  if (m === Number.NEGATIVE_INFINITY) return -1;
  let j = from;
  while (j < to && x[j] !== m) j++;
  return j;
}
