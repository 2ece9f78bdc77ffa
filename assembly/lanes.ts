// The vectors of 16 bytes that all kernels work with: what a lane is, constants, masks, horizontal sums and maxima.
//
// A *round* is 64 bytes (4 vectors: 16 float32 or 8 float64), a *block* 16 rounds (1 KiB). The four vectors
// of a round are summed in the dtype, rounds in float64 lanes, blocks in float64 with their errors kept: two float32 roundings a
// sum, whatever its length.

import { KEEP, NEGATIVE_INFINITY, ONE_HOT_4, ONE_HOT_8, TABLE } from "./constants";

export const ROUND: usize = 64;
export const BLOCK: usize = 1024;
export const NOWHERE: usize = 0xffffffff;

/** Bytes of so many whole rounds. */
@inline export function roundUp(bytes: usize): usize {
  return (bytes + ROUND - 1) & ~(ROUND - 1);
}

/** Where a constant stands: its number as four float32 lanes, and behind them as two of float64. */
@inline export function addressOf<T>(index: i32): usize {
  return TABLE + <usize>index * 32 + (sizeof<T>() == 8 ? 16 : 0);
}

@inline export function constant<T>(index: i32): v128 {
  return v128.load(addressOf<T>(index));
}

@inline export function negativeInfinities<T>(): v128 {
  return constant<T>(NEGATIVE_INFINITY);
}

/** a b + c: rounded twice, or once in the relaxed build where the machine has fused multiply-add. */
@inline export function mulAdd<T>(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? v128.relaxed_madd<T>(a, b, c) : v128.add<T>(v128.mul<T>(a, b), c);
}

/** c - a b, likewise. */
@inline export function minusProduct<T>(c: v128, a: v128, b: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? v128.relaxed_nmadd<T>(a, b, c) : v128.sub<T>(c, v128.mul<T>(a, b));
}

/** Larger of each lane; a NaN in `x` is passed over, `top` must hold none. */
@inline export function larger<T>(top: v128, x: v128): v128 {
  return v128.pmax<T>(top, x);
}

/** Largest lane; none may be NaN. */
@inline export function largestLane<T>(v: v128): T {
  if (sizeof<T>() == 4) {
    const w = f32x4.pmax(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
    return <T>f32x4.extract_lane(f32x4.pmax(w, v128.shuffle<i32>(w, w, 1, 0, 3, 2)), 0);
  }
  return <T>f64x2.extract_lane(f64x2.pmax(v, v128.shuffle<i64>(v, v, 1, 0)), 0);
}

/** Smallest lane; none may be NaN. */
@inline export function smallestLane<T>(v: v128): T {
  if (sizeof<T>() == 4) {
    const w = f32x4.pmin(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
    return <T>f32x4.extract_lane(f32x4.pmin(w, v128.shuffle<i32>(w, w, 1, 0, 3, 2)), 0);
  }
  return <T>f64x2.extract_lane(f64x2.pmin(v, v128.shuffle<i64>(v, v, 1, 0)), 0);
}

/** Smaller of each lane; a 0 in `x` is made NaN, and so passed over. */
@inline export function smallerUnlessZero<T>(bottom: v128, x: v128, zero: v128): v128 {
  return v128.pmin<T>(bottom, v128.or(x, v128.eq<T>(x, zero)));
}

/** The lower two lanes as float64 (of a float64 vector: all it has). */
@inline export function low<T>(v: v128): v128 {
  return sizeof<T>() == 4 ? f64x2.promote_low_f32x4(v) : v;
}

/** The upper two float32 lanes as float64. */
@inline export function high(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 2, 3));
}

/** Four vectors of a round as one, (a + b) + (c + d): the only sums in the dtype itself. */
@inline export function roundSum<T>(a: v128, b: v128, c: v128, d: v128): v128 {
  return v128.add<T>(v128.add<T>(a, b), v128.add<T>(c, d));
}

/** Adds the upper lanes of a round's sum to a float64 accumulator; float64 has none. */
@inline export function addHigh<T>(sum: v128, v: v128): v128 {
  return sizeof<T>() == 4 ? f64x2.add(sum, high(v)) : sum;
}

