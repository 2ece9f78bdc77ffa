// Exact sums over the elements of a regression: (p - t)^2, |p - t|, t, t^2 and |p - t| / |t|. One thread does it at a time, since all blocks add
// to the same bins.
//
// The values of nearly every block have so few octaves that two accumulators are exact. The first begins at c = 1.5 x 2^11 times
// the power of two of the largest value, so that it takes the upper 43 bits of each; the second takes the rest. A first look,
// which brings the block into the first-level cache, says whether it fits; otherwise each value is added by its exponent.

import {
  BLOCK_ELEMENTS,
  FIT_LARGEST_32,
  FIT_LARGEST_64,
  FIT_SHARE_32,
  FIT_SHARE_64,
  FIT_SMALLEST_32,
  FIT_SMALLEST_64,
  LARGEST_PRODUCT,
  PARTS,
  ROUNDING_64,
  SMALLEST_PRODUCT,
  SPLITTER,
} from "../generated/thresholds";
import {
  ERROR_START,
  EXTREMES,
  LIMIT,
  PARTS_OF_QUOTIENTS,
  QUOTIENTS,
  SPLITTERS,
  SQUARE_START,
  VALUE_START,
} from "../generated/scratchOfRegression";
import { addExactly, addPair, addToBins, BINS, extractBlock } from "../sums/exactSum";
import { squareError } from "../sums/squareError";
import { high, largestLane, low, smallerUnlessZero, smallestLane, splat } from "../lanes";

/** What |p - t| and |t| of a block that fits may be: see FIT_LARGEST_32 in src/descriptions/thresholds.ts. */
@inline function largest<T>(): f64 {
  return sizeof<T>() == 4 ? FIT_LARGEST_32 : FIT_LARGEST_64;
}

@inline function smallest<T>(): f64 {
  return sizeof<T>() == 4 ? FIT_SMALLEST_32 : FIT_SMALLEST_64;
}

@inline function share<T>(): f64 {
  return sizeof<T>() == 4 ? FIT_SHARE_32 : FIT_SHARE_64;
}

/** The c for values up to `top`; it goes by way of memory, so that it is computed once, not in each round of a loop. */
@inline function magic(top: f64, at: usize): v128 {
  v128.store(at, f64x2.splat(reinterpret<f64>((reinterpret<i64>(top) & 0x7ff0000000000000) + 0x00b8000000000000)));
  return v128.load(at);
}

/** What is left of v when an accumulator that was `before` has become `next` with it. */
@inline function rest(v: v128, next: v128, before: v128): v128 {
  return f64x2.sub(v, f64x2.sub(next, before));
}

/** Whether the square of a finite float64 is none of two float64: that of a float32 is exact. */
@inline function isExtreme<T>(x: f64, square: f64): bool {
  if (sizeof<T>() == 4 || x == 0 || x - x != 0) return false;
  return square < SMALLEST_PRODUCT || square > LARGEST_PRODUCT;
}

/** Adds each error by its exponent; returns the largest or, where there is one, NaN. Extreme squares are only counted. */
function addErrors<T>(p: usize, t: usize, n: i32, sums: usize, scratch: usize): f64 {
  let top: f64 = 0;
  let extremes: f64 = 0;
  for (let i = 0; i < n; i++) {
    const at = <usize>i * sizeof<T>();
    const d = <f64>abs<T>(load<T>(p + at) - load<T>(t + at));
    if (isExtreme<T>(d, d * d)) extremes++;
    else addToBins(d * d, sums);
    addToBins(d, sums + BINS);
    top = max(top, d);
  }
  store<f64>(scratch, load<f64>(scratch, EXTREMES) + extremes, EXTREMES);
  return top;
}

/** Adds each target, and its square, by its exponent. */
function addTargets<T>(t: usize, n: i32, sums: usize, scratch: usize): void {
  let extremes: f64 = 0;
  for (let i = 0; i < n; i++) {
    const x = <f64>load<T>(t + <usize>i * sizeof<T>());
    const square = x * x;
    addToBins(x, sums + 2 * BINS);
    if (isExtreme<T>(x, square)) {
      extremes++;
      continue;
    }
    addToBins(square, sums + 3 * BINS);
    // a float32's square is exact in float64
    if (sizeof<T>() == 8) {
      const error = f64x2.extract_lane(squareError(f64x2.splat(x), f64x2.splat(square), f64x2.splat(SPLITTER)), 0);
      if (error - error == 0) addToBins(error, sums + 3 * BINS);
    }
  }
  store<f64>(scratch, load<f64>(scratch, EXTREMES) + extremes, EXTREMES);
}

