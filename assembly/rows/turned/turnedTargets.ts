// Index targets of turned rows. A row's target stays out of its sum. The loss is ln(1 + z), z the ratio of the others'
// exponentials to the target's, with all of its digits. Where logits are *near* 0, nothing is taken from them: a difference would
// cost an operation each, and rounding it would cost digits. There the target's exponential is a float64. Other rows have their
// maximum taken away.
//
// The last class's logit takes the target's place among the others, so that there is one exponential less.

import { ONE } from "../../constants";
import { expLane, inverseExp } from "../../functions/exp";
import { constant, high, larger, low, splat } from "../../lanes";
import { LANES, OWN, SHIFTS, SUMS, TOPS } from "../../generated/scratchOfTurnedRows";
import { DISTANCES, EXPONENTIALS, MEASURES, PLACES, TARGETS } from "../../generated/scratchOfTurnedTargets";
import { NEAR_HIGHEST, NEAR_LOWEST, NEAR_TARGET_32, NEAR_TARGET_64 } from "../../generated/thresholds";
import { weightAt } from "../dots";
import { rowsInLanes, turnIn } from "./turnedRows";
import { sumShifted } from "./turnedSums";

/** Takes one row's target, which stands at 4 bytes a class. */
@inline function takeTarget<T>(row: usize, target: usize, to: usize): void {
  if (sizeof<T>() == 4) store<i32>(to, load<i32>(row + target));
  else store<i64>(to, load<i64>(row + (target << 1)));
}

/** Puts the last class's logit in the target's place. */
@inline function placeLast<T>(last: usize, target: usize, lane: usize): void {
  if (sizeof<T>() == 4) store<i32>(lane + (target << 2), load<i32>(last));
  else store<i64>(lane + (target << 2), load<i64>(last));
}

/** Takes the targets of a group; returns which lanes are ignored. */
@inline export function takeTargets<T>(row: usize, stride: usize, labels: usize, ignore: v128, at: usize): v128 {
  const label = sizeof<T>() == 4 ? v128.load(labels) : v128.load64_splat(labels);
  const ignored = i32x4.eq(label, ignore);
  v128.store(at, i32x4.shl(v128.andnot(label, ignored), 2), PLACES);
  takeTarget<T>(row, load<u32>(at, PLACES), at + TARGETS);
  takeTarget<T>(row + stride, load<u32>(at, PLACES + 4), at + TARGETS + sizeof<T>());
  if (sizeof<T>() == 4) {
    const third = row + 2 * stride;
    takeTarget<T>(third, load<u32>(at, PLACES + 8), at + TARGETS + 8);
    takeTarget<T>(third + stride, load<u32>(at, PLACES + 12), at + TARGETS + 12);
  }
  return ignored;
}

/** Puts the last class's logits in the targets' places, for a group. */
@inline export function placeLasts<T>(row: usize, stride: usize, lanes: usize, at: usize): void {
  const last = row + stride - sizeof<T>();
  placeLast<T>(last, load<u32>(at, PLACES), lanes);
  placeLast<T>(last + stride, load<u32>(at, PLACES + 4), lanes + sizeof<T>());
  if (sizeof<T>() == 4) {
    const third = last + 2 * stride;
    placeLast<T>(third, load<u32>(at, PLACES + 8), lanes + 8);
    placeLast<T>(third + stride, load<u32>(at, PLACES + 12), lanes + 12);
  }
}

/** Turns a group of rows into scratch, all classes but the targets; returns which lanes are ignored. */
@inline function placeGroup<T>(row: usize, stride: usize, labels: usize, ignore: v128, lanes: usize, at: usize): v128 {
  const ignored = takeTargets<T>(row, stride, labels, ignore, at);
  turnIn<T>(row, stride, stride - sizeof<T>(), lanes, false);
  placeLasts<T>(row, stride, lanes, at);
  return ignored;
}

/** Turns groups of rows to `lanes`, and takes their targets from `begin` on; returns whether a row is ignored. */
export function placeBatch<T>(
  rows: i32,
  row: usize,
  stride: usize,
  labels: usize,
  ignoreIndex: i32,
  lanes: usize,
  begin: usize,
): bool {
  const ignore = i32x4.splat(ignoreIndex);
  const end = begin + <usize>rows * sizeof<T>();
  const between = stride * rowsInLanes<T>();
  let ignored = i32x4.splat(0);
  let from = row;
  let targets = labels;
  let to = lanes;
  for (let at = begin; at < end; at += 16) {
    ignored = v128.or(ignored, placeGroup<T>(from, stride, targets, ignore, to, at));
    from += between;
    targets += rowsInLanes<T>() << 2;
    to += between;
  }
  return v128.any_true(ignored);
}

