import { DOWN_512, SHORT_ROW, UP } from "../../descriptions/thresholds.ts";
import type { FloatArray } from "../../dtype.ts";
import { log1p } from "../functions/log.ts";
import { type Coefficients, coefficient, dotRow, scaleRow, scaleRowFinely, scaleRowMinus } from "../rows/dots.ts";
import { maximum, placeOf } from "../rows/maximum.ts";
import { expRow } from "../rows/passes.ts";
import { aboveOf, apart, beyond, downOf, logAsFar, relative } from "../rows/reference.ts";
import { type IndexRow, indexShortRows } from "../rows/shortRows.ts";
import { type Lanes, lanesOf, type Scratch } from "../scratch.ts";
import { carefulGradient } from "./carefulGradient.ts";
import { areOrdinary, areOrdinaryShort, isOrdinary, isOrdinaryShort, SMALLEST_NORMAL } from "./ordinary.ts";

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
  const { dtype } = lanes;
  if (classes <= SHORT_ROW && labelSmoothing === 0) {
    if (!grad || areOrdinaryShort(dtype, weights, scale)) {
      indexShortRows(begin, end, lanes, logits, labels, weights, grad, losses, classes, ignoreIndex, scale);
    } else carefulShortRows(begin, end, lanes, logits, labels, weights, grad, losses, classes, ignoreIndex, scale);
    return;
  }
  const alpha = 1 - labelSmoothing;
  const beta = labelSmoothing / classes;
  const spread = beta * weightSum;
  const smoothing = { targets: null, targetsAt: 0, weights, alpha, beta };
  const ordinary = !grad || labelSmoothing === 0 || areOrdinary(dtype, weights, beta, scale);
  for (let i = begin; i < end; i++) {
    const label = labels[i];
    const at = i * classes;
    losses[i] = 0;
    if (label === ignoreIndex) {
      grad?.fill(0, at, at + classes);
      continue;
    }
    const own = alpha * (weights ? weights[label] : 1);
    const counts = own !== 0 || spread !== 0;
    const isCareful = !(ordinary && (!counts || isOrdinary(dtype, own + spread, scale)));
    const quick = isCareful ? null : grad;
    if (!counts) quick?.fill(0, at, at + classes);
    else if (spread !== 0) {
      losses[i] = smoothRow(lanes, logits, at, classes, label, own, smoothing, quick, spread, scale);
    } else losses[i] = longRow(lanes, logits, at, classes, label, own, quick, scale);
    if (isCareful && grad) carefulGradient(logits, at, classes, label, smoothing, grad, at, scale);
  }
}

/** Short rows of which some have weights that are not ordinary. */
function carefulShortRows(
  begin: number,
  end: number,
  lanes: Lanes,
  logits: FloatArray,
  labels: Int32Array,
  weights: FloatArray | null,
  grad: FloatArray,
  losses: Float64Array,
  classes: number,
  ignoreIndex: number,
  scale: number,
): void {
  const coefficients = { targets: null, targetsAt: 0, weights, alpha: 1, beta: 0 };
  for (let i = begin; i < end; i++) {
    const label = labels[i];
    const own = label === ignoreIndex ? 0 : weights ? weights[label] : 1;
    const at = i * classes;
    // the gradient may take the logits' place
    const row = isOrdinaryShort(lanes.dtype, own, scale) ? null : logits.slice(at, at + classes);
    indexShortRows(i, i + 1, lanes, logits, labels, weights, grad, losses, classes, ignoreIndex, scale);
    if (row) carefulGradient(row, 0, classes, label, coefficients, grad, at, scale);
  }
}

/**
 * 2^512 times what makes exponentials gradients, own relative(x) / d, where it is not normal in the dtype as `factor`, but gradients
 * may be: exponentials are at most 2^60. Otherwise 0.
 */
function fineFactor(
  lanes: Lanes,
  factor: number,
  own: number,
  x: number,
  distance: number,
  d: number,
  down: number,
): number {
  if (Math.abs(factor) >= SMALLEST_NORMAL[lanes.dtype]) return 0;
  const fine = (own * relative(lanes, x, distance, UP)) / d;
  return Math.abs(fine) * (DOWN_512 * 2 ** 60) < SMALLEST_NORMAL[lanes.dtype] ? 0 : fine * down;
}

const NO_COEFFICIENTS: Coefficients = { targets: null, targetsAt: 0, weights: null, alpha: 0, beta: 0 };

