// The sums and counts over the classes of short rows that records are made of, a row a lane.

import { LOWEST_15, MAGIC_15 } from "../constants";
import { exp, expLane } from "../functions/exp";
import { ABOVE, DISTANT, FIRST, LOGITS, MAXIMA, PRODUCTS, SQUARES } from "../generated/scratchOfTurnedRecord";
import { LANES, SHIFTS, SUMS } from "../generated/scratchOfTurnedRows";
import { EXPONENTIALS, PLACES, TARGETS } from "../generated/scratchOfTurnedTargets";
import { addHigh, constant, countMask, high, low, roundSum, splat } from "../lanes";
import { rowsInLanes, turnIn } from "../rows/turned/turnedRows";
import { nearLanes, placeLasts, takeTargets } from "../rows/turned/turnedTargets";
import { product } from "./record";

/** Turns the groups and takes their targets and maxima; returns whether a row is ignored. */
@inline export function turnBatch<T>(
  rows: i32,
  row: usize,
  stride: usize,
  labels: usize,
  ignoreIndex: i32,
  between: usize,
  scratch: usize,
): bool {
  const ignore = i32x4.splat(ignoreIndex);
  const end = scratch + <usize>rows * sizeof<T>();
  let ignored = i32x4.splat(0);
  let lanes = scratch + LANES;
  let from = row;
  let targets = labels;
  for (let g = scratch; g < end; g += 16) {
    ignored = v128.or(ignored, takeTargets<T>(from, stride, targets, ignore, g));
    v128.store(g, turnIn<T>(from, stride, stride, lanes, true), MAXIMA);
    from += stride * rowsInLanes<T>();
    targets += rowsInLanes<T>() << 2;
    lanes += between;
  }
  return v128.any_true(ignored);
}

/** Finds the first maxima; then puts the last class's logits in the targets' places. */
@inline export function findMaxima<T>(rows: i32, row: usize, stride: usize, between: usize, scratch: usize): void {
  const end = scratch + <usize>rows * sizeof<T>();
  const classes = <i32>(between >> 4);
  const all = sizeof<T>() == 4 ? i32x4.splat(classes) : i64x2.splat(classes);
  let lanes = scratch + LANES;
  let from = row;
  for (let g = scratch; g < end; g += 16) {
    const m = v128.load(g, MAXIMA);
    let found = i32x4.splat(0);
    let after = found;
    for (let p = lanes, stop = lanes + between; p < stop; p += 16) {
      found = v128.or(found, v128.eq<T>(v128.load(p), m));
      after = countMask<T>(after, found);
    }
    // classes from the first maximum on, taken from all
    v128.store(g, sizeof<T>() == 4 ? i32x4.sub(all, after) : i64x2.sub(all, after), FIRST);
    v128.store(g, v128.load(g, TARGETS), LOGITS);
    placeLasts<T>(from, stride, lanes, g);
    from += stride * rowsInLanes<T>();
    lanes += between;
  }
}

/**
 * The sums over groups `first` to `last` (that of exponentials as sumGroups takes it) and the counts of logits above the targets'.
 * Returns whether a logit equals its target's.
 */
