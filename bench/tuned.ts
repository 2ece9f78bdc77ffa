import type { FloatArray } from "../test/inputs.ts";
import type { Call, Inputs } from "./operations/operation.ts";

// What a good JavaScript loop does before it reaches for WebAssembly: four accumulators, so that an addition need not wait
// for the one before; the logarithm of the sum instead of a row of probabilities; one multiplication instead of divisions.
// Still Math.exp, once a logit.

function mse(predictions: FloatArray, targets: FloatArray): number {
  const n = predictions.length;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 3 < n; i += 4) {
    const e = predictions[i] - targets[i];
    const f = predictions[i + 1] - targets[i + 1];
    const g = predictions[i + 2] - targets[i + 2];
    const h = predictions[i + 3] - targets[i + 3];
    a += e * e;
    b += f * f;
    c += g * g;
    d += h * h;
  }
  for (; i < n; i++) {
    const e = predictions[i] - targets[i];
    a += e * e;
  }
  return (a + b + (c + d)) / n;
}

function maximum(logits: FloatArray, begin: number, end: number): number {
  let a = logits[begin];
  let b = a;
  let c = a;
  let d = a;
  let j = begin;
  for (; j + 3 < end; j += 4) {
    if (logits[j] > a) a = logits[j];
    if (logits[j + 1] > b) b = logits[j + 1];
    if (logits[j + 2] > c) c = logits[j + 2];
    if (logits[j + 3] > d) d = logits[j + 3];
  }
  for (; j < end; j++) if (logits[j] > a) a = logits[j];
  a = Math.max(a, b);
  c = Math.max(c, d);
  return Math.max(a, c);
}

/** Σ exp(x - max) of a row. */
function sumOfExps(logits: FloatArray, begin: number, end: number, max: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let j = begin;
  for (; j + 3 < end; j += 4) {
    a += Math.exp(logits[j] - max);
    b += Math.exp(logits[j + 1] - max);
    c += Math.exp(logits[j + 2] - max);
    d += Math.exp(logits[j + 3] - max);
  }
  for (; j < end; j++) a += Math.exp(logits[j] - max);
  return a + b + (c + d);
}

/** The same, and out = exp(x - max). */
function writeExps(logits: FloatArray, begin: number, end: number, max: number, out: FloatArray): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let j = begin;
  for (; j + 3 < end; j += 4) {
    const e = Math.exp(logits[j] - max);
    const f = Math.exp(logits[j + 1] - max);
    const g = Math.exp(logits[j + 2] - max);
    const h = Math.exp(logits[j + 3] - max);
    out[j] = e;
    out[j + 1] = f;
    out[j + 2] = g;
    out[j + 3] = h;
    a += e;
    b += f;
    c += g;
    d += h;
  }
  for (; j < end; j++) {
    const e = Math.exp(logits[j] - max);
    out[j] = e;
    a += e;
  }
  return a + b + (c + d);
}

function scale(out: FloatArray, begin: number, end: number, by: number): void {
  for (let j = begin; j < end; j++) out[j] *= by;
}

function softmax(logits: FloatArray, classes: number, out: FloatArray): FloatArray {
  for (let begin = 0; begin < logits.length; begin += classes) {
    const end = begin + classes;
    scale(out, begin, end, 1 / writeExps(logits, begin, end, maximum(logits, begin, end), out));
  }
  return out;
}

function crossEntropy(logits: FloatArray, labels: Int32Array, classes: number): number {
  let total = 0;
  for (let i = 0; i < labels.length; i++) {
    const begin = i * classes;
    const end = begin + classes;
    const max = maximum(logits, begin, end);
    total += Math.log(sumOfExps(logits, begin, end, max)) - (logits[begin + labels[i]] - max);
  }
  return total / labels.length;
}

function crossEntropyWithGrad(logits: FloatArray, labels: Int32Array, classes: number, grad: FloatArray) {
  const rows = labels.length;
  let total = 0;
  for (let i = 0; i < rows; i++) {
    const begin = i * classes;
    const end = begin + classes;
    const max = maximum(logits, begin, end);
    const sum = writeExps(logits, begin, end, max, grad);
    total += Math.log(sum) - (logits[begin + labels[i]] - max);
    scale(grad, begin, end, 1 / (sum * rows));
    grad[begin + labels[i]] -= 1 / rows;
  }
  return { loss: total / rows, grad };
}

/** The good loop of an operation, if there is one. */
export function loopOf(operation: string, inputs: Inputs, out: FloatArray): Call | undefined {
  const { values, shape } = inputs;
  const { classes } = shape;
  if (operation === "mse") return mse.bind(null, values, inputs.targets as FloatArray);
  if (operation === "softmax") return softmax.bind(null, values, classes, out);
  const labels = inputs.targets as Int32Array;
  if (operation === "crossEntropy") return crossEntropy.bind(null, values, labels, classes);
  if (operation === "crossEntropyWithGrad") return crossEntropyWithGrad.bind(null, values, labels, classes, out);
  return undefined;
}
