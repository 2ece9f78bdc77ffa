// Cross-entropy of logits, with index targets and with probability targets, and its gradient in the same pass where `grad` is
// given (address 0: not). Rows of any length stand here, short rows with index targets in turnedCrossEntropy.ts; labels.ts
// checks index targets beforehand. Cross-entropy of probabilities is in ../likelihood/.
//
// alpha = 1 - labelSmoothing, beta = labelSmoothing / classes, weightSum = Σ w_c.

import { expOf } from "../functions/exp";
import { log1pOf } from "../functions/log";
import { COEFFICIENTS, DOTS } from "../generated/scratchOfRows";
import { SAVED } from "../generated/scratchOfTurnedCrossEntropy";
import { DOWN_512, SHORT_ROW, UP } from "../generated/thresholds";
import { NOWHERE } from "../lanes";
import { dotRow, scaleRow, scaleRowFinely, scaleRowMinus, valueAt, weightAt } from "../rows/dots";
import { maximum, placeOf } from "../rows/maximum";
import { expRow } from "../rows/passes";
import { aboveOf, apart, beyond, downOf, fillTail, logAsFar, relative } from "../rows/reference";
import { carefulGradient } from "./carefulGradient";
import { areOrdinary, areOrdinaryShort, isOrdinary, isOrdinaryShort, smallestNormal } from "./ordinary";
import { indexShortRows } from "./turnedCrossEntropy";

/**
 * 2^512 times what makes exponentials gradients, own relative(x) / d, where it is not normal in the dtype as `factor`, but gradients
 * may be: exponentials are at most 2^60. Otherwise 0.
 */
@inline function fineFactor<T>(factor: f64, own: f64, x: f64, distance: f64, d: f64, down: f64, scratch: usize): f64 {
  if (abs(factor) >= smallestNormal<T>()) return 0;
  const fine = (own * relative(x, distance, UP, scratch)) / d;
  return abs(fine) * (DOWN_512 * 2 ** 60) < smallestNormal<T>() ? 0 : fine * down;
}

/** One row with an index target, of any length, whose element stands `at`: writes its gradient and returns its loss. */
function indexRow<T>(
  row: usize,
  bytes: usize,
  at: usize,
  own: f64,
  spread: f64,
  weights: usize,
  grad: usize,
  beta: f64,
  scale: f64,
  scratch: usize,
): f64 {
  const x = load<T>(at);
  if (spread != 0) {
    fillTail<T>(row, bytes, scratch);
    return smoothRow<T>(row, bytes, at, own, weights, grad, beta, spread, scale, scratch);
  }
  const lifted = scale * own > 1;
  // the target's own exponential stays apart: ln d - x = ln(1 + z), z the others' relative to it, which keeps its digits
  const others = expRow<T>(row, bytes, at, false, lifted && grad != 0, grad, scratch);
  const distance = apart<T>(x, others, scratch);
  const e = relative(<f64>x, distance, 0, scratch);
  const z = others * e;
  if (grad) {
    const down = downOf<T>(lifted);
    const factor = ((scale * own * e) / (1 + z)) * down;
    const fine = fineFactor<T>(factor, scale * own, <f64>x, distance, 1 + z, down, scratch);
    if (fine == 0) scaleRow<T>(grad, bytes, factor);
    else scaleRowFinely<T>(grad, bytes, fine, 0, 0, 0, 0, 0);
    // q - 1 = -z / (1 + z)
    store<T>(grad + (at - row), <T>(scale * (own * -(z / (1 + z)) + 0)));
  }
  return own * (logAsFar<T>(z, distance) + beyond(distance, others));
}

/** The rest of indexRow with label smoothing: every class is a target, so it is the first maximum that stays apart. */
@inline function smoothRow<T>(
  row: usize,
  bytes: usize,
  at: usize,
  own: f64,
  weights: usize,
  grad: usize,
  beta: f64,
  spread: f64,
  scale: f64,
  scratch: usize,
): f64 {
  const x = load<T>(at);
  const top = maximum<T>(row, bytes, <T>-Infinity, scratch);
  const m = <f64>top;
  dotRow<T>(row, bytes, 0, weights, top, 0, beta, scratch);
  const dots = load<f64>(scratch, DOTS);
  const place = x == top ? at : placeOf<T>(row, bytes, top);
  const all = scale * (own + spread);
  const lifted = all > 1;
  const sum = expRow<T>(row, bytes, place, false, lifted && grad != 0, grad, scratch);
  const above = aboveOf(m, scratch);
  const toTop = relative(m, above, 0, scratch);
  // m - m: NaN where the row has no finite maximum
  const others = sum * toTop + (m - m);
  const lnd = log1pOf<T>(others);
  const d = 1 + others;
  if (grad) {
    const factor = all / d;
    const down = downOf<T>(lifted);
    const fine = fineFactor<T>(factor * toTop * down, all, m, above, d, down, scratch);
    if (fine == 0) scaleRowMinus<T>(grad, bytes, factor * toTop * down, 0, weights, 0, beta, scale);
    else scaleRowFinely<T>(grad, bytes, fine, 0, weights, 0, beta, scale);
    if (place != at && place != NOWHERE) {
      const j = place - row;
      store<T>(grad + j, <T>(factor - scale * (beta * weightAt<T>(weights, j))));
    }
    const e = <f64>expOf<T>(x - top);
    const to = grad + (at - row);
    const rest = place == at ? others : d - e;
    // a lifted exponential can count beside a small weight where the target's has run down to 0, and its product with a weight
    // below it where the scale is large
    const minus = scale * (own + beta * weightAt<T>(weights, at - row));
    const lost = lifted && e < smallestNormal<T>() && minus < 2 ** -60;
    const productLost = scale > 1 && e != 0 && spread * e < smallestNormal<f64>();
    if (lost || productLost) store<T>(to, load<T>(to) - <T>(scale * own));
    else store<T>(to, <T>(scale * (own * -(rest / d) + (spread * (e / d) - beta * weightAt<T>(weights, at - row)))));
  }
  return (own == 0 ? 0 : own * (lnd - (<f64>x - m))) + (spread * lnd - dots);
}

