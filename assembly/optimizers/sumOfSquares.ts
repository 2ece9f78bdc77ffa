// Exact sums of squares, a block at a time and without bins, so that blocks can be shared out among threads.
//
// Of each square the upper 43 bits, counted from the block's largest one, go to one sum, and what is left of it to another. Both are
// exact for elements that are not too small beside the largest (FIT_SHARE). float32: squares are exact in float64, and elements
// that are too small go through the same sums once more, beside the largest of them. float64: what rounding takes from the squares
// has two sums, too. The squares of elements that are too small even then are left to the caller.

import { KEEP } from "../constants";
import {
  BLOCK_ELEMENTS,
  FIT_LARGEST_64,
  FIT_SHARE_32,
  FIT_SHARE_64,
  LARGEST_32,
  ROUNDING_64,
  SPLITTER,
  SQUARE_PARTS,
} from "../generated/thresholds";
import { high, largestLane, low, pairSum, ROUND, splat } from "../lanes";
import { partOf } from "../sums/exactSum";
import { squareError } from "../sums/squareError";
import { endOf, startOf } from "./elements";

/** Bytes of the numbers of a block, and the place of the bound below which elements are left out. */
const PARTS_BYTES: usize = 8 * SQUARE_PARTS;
const BOUND: usize = PARTS_BYTES - 8;

/** What of `top` is too small beside it. */
@inline function cutOf<T>(top: T): T {
  return <T>(top * (sizeof<T>() == 4 ? <T>FIT_SHARE_32 : <T>FIT_SHARE_64));
}

/** 1.5 x 2^11 times the power of two of `top`: what partOf takes the upper 43 bits with. */
@inline function rounderOf(top: f64): v128 {
  return i64x2.splat((reinterpret<i64>(top) & 0x7ff0000000000000) + 0x00b8000000000000);
}

/** |x| of a vector, 0 behind the end. It reads (not uses) up to 15 bytes beyond. */
@inline function sizesAt<T>(at: usize, end: usize): v128 {
  const sizes = v128.abs<T>(v128.load(at));
  return end - at < 16 ? v128.and(sizes, v128.load(KEEP + ROUND - (end - at))) : sizes;
}

/** The sums of the elements up to `top` that are not too small beside it, at `to`; returns the largest of those that are. */
function sumUpTo<T>(begin: usize, end: usize, top: T, powerOfTwo: f64, to: usize): T {
  const cut = v128.splat<T>(cutOf<T>(top));
  const most = v128.splat<T>(top);
  const power = f64x2.splat(powerOfTwo);
  const largest = <f64>top * powerOfTwo * (<f64>top * powerOfTwo);
  const c = rounderOf(largest);
  const splitter = f64x2.splat(SPLITTER);
  const errorC = rounderOf(largest * ROUNDING_64);
  const zero = f64x2.splat(0);
  let s0 = zero;
  let r0 = zero;
  let s1 = zero;
  let r1 = zero;
  let left = zero;
  for (let at = begin; at < end; at += 16) {
    const x = sizesAt<T>(at, end);
    const fits = v128.ge<T>(x, cut);
    left = v128.pmax<T>(left, v128.andnot(x, fits));
    const kept = v128.and(v128.and(x, fits), v128.le<T>(x, most));
    const y0 = f64x2.mul(low<T>(kept), power);
    const q0 = f64x2.mul(y0, y0);
    const h0 = partOf(q0, c);
    s0 = f64x2.add(s0, h0);
    r0 = f64x2.add(r0, f64x2.sub(q0, h0));
    if (sizeof<T>() == 4) {
      const y1 = f64x2.mul(high(kept), power);
      const q1 = f64x2.mul(y1, y1);
      const h1 = partOf(q1, c);
      s1 = f64x2.add(s1, h1);
      r1 = f64x2.add(r1, f64x2.sub(q1, h1));
    } else {
      const error = squareError(y0, q0, splitter);
      const h1 = partOf(error, errorC);
      s1 = f64x2.add(s1, h1);
      r1 = f64x2.add(r1, f64x2.sub(error, h1));
    }
  }
  if (sizeof<T>() == 4) {
    store<f64>(to, pairSum(f64x2.add(s0, s1)));
    store<f64>(to, pairSum(f64x2.add(r0, r1)), 8);
  } else {
    store<f64>(to, pairSum(s0));
    store<f64>(to, pairSum(r0), 8);
    store<f64>(to, pairSum(s1), 16);
    store<f64>(to, pairSum(r1), 24);
  }
  return largestLane<T>(left);
}

/**
 * parts: of each block four numbers whose sum is that of the squares of its elements times a power of two, and the bound below
 * which elements are left out: 0 for none, NaN for all, where one is not finite or too large to be squared.
 */
export function sumOfSquares<T>(begin: i32, end: i32, values: usize, parts: usize, count: i32, powerOfTwo: f64): void {
  const limit = splat<T>(sizeof<T>() == 4 ? LARGEST_32 : min(FIT_LARGEST_64 / powerOfTwo, f64.MAX_VALUE));
  for (let block = begin; block < end; block++) {
    const from = values + startOf<T>(block);
    const stop = values + endOf<T>(block + 1, count);
    let tops = f64x2.splat(0);
    let fits = v128.eq<T>(tops, tops);
    for (let at = from; at < stop; at += 16) {
      const x = sizesAt<T>(at, stop);
      tops = v128.pmax<T>(tops, x);
      // false of a NaN, too
      fits = v128.and(fits, v128.le<T>(x, limit));
    }
    const to = parts + <usize>block * PARTS_BYTES;
    memory.fill(to, 0, PARTS_BYTES);
    if (!i32x4.all_true(fits)) {
      store<f64>(to, NaN, BOUND);
      continue;
    }
    let top = largestLane<T>(tops);
    if (top == 0) continue;
    let left = sumUpTo<T>(from, stop, top, powerOfTwo, to);
    if (sizeof<T>() == 4 && left > 0) {
      top = left;
      left = sumUpTo<T>(from, stop, top, powerOfTwo, to + 16);
    }
    if (left > 0) store<f64>(to, <f64>cutOf<T>(top), BOUND);
  }
}
