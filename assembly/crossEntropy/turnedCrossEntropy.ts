// Cross-entropy of short rows with index targets, a row a lane: see rows/turned/turnedRows.ts and turnedTargets.ts.

import { ONE } from "../constants";
import { ln1p } from "../functions/log";
import { FACTORS, GRADIENTS } from "../generated/scratchOfTurnedCrossEntropy";
import { LANES, OWN, SUMS, TOPS } from "../generated/scratchOfTurnedRows";
import { DISTANCES, EXPONENTIALS, MEASURES, PLACES } from "../generated/scratchOfTurnedTargets";
import { constant, narrow } from "../lanes";
import { inBatches } from "../rows/turned/batches";
import { rowsInLanes, turnOut } from "../rows/turned/turnedRows";
import { sumGroups } from "../rows/turned/turnedSums";
import { allNear, measure, placeBatch, storeWeights, takeMaxima } from "../rows/turned/turnedTargets";

/**
 * Losses of two rows, own (ln(1 + z) + (m - x)), and 0 where own is 0. Where all rows of a batch are `plain`, which count 1 and are
 * near 0, a loss is ln(1 + z). `at` moves by 8 bytes a row.
 */
@inline function lossesAt<T>(at: usize, plain: bool): v128 {
  const z = v128.load(at, SUMS);
  if (plain) return ln1p<T>(z);
  const own = v128.load(at, OWN);
  const rest = f64x2.sub(v128.load(at, EXPONENTIALS), constant<f64>(ONE));
  const loss = f64x2.sub(ln1p<T>(f64x2.add(z, rest)), v128.load(at, DISTANCES));
  return v128.and(f64x2.mul(own, loss), f64x2.ne(own, f64x2.splat(0)));
}

/** Stores losses of eight rows at a time: four logarithms side by side take less time than twice two. */
@inline function storeLosses<T>(rows: i32, losses: usize, plain: bool, scratch: usize): void {
  const end = scratch + ((<usize>rows) << 3);
  const move = losses - scratch;
  let at = scratch;
  for (; at + 64 <= end; at += 64) {
    const a = lossesAt<T>(at, plain);
    const b = lossesAt<T>(at + 16, plain);
    const c = lossesAt<T>(at + 32, plain);
    const d = lossesAt<T>(at + 48, plain);
    v128.store(at + move, a);
    v128.store(at + move, b, 16);
    v128.store(at + move, c, 32);
    v128.store(at + move, d, 48);
  }
  for (; at < end; at += 16) v128.store(at + move, lossesAt<T>(at, plain));
}

function storeWeightedLosses<T>(rows: i32, losses: usize, scratch: usize): void {
  storeLosses<T>(rows, losses, false, scratch);
}

/** 1 / d of two rows. */
@inline function inverseAt(at: usize, plain: bool): v128 {
  const one = constant<f64>(ONE);
  return f64x2.div(one, f64x2.add(v128.load(at, SUMS), plain ? one : v128.load(at, EXPONENTIALS)));
}

/** scale own / d: what makes exponentials gradients. */
@inline function factorsAt(at: usize, inverse: v128, scales: v128, plain: bool): v128 {
  return f64x2.mul(plain ? scales : f64x2.mul(scales, v128.load(at, OWN)), f64x2.mul(v128.load(at, MEASURES), inverse));
}

/** Gradients at the targets, scale own (q - 1) = -scale own z / d, without -0. */
@inline function gradientsAt(at: usize, inverse: v128, scales: v128, plain: bool): v128 {
  const share = f64x2.neg(f64x2.mul(v128.load(at, SUMS), inverse));
  return f64x2.mul(scales, f64x2.add(plain ? share : f64x2.mul(v128.load(at, OWN), share), f64x2.splat(0)));
}

/** Moves the exponential that stands in the place of row k's target to that of the last class. */
@inline function moveLast<T>(k: usize, g: usize, lanes: usize, last: usize): void {
  const from = lanes + ((<usize>load<u32>(g + 4 * k, PLACES)) << 2) + k * sizeof<T>();
  const to = last + k * sizeof<T>();
  if (sizeof<T>() == 4) store<i32>(to, load<i32>(from));
  else store<i64>(to, load<i64>(from));
}

/** Stores the factors and gradients of the groups, and moves the exponentials in the targets' places to the last class's. */
@inline function storeFactors<T>(rows: i32, scale: f64, plain: bool, between: usize, scratch: usize): void {
  const scales = f64x2.splat(scale);
  let at = scratch;
  let lanes = scratch + LANES;
  let last = lanes + between - 16;
  for (let g = scratch, end = scratch + <usize>rows * sizeof<T>(); g < end; g += 16) {
    const lower = inverseAt(at, plain);
    const upper = sizeof<T>() == 4 ? inverseAt(at + 16, plain) : lower;
    v128.store(g, narrow<T>(factorsAt(at, lower, scales, plain), factorsAt(at + 16, upper, scales, plain)), FACTORS);
    v128.store(
      g,
      narrow<T>(gradientsAt(at, lower, scales, plain), gradientsAt(at + 16, upper, scales, plain)),
      GRADIENTS,
    );
    moveLast<T>(0, g, lanes, last);
    moveLast<T>(1, g, lanes, last);
    if (sizeof<T>() == 4) {
      moveLast<T>(2, g, lanes, last);
      moveLast<T>(3, g, lanes, last);
    }
    at += rowsInLanes<T>() << 3;
    lanes += between;
    last += between;
  }
}

