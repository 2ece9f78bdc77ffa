import type { Dtype, FloatArray, Random } from "../inputs.ts";

/** At most so many elements are drawn, a prime; longer arrays repeat them. */
export const PATTERN = 4099;

/** Rows, or what is repeated to give so many of them. */
export function patternOf(
  of: (random: Random, dtype: Dtype, rows: number, classes: number) => FloatArray,
  random: Random,
  dtype: Dtype,
  rows: number,
  classes: number,
): FloatArray {
  if (rows * classes <= PATTERN) return of(random, dtype, rows, classes);
  return of(random, dtype, Math.ceil(PATTERN / 100), 100).subarray(0, PATTERN);
}

export function repeated<A extends FloatArray | Uint16Array | Int32Array>(pattern: A, length: number): A {
  if (pattern.length === length) return pattern;
  const all = new (pattern.constructor as new (length: number) => A)(length);
  for (let at = 0; at < length; at += pattern.length) all.set(pattern.subarray(0, length - at), at);
  return all;
}
