// exp and log as kernels of their own, element by element: so that every input can be tested.

import { BLOCK_ELEMENTS } from "../generated/thresholds";
import { HIGHEST_EXPONENT } from "../constants";
import { expLane } from "./exp";
import { log } from "./log";
import { constant, high, low, narrow, storePart } from "../lanes";

/** out = exp(x) for any x; above the largest finite result, and a little below, +inf. */
export function exp<T>(begin: i32, end: i32, x: usize, out: usize, count: i32, scratch: usize): void {
  const last = <usize>min(end * BLOCK_ELEMENTS, count) * sizeof<T>();
  const highest = constant<T>(HIGHEST_EXPONENT);
  const infinities = v128.splat<T>(<T>Infinity);
  for (let i = <usize>(begin * BLOCK_ELEMENTS) * sizeof<T>(); i < last; i += 16) {
    const z = v128.load(x + i);
    const y = v128.bitselect(infinities, expLane<T>(z), v128.ge<T>(z, highest));
    if (i + 16 <= last) v128.store(out + i, y);
    else storePart<T>(out + i, y, last - i);
  }
}

/** out = ln x for any x, computed in float64 and rounded once. */
export function logarithm<T>(begin: i32, end: i32, x: usize, out: usize, count: i32, scratch: usize): void {
  const last = <usize>min(end * BLOCK_ELEMENTS, count) * sizeof<T>();
  for (let i = <usize>(begin * BLOCK_ELEMENTS) * sizeof<T>(); i < last; i += 16) {
    const v = v128.load(x + i);
    const lower = log(low<T>(v));
    const y = sizeof<T>() == 4 ? narrow<T>(lower, log(high(v))) : lower;
    if (i + 16 <= last) v128.store(out + i, y);
    else storePart<T>(out + i, y, last - i);
  }
}
