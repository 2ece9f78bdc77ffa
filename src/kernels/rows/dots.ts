import { DOWN_512 } from "../../descriptions/thresholds.ts";
import type { FloatArray } from "../../dtype.ts";
import type { Lanes } from "../scratch.ts";
import { blockSum, type Carried, carry } from "./passes.ts";

// What every class counts in a row, with the bits of assembly/rows/dots.ts: coefficients, their sums, and gradients.

/** w_j (alpha t_j + beta) in the dtype, alpha and beta rounded to it: what multiplies -ln q_j. */
export function coefficient(
  narrow: (x: number) => number,
  t: number,
  w: number,
  alpha: number,
  beta: number,
  hasTargets: boolean,
): number {
  const c = hasTargets ? narrow(narrow(t * alpha) + beta) : beta;
  return narrow(w * c);
}

/** Where coefficients come from: c_j = w_j (alpha t_j + beta), with targets at `targetsAt` or t = 0, weights or w = 1. */
export interface Coefficients {
  targets: FloatArray | null;
  targetsAt: number;
  weights: FloatArray | null;
  alpha: number;
  beta: number;
}

/** Σ c_j (x_j - m), 0 where c_j is, and Σ c_j over a row. */
export function dotRow(
  lanes: Lanes,
  x: FloatArray,
  at: number,
  classes: number,
  m: number,
  c: Coefficients,
): { dots: number; sum: number } {
  const { block, values, more, narrow } = lanes;
  const { targets, weights } = c;
  const alpha = narrow(c.alpha);
  const beta = narrow(c.beta);
  const dots: Carried = { sum: 0, error: 0 };
  const sums: Carried = { sum: 0, error: 0 };
  for (let begin = 0; begin < classes; begin += block) {
    const n = Math.min(block, classes - begin);
    for (let j = 0; j < n; j++) {
      const k = begin + j;
      const t = targets ? targets[c.targetsAt + k] : 0;
      const cj = coefficient(narrow, t, weights ? weights[k] : 1, alpha, beta, targets !== null);
      values[j] = cj === 0 ? 0 : narrow(x[at + k] - m) * cj;
      more[j] = cj;
    }
    carry(dots, blockSum(lanes, values, n));
    carry(sums, blockSum(lanes, more, n));
  }
  return {
    dots: Math.abs(dots.sum) === Number.POSITIVE_INFINITY ? dots.sum : dots.sum + dots.error,
    sum: sums.sum + sums.error,
  };
}

/** out_j = out_j factor: exponentials kept by expRow become probabilities. */
export function scaleRow({ narrow }: Lanes, out: FloatArray, at: number, classes: number, factor: number): void {
  const scale = narrow(factor);
  for (let j = at; j < at + classes; j++) out[j] *= scale;
}

/** out_j = out_j factor 2^-512 - c_j scale, of a factor that would not be normal in the dtype; else as scaleRowMinus. */
export function scaleRowFinely(
  { narrow }: Lanes,
  out: FloatArray,
  at: number,
  classes: number,
  factor: number,
  c: Coefficients,
  scale: number,
): void {
  const { targets, weights } = c;
  const alpha = narrow(c.alpha);
  const beta = narrow(c.beta);
  const minus = narrow(scale);
  for (let j = 0; j < classes; j++) {
    const t = targets ? targets[c.targetsAt + j] : 0;
    const cj = coefficient(narrow, t, weights ? weights[j] : 1, alpha, beta, targets !== null);
    out[at + j] = narrow(out[at + j] * factor * DOWN_512) - narrow(cj * minus);
  }
}

/** out_j = out_j factor - c_j scale. */
export function scaleRowMinus(
  { narrow }: Lanes,
  out: FloatArray,
  at: number,
  classes: number,
  factor: number,
  c: Coefficients,
  scale: number,
): void {
  const { targets, weights } = c;
  const alpha = narrow(c.alpha);
  const beta = narrow(c.beta);
  const minus = narrow(scale);
  const factorOfRow = narrow(factor);
  for (let j = 0; j < classes; j++) {
    const t = targets ? targets[c.targetsAt + j] : 0;
    const cj = coefficient(narrow, t, weights ? weights[j] : 1, alpha, beta, targets !== null);
    out[at + j] = narrow(out[at + j] * factorOfRow) - narrow(cj * minus);
  }
}
