// Cross-entropy with index targets of rows of few classes, a row a lane: see shortRows.ts.

import { expLane } from "./exp";
import { log1p } from "./log";
import {
  expLanes, LANES, laneRow, lowerRows, narrow, rowsInLanes, scaleLanes, turnIn, turnOut, upperRows,
} from "./shortRows";

// Scratch before LANES: labels of a last, partial group; its losses; the upper rows' sum of exponentials.
const LABELS: usize = 0;
const LOSSES: usize = 32;
const UPPER: usize = 64;
/** Each row's weight, float64, and the gradient at its target. */
const OWN: usize = 96;
const GRADIENT: usize = 128;

/** The labels of a group in 32-bit lanes; a partial group is filled up with its last. */
// @ts-ignore: decorator
@inline function groupLabels<T>(labels: usize, rows: i32, scratch: usize): v128 {
  if (rows == rowsInLanes<T>()) return sizeof<T>() == 4 ? v128.load(labels) : v128.load64_zero(labels);
  for (let k = 0; k < rowsInLanes<T>(); k++) {
    store<i32>(scratch + LABELS + (k << 2), load<i32>(labels + (min(k, rows - 1) << 2)));
  }
  return v128.load(scratch, LABELS);
}

/** The address of one row's target in its row. */
// @ts-ignore: decorator
@inline function targetAt<T>(row: usize, k: i32, rows: i32, stride: usize, place: i32): usize {
  return laneRow(row, k, rows, stride) + <usize>place * sizeof<T>();
}

/** The targets' logits, a row a lane; in scratch they are replaced by -inf, which leaves them out of the sum. */
// @ts-ignore: decorator
@inline function takeTargets<T>(row: usize, rows: i32, stride: usize, places: v128, at: usize): v128 {
  const p0 = i32x4.extract_lane(places, 0), p1 = i32x4.extract_lane(places, 1);
  store<T>(at + (<usize>p0 << 4), <T>-Infinity);
  store<T>(at + (<usize>p1 << 4) + sizeof<T>(), <T>-Infinity);
  if (sizeof<T>() == 8) {
    const x = v128.load64_splat(targetAt<T>(row, 0, rows, stride, p0));
    return v128.load_lane<f64>(targetAt<T>(row, 1, rows, stride, p1), x, 1);
  }
  const p2 = i32x4.extract_lane(places, 2), p3 = i32x4.extract_lane(places, 3);
  store<T>(at + (<usize>p2 << 4) + 8, <T>-Infinity);
  store<T>(at + (<usize>p3 << 4) + 12, <T>-Infinity);
  let x = v128.load32_splat(targetAt<T>(row, 0, rows, stride, p0));
  x = v128.load_lane<f32>(targetAt<T>(row, 1, rows, stride, p1), x, 1);
  x = v128.load_lane<f32>(targetAt<T>(row, 2, rows, stride, p2), x, 2);
  return v128.load_lane<f32>(targetAt<T>(row, 3, rows, stride, p3), x, 3);
}

/** Each row's weight, 0 where it is ignored, as float64 to scratch. */
// @ts-ignore: decorator
@inline function storeWeights<T>(weights: usize, places: v128, counted: v128, scratch: usize): void {
  const low = i64x2.extend_low_i32x4_s(counted), high = i64x2.extend_high_i32x4_s(counted);
  let a = f64x2.splat(1), b = a;
  if (weights) {
    a = f64x2.splat(<f64>load<T>(weights + <usize>i32x4.extract_lane(places, 0) * sizeof<T>()));
    a = f64x2.replace_lane(a, 1, <f64>load<T>(weights + <usize>i32x4.extract_lane(places, 1) * sizeof<T>()));
    if (sizeof<T>() == 4) {
      b = f64x2.splat(<f64>load<T>(weights + <usize>i32x4.extract_lane(places, 2) * sizeof<T>()));
      b = f64x2.replace_lane(b, 1, <f64>load<T>(weights + <usize>i32x4.extract_lane(places, 3) * sizeof<T>()));
    }
  }
  v128.store(scratch, v128.and(a, low), OWN);
  v128.store(scratch, v128.and(b, high), OWN + 16);
}

