// What the loops of the optimizers share. Vectors go two at a time (adam of 10 million parameters: 24.7 GB/s; one at a time 15 to
// 18), and the last elements one by one through the same formula.

import { BLOCK_ELEMENTS } from "../generated/thresholds";
import { splat } from "../lanes";

/** Bytes that a turn of a loop takes. */
export const TWO_VECTORS: usize = 32;

/** Where the elements of blocks [begin, ...) start, in bytes. */
@inline export function startOf<T>(begin: i32): usize {
  return <usize>begin * BLOCK_ELEMENTS * sizeof<T>();
}

/** Where those of blocks [..., end) of `count` elements end. */
@inline export function endOf<T>(end: i32, count: i32): usize {
  return <usize>min(end * BLOCK_ELEMENTS, count) * sizeof<T>();
}

/** A vector, or one element in its first lane and 0 in the others. */
@inline export function get<T>(whole: bool, at: usize): v128 {
  if (whole) return v128.load(at);
  return sizeof<T>() == 4 ? v128.load32_zero(at) : v128.load64_zero(at);
}

/** Stores what `get` gives. */
@inline export function put<T>(whole: bool, at: usize, v: v128): void {
  if (whole) v128.store(at, v);
  else if (sizeof<T>() == 4) v128.store32_lane(at, v, 0);
  else v128.store64_lane(at, v, 0);
}

/**
 * g + decay x; g + 0 where nothing decays, even of an infinite x. Loops with and without are compiled apart, which takes 2 to 5%
 * off a step without.
 */
@inline export function withDecay<T>(decays: bool, g: v128, x: v128, decay: v128): v128 {
  return v128.add<T>(g, decays ? v128.mul<T>(decay, x) : splat<T>(0));
}
