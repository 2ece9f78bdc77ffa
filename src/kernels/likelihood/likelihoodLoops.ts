import { LIKELIHOOD_BLOCK, LIKELIHOOD_LEAST, SMALL_LIKELIHOOD, SMALL_TARGET } from "../../descriptions/thresholds.ts";
import type { FloatArray } from "../../dtype.ts";
import { log } from "../functions/log.ts";
import { exponentOf, mantissaOf, timesPower } from "../functions/scaled.ts";
import { type Carried, carry, totalOf } from "../rows/passes.ts";
import type { Scratch } from "../scratch.ts";

interface Row {
  input: FloatArray;
  at: number;
  classes: number;
  targets: FloatArray | null;
  weights: FloatArray | null;
  alpha: number;
  beta: number;
  logarithms: number;
  moderate: boolean;
  grad: FloatArray | null;
  scale: number;
  /** Four of them: a float64 lane each. */
  lanes: FloatArray;
}

/** Whether x, which is not negative, is 0 or far from the ends of float64. */
function isModerate(x: number): boolean {
  return x === 0 || (x >= LIKELIHOOD_LEAST && x * LIKELIHOOD_LEAST <= 1);
}

/** Whether the products that gradients are made of stay in float64: those of float32 do. */
function areModerate(input: FloatArray, weights: FloatArray | null, beta: number, scale: number): boolean {
  if (input instanceof Float32Array) return true;
  return isModerate(scale) && isModerate(beta) && (weights === null || weights.every(isModerate));
}

/** The slope of one class, w t its coefficient, with exponents apart. */
function carefulSlope(w: number, t: number, q: number, scale: number): number {
  if (w === 0 || t === 0) return 0;
  const c = -(mantissaOf(w) * mantissaOf(t));
  return timesPower(
    (c / mantissaOf(q + 0)) * mantissaOf(scale),
    exponentOf(w) + exponentOf(t) - exponentOf(q) + exponentOf(scale),
  );
}

/** All arithmetic is in float64, in lanes j mod 4 inside blocks: -Σ c_j L(q_j), c_j = w_j (alpha t_j + beta), L = ln, or nothing of logarithms; and its gradient where one is asked. */
function dots(row: Row): number {
  const { input, at, classes, targets, weights, alpha, beta, logarithms, moderate, grad, scale, lanes } = row;
  const isWide = input instanceof Float64Array;
  const total: Carried = { sum: 0, error: 0 };
  for (let block = 0; block < classes; block += LIKELIHOOD_BLOCK) {
    lanes.fill(0, 0, 4);
    const stop = Math.min(block + LIKELIHOOD_BLOCK, classes);
    for (let j = block; j < stop; j++) {
      const t = targets ? targets[at + j] * alpha + beta : beta;
      const c = weights ? weights[j] * t : t;
      const q = input[at + j];
      if (c !== 0) lanes[j & 3] += c * (logarithms ? q : log(q));
      if (!grad) continue;
      const p = targets && weights ? targets[at + j] : 0;
      const isSmall = isWide && !logarithms && (q < SMALL_LIKELIHOOD || (p !== 0 && Math.abs(p) < SMALL_TARGET));
      if (moderate && !isSmall) grad[at + j] = c === 0 ? 0 : (logarithms ? -c : -c / (q + 0)) * scale;
      else grad[at + j] = carefulSlope(weights ? weights[j] : 1, t, logarithms ? 1 : q, scale);
    }
    carry(total, lanes[0] + lanes[2] + (lanes[1] + lanes[3]));
  }
  return 0 - totalOf(total);
}

/** Rows with index targets; the gradient too where `grad` is given. */
export function likelihood(
  begin: number,
  end: number,
  input: FloatArray,
  labels: Int32Array,
  weights: FloatArray | null,
  grad: FloatArray | null,
  losses: Float64Array,
  classes: number,
  ignoreIndex: number,
  labelSmoothing: number,
  logarithms: number,
  scale: number,
  work: Scratch,
): void {
  const lanes = work.f64.accumulators;
  const alpha = 1 - labelSmoothing;
  const beta = labelSmoothing / classes;
  const moderate = !grad || areModerate(input, weights, beta, scale);
  for (let i = begin; i < end; i++) {
    const label = labels[i];
    const at = i * classes;
    // read before the gradient is written: it may take the input's place
    const q = label === ignoreIndex ? 0 : input[at + label];
    let loss = 0;
    if (label === ignoreIndex || beta === 0) grad?.fill(0, at, at + classes);
    else {
      const row = {
        input,
        at,
        classes,
        targets: null,
        weights,
        alpha: 0,
        beta,
        logarithms,
        moderate,
        grad,
        scale,
        lanes,
      };
      loss = dots(row);
    }
    if (label !== ignoreIndex) {
      const w = weights ? weights[label] : 1;
      const own = alpha * w;
      if (own !== 0) {
        loss += own * -(logarithms ? q : log(q));
        const c = beta * w + own;
        const isSmall = input instanceof Float64Array && !logarithms && q < SMALL_LIKELIHOOD;
        if (grad && moderate && !isSmall) grad[at + label] = (logarithms ? -c : -c / (q + 0)) * scale;
        else if (grad) grad[at + label] = carefulSlope(w, alpha + beta, logarithms ? 1 : q, scale);
      }
    }
    losses[i] = loss;
  }
}

/** Rows with probability targets, likewise. */
export function likelihoodProbabilities(
  begin: number,
  end: number,
  input: FloatArray,
  targets: FloatArray,
  weights: FloatArray | null,
  grad: FloatArray | null,
  losses: Float64Array,
  classes: number,
  labelSmoothing: number,
  logarithms: number,
  scale: number,
  work: Scratch,
): void {
  const lanes = work.f64.accumulators;
  const alpha = 1 - labelSmoothing;
  const beta = labelSmoothing / classes;
  const moderate = !grad || areModerate(input, weights, beta, scale);
  for (let i = begin; i < end; i++) {
    const at = i * classes;
    losses[i] = dots({ input, at, classes, targets, weights, alpha, beta, logarithms, moderate, grad, scale, lanes });
  }
}