/** A row of more classes: ln d - x = ln(1 + z), z the others' exponentials relative to the target's. */
const longRow: IndexRow = (lanes, logits, at, classes, label, own, grad, scale) => {
  const x = logits[at + label];
  const lifted = grad !== null && scale * own > 1;
  const others = expRow(lanes, logits, at, classes, at + label, grad, at, false, lifted);
  const distance = apart(lanes, x, others);
  const e = relative(lanes, x, distance);
  const z = others * e;
  if (grad) {
    const down = downOf(lanes, lifted);
    const factor = ((scale * own * e) / (1 + z)) * down;
    const fine = fineFactor(lanes, factor, scale * own, x, distance, 1 + z, down);
    if (fine === 0) scaleRow(lanes, grad, at, classes, factor);
    else scaleRowFinely(lanes, grad, at, classes, fine, NO_COEFFICIENTS, 0);
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
  smoothing: Coefficients,
  grad: FloatArray | null,
  spread: number,
  scale: number,
): number {
  const { weights, beta } = smoothing;
  const x = logits[at + label];
  const m = maximum(logits, at, at + classes, Number.NEGATIVE_INFINITY);
  const { dots } = dotRow(lanes, logits, at, classes, m, smoothing);
  const place = x === m ? at + label : placeOf(logits, at, at + classes, m);
  const all = scale * (own + spread);
  const lifted = grad !== null && all > 1;
  const sum = expRow(lanes, logits, at, classes, place, grad, at, false, lifted);
  const above = aboveOf(lanes, m);
  const toTop = relative(lanes, m, above);
  // m - m: NaN where the row has no finite maximum
  const others = sum * toTop + (m - m);
  const lnd = log1p(others, lanes.dtype);
  const d = 1 + others;
  if (grad) {
    const factor = all / d;
    const down = downOf(lanes, lifted);
    const weightAt = (j: number) => (weights ? weights[j] : 1);
    const e = lanes.expOf(x, m);
    const fine = fineFactor(lanes, factor * toTop * down, all, m, above, d, down);
    if (fine === 0) scaleRowMinus(lanes, grad, at, classes, factor * toTop * down, smoothing, scale);
    else scaleRowFinely(lanes, grad, at, classes, fine, smoothing, scale);
    if (place !== at + label && place >= 0) grad[place] = factor - scale * (beta * weightAt(place - at));
    const rest = place === at + label ? others : d - e;
    // a lifted exponential can count beside a small weight where the target's has run down to 0, and its product with a weight
    // below it where the scale is large
    const minus = scale * (own + beta * weightAt(label));
    const isLost = lifted && e < SMALLEST_NORMAL[lanes.dtype] && minus < 2 ** -60;
    const isProductLost = scale > 1 && e !== 0 && spread * e < SMALLEST_NORMAL.f64;
    if (isLost || isProductLost) grad[at + label] -= lanes.narrow(scale * own);
    else grad[at + label] = scale * (own * -(rest / d) + (spread * (e / d) - beta * weightAt(label)));
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
  const { narrow, dtype } = lanes;
  const c = { targets, targetsAt: 0, weights, alpha: 1 - labelSmoothing, beta: labelSmoothing / classes };
  const isCareful = grad !== null && !(scale <= 1 && (c.beta === 0 || areOrdinary(dtype, null, c.beta, scale)));
  for (let i = begin; i < end; i++) {
    const at = i * classes;
    const m = maximum(logits, at, at + classes, Number.NEGATIVE_INFINITY);
    c.targetsAt = at;
    const { dots, sum } = dotRow(lanes, logits, at, classes, m, c);
    const place = placeOf(logits, at, at + classes, m);
    const all = scale * sum;
    const kept = !isCareful && (sum === 0 || isOrdinary(dtype, Math.abs(sum), scale)) ? grad : null;
    const lifted = kept !== null && Math.abs(all) > 1;
    const rest = expRow(lanes, logits, at, classes, place, kept, at, false, lifted);
    const above = aboveOf(lanes, m);
    const toTop = relative(lanes, m, above);
    // m - m: NaN where the row has no finite maximum
    const others = rest * toTop + (m - m);
    const lnd = log1p(others, lanes.dtype);
    losses[i] = (sum === 0 ? 0 : sum * lnd) - dots;
    if (kept) {
      const d = 1 + others;
      if (sum === 0) kept.fill(0, at, at + classes);
      const down = downOf(lanes, lifted);
      const factor = sum === 0 ? 0 : (all / d) * toTop * down;
      const fine = sum === 0 ? 0 : fineFactor(lanes, factor, all, m, above, d, down);
      if (fine === 0) scaleRowMinus(lanes, kept, at, classes, factor, c, scale);
      else scaleRowFinely(lanes, kept, at, classes, fine, c, scale);
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
        kept[place] = (scale * (sum - own - own * others)) / d;
      }
    } else if (grad) carefulGradient(logits, at, classes, -1, c, grad, at, scale);
  }
}