/** Sum of two float64 lanes. */
@inline export function pairSum(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

/** Sum of the accumulators of lower and upper lanes: (l0 + l2) + (l1 + l3), or l0 + l1. */
@inline export function laneSum<T>(lower: v128, upper: v128): f64 {
  return pairSum(sizeof<T>() == 4 ? f64x2.add(lower, upper) : lower);
}

/**
 * A sum and the errors of its additions, as two lanes, with x added (Knuth's TwoSum). Their pairSum is the result; where the
 * sum is infinite, its errors are NaN.
 */
@inline export function twoSum(total: v128, x: f64): v128 {
  const sum = f64x2.extract_lane(total, 0);
  const next = sum + x;
  const part = next - sum;
  const error = f64x2.extract_lane(total, 1) + (sum - (next - part) + (x - part));
  return f64x2.replace_lane(f64x2.splat(next), 1, error);
}

/** The sum of twoSum where it may be infinite. */
@inline export function twoSumOf(total: v128): f64 {
  const sum = f64x2.extract_lane(total, 0);
  return abs(sum) == Infinity ? sum : pairSum(total);
}

/** Counts in each lane: one more where the mask holds. */
@inline export function countMask<T>(count: v128, mask: v128): v128 {
  return sizeof<T>() == 4 ? i32x4.sub(count, mask) : i64x2.sub(count, mask);
}

/** Two float64 vectors (of float64 rows: the first) rounded to one vector of the rows' type. */
@inline export function narrow<T>(lower: v128, upper: v128): v128 {
  return sizeof<T>() == 4
    ? v128.shuffle<i64>(f32x4.demote_f64x2_zero(lower), f32x4.demote_f64x2_zero(upper), 0, 2)
    : lower;
}

/** Copies a round to `to`, keeping the first `bytes` bytes and filling the rest. Reads (not uses) up to 63 bytes beyond. */
export function copyTail(from: usize, bytes: usize, fill: v128, to: usize): void {
  const mask = KEEP + ROUND - bytes;
  v128.store(to, v128.bitselect(v128.load(from), fill, v128.load(mask)));
  v128.store(to, v128.bitselect(v128.load(from, 16), fill, v128.load(mask, 16)), 16);
  v128.store(to, v128.bitselect(v128.load(from, 32), fill, v128.load(mask, 32)), 32);
  v128.store(to, v128.bitselect(v128.load(from, 48), fill, v128.load(mask, 48)), 48);
}

/** Copies a round to `to` with the element at byte `at` replaced by -infinity. */
@inline export function copyWithout<T>(from: usize, at: usize, to: usize): void {
  const fill = negativeInfinities<T>();
  const mask = (sizeof<T>() == 4 ? ONE_HOT_4 : ONE_HOT_8) - at;
  v128.store(to, v128.bitselect(fill, v128.load(from), v128.load(mask)));
  v128.store(to, v128.bitselect(fill, v128.load(from, 16), v128.load(mask, 16)), 16);
  v128.store(to, v128.bitselect(fill, v128.load(from, 32), v128.load(mask, 32)), 32);
  v128.store(to, v128.bitselect(fill, v128.load(from, 48), v128.load(mask, 48)), 48);
}

/** Copies the first `bytes` bytes of a round out of scratch, element by element: nothing beyond is touched. */
@inline export function storeTail<T>(from: usize, bytes: usize, to: usize): void {
  for (let i: usize = 0; i < bytes; i += sizeof<T>()) store<T>(to + i, load<T>(from + i));
}

/** Stores the first `bytes` bytes of a vector, fewer than 16: nothing beyond is touched. */
@inline export function storePart<T>(to: usize, v: v128, bytes: usize): void {
  let rest = v;
  let at = to;
  if (bytes & 8) {
    v128.store64_lane(at, v, 0);
    if (sizeof<T>() == 4) {
      rest = v128.shuffle<i64>(v, v, 1, 1);
      at += 8;
    }
  }
  if (sizeof<T>() == 4 && bytes & 4) v128.store32_lane(at, rest, 0);
}

/** Splat of a float64 scalar, rounded to the lanes' type. */
@inline export function splat<T>(x: f64): v128 {
  return v128.splat<T>(<T>x);
}
