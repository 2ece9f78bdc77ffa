import type { FloatArray } from "../../test/inputs.ts";
import { logSumExpOfRow } from "./softmax.ts";

/** Forward Kullback-Leibler divergence of the logits' softmax from targets, the mean over rows. */
export function klDivergence(
  logits: FloatArray,
  targets: FloatArray,
  classes: number,
  grad: FloatArray | null,
): number | { loss: number; grad: FloatArray } {
  const rows = logits.length / classes;
  let total = 0;
  for (let begin = 0; begin < logits.length; begin += classes) {
    const lse = logSumExpOfRow(logits, begin, classes);
    let sum = 0;
    for (let j = begin; j < begin + classes; j++) {
      const p = targets[j];
      sum += p;
      if (p > 0) total += p * (Math.log(p) - (logits[j] - lse));
    }
    if (!grad) continue;
    for (let j = begin; j < begin + classes; j++) grad[j] = (sum * Math.exp(logits[j] - lse) - targets[j]) / rows;
  }
  return grad ? { loss: total / rows, grad } : total / rows;
}

/** Jensen-Shannon divergence of the logits' softmax and targets, the mean over rows. */
export function jensenShannon(
  logits: FloatArray,
  targets: FloatArray,
  classes: number,
  grad: FloatArray | null,
): number | { loss: number; grad: FloatArray } {
  const rows = logits.length / classes;
  let total = 0;
  for (let begin = 0; begin < logits.length; begin += classes) {
    const lse = logSumExpOfRow(logits, begin, classes);
    let sum = 0;
    for (let j = begin; j < begin + classes; j++) {
      const p = targets[j];
      const q = Math.exp(logits[j] - lse);
      const m = (p + q) / 2;
      if (p > 0) total += (p * Math.log(p / m)) / 2;
      if (q > 0) sum += q * Math.log(q / m);
    }
    total += sum / 2;
    if (!grad) continue;
    for (let j = begin; j < begin + classes; j++) {
      const q = Math.exp(logits[j] - lse);
      grad[j] = q > 0 ? (q * (Math.log((2 * q) / (targets[j] + q)) - sum)) / (2 * rows) : 0;
    }
  }
  return grad ? { loss: total / rows, grad } : total / rows;
}
