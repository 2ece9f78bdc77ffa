// Short rows, turned so that lanes hold rows: four float32 or two float64 rows at once. Row by row, the horizontal steps
// and the logarithm would cost more than the exponentials (22 against 65-75 million rows of 10 classes a second).
//
// In scratch, class j of the group stands at LANES + 16 j. The sum over
// classes runs as over the rounds of a long row, with rounds of four classes.

import { E2, E3, E4, E5, LOG2E, LOWEST, MAGIC, ONE } from "./constants";
import { exp, expA, expB } from "./exp";
import { addHigh, constant, high, larger, low, negativeInfinities, roundSum, splat } from "./lanes";

/** Where a group stands in scratch. */
export const LANES: usize = 384;
/** Rows of at most this many classes are turned. The JavaScript loops choose their order of summing by it too. */
export const SHORT = 64;

// @ts-ignore: decorator
@inline export function rowsInLanes<T>(): i32 { return 16 / sizeof<T>(); }

/** Address of the row that lane k holds: lanes beyond the last row repeat it, and their results are dropped. */
// @ts-ignore: decorator
@inline export function laneRow(row: usize, k: i32, rows: i32, stride: usize): usize {
  return row + <usize>min(k, rows - 1) * stride;
}

/** Turns four classes of four float32 rows: lanes of rows become lanes of classes, and the other way round. */
// @ts-ignore: decorator
@inline function low4(a: v128, b: v128): v128 { return v128.shuffle<i32>(a, b, 0, 4, 1, 5); }
// @ts-ignore: decorator
@inline function high4(a: v128, b: v128): v128 { return v128.shuffle<i32>(a, b, 2, 6, 3, 7); }
// @ts-ignore: decorator
@inline function even2(a: v128, b: v128): v128 { return v128.shuffle<i64>(a, b, 0, 2); }
// @ts-ignore: decorator
@inline function odd2(a: v128, b: v128): v128 { return v128.shuffle<i64>(a, b, 1, 3); }

/**
 * Turns a group of rows into scratch; returns each row's maximum (NaNs passed over). Of the last four classes those that
 * are beyond the row are turned too (bytes of the next row, or behind the array), and no one looks at them.
 */
// @ts-ignore: decorator
@inline export function turnIn<T>(row: usize, rows: i32, stride: usize, to: usize): v128 {
  let m = negativeInfinities<T>();
  const r0 = row, r1 = laneRow(row, 1, rows, stride);
  let w = to;
  if (sizeof<T>() == 8) {
    for (let j: usize = 0; j < stride; j += 8, w += 16) {
      const v = v128.load_lane<f64>(r1 + j, v128.load64_splat(r0 + j), 1);
      m = larger<T>(m, v);
      v128.store(w, v);
    }
    return m;
  }
  const r2 = laneRow(row, 2, rows, stride), r3 = laneRow(row, 3, rows, stride);
  for (let j: usize = 0; j < stride; j += 16, w += 64) {
    const a = v128.load(r0 + j), b = v128.load(r1 + j), c = v128.load(r2 + j), d = v128.load(r3 + j);
    const ab = low4(a, b), cd = low4(c, d), t0 = even2(ab, cd), t1 = odd2(ab, cd);
    const abHigh = high4(a, b), cdHigh = high4(c, d), t2 = even2(abHigh, cdHigh), t3 = odd2(abHigh, cdHigh);
    v128.store(w, t0);
    v128.store(w, t1, 16);
    v128.store(w, t2, 32);
    v128.store(w, t3, 48);
    m = larger<T>(m, t0);
    if (j + 4 < stride) m = larger<T>(m, t1);
    if (j + 8 < stride) m = larger<T>(m, t2);
    if (j + 12 < stride) m = larger<T>(m, t3);
  }
  return m;
}

/** Four classes of a row, or the first bytes of them. */
// @ts-ignore: decorator
@inline function storeRow(to: usize, v: v128, bytes: usize): void {
  if (bytes >= 16) {
    v128.store(to, v);
    return;
  }
  if (bytes & 8) v128.store_lane<i64>(to, v, 0);
  if (bytes & 4) v128.store_lane<i32>(to + (bytes & 8), bytes & 8 ? v128.shuffle<i64>(v, v, 1, 1) : v, 0);
}