export function sumEvaluation<T>(first: usize, last: usize, lanes: usize, between: usize, scratch: usize): bool {
  const lowest = constant<T>(LOWEST_15);
  const magic = constant<T>(MAGIC_15);
  const whole = (between - 16) & ~63;
  const rest = (between - 16) & 48;
  let p = lanes;
  let sums = scratch + SUMS + (sizeof<T>() == 4 ? first << 1 : first);
  let equal = i32x4.splat(0);
  for (let g = scratch + first, end = scratch + last; g < end; g += 16) {
    const own = v128.load(g, LOGITS);
    const top = v128.load(g, MAXIMA);
    let lower = f64x2.splat(0);
    let upper = lower;
    let products = splat<T>(0);
    let squares = products;
    let above = i32x4.splat(0);
    for (const stop = p + whole; p < stop; p += 64) {
      const a = v128.load(p);
      const b = v128.load(p, 16);
      const c = v128.load(p, 32);
      const d = v128.load(p, 48);
      const w = exp<T>(a, lowest, magic);
      const x = exp<T>(b, lowest, magic);
      const y = exp<T>(c, lowest, magic);
      const z = exp<T>(d, lowest, magic);
      const sum = roundSum<T>(w, x, y, z);
      lower = f64x2.add(lower, low<T>(sum));
      upper = addHigh<T>(upper, sum);
      products = v128.add<T>(
        products,
        roundSum<T>(
          product<T>(w, a, lowest, top),
          product<T>(x, b, lowest, top),
          product<T>(y, c, lowest, top),
          product<T>(z, d, lowest, top),
        ),
      );
      squares = v128.add<T>(
        squares,
        roundSum<T>(v128.mul<T>(w, w), v128.mul<T>(x, x), v128.mul<T>(y, y), v128.mul<T>(z, z)),
      );
      above = countMask<T>(above, v128.gt<T>(a, own));
      above = countMask<T>(above, v128.gt<T>(b, own));
      above = countMask<T>(above, v128.gt<T>(c, own));
      above = countMask<T>(above, v128.gt<T>(d, own));
      equal = v128.or(
        v128.or(equal, v128.or(v128.eq<T>(a, own), v128.eq<T>(b, own))),
        v128.or(v128.eq<T>(c, own), v128.eq<T>(d, own)),
      );
    }
    if (rest) {
      const zero = splat<T>(0);
      let sum = zero;
      let dots = zero;
      let square = zero;
      for (let q = p, stop = p + rest; q < stop; q += 16) {
        const a = v128.load(q);
        const w = exp<T>(a, lowest, magic);
        sum = v128.add<T>(sum, w);
        dots = v128.add<T>(dots, product<T>(w, a, lowest, top));
        square = v128.add<T>(square, v128.mul<T>(w, w));
        above = countMask<T>(above, v128.gt<T>(a, own));
        equal = v128.or(equal, v128.eq<T>(a, own));
      }
      lower = f64x2.add(lower, low<T>(sum));
      upper = addHigh<T>(upper, sum);
      products = v128.add<T>(products, dots);
      squares = v128.add<T>(squares, square);
    }
    p += between - whole;
    v128.store(sums, lower);
    if (sizeof<T>() == 4) v128.store(sums, upper, 16);
    sums += rowsInLanes<T>() << 3;
    v128.store(g, products, PRODUCTS);
    v128.store(g, squares, SQUARES);
    v128.store(g, above, ABOVE);
  }
  return v128.any_true(equal);
}

/** Sums rows that are not near 0 again, less their maxima; the counts are those from before. Marks them in DISTANT. */
export function takeMaxima<T>(rows: i32, between: usize, scratch: usize): void {
  let lanes = scratch + LANES;
  let at = scratch;
  for (let g: usize = 0, end = <usize>rows * sizeof<T>(); g < end; g += 16) {
    const x = v128.load(scratch + g, LOGITS);
    const m = v128.load(scratch + g, MAXIMA);
    const far = v128.not(nearLanes<T>(m, x));
    v128.store(scratch + g, far, DISTANT);
    const shift = v128.and(m, far);
    v128.store(scratch + g, shift, SHIFTS);
    if (v128.any_true(far)) {
      const above = v128.load(scratch + g, ABOVE);
      for (let p = lanes, end = lanes + between - 16; p < end; p += 16) v128.store(p, v128.sub<T>(v128.load(p), shift));
      v128.store(scratch + g, v128.sub<T>(m, shift), MAXIMA);
      sumEvaluation<T>(g, g + 16, lanes, between, scratch);
      v128.store(scratch + g, above, ABOVE);
      v128.store(scratch + g, m, MAXIMA);
    }
    // 1 where the row is near
    const e = expLane<T>(v128.sub<T>(v128.and(x, far), v128.and(m, far)));
    v128.store(at, low<T>(e), EXPONENTIALS);
    if (sizeof<T>() == 4) v128.store(at, high(e), EXPONENTIALS + 16);
    v128.store(scratch + g, v128.andnot(x, far), TARGETS);
    at += rowsInLanes<T>() << 3;
    lanes += between;
  }
}

/** Adds the logits that equal the target's and come before it to the counts of those above. */
export function countEqual<T>(rows: i32, between: usize, scratch: usize): void {
  for (let i = 0; i < rows; i++) {
    const group = i / rowsInLanes<T>();
    const k = <usize>(i % rowsInLanes<T>()) * sizeof<T>();
    const g = scratch + (group << 4);
    const lanes = scratch + LANES + <usize>group * between + k;
    const x = load<T>(g + k, LOGITS);
    const place = (<usize>load<u32>(g + 4 * (i % rowsInLanes<T>()), PLACES)) << 2;
    let n = 0;
    for (let p = lanes; p < lanes + place; p += 16) if (load<T>(p) == x) n++;
    if (sizeof<T>() == 4) store<i32>(g + k, load<i32>(g + k, ABOVE) + n, ABOVE);
    else store<i64>(g + k, load<i64>(g + k, ABOVE) + n, ABOVE);
  }
}
