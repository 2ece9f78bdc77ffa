import { LIKELIHOOD_BLOCK } from "../../descriptions/thresholds.ts";
import type { FloatArray } from "../../dtype.ts";
import { log } from "../functions/log.ts";
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
  grad: FloatArray | null;
  scale: number;
  /** Four of them: a float64 lane each. */
  lanes: FloatArray;
}

/** All arithmetic is in float64, in lanes j mod 4 inside blocks: -Σ c_j L(q_j), c_j = w_j (alpha t_j + beta), L = ln, or nothing of logarithms; and its gradient where one is asked. */
function dots(row: Row): number {
  const { input, at, classes, targets, weights, alpha, beta, logarithms, grad, scale, lanes } = row;
  const total: Carried = { sum: 0, error: 0 };
  for (let block = 0; block < classes; block += LIKELIHOOD_BLOCK) {
    lanes.fill(0, 0, 4);
    const stop = Math.min(block + LIKELIHOOD_BLOCK, classes);
    for (let j = block; j < stop; j++) {
      const t = targets ? targets[at + j] * alpha + beta : beta;
      const c = weights ? weights[j] * t : t;
      const q = input[at + j];
      if (c !== 0) lanes[j & 3] += c * (logarithms ? q : log(q));
      if (grad) grad[at + j] = c === 0 ? 0 : (logarithms ? -c : -c / q) * scale;
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
  for (let i = begin; i < end; i++) {
    const label = labels[i];
    const at = i * classes;
    // read before the gradient is written: it may take the input's place
    const q = label === ignoreIndex ? 0 : input[at + label];
    let loss = 0;
    if (label === ignoreIndex || beta === 0) grad?.fill(0, at, at + classes);
    else loss = dots({ input, at, classes, targets: null, weights, alpha: 0, beta, logarithms, grad, scale, lanes });
    if (label !== ignoreIndex) {
      const w = weights ? weights[label] : 1;
      const own = alpha * w;
      if (own !== 0) {
        loss += own * -(logarithms ? q : log(q));
        const c = beta * w + own;
        if (grad) grad[at + label] = (logarithms ? -c : -c / q) * scale;
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
  for (let i = begin; i < end; i++) {
    const at = i * classes;
    losses[i] = dots({ input, at, classes, targets, weights, alpha, beta, logarithms, grad, scale, lanes });
  }
}