/** As addErrors for errors up to `top` that fit. In float32 their sum needs but one accumulator. */
function sumErrors<T>(p: usize, t: usize, stop: usize, top: f64, sums: usize, scratch: usize): void {
  const c = magic(top, scratch + VALUE_START);
  const squareC = magic(top * top, scratch + SQUARE_START);
  const zero = f64x2.splat(0);
  let a = sizeof<T>() == 4 ? zero : c;
  let b = zero;
  let s = squareC;
  let u = squareC;
  let r = zero;
  let v = zero;
  for (let from = p, minus = t; from < stop; from += 16, minus += 16) {
    const d = v128.abs<T>(v128.sub<T>(v128.load(from), v128.load(minus)));
    const d0 = low<T>(d);
    const s0 = f64x2.mul(d0, d0);
    const next = f64x2.add(s, s0);
    r = f64x2.add(r, rest(s0, next, s));
    s = next;
    if (sizeof<T>() == 4) {
      const d1 = high(d);
      a = f64x2.add(a, d0);
      b = f64x2.add(b, d1);
      const s1 = f64x2.mul(d1, d1);
      const after = f64x2.add(u, s1);
      v = f64x2.add(v, rest(s1, after, u));
      u = after;
    } else {
      const after = f64x2.add(a, d);
      b = f64x2.add(b, rest(d, after, a));
      a = after;
    }
  }
  addPair(f64x2.sub(s, squareC), sums, sums);
  addPair(r, sums, sums);
  addPair(sizeof<T>() == 4 ? a : f64x2.sub(a, c), sums + BINS, sums + BINS);
  addPair(b, sums + BINS, sums + BINS);
  if (sizeof<T>() == 4) {
    addPair(f64x2.sub(u, squareC), sums, sums);
    addPair(v, sums, sums);
  }
}

/** As addTargets for targets up to `top` that fit. */
function sumTargets<T>(t: usize, stop: usize, top: f64, sums: usize, scratch: usize): void {
  const c = magic(top, scratch + VALUE_START);
  const squareC = magic(top * top, scratch + SQUARE_START);
  const zero = f64x2.splat(0);
  // what rounding takes from a square is 2^53 times smaller
  const errorC = magic(top * top * ROUNDING_64, scratch + ERROR_START);
  v128.store(scratch, f64x2.splat(SPLITTER), SPLITTERS);
  const splitter = v128.load(scratch, SPLITTERS);
  let a = sizeof<T>() == 4 ? zero : c;
  let b = zero;
  let s = squareC;
  let r = zero;
  let v = zero;
  let u = sizeof<T>() == 4 ? squareC : errorC;
  for (let from = t; from < stop; from += 16) {
    const x = v128.load(from);
    const x0 = low<T>(x);
    const s0 = f64x2.mul(x0, x0);
    const next = f64x2.add(s, s0);
    r = f64x2.add(r, rest(s0, next, s));
    s = next;
    if (sizeof<T>() == 4) {
      const x1 = high(x);
      const s1 = f64x2.mul(x1, x1);
      const after = f64x2.add(u, s1);
      a = f64x2.add(a, x0);
      b = f64x2.add(b, x1);
      v = f64x2.add(v, rest(s1, after, u));
      u = after;
    } else {
      const after = f64x2.add(a, x);
      const error = squareError(x, s0, splitter);
      const then = f64x2.add(u, error);
      b = f64x2.add(b, rest(x, after, a));
      a = after;
      v = f64x2.add(v, rest(error, then, u));
      u = then;
    }
  }
  addPair(sizeof<T>() == 4 ? a : f64x2.sub(a, c), sums + 2 * BINS, sums + 2 * BINS);
  addPair(b, sums + 2 * BINS, sums + 2 * BINS);
  addPair(f64x2.sub(s, squareC), sums + 3 * BINS, sums + 3 * BINS);
  addPair(r, sums + 3 * BINS, sums + 3 * BINS);
  addPair(f64x2.sub(u, sizeof<T>() == 4 ? squareC : errorC), sums + 3 * BINS, sums + 3 * BINS);
  addPair(v, sums + 3 * BINS, sums + 3 * BINS);
}

/** |p - t| / |t| of float64 lanes, 0 where p = t. */
@inline function quotient(d: v128, t: v128): v128 {
  return v128.andnot(f64x2.div(d, f64x2.abs(t)), f64x2.eq(d, f64x2.splat(0)));
}

