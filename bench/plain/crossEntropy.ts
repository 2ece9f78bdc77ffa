import type { FloatArray } from "../../test/inputs.ts";
import { softmaxOfRow } from "./softmax.ts";

export function crossEntropy(
  logits: FloatArray,
  labels: Int32Array,
  classes: number,
  weight: FloatArray | null,
  labelSmoothing: number,
  grad: FloatArray | null,
) {
  let divisor = 0;
  for (const label of labels) divisor += weight ? weight[label] : 1;
  const smooth = labelSmoothing / classes;
  const q = new Float64Array(classes);
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    const w = weight ? weight[label] : 1;
    softmaxOfRow(logits, i * classes, classes, q, 0);
    sum -= (1 - labelSmoothing) * w * Math.log(q[label]);
    if (smooth > 0) for (let j = 0; j < classes; j++) sum -= smooth * Math.log(q[j]);
    if (grad === null) continue;
    for (let j = 0; j < classes; j++) {
      const target = (j === label ? 1 - labelSmoothing : 0) + smooth;
      grad[i * classes + j] = (w * (q[j] - target)) / divisor;
    }
  }
  return grad ? { loss: sum / divisor, grad } : sum / divisor;
}

/** Probabilities that add up to 1. */
export function crossEntropyOfProbabilities(
  logits: FloatArray,
  probabilities: FloatArray,
  classes: number,
  grad: FloatArray | null,
) {
  const rows = logits.length / classes;
  const q = new Float64Array(classes);
  let sum = 0;
  for (let begin = 0; begin < logits.length; begin += classes) {
    softmaxOfRow(logits, begin, classes, q, 0);
    for (let j = 0; j < classes; j++) sum -= probabilities[begin + j] * Math.log(q[j]);
    if (grad === null) continue;
    for (let j = 0; j < classes; j++) grad[begin + j] = (q[j] - probabilities[begin + j]) / rows;
  }
  return grad ? { loss: sum / rows, grad } : sum / rows;
}

/** Of probabilities or their logarithms, not of logits. */
export function likelihood(
  values: FloatArray,
  labels: Int32Array,
  classes: number,
  logarithms: boolean,
  grad: FloatArray | null,
) {
  const rows = labels.length;
  grad?.fill(0);
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    const q = values[i * classes + labels[i]];
    sum -= logarithms ? q : Math.log(q);
    if (grad) grad[i * classes + labels[i]] = -1 / (logarithms ? rows : q * rows);
  }
  return grad ? { loss: sum / rows, grad } : sum / rows;
}

/** Of probabilities or their logarithms, not of logits. */
export function likelihoodOfProbabilities(
  values: FloatArray,
  probabilities: FloatArray,
  classes: number,
  logarithms: boolean,
  grad: FloatArray | null,
) {
  const rows = values.length / classes;
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const p = probabilities[i];
    const q = values[i];
    sum -= p * (logarithms ? q : Math.log(q));
    if (grad) grad[i] = -p / (logarithms ? rows : q * rows);
  }
  return grad ? { loss: sum / rows, grad } : sum / rows;
}
