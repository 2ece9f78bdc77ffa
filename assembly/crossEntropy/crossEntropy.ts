// Cross-entropy of logits, with index targets and with probability targets, and its gradient in the same pass where `grad` is
// given (address 0: not). Rows of any length stand here, short rows with index targets in turnedCrossEntropy.ts; labels.ts
// checks index targets beforehand. Cross-entropy of probabilities is in ../likelihood/.
//
// alpha = 1 - labelSmoothing, beta = labelSmoothing / classes, weightSum = Σ w_c.

import { expOf } from "../functions/exp";
import { log1pOf } from "../functions/log";
import { COEFFICIENTS, DOTS } from "../generated/scratchOfRows";
import { SHORT_ROW, UP } from "../generated/thresholds";
import { NOWHERE } from "../lanes";
import { dotRow, scaleRow, scaleRowFinely, scaleRowMinus, weightAt } from "../rows/dots";
import { maximum, placeOf } from "../rows/maximum";
import { expRow } from "../rows/passes";
import { aboveOf, apart, beyond, downOf, fillTail, logAsFar, relative } from "../rows/reference";
import { carefulGradient } from "./carefulGradient";
import { areOrdinary, areOrdinaryShort, isOrdinary, smallestNormal } from "./ordinary";
import { carefulShortRows, indexShortRows } from "./turnedCrossEntropy";

/**
 * 2^512 times what makes exponentials gradients, own relative(x) / d, where it is not normal in the dtype as `factor`; otherwise 0.
 */
@inline function fineFactor<T>(factor: f64, own: f64, x: f64, distance: f64, d: f64, down: f64, scratch: usize): f64 {
  if (abs(factor) >= smallestNormal<T>()) return 0;
  return ((own * relative(x, distance, UP, scratch)) / d) * down;
}

/** One row with an index target, of any length: writes its gradient and returns its loss. */
function indexRow<T>(
  row: usize,
  bytes: usize,
  label: i32,
  weights: usize,
  grad: usize,
  alpha: f64,
  beta: f64,
  weightSum: f64,
  scale: f64,
  ordinary: bool,
  scratch: usize,
): f64 {
  const own = alpha * weightAt<T>(weights, <usize>label * sizeof<T>());
  const spread = beta * weightSum;
  if (own == 0 && spread == 0) {
    if (grad) memory.fill(grad, 0, bytes);
    return 0;
  }
  const at = row + <usize>label * sizeof<T>();
  const x = load<T>(at);
  if (spread != 0) {
    fillTail<T>(row, bytes, scratch);
    return smoothRow<T>(row, bytes, at, weights, grad, alpha, beta, spread, scale, ordinary, scratch);
  }
  const careful = !isOrdinary<T>(own, scale);
  const lifted = scale * own > 1;
  const kept: usize = careful ? 0 : grad;
  // the target's own exponential stays apart: ln d - x = ln(1 + z), z the others' relative to it, which keeps its digits
  const others = expRow<T>(row, bytes, at, false, lifted && kept != 0, kept, scratch);
  const distance = apart<T>(x, others, scratch);
  const e = relative(<f64>x, distance, 0, scratch);
  const z = others * e;
  if (kept) {
    const down = downOf<T>(lifted);
    const factor = ((scale * own * e) / (1 + z)) * down;
    const fine = fineFactor<T>(factor, scale * own, <f64>x, distance, 1 + z, down, scratch);
    if (fine == 0) scaleRow<T>(kept, bytes, factor);
    else scaleRowFinely(kept, bytes, sizeof<T>() == 4, fine, 0, 0, 0, 0, 0);
    // q - 1 = -z / (1 + z)
    store<T>(kept + (at - row), <T>(scale * (own * -(z / (1 + z)) + 0)));
  } else if (grad) carefulGradient(row, bytes, sizeof<T>() == 4, at - row, 0, weights, grad, alpha, 0, scale);
  return own * (logAsFar<T>(z, distance) + beyond(distance, others));
}

