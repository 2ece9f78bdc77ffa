// Cross-entropy of logits, with index targets and with probability targets; the gradient in the same pass when asked.
//
// alpha = 1 - labelSmoothing, beta = labelSmoothing / classes, weightSum = Σ w_c. Targets were checked before.

import { expOf } from "../functions/exp";
import { log1pOf } from "../functions/log";
import { NOWHERE } from "../lanes";
import { aboveOf, apart, beyond, fillTail, logAsFar, relative } from "../rows/reference";
import { dotRow, expRow, maximum, placeOf, scaleRow, scaleRowMinus } from "../rows/passes";
import { indexShortRows } from "./turnedCrossEntropy";
import { COEFFICIENTS, DOTS } from "../generated/scratchOfRows";
import { SHORT_ROW } from "../generated/thresholds";

@inline function zeroRow(p: usize, bytes: usize): void {
  memory.fill(p, 0, bytes);
}

/** One row with an index target, of any length. Returns its loss; with `keep` writes its gradient. */
function indexRow<T>(
  row: usize,
  bytes: usize,
  label: i32,
  weights: usize,
  keep: bool,
  grad: usize,
  alpha: f64,
  beta: f64,
  weightSum: f64,
  scale: f64,
  scratch: usize,
): f64 {
  const w: f64 = weights ? <f64>load<T>(weights + <usize>label * sizeof<T>()) : 1;
  const own = alpha * w;
  const spread = beta * weightSum;
  if (own == 0 && spread == 0) {
    if (keep) zeroRow(grad, bytes);
    return 0;
  }
  const at = row + <usize>label * sizeof<T>();
  const x = load<T>(at);
  if (spread != 0) {
    fillTail<T>(row, bytes, scratch);
    return smoothRow<T>(row, bytes, at, own, weights, keep, grad, beta, spread, scale, scratch);
  }
  // the target's own exponential stays apart: ln d - x = ln(1 + z), z the others' relative to it, which keeps its digits
  const others = expRow<T>(row, bytes, at, keep, false, grad, scratch);
  const distance = apart<T>(x, others, scratch);
  const e = relative(<f64>x, distance, scratch);
  const z = others * e;
  if (keep) {
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
  keep: bool,
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
  const sum = expRow<T>(row, bytes, place, keep, false, grad, scratch);
  const toTop = relative(m, aboveOf(m, scratch), scratch);
  // m - m: NaN where the row has no finite maximum
  const others = sum * toTop + (m - m);
  const lnd = log1pOf<T>(others);
  const d = 1 + others;
  if (keep) {
    const factor = (scale * (own + spread)) / d;
    scaleRowMinus<T>(grad, bytes, factor * toTop, 0, weights, 0, beta, scale);
    if (place != at && place != NOWHERE) {
      const j = place - row;
      const w: f64 = weights ? <f64>load<T>(weights + j) : 1;
      store<T>(grad + j, <T>(factor - scale * (beta * w)));
    }
    const e = <f64>expOf<T>(x - top);
    const j = at - row;
    const w: f64 = weights ? <f64>load<T>(weights + j) : 1;
    const rest = place == at ? others : d - e;
    store<T>(grad + j, <T>(scale * (own * -(rest / d) + (spread * (e / d) - beta * w))));
  }
  return (own == 0 ? 0 : own * (lnd - (<f64>x - m))) + (spread * lnd - dots);
}

@inline function indexRows<T>(
  begin: i32,
  end: i32,
  logits: usize,
  labels: usize,
  weights: usize,
  keep: bool,
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
    indexShortRows<T>(begin, end, logits, labels, weights, keep, grad, losses, classes, ignoreIndex, scale, scratch);
    return;
  }
  const bytes = <usize>classes * sizeof<T>();
  const alpha = 1 - labelSmoothing;
  const beta = labelSmoothing / <f64>classes;
  for (let i = begin; i < end; i++) {
    const label = load<i32>(labels + ((<usize>i) << 2));
    const offset = <usize>i * bytes;
    let loss: f64 = 0;
    if (label != ignoreIndex) {
      loss = indexRow<T>(
        logits + offset,
        bytes,
        label,
        weights,
        keep,
        grad + offset,
        alpha,
        beta,
        weightSum,
        scale,
        scratch,
      );
    } else if (keep) zeroRow(grad + offset, bytes);
    store<f64>(losses + ((<usize>i) << 3), loss);
  }
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
  if (grad) {
    indexRows<T>(
      begin,
      end,
      logits,
      labels,
      weights,
      true,
      grad,
      losses,
      classes,
      ignoreIndex,
      labelSmoothing,
      weightSum,
      scale,
      scratch,
    );
  } else {
    indexRows<T>(
      begin,
      end,
      logits,
      labels,
      weights,
      false,
      0,
      losses,
      classes,
      ignoreIndex,
      labelSmoothing,
      weightSum,
      1,
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
  keep: bool,
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
  const rest = expRow<T>(row, bytes, at, keep, false, grad, scratch);
  const toTop = relative(m, aboveOf(m, scratch), scratch);
  // m - m: NaN where the row has no finite maximum
  const others = rest * toTop + (m - m);
  const lnd = log1pOf<T>(others);
  const loss = (sum == 0 ? 0 : sum * lnd) - dots;
  if (keep) {
    const d = 1 + others;
    if (sum == 0) zeroRow(grad, bytes);
    const factor = sum == 0 ? 0 : ((scale * sum) / d) * toTop;
    scaleRowMinus<T>(grad, bytes, factor, targets, weights, alpha, beta, scale);
    if (sum != 0 && at != NOWHERE) {
      const j = at - row;
      const w: f64 = weights ? <f64>load<T>(weights + j) : 1;
      const c = <f64>(<T>(<T>w * (load<T>(targets + j) * <T>alpha + <T>beta)));
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
      grad != 0,
      grad + offset,
      alpha,
      beta,
      scale,
      scratch,
    );
    store<f64>(losses + ((<usize>i) << 3), loss);
  }
}
