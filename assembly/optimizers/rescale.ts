// What clips a gradient: each element times a power of two and a factor in float64, rounded once to the dtype.

import { high, low, narrow } from "../lanes";
import { endOf, get, put, startOf } from "./elements";

@inline function vector<T>(whole: bool, at: usize, power: v128, factor: v128): void {
  const x = get<T>(whole, at);
  const lower = f64x2.mul(f64x2.mul(low<T>(x), power), factor);
  const upper = sizeof<T>() == 4 ? f64x2.mul(f64x2.mul(high(x), power), factor) : lower;
  put<T>(whole, at, narrow<T>(lower, upper));
}

export function rescale<T>(begin: i32, end: i32, values: usize, count: i32, powerOfTwo: f64, factor: f64): void {
  const a = f64x2.splat(powerOfTwo);
  const b = f64x2.splat(factor);
  const stop = values + endOf<T>(end, count);
  let at = values + startOf<T>(begin);
  for (; at + 16 <= stop; at += 16) vector<T>(true, at, a, b);
  for (; at < stop; at += sizeof<T>()) vector<T>(false, at, a, b);
}
