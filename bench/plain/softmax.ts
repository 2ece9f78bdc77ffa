import type { FloatArray } from "../../test/inputs.ts";

function maximum(logits: FloatArray, begin: number, classes: number): number {
  let max = -Infinity;
  for (let j = 0; j < classes; j++) max = Math.max(max, logits[begin + j]);
  return max;
}

/** softmax of one row, into q from `at` on. */
export function softmaxOfRow(logits: FloatArray, begin: number, classes: number, q: FloatArray, at: number): void {
  const max = maximum(logits, begin, classes);
  let sum = 0;
  for (let j = 0; j < classes; j++) {
    q[at + j] = Math.exp(logits[begin + j] - max);
    sum += q[at + j];
  }
  for (let j = 0; j < classes; j++) q[at + j] /= sum;
}

export function softmax(logits: FloatArray, classes: number, out: FloatArray): FloatArray {
  for (let begin = 0; begin < logits.length; begin += classes) softmaxOfRow(logits, begin, classes, out, begin);
  return out;
}

export function logSumExpOfRow(logits: FloatArray, begin: number, classes: number): number {
  const max = maximum(logits, begin, classes);
  let sum = 0;
  for (let j = 0; j < classes; j++) sum += Math.exp(logits[begin + j] - max);
  return max + Math.log(sum);
}

export function logSumExp(logits: FloatArray, classes: number): Float64Array {
  const out = new Float64Array(logits.length / classes);
  for (let i = 0; i < out.length; i++) out[i] = logSumExpOfRow(logits, i * classes, classes);
  return out;
}

export function logSoftmax(logits: FloatArray, classes: number, out: FloatArray): FloatArray {
  for (let begin = 0; begin < logits.length; begin += classes) {
    const lse = logSumExpOfRow(logits, begin, classes);
    for (let j = 0; j < classes; j++) out[begin + j] = logits[begin + j] - lse;
  }
  return out;
}