/** The rest of indexRow with label smoothing: every class is a target, so it is the first maximum that stays apart. */
@inline function smoothRow<T>(
  row: usize,
  bytes: usize,
  at: usize,
  weights: usize,
  grad: usize,
  alpha: f64,
  beta: f64,
  spread: f64,
  scale: f64,
  ordinary: bool,
  scratch: usize,
): f64 {
  const own = alpha * weightAt<T>(weights, at - row);
  const x = load<T>(at);
  const top = maximum<T>(row, bytes, <T>-Infinity, scratch);
  const m = <f64>top;
  dotRow<T>(row, bytes, 0, weights, top, 0, beta, scratch);
  const dots = load<f64>(scratch, DOTS);
  const place = x == top ? at : placeOf<T>(row, bytes, top);
  const all = scale * (own + spread);
  const lifted = all > 1;
  const kept: usize = ordinary && isOrdinary<T>(own + spread, scale) ? grad : 0;
  const sum = expRow<T>(row, bytes, place, false, lifted && kept != 0, kept, scratch);
  const above = aboveOf(m, scratch);
  const toTop = relative(m, above, 0, scratch);
  // m - m: NaN where the row has no finite maximum
  const others = sum * toTop + (m - m);
  const lnd = log1pOf<T>(others);
  const d = 1 + others;
  if (kept) {
    const factor = all / d;
    const down = downOf<T>(lifted);
    const fine = fineFactor<T>(factor * toTop * down, all, m, above, d, down, scratch);
    if (fine == 0) scaleRowMinus<T>(kept, bytes, factor * toTop * down, 0, weights, 0, beta, scale);
    else scaleRowFinely(kept, bytes, sizeof<T>() == 4, fine, 0, weights, 0, beta, scale);
    if (place != at && place != NOWHERE) {
      const j = place - row;
      store<T>(kept + j, <T>(factor - scale * (beta * weightAt<T>(weights, j))));
    }
    const e = <f64>expOf<T>(x - top);
    const to = kept + (at - row);
    const rest = place == at ? others : d - e;
    // a lifted exponential can be there where the target's has run down to 0
    if (lifted && e < smallestNormal<T>()) store<T>(to, load<T>(to) - <T>(scale * own));
    else store<T>(to, <T>(scale * (own * -(rest / d) + (spread * (e / d) - beta * weightAt<T>(weights, at - row)))));
  } else if (grad) carefulGradient(row, bytes, sizeof<T>() == 4, at - row, 0, weights, grad, alpha, beta, scale);
  return (own == 0 ? 0 : own * (lnd - (<f64>x - m))) + (spread * lnd - dots);
}

/** losses = the loss of each row with an index target; its gradient where `grad` is given. */
export function crossEntropy<T>(
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
  const bytes = <usize>classes * sizeof<T>();
  if (classes <= SHORT_ROW && labelSmoothing == 0) {
    if (!grad || areOrdinaryShort<T>(weights, bytes, scale)) {
      indexShortRows<T>(begin, end, logits, labels, weights, grad, losses, classes, ignoreIndex, scale, scratch);
    } else carefulShortRows<T>(begin, end, logits, labels, weights, grad, losses, classes, ignoreIndex, scale, scratch);
    return;
  }
  const alpha = 1 - labelSmoothing;
  const beta = labelSmoothing / <f64>classes;
  const ordinary = labelSmoothing == 0 || !grad || areOrdinary<T>(weights, bytes, beta, scale);
  for (let i = begin; i < end; i++) {
    const label = load<i32>(labels + ((<usize>i) << 2));
    const row = logits + <usize>i * bytes;
    const out = grad ? grad + <usize>i * bytes : 0;
    let loss: f64 = 0;
    if (label != ignoreIndex) {
      loss = indexRow<T>(row, bytes, label, weights, out, alpha, beta, weightSum, scale, ordinary, scratch);
    } else if (out) memory.fill(out, 0, bytes);
    store<f64>(losses + ((<usize>i) << 3), loss);
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
  ordinary: bool,
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
  const kept: usize = sum == 0 || (ordinary && isOrdinary<T>(abs(sum), scale)) ? grad : 0;
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
    else scaleRowFinely(kept, bytes, sizeof<T>() == 4, fine, targets, weights, alpha, beta, scale);
    if (sum != 0 && at != NOWHERE) {
      const j = at - row;
      const c = <f64>(<T>(<T>weightAt<T>(weights, j) * (load<T>(targets + j) * <T>alpha + <T>beta)));
      store<T>(kept + j, <T>((scale * (sum - c - c * others)) / d));
    }
  } else if (grad) {
    carefulGradient(row, bytes, sizeof<T>() == 4, NOWHERE, targets, weights, grad, alpha, beta, scale);
  }
  return loss;
}

/** losses = the loss of each row with probability targets; its gradient where `grad` is given. */
export function crossEntropyProbabilities<T>(
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
  const bytes = <usize>classes * sizeof<T>();
  const alpha = 1 - labelSmoothing;
  const beta = labelSmoothing / <f64>classes;
  const ordinary = scale <= 1 && (beta == 0 || areOrdinary<T>(0, 0, beta, scale));
  for (let i = begin; i < end; i++) {
    const offset = <usize>i * bytes;
    const loss = probabilityRow<T>(
      logits + offset,
      bytes,
      targets + offset,
      weights,
      grad ? grad + offset : 0,
      alpha,
      beta,
      scale,
      ordinary,
      scratch,
    );
    store<f64>(losses + ((<usize>i) << 3), loss);
  }
}