/** own (ln(d) - u) of two rows, 0 where own is. */
// @ts-ignore: decorator
@inline function losses2<T>(others: v128, e: v128, x: v128, m: v128, own: v128): v128 {
  const lnd = log1p<T>(f64x2.add(others, f64x2.sub(e, f64x2.splat(1))));
  return v128.and(f64x2.mul(own, f64x2.sub(lnd, f64x2.sub(x, m))), f64x2.ne(own, f64x2.splat(0)));
}

/** scale own (q - 1) of two rows, q - 1 = -others / d; + 0 as in a long row: no -0. */
// @ts-ignore: decorator
@inline function targetGradient(scales: v128, own: v128, others: v128, d: v128): v128 {
  return f64x2.mul(scales, f64x2.add(f64x2.mul(own, f64x2.neg(f64x2.div(others, d))), f64x2.splat(0)));
}

// @ts-ignore: decorator
@inline export function indexShortRows<T>(
  begin: i32, end: i32, logits: usize, labels: usize, weights: usize, keep: bool, grad: usize, losses: usize,
  classes: i32, ignoreIndex: i32, scale: f64, scratch: usize,
): void {
  const stride = <usize>classes * sizeof<T>(), group = rowsInLanes<T>(), at = scratch + LANES;
  const scales = f64x2.splat(scale), ignore = i32x4.splat(ignoreIndex);
  for (let i = begin; i < end; i += group) {
    const rows = min(group, end - i), row = logits + <usize>i * stride;
    const m = turnIn<T>(row, rows, stride, at);
    const label = groupLabels<T>(labels + (<usize>i << 2), rows, scratch), counted = i32x4.ne(label, ignore);
    const places = v128.and(label, counted);
    const x = takeTargets<T>(row, rows, stride, places, at);
    storeWeights<T>(weights, places, counted, scratch);
    const othersLow = expLanes<T>(at, classes, m, keep, scratch + UPPER), othersHigh = v128.load(scratch, UPPER);
    const e = expLane<T>(v128.sub<T>(x, m)), eLow = lowerRows<T>(e), eHigh = upperRows<T>(e);
    const ownLow = v128.load(scratch, OWN), ownHigh = v128.load(scratch, OWN + 16);
    const to = rows == group ? losses + (<usize>i << 3) : scratch + LOSSES;
    v128.store(to, losses2<T>(othersLow, eLow, lowerRows<T>(x), lowerRows<T>(m), ownLow));
    if (sizeof<T>() == 4) {
      v128.store(to, losses2<T>(othersHigh, eHigh, upperRows<T>(x), upperRows<T>(m), ownHigh), 16);
    }
    if (rows != group) {
      for (let k = 0; k < rows; k++) store<f64>(losses + (<usize>(i + k) << 3), load<f64>(to + (k << 3)));
    }
    if (!keep) continue;
    const dLow = f64x2.add(othersLow, eLow), dHigh = f64x2.add(othersHigh, eHigh);
    const lower = f64x2.div(f64x2.mul(scales, ownLow), dLow), gLower = targetGradient(scales, ownLow, othersLow, dLow);
    let upper = lower, gUpper = gLower;
    if (sizeof<T>() == 4) {
      upper = f64x2.div(f64x2.mul(scales, ownHigh), dHigh);
      gUpper = targetGradient(scales, ownHigh, othersHigh, dHigh);
    }
    scaleLanes<T>(at, classes, narrow<T>(lower, upper));
    v128.store(scratch, narrow<T>(gLower, gUpper), GRADIENT);
    for (let k = 0; k < rows; k++) {
      const place = load<i32>(labels + (<usize>(i + k) << 2));
      if (place == ignoreIndex) continue;
      store<T>(at + (<usize>place << 4) + k * sizeof<T>(), load<T>(scratch + GRADIENT + k * sizeof<T>()));
    }
    const out = grad + <usize>i * stride;
    turnOut<T>(at, out, rows, stride);
    // a row that counts for nothing is 0 whatever it held
    if (v128.any_true(v128.or(f64x2.eq(ownLow, f64x2.splat(0)), f64x2.eq(ownHigh, f64x2.splat(0))))) {
      for (let k = 0; k < rows; k++) {
        if (load<f64>(scratch + OWN + (k << 3)) == 0) memory.fill(out + <usize>k * stride, 0, stride);
      }
    }
  }
}