/** Stores row k's gradient at its target, or zeros in a row that counts for nothing, whatever it held. */
@inline function storeTarget<T>(k: usize, g: usize, at: usize, row: usize, stride: usize, plain: bool): void {
  const target = row + <usize>load<u32>(g + 4 * k, PLACES) * (sizeof<T>() / 4);
  if (!plain && load<f64>(at + 8 * k, OWN) == 0) memory.fill(row, 0, stride);
  else if (sizeof<T>() == 4) store<i32>(target, load<i32>(g + 4 * k, GRADIENTS));
  else store<i64>(target, load<i64>(g + 8 * k, GRADIENTS));
}

/** Stores the gradient of the groups: exponentials times factors, and what storeTarget says at the targets. */
@inline function storeGradient<T>(
  rows: i32,
  stride: usize,
  plain: bool,
  grad: usize,
  between: usize,
  scratch: usize,
): void {
  let lanes = scratch + LANES;
  let out = grad;
  let at = scratch;
  for (let g = scratch, end = scratch + <usize>rows * sizeof<T>(); g < end; g += 16) {
    turnOut<T>(lanes, v128.load(g, FACTORS), out, stride);
    storeTarget<T>(0, g, at, out, stride, plain);
    storeTarget<T>(1, g, at, out + stride, stride, plain);
    if (sizeof<T>() == 4) {
      storeTarget<T>(2, g, at, out + 2 * stride, stride, plain);
      storeTarget<T>(3, g, at, out + 3 * stride, stride, plain);
    }
    at += rowsInLanes<T>() << 3;
    lanes += between;
    out += stride * rowsInLanes<T>();
  }
}

function finishGradient<T>(
  rows: i32,
  stride: usize,
  plain: bool,
  grad: usize,
  scale: f64,
  between: usize,
  scratch: usize,
): void {
  storeFactors<T>(rows, scale, plain, between, scratch);
  storeGradient<T>(rows, stride, plain, grad, between, scratch);
}

@inline function finish<T>(
  rows: i32,
  stride: usize,
  grad: usize,
  losses: usize,
  scale: f64,
  plain: bool,
  between: usize,
  scratch: usize,
): void {
  measure<T>(rows, scratch);
  if (plain) storeLosses<T>(rows, losses, true, scratch);
  else storeWeightedLosses<T>(rows, losses, scratch);
  if (grad) finishGradient<T>(rows, stride, plain, grad, scale, between, scratch);
}

function sumKeeping<T>(end: usize, between: usize, scratch: usize): void {
  sumGroups<T>(scratch + LANES, between, between - 16, 0, end, false, true, scratch);
}

function sumOnly<T>(end: usize, between: usize, scratch: usize): void {
  sumGroups<T>(scratch + LANES, between, between - 16, 0, end, false, false, scratch);
}

/** Sums the exponentials, which replace the logits where `keep` says so; in float64 they always do: 1 KB less code. */
@inline function sumNear<T>(end: usize, between: usize, keep: bool, scratch: usize): void {
  if (keep || sizeof<T>() == 8) sumKeeping<T>(end, between, scratch);
  else sumOnly<T>(end, between, scratch);
}

function indexBatch<T>(
  rows: i32,
  row: usize,
  stride: usize,
  labels: usize,
  weights: usize,
  grad: usize,
  losses: usize,
  ignoreIndex: i32,
  scale: f64,
  scratch: usize,
): void {
  const between = stride * rowsInLanes<T>();
  const ignored = placeBatch<T>(rows, row, stride, labels, ignoreIndex, scratch + LANES, scratch);
  sumNear<T>(<usize>rows * sizeof<T>(), between, grad != 0, scratch);
  if (weights == 0 && !ignored && allNear<T>(rows, TOPS, scratch)) {
    finish<T>(rows, stride, grad, losses, scale, true, between, scratch);
  } else {
    storeWeights<T>(rows, labels, ignoreIndex, weights, scratch);
    takeMaxima<T>(rows, row, stride, labels, ignoreIndex, between, scratch);
    finish<T>(rows, stride, grad, losses, scale, false, between, scratch);
  }
}

@unmanaged
class CrossEntropy {
  /** A float64 a row. */
  @inline resultBytes(): usize {
    return 8;
  }

  @inline batch<T>(
    rows: i32,
    row: usize,
    stride: usize,
    labels: usize,
    weights: usize,
    grad: usize,
    losses: usize,
    ignoreIndex: i32,
    scale: f64,
    scratch: usize,
  ): void {
    indexBatch<T>(rows, row, stride, labels, weights, grad, losses, ignoreIndex, scale, scratch);
  }
}

@inline export function indexShortRows<T>(
  begin: i32,
  end: i32,
  logits: usize,
  labels: usize,
  weights: usize,
  grad: usize,
  losses: usize,
  classes: i32,
  ignoreIndex: i32,
  scale: f64,
  scratch: usize,
): void {
  inBatches<CrossEntropy, T>(begin, end, logits, labels, weights, grad, losses, classes, ignoreIndex, scale, scratch);
}
