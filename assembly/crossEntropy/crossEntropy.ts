// Cross-entropy of logits, with index targets and with probability targets, and its gradient in the same pass where `grad` is
// given (address 0: not). Rows of any length stand here, short rows with index targets in turnedCrossEntropy.ts; labels.ts
// checks index targets beforehand. Cross-entropy of probabilities is in ../likelihood/.
//
// alpha = 1 - labelSmoothing, beta = labelSmoothing / classes, weightSum = Σ w_c.

import { expOf } from "../functions/exp";
import { log1pOf } from "../functions/log";
import { COEFFICIENTS, DOTS } from "../generated/scratchOfRows";
import { SHORT_ROW } from "../generated/thresholds";
import { NOWHERE } from "../lanes";
import { dotRow, scaleRow, scaleRowMinus, weightAt } from "../rows/dots";
import { maximum, placeOf } from "../rows/maximum";
import { expRow } from "../rows/passes";
import { aboveOf, apart, beyond, fillTail, logAsFar, relative } from "../rows/reference";
import { indexShortRows } from "./turnedCrossEntropy";

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
    return smoothRow<T>(row, bytes, at, own, weights, grad, beta, spread, scale, scratch);
  }
  // the target's own exponential stays apart: ln d - x = ln(1 + z), z the others' relative to it, which keeps its digits
  const others = expRow<T>(row, bytes, at, false, grad, scratch);
  const distance = apart<T>(x, others, scratch);
  const e = relative(<f64>x, distance, scratch);
  const z = others * e;
  if (grad) {
    scaleRow<T>(grad, bytes, (scale * own * e) / (1 + z));
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
  const sum = expRow<T>(row, bytes, place, false, grad, scratch);
  const toTop = relative(m, aboveOf(m, scratch), scratch);
  // m - m: NaN where the row has no finite maximum
  const others = sum * toTop + (m - m);
  const lnd = log1pOf<T>(others);
  const d = 1 + others;
  if (grad) {
    const factor = (scale * (own + spread)) / d;
    scaleRowMinus<T>(grad, bytes, factor * toTop, 0, weights, 0, beta, scale);
    if (place != at && place != NOWHERE) {
      const j = place - row;
      store<T>(grad + j, <T>(factor - scale * (beta * weightAt<T>(weights, j))));
    }
    const e = <f64>expOf<T>(x - top);
    const j = at - row;
    const rest = place == at ? others : d - e;
    store<T>(grad + j, <T>(scale * (own * -(rest / d) + (spread * (e / d) - beta * weightAt<T>(weights, j)))));
  }
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
  if (classes <= SHORT_ROW && labelSmoothing == 0) {
    indexShortRows<T>(begin, end, logits, labels, weights, grad, losses, classes, ignoreIndex, scale, scratch);
    return;
  }
  const bytes = <usize>classes * sizeof<T>();
  const alpha = 1 - labelSmoothing;
  const beta = labelSmoothing / <f64>classes;
  for (let i = begin; i < end; i++) {
    const label = load<i32>(labels + ((<usize>i) << 2));
    const row = logits + <usize>i * bytes;
    const out = grad ? grad + <usize>i * bytes : 0;
    let loss: f64 = 0;
    if (label != ignoreIndex) {
      loss = indexRow<T>(row, bytes, label, weights, out, alpha, beta, weightSum, scale, scratch);
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
  scratch: usize,
): f64 {
  fillTail<T>(row, bytes, scratch);
  const top = maximum<T>(row, bytes, <T>-Infinity, scratch);
  const m = <f64>top;
  dotRow<T>(row, bytes, targets, weights, top, alpha, beta, scratch);
  const dots = load<f64>(scratch, DOTS);
  const sum = load<f64>(scratch, COEFFICIENTS);
  const at = placeOf<T>(row, bytes, top);
  const rest = expRow<T>(row, bytes, at, false, grad, scratch);
  const toTop = relative(m, aboveOf(m, scratch), scratch);
  // m - m: NaN where the row has no finite maximum
  const others = rest * toTop + (m - m);
  const lnd = log1pOf<T>(others);
  const loss = (sum == 0 ? 0 : sum * lnd) - dots;
  if (grad) {
    const d = 1 + others;
    if (sum == 0) memory.fill(grad, 0, bytes);
    const factor = sum == 0 ? 0 : ((scale * sum) / d) * toTop;
    scaleRowMinus<T>(grad, bytes, factor, targets, weights, alpha, beta, scale);
    if (sum != 0 && at != NOWHERE) {
      const j = at - row;
      const c = <f64>(<T>(<T>weightAt<T>(weights, j) * (load<T>(targets + j) * <T>alpha + <T>beta)));
      store<T>(grad + j, <T>((scale * (sum - c - c * others)) / d));
    }
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
      scratch,
    );
    store<f64>(losses + ((<usize>i) << 3), loss);
  }
}