/** The first short row from i on that is not ordinary. */
function nextCareful(i: i32, end: i32, labels: usize, weights: usize, ignoreIndex: i32, scale: f64, single: bool): i32 {
  for (; i < end; i++) {
    const label = load<i32>(labels + ((<usize>i) << 2));
    if (label == ignoreIndex) continue;
    const own = weights ? valueAt(weights + ((<usize>label) << (single ? 2 : 3)), single) : 1;
    if (!isOrdinaryShort(own, scale, single)) break;
  }
  return i;
}

/** Short rows: as one, but for those that are not ordinary, each of which has its gradient from carefulGradient. */
function shortRows(
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
  single: bool,
  scratch: usize,
): void {
  const bytes = (<usize>classes) << (single ? 2 : 3);
  const ordinary = !grad || areOrdinaryShort(weights, bytes, scale, single);
  for (let i = begin; i < end;) {
    let stop = ordinary ? end : nextCareful(i, end, labels, weights, ignoreIndex, scale, single);
    const careful = stop == i;
    if (careful) {
      // the gradient may take the logits' place
      memory.copy(scratch + SAVED, logits + <usize>i * bytes, bytes);
      stop++;
    }
    if (single) {
      indexShortRows<f32>(i, stop, logits, labels, weights, grad, losses, classes, ignoreIndex, scale, scratch);
    } else indexShortRows<f64>(i, stop, logits, labels, weights, grad, losses, classes, ignoreIndex, scale, scratch);
    if (careful) {
      const at = (<usize>load<i32>(labels + ((<usize>i) << 2))) << (single ? 2 : 3);
      carefulGradient(scratch + SAVED, bytes, single, at, 0, weights, grad + <usize>i * bytes, 1, 0, scale, scratch);
    }
    i = stop;
  }
}

/** Rows of any length, and smoothed ones. */
function longRows(
  begin: i32,
  end: i32,
  logits: usize,
  labels: usize,
  weights: usize,
  grad: usize,
  losses: usize,
  classes: i32,
  ignoreIndex: i32,
  labelSmoothing: f64,
  weightSum: f64,
  scale: f64,
  single: bool,
  scratch: usize,
): void {
  const size = single ? 2 : 3;
  const bytes = (<usize>classes) << size;
  const alpha = 1 - labelSmoothing;
  const beta = labelSmoothing / <f64>classes;
  const spread = beta * weightSum;
  const ordinary = !grad || labelSmoothing == 0 || areOrdinary(weights, bytes, beta, scale, single);
  for (let i = begin; i < end; i++) {
    const label = load<i32>(labels + ((<usize>i) << 2));
    const row = logits + <usize>i * bytes;
    const out = grad ? grad + <usize>i * bytes : 0;
    const at = (<usize>label) << size;
    const ignored = label == ignoreIndex;
    const own = ignored ? 0 : alpha * (weights ? valueAt(weights + at, single) : 1);
    const counts = !ignored && (own != 0 || spread != 0);
    const careful = out && !ignored && !(ordinary && (!counts || isOrdinary(own + spread, scale, single)));
    const to: usize = careful ? 0 : out;
    let loss: f64 = 0;
    if (counts) {
      loss = single
        ? indexRow<f32>(row, bytes, row + at, own, spread, weights, to, beta, scale, scratch)
        : indexRow<f64>(row, bytes, row + at, own, spread, weights, to, beta, scale, scratch);
    } else if (to) memory.fill(to, 0, bytes);
    if (careful) carefulGradient(row, bytes, single, at, 0, weights, out, alpha, beta, scale, scratch);
    store<f64>(losses + ((<usize>i) << 3), loss);
  }
}

