import {
  FORWARD,
  JENSEN_SHANNON,
  LIKELIHOOD_BLOCK,
  LOGITS,
  PROBABILITIES,
  REVERSE,
  SMALL_SHARE,
} from "../../descriptions/thresholds.ts";
import type { FloatArray } from "../../dtype.ts";
import { log } from "../functions/log.ts";
import { type Carried, carry, totalOf } from "../rows/passes.ts";
import { logarithmOf, probabilityOf, readRow, type Side } from "./side.ts";

/** Predictions and targets of a call, and which divergence it is. */
interface Pair {
  readonly predictions: Side;
  readonly targets: Side;
  readonly classes: number;
  readonly measure: number;
  readonly beta: number;
  /** Of the row at hand: Σ p (forward; 1 of logits), or Σ q ln(q / m) (Jensen-Shannon). */
  second: number;
}

/** b p + (1 - b) q, and q where both are the same; never 0. */
function mixture(p: number, q: number, beta: number): number {
  return Math.max(p > q ? q + beta * (p - q) : p + (1 - beta) * (q - p), Number.MIN_VALUE);
}

/** ln of v over the mixture, v being p or q: small ones are times a power of two, so that they are normal numbers. */
function logarithmOfShare(v: number, p: number, q: number, beta: number): number {
  const by = Math.max(p, q) < SMALL_SHARE ? 1 / SMALL_SHARE : 1;
  return log(Math.min((v * by) / mixture(p * by, q * by, beta), Number.MAX_VALUE));
}

/** The divergences of rows, and their gradients where `grad` is given. */
export function divergence(
  begin: number,
  end: number,
  predictions: FloatArray,
  targets: FloatArray,
  sampleWeight: FloatArray | null,
  grad: FloatArray | null,
  losses: Float64Array,
  classes: number,
  input: number,
  targetInput: number,
  measure: number,
  beta: number,
  temperature: number,
  denominator: number,
): void {
  const side = (values: FloatArray, kind: number): Side => ({ values, kind, temperature, top: 0, lnSum: 0 });
  const pair: Pair = {
    predictions: side(predictions, input),
    targets: side(targets, targetInput),
    classes,
    measure,
    beta,
    second: 0,
  };
  for (let i = begin; i < end; i++) {
    const at = i * classes;
    const weight = sampleWeight ? sampleWeight[i] : 1;
    losses[i] = 0;
    if (weight === 0) {
      grad?.fill(0, at, at + classes);
      continue;
    }
    readRow(pair.predictions, at, classes);
    readRow(pair.targets, at, classes);
    const loss = lossOfRow(pair, at);
    losses[i] = weight * loss;
    if (grad === null) continue;
    // there is no slope where the predictions have a class that the targets have not
    if (measure === REVERSE) pair.second = loss === Number.POSITIVE_INFINITY ? Number.NaN : loss;
    const rowScale = weight / denominator;
    gradientOfRow(pair, at, grad, input === LOGITS ? rowScale / temperature : rowScale);
  }
}

/** The loss of a row; all arithmetic is in float64, in lanes j mod 2 inside blocks. */
function lossOfRow(pair: Pair, at: number): number {
  const { predictions, targets, classes, measure, beta } = pair;
  const total: Carried = { sum: 0, error: 0 };
  const secondTotal: Carried = { sum: 0, error: 0 };
  const lanes = [0, 0, 0, 0];
  for (let block = 0; block < classes; block += LIKELIHOOD_BLOCK) {
    lanes.fill(0);
    const stop = Math.min(block + LIKELIHOOD_BLOCK, classes);
    for (let j = block; j < stop; j++) {
      const lnQ = logarithmOf(predictions, at + j);
      const lnP = logarithmOf(targets, at + j);
      const lane = j & 1;
      if (measure === FORWARD) {
        const p = probabilityOf(targets, at + j, lnP);
        if (p !== 0) lanes[lane] += p * (lnP - lnQ);
        lanes[2 + lane] += p;
      } else if (measure === REVERSE) {
        const q = probabilityOf(predictions, at + j, lnQ);
        if (q !== 0) lanes[lane] += q * (lnQ - lnP);
      } else {
        const p = probabilityOf(targets, at + j, lnP);
        const q = probabilityOf(predictions, at + j, lnQ);
        const ofTargets = p === 0 ? 0 : p * logarithmOfShare(p, p, q, beta);
        const ofPredictions = q === 0 ? 0 : q * logarithmOfShare(q, p, q, beta);
        // no pair is negative, whatever rounding says
        lanes[lane] += Math.max(beta * ofTargets + (1 - beta) * ofPredictions, 0);
        lanes[2 + lane] += ofPredictions;
      }
    }
    carry(total, lanes[0] + lanes[1]);
    carry(secondTotal, lanes[2] + lanes[3]);
  }
  pair.second = measure === FORWARD && targets.kind === LOGITS ? 1 : totalOf(secondTotal);
  return totalOf(total);
}

function gradientOfRow(pair: Pair, at: number, grad: FloatArray, scale: number): void {
  const { predictions, targets, classes, measure, beta, second } = pair;
  const { kind } = predictions;
  for (let j = at; j < at + classes; j++) {
    const lnQ = logarithmOf(predictions, j);
    const lnP = logarithmOf(targets, j);
    let g: number;
    if (measure === FORWARD) {
      const p = probabilityOf(targets, j, lnP);
      if (kind === LOGITS) g = second * probabilityOf(predictions, j, lnQ) - p;
      else g = -(p === 0 ? 0 : kind === PROBABILITIES ? p / (predictions.values[j] + 0) : p);
    } else {
      const q = probabilityOf(predictions, j, lnQ);
      let slope = measure === REVERSE ? lnQ - lnP : logarithmOfShare(q, probabilityOf(targets, j, lnP), q, beta);
      if (kind === LOGITS) slope -= second;
      else if (measure === REVERSE) slope += 1;
      if (measure === JENSEN_SHANNON) slope *= 1 - beta;
      // a class that neither side has counts for nothing
      if (kind === PROBABILITIES) g = q === 0 && probabilityOf(targets, j, lnP) === 0 ? 0 : slope;
      else g = q === 0 ? 0 : q * slope;
      if (measure === REVERSE) g += second - second;
    }
    grad[j] = g * scale;
  }
}