/** Adds |p - t| / |t| of up to a block of elements, of which p to `stop` are whole vectors. */
function addQuotients<T>(p: usize, t: usize, stop: usize, n: i32, sums: usize, scratch: usize): void {
  const quotients = scratch + QUOTIENTS;
  let to = quotients;
  let q = p;
  let u = t;
  for (; q < stop; q += 16, u += 16) {
    const x = v128.load(u);
    const d = v128.abs<T>(v128.sub<T>(v128.load(q), x));
    v128.store(to, quotient(low<T>(d), low<T>(x)));
    if (sizeof<T>() == 4) v128.store(to, quotient(high(d), high(x)), 16);
    to += 128 / sizeof<T>();
  }
  const end = quotients + ((<usize>n) << 3);
  for (; to < end; to += 8, q += sizeof<T>(), u += sizeof<T>()) {
    const x = load<T>(u);
    const d = <f64>abs<T>(load<T>(q) - x);
    store<f64>(to, f64x2.extract_lane(quotient(f64x2.splat(d), f64x2.splat(<f64>x)), 0));
  }
  const parts = scratch + PARTS_OF_QUOTIENTS;
  extractBlock(quotients, end, parts);
  const areApart = isNaN(load<f64>(parts));
  addExactly(0, areApart ? n : PARTS, areApart ? quotients : parts, sums + 4 * BINS);
}

/** sums: bins of Σ (p - t)^2, Σ |p - t|, Σ t, Σ t^2 and Σ |p - t| / |t|; results: the largest |p - t| of each block, and its extreme squares. */
export function regression<T>(
  begin: i32,
  end: i32,
  predictions: usize,
  targets: usize,
  sums: usize,
  results: usize,
  count: i32,
  scratch: usize,
): void {
  v128.store(scratch, splat<T>(largest<T>()), LIMIT);
  const zero = splat<T>(0);
  const limit = v128.load(scratch, LIMIT);
  for (let block = begin; block < end; block++) {
    const first = block * BLOCK_ELEMENTS;
    const n = min(BLOCK_ELEMENTS, count - first);
    const from = <usize>first * sizeof<T>();
    const p = predictions + from;
    const t = targets + from;
    // whole vectors; the up to three elements behind them go one by one
    const whole = n & ~(16 / sizeof<T>() - 1);
    const bytes = <usize>whole * sizeof<T>();
    const stop = p + bytes;
    let topError = zero;
    let bottomError = limit;
    let topTarget = zero;
    let bottomTarget = limit;
    let fits = v128.eq<T>(zero, zero);
    for (let q = p, u = t; q < stop; q += 16, u += 16) {
      const x = v128.load(u);
      const d = v128.abs<T>(v128.sub<T>(v128.load(q), x));
      const y = v128.abs<T>(x);
      topError = v128.pmax<T>(topError, d);
      topTarget = v128.pmax<T>(topTarget, y);
      bottomError = smallerUnlessZero<T>(bottomError, d, zero);
      bottomTarget = smallerUnlessZero<T>(bottomTarget, y, zero);
      // false of a NaN, too
      fits = v128.and(fits, v128.le<T>(v128.add<T>(d, y), limit));
    }
    const finite = i32x4.all_true(fits);
    const least = smallest<T>();
    const error = <f64>largestLane<T>(topError);
    const target = <f64>largestLane<T>(topTarget);
    store<f64>(scratch, 0, EXTREMES);
    let top = error;
    if (finite && <f64>smallestLane<T>(bottomError) >= max(least, error * share<T>())) {
      sumErrors<T>(p, t, stop, error, sums, scratch);
    } else top = addErrors<T>(p, t, whole, sums, scratch);
    if (finite && <f64>smallestLane<T>(bottomTarget) >= max(least, target * share<T>())) {
      sumTargets<T>(t, t + bytes, target, sums, scratch);
    } else addTargets<T>(t, whole, sums, scratch);
    addQuotients<T>(p, t, stop, n, sums, scratch);
    top = max(top, addErrors<T>(p + bytes, t + bytes, n - whole, sums, scratch));
    addTargets<T>(t + bytes, n - whole, sums, scratch);
    store<f64>(results + ((<usize>block) << 4), top);
    store<f64>(results + ((<usize>block) << 4), load<f64>(scratch, EXTREMES), 8);
  }
}