/** Stores each row's weight at OWN, 0 where the row is ignored. */
export function storeWeights<T>(rows: i32, labels: usize, ignoreIndex: i32, weights: usize, scratch: usize): void {
  for (let i: usize = 0; i < <usize>rows; i++) {
    const label = load<i32>(labels + (i << 2));
    const w = label == ignoreIndex ? 0 : weightAt<T>(weights, <usize>label * sizeof<T>());
    store<f64>(scratch + (i << 3), w, OWN);
  }
}

/** Mask of the rows of a group that are near 0 and finite. `top` is the largest of the other logits, or of all. */
@inline export function nearLanes<T>(top: v128, x: v128): v128 {
  const m = larger<T>(top, x);
  const within = v128.and(v128.ge<T>(m, splat<T>(NEAR_LOWEST)), v128.le<T>(m, splat<T>(NEAR_HIGHEST)));
  return v128.and(within, v128.ge<T>(x, splat<T>(sizeof<T>() == 4 ? NEAR_TARGET_32 : NEAR_TARGET_64)));
}

/** Whether all rows are near 0. Their largest logits stand at `tops`. */
@inline export function allNear<T>(rows: i32, tops: usize, scratch: usize): bool {
  let near = i32x4.splat(-1);
  for (let g = scratch, end = scratch + <usize>rows * sizeof<T>(); g < end; g += 16) {
    near = v128.and(near, nearLanes<T>(v128.load(g + tops), v128.load(g, TARGETS)));
  }
  return i32x4.all_true(near);
}

/** Sums rows that are not near 0 again, less their maxima. Stores exponential and distance of every row's target. */
export function takeMaxima<T>(
  rows: i32,
  row: usize,
  stride: usize,
  labels: usize,
  ignoreIndex: i32,
  between: usize,
  scratch: usize,
): void {
  const zero = f64x2.splat(0);
  const bytes = between - 16;
  let lanes = scratch + LANES;
  let at = scratch;
  let from = row;
  let targets = labels;
  for (let g: usize = 0, end = <usize>rows * sizeof<T>(); g < end; g += 16) {
    const x = v128.load(scratch + g, TARGETS);
    const far = v128.not(nearLanes<T>(v128.load(scratch + g, TOPS), x));
    let e = sizeof<T>() == 4 ? constant<f32>(ONE) : constant<f64>(ONE);
    let u = zero;
    let upperU = zero;
    if (v128.any_true(far)) {
      // exponentials may have replaced the logits
      placeBatch<T>(rowsInLanes<T>(), from, stride, targets, ignoreIndex, lanes, scratch + g);
      let m = x;
      for (let p = lanes; p < lanes + bytes; p += 16) m = larger<T>(m, v128.load(p));
      m = v128.and(m, far);
      v128.store(scratch + g, m, SHIFTS);
      sumShifted<T>(lanes, between, bytes, g, g + 16, false, scratch);
      const own = v128.and(x, far);
      e = expLane<T>(v128.sub<T>(own, m));
      u = f64x2.sub(low<T>(own), low<T>(m));
      if (sizeof<T>() == 4) upperU = f64x2.sub(high(own), high(m));
      v128.store(scratch + g, v128.andnot(x, far), TARGETS);
    }
    v128.store(at, low<T>(e), EXPONENTIALS);
    v128.store(at, u, DISTANCES);
    if (sizeof<T>() == 4) {
      v128.store(at, high(e), EXPONENTIALS + 16);
      v128.store(at, upperU, DISTANCES + 16);
    }
    at += rowsInLanes<T>() << 3;
    from += stride * rowsInLanes<T>();
    targets += rowsInLanes<T>() << 2;
    lanes += between;
  }
}

@inline function measureRows<T>(x: v128, at: usize): void {
  const e = inverseExp<T>(x);
  v128.store(at, e, MEASURES);
  v128.store(at, f64x2.mul(v128.load(at, SUMS), e), SUMS);
}

@inline function measureGroup<T>(g: usize, at: usize): void {
  const x = v128.load(g, TARGETS);
  measureRows<T>(low<T>(x), at);
  if (sizeof<T>() == 4) measureRows<T>(high(x), at + 16);
}

/** Stores exp(-x) 2^-15 of the targets' logits at MEASURES, and multiplies the sums by it. */
@inline export function measure<T>(rows: i32, scratch: usize): void {
  let at = scratch;
  for (let g = scratch, end = scratch + <usize>rows * sizeof<T>(); g < end; g += 16) {
    measureGroup<T>(g, at);
    at += rowsInLanes<T>() << 3;
  }
}
