import { SHORT_ROW } from "../../descriptions/thresholds.ts";
import type { FloatArray } from "../../dtype.ts";
import { log1p } from "../functions/log.ts";
import { coefficient, dotRow, scaleRow, scaleRowMinus } from "../rows/dots.ts";
import { maximum, placeOf } from "../rows/maximum.ts";
import { expRow } from "../rows/passes.ts";
import { aboveOf, apart, beyond, logAsFar, relative } from "../rows/reference.ts";
import { type IndexRow, indexShortRows } from "../rows/shortRows.ts";
import { type Lanes, lanesOf, type Scratch } from "../scratch.ts";

/** Rows with index targets; the gradient too where `grad` is given. */
export function crossEntropy(
  begin: number,
  end: number,
  logits: FloatArray,
  labels: Int32Array,
  weights: FloatArray | null,
  grad: FloatArray | null,
  losses: Float64Array,
  classes: number,
  ignoreIndex: number,
  labelSmoothing: number,
  weightSum: number,
  scale: number,
  work: Scratch,
): void {
  const lanes = lanesOf(work, logits);
  if (classes <= SHORT_ROW && labelSmoothing === 0) {
    indexShortRows(begin, end, lanes, logits, labels, weights, grad, losses, classes, ignoreIndex, scale);
    return;
  }
  const alpha = 1 - labelSmoothing;
  const beta = labelSmoothing / classes;
  const spread = beta * weightSum;
  for (let i = begin; i < end; i++) {
    const label = labels[i];
    const at = i * classes;
    const w = label === ignoreIndex ? 0 : weights ? weights[label] : 1;
    const own = alpha * w;
    losses[i] = 0;
    if (label === ignoreIndex || (own === 0 && spread === 0)) {
      grad?.fill(0, at, at + classes);
      continue;
    }
    if (spread !== 0) {
      losses[i] = smoothRow(lanes, logits, at, classes, label, own, weights, grad, beta, spread, scale);
      continue;
    }
    losses[i] = longRow(lanes, logits, at, classes, label, own, grad, scale);
  }
}

/** A row of more classes: ln d - x = ln(1 + z), z the others' exponentials relative to the target's. */
const longRow: IndexRow = (lanes, logits, at, classes, label, own, grad, scale) => {
  const x = logits[at + label];
  const others = expRow(lanes, logits, at, classes, at + label, grad, at);
  const distance = apart(lanes, x, others);
  const e = relative(lanes, x, distance);
  const z = others * e;
  if (grad) {
    scaleRow(lanes, grad, at, classes, (scale * own * e) / (1 + z));
    // q - 1 = -z / (1 + z)
    grad[at + label] = scale * (own * -(z / (1 + z)) + 0);
  }
  return own * (logAsFar(lanes, z, distance) + beyond(distance, others));
};

/** A row with label smoothing: every class is a target, so it is the first maximum that stays apart. */
function smoothRow(
  lanes: Lanes,
  logits: FloatArray,
  at: number,
  classes: number,
  label: number,
  own: number,
  weights: FloatArray | null,
  grad: FloatArray | null,
  beta: number,
  spread: number,
  scale: number,
): number {
  const smoothing = { targets: null, targetsAt: 0, weights, alpha: 0, beta };
  const x = logits[at + label];
  const m = maximum(logits, at, at + classes, Number.NEGATIVE_INFINITY);
  const { dots } = dotRow(lanes, logits, at, classes, m, smoothing);
  const place = x === m ? at + label : placeOf(logits, at, at + classes, m);
  const sum = expRow(lanes, logits, at, classes, place, grad, at);
  const toTop = relative(lanes, m, aboveOf(lanes, m));
  // m - m: NaN where the row has no finite maximum
  const others = sum * toTop + (m - m);
  const lnd = log1p(others, lanes.dtype);
  const d = 1 + others;
  if (grad) {
    const factor = (scale * (own + spread)) / d;
    const weightAt = (j: number) => (weights ? weights[j] : 1);
    const e = lanes.expOf(x, m);
    scaleRowMinus(lanes, grad, at, classes, factor * toTop, smoothing, scale);
    if (place !== at + label && place >= 0) grad[place] = factor - scale * (beta * weightAt(place - at));
    const rest = place === at + label ? others : d - e;
    grad[at + label] = scale * (own * -(rest / d) + (spread * (e / d) - beta * weightAt(label)));
  }
  return (own === 0 ? 0 : own * (lnd - (x - m))) + (spread * lnd - dots);
}

/** Rows with probability targets: t = alpha p + beta, c = w t, loss = (Σ c) ln d - Σ c (x - m). */
export function crossEntropyProbabilities(
  begin: number,
  end: number,
  logits: FloatArray,
  targets: FloatArray,
  weights: FloatArray | null,
  grad: FloatArray | null,
  losses: Float64Array,
  classes: number,
  labelSmoothing: number,
  scale: number,
  work: Scratch,
): void {
  const lanes = lanesOf(work, logits);
  const { narrow } = lanes;
  const c = { targets, targetsAt: 0, weights, alpha: 1 - labelSmoothing, beta: labelSmoothing / classes };
  for (let i = begin; i < end; i++) {
    const at = i * classes;
    const m = maximum(logits, at, at + classes, Number.NEGATIVE_INFINITY);
    c.targetsAt = at;
    const { dots, sum } = dotRow(lanes, logits, at, classes, m, c);
    const place = placeOf(logits, at, at + classes, m);
    const rest = expRow(lanes, logits, at, classes, place, grad, at);
    const toTop = relative(lanes, m, aboveOf(lanes, m));
    // m - m: NaN where the row has no finite maximum
    const others = rest * toTop + (m - m);
    const lnd = log1p(others, lanes.dtype);
    losses[i] = (sum === 0 ? 0 : sum * lnd) - dots;
    if (grad) {
      const d = 1 + others;
      if (sum === 0) grad.fill(0, at, at + classes);
      const factor = sum === 0 ? 0 : ((scale * sum) / d) * toTop;
      scaleRowMinus(lanes, grad, at, classes, factor, c, scale);
      if (sum !== 0 && place >= 0) {
        const j = place - at;
        const own = coefficient(
          narrow,
          targets[place],
          weights ? weights[j] : 1,
          narrow(c.alpha),
          narrow(c.beta),
          true,
        );
        grad[place] = (scale * (sum - own - own * others)) / d;
      }
    }
  }
}