/** Turns the group in scratch back into rows at `out`; only real rows and classes are written. */
// @ts-ignore: decorator
@inline export function turnOut<T>(from: usize, out: usize, rows: i32, stride: usize): void {
  let w = from;
  if (sizeof<T>() == 8) {
    for (let j: usize = 0; j < stride; j += 8, w += 16) {
      store<T>(out + j, load<T>(w));
      if (rows > 1) store<T>(out + stride + j, load<T>(w, 8));
    }
    return;
  }
  for (let j: usize = 0; j < stride; j += 16, w += 64) {
    const a = v128.load(w), b = v128.load(w, 16), c = v128.load(w, 32), d = v128.load(w, 48), left = stride - j;
    const ab = low4(a, b), cd = low4(c, d), abHigh = high4(a, b), cdHigh = high4(c, d);
    storeRow(out + j, even2(ab, cd), left);
    if (rows > 1) storeRow(out + stride + j, odd2(ab, cd), left);
    if (rows > 2) storeRow(out + 2 * stride + j, even2(abHigh, cdHigh), left);
    if (rows > 3) storeRow(out + 3 * stride + j, odd2(abHigh, cdHigh), left);
  }
}

/**
 * Sum of exp(x - m) over the classes in scratch, a row a lane, in float64: of the lower two rows returned, of the upper
 * two (float32) left at `upperAt`. With `keep` the exponentials replace the logits there.
 */
// @ts-ignore: decorator
@inline export function expLanes<T>(at: usize, classes: i32, m: v128, keep: bool, upperAt: usize): v128 {
  const log2e = constant<T>(LOG2E), lowest = constant<T>(LOWEST), magic = constant<T>(MAGIC), one = constant<T>(ONE);
  const e2 = constant<T>(E2), e3 = constant<T>(E3), e4 = constant<T>(E4), e5 = constant<T>(E5);
  const a = expA<T>(), b = expB<T>();
  let lower = f64x2.splat(0), upper = lower;
  const end = at + (<usize>classes << 4);
  let p = at;
  for (; p + 64 <= end; p += 64) {
    const w = exp<T>(v128.sub<T>(v128.load(p), m), log2e, lowest, magic, one, e2, e3, e4, e5, a, b);
    const x = exp<T>(v128.sub<T>(v128.load(p, 16), m), log2e, lowest, magic, one, e2, e3, e4, e5, a, b);
    const y = exp<T>(v128.sub<T>(v128.load(p, 32), m), log2e, lowest, magic, one, e2, e3, e4, e5, a, b);
    const z = exp<T>(v128.sub<T>(v128.load(p, 48), m), log2e, lowest, magic, one, e2, e3, e4, e5, a, b);
    if (keep) {
      v128.store(p, w);
      v128.store(p, x, 16);
      v128.store(p, y, 32);
      v128.store(p, z, 48);
    }
    const sum = roundSum<T>(w, x, y, z);
    lower = f64x2.add(lower, low<T>(sum));
    upper = addHigh<T>(upper, sum);
  }
  if (p < end) {
    // one to three classes are left: the same sum with zeros for the others
    let sum = splat<T>(0);
    for (; p < end; p += 16) {
      const w = exp<T>(v128.sub<T>(v128.load(p), m), log2e, lowest, magic, one, e2, e3, e4, e5, a, b);
      if (keep) v128.store(p, w);
      sum = v128.add<T>(sum, w);
    }
    lower = f64x2.add(lower, low<T>(sum));
    upper = addHigh<T>(upper, sum);
  }
  v128.store(upperAt, upper);
  return lower;
}

/** Two float64 vectors (or, for float64 rows, the first) rounded to one vector of the rows' type. */
// @ts-ignore: decorator
@inline export function narrow<T>(lower: v128, upper: v128): v128 {
  return sizeof<T>() == 4
    ? v128.shuffle<i64>(f32x4.demote_f64x2_zero(lower), f32x4.demote_f64x2_zero(upper), 0, 2)
    : lower;
}

// @ts-ignore: decorator
@inline export function lowerRows<T>(v: v128): v128 { return low<T>(v); }

// @ts-ignore: decorator
@inline export function upperRows<T>(v: v128): v128 { return sizeof<T>() == 4 ? high(v) : v; }

/** The group in scratch times a factor for each row. */
// @ts-ignore: decorator
@inline export function scaleLanes<T>(at: usize, classes: i32, factors: v128): void {
  const end = at + (<usize>classes << 4);
  for (let p = at; p < end; p += 16) v128.store(p, v128.mul<T>(v128.load(p), factors));
}