/** losses = the loss of each row with an index target; its gradient where `grad` is given. */
@inline export function crossEntropy<T>(
  begin: i32,
  end: i32,
  logits: usize,
  labels: usize,
  weights: usize,
  grad: usize,
  losses: usize,
  classes: i32,
  ignoreIndex: i32,
  labelSmoothing: f64,
  weightSum: f64,
  scale: f64,
  scratch: usize,
): void {
  const single = sizeof<T>() == 4;
  if (classes <= SHORT_ROW && labelSmoothing == 0) {
    shortRows(begin, end, logits, labels, weights, grad, losses, classes, ignoreIndex, scale, single, scratch);
  } else {
    longRows(
      begin,
      end,
      logits,
      labels,
      weights,
      grad,
      losses,
      classes,
      ignoreIndex,
      labelSmoothing,
      weightSum,
      scale,
      single,
      scratch,
    );
  }
}

/** One row with probability targets: t_j = alpha p_j + beta, c_j = w_j t_j, loss = (Σ c) ln d - Σ c_j (x_j - m). */
function probabilityRow<T>(
  row: usize,
  bytes: usize,
  targets: usize,
  weights: usize,
  grad: usize,
  alpha: f64,
  beta: f64,
  scale: f64,
  scratch: usize,
): f64 {
  fillTail<T>(row, bytes, scratch);
  const top = maximum<T>(row, bytes, <T>-Infinity, scratch);
  const m = <f64>top;
  dotRow<T>(row, bytes, targets, weights, top, alpha, beta, scratch);
  const dots = load<f64>(scratch, DOTS);
  const sum = load<f64>(scratch, COEFFICIENTS);
  const at = placeOf<T>(row, bytes, top);
  const all = scale * sum;
  const lifted = abs(all) > 1;
  const kept: usize = sum == 0 || isOrdinary(abs(sum), scale, sizeof<T>() == 4) ? grad : 0;
  const rest = expRow<T>(row, bytes, at, false, lifted && kept != 0, kept, scratch);
  const above = aboveOf(m, scratch);
  const toTop = relative(m, above, 0, scratch);
  // m - m: NaN where the row has no finite maximum
  const others = rest * toTop + (m - m);
  const lnd = log1pOf<T>(others);
  const loss = (sum == 0 ? 0 : sum * lnd) - dots;
  if (kept) {
    const d = 1 + others;
    if (sum == 0) memory.fill(kept, 0, bytes);
    const down = downOf<T>(lifted);
    const factor = sum == 0 ? 0 : (all / d) * toTop * down;
    const fine = sum == 0 ? 0 : fineFactor<T>(factor, all, m, above, d, down, scratch);
    if (fine == 0) scaleRowMinus<T>(kept, bytes, factor, targets, weights, alpha, beta, scale);
    else scaleRowFinely<T>(kept, bytes, fine, targets, weights, alpha, beta, scale);
    if (sum != 0 && at != NOWHERE) {
      const j = at - row;
      const c = <f64>(<T>(<T>weightAt<T>(weights, j) * (load<T>(targets + j) * <T>alpha + <T>beta)));
      store<T>(kept + j, <T>((scale * (sum - c - c * others)) / d));
    }
  } else if (grad) {
    carefulGradient(row, bytes, sizeof<T>() == 4, NOWHERE, targets, weights, grad, alpha, beta, scale, scratch);
  }
  return loss;
}

function probabilityRows(
  begin: i32,
  end: i32,
  logits: usize,
  targets: usize,
  weights: usize,
  grad: usize,
  losses: usize,
  classes: i32,
  labelSmoothing: f64,
  scale: f64,
  single: bool,
  scratch: usize,
): void {
  const bytes = (<usize>classes) << (single ? 2 : 3);
  const alpha = 1 - labelSmoothing;
  const beta = labelSmoothing / <f64>classes;
  const careful = grad && !(scale <= 1 && (beta == 0 || areOrdinary(0, 0, beta, scale, single)));
  for (let i = begin; i < end; i++) {
    const offset = <usize>i * bytes;
    const row = logits + offset;
    const t = targets + offset;
    const out = grad ? grad + offset : 0;
    const to: usize = careful ? 0 : out;
    const loss = single
      ? probabilityRow<f32>(row, bytes, t, weights, to, alpha, beta, scale, scratch)
      : probabilityRow<f64>(row, bytes, t, weights, to, alpha, beta, scale, scratch);
    if (careful) carefulGradient(row, bytes, single, NOWHERE, t, weights, out, alpha, beta, scale, scratch);
    store<f64>(losses + ((<usize>i) << 3), loss);
  }
}

/** losses = the loss of each row with probability targets; its gradient where `grad` is given. */
@inline export function crossEntropyProbabilities<T>(
  begin: i32,
  end: i32,
  logits: usize,
  targets: usize,
  weights: usize,
  grad: usize,
  losses: usize,
  classes: i32,
  labelSmoothing: f64,
  scale: f64,
  scratch: usize,
): void {
  const single = sizeof<T>() == 4;
  probabilityRows(begin, end, logits, targets, weights, grad, losses, classes, labelSmoothing, scale, single, scratch);
}
