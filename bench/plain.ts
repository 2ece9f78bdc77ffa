import type { ElementwiseLoss } from "../src/descriptions/elementwise.ts";
import type { FloatArray } from "../test/inputs.ts";

// What people write where they have no library: one loop after the other, Math.exp and Math.log, sums in plain numbers.
// [rows, classes] data throughout; `grad` is that of the mean, where it is not null.

/** Loops of an element-wise loss; what else they take are its options. */
interface ElementwiseLoops {
  mean(p: FloatArray, t: FloatArray, ...options: number[]): number;
  each(out: FloatArray, p: FloatArray, t: FloatArray, ...options: number[]): FloatArray;
  withGrad(grad: FloatArray, p: FloatArray, t: FloatArray, ...options: number[]): { loss: number; grad: FloatArray };
}

/** What formulas call, as everyone has it. */
const FUNCTIONS = `const fineExpF32 = Math.exp;
  const expm1F32 = Math.expm1;
  const lnF32 = Math.log;
  const log1pF32 = Math.log1p;
  const log1pUnitF32 = Math.log1p;
  const decayF32 = (x) => Math.exp(-Math.abs(x));
  const logisticOfF32 = (x) => 1 / (1 + Math.exp(-x));
  const timesF32 = (factor, x) => (factor === 0 ? 0 : factor * x);`;

/** Those of the formula in its description, which is JavaScript, without the rounding. */
export function elementwise({ options, slopeFactor, javascript }: ElementwiseLoss): ElementwiseLoops {
  const { constants = "", terms, loss, slope } = javascript;
  const loop = (parameters: string[], element: string, result: string) => {
    const given = options.map(({ name }) => `const ${name}Option = ${name};`).join(" ");
    const text = `${FUNCTIONS}
      ${given}
      ${constants}
      let sum = 0;
      const n = predictions.length;
      for (let i = 0; i < n; i++) {
        const p = predictions[i];
        const t = targets[i];
        ${terms}
        ${element}
      }
      return ${result};`;
    const names = [...parameters, "predictions", "targets", ...options.map(({ name }) => name)];
    return new Function(...names, text.replace(/\bround(?=\()/g, "")) as never;
  };
  return {
    mean: loop([], `sum += ${loss};`, "sum / n"),
    each: loop(["out"], `out[i] = ${loss};`, "out"),
    withGrad: loop(["grad"], `sum += ${loss}; grad[i] = (${slope} * ${slopeFactor}) / n;`, "{ loss: sum / n, grad }"),
  };
}

export function gaussianNll(predictions: FloatArray, targets: FloatArray, variance: FloatArray): number {
  let sum = 0;
  const n = predictions.length;
  for (let i = 0; i < n; i++) {
    const difference = predictions[i] - targets[i];
    sum += 0.5 * (Math.log(variance[i]) + (difference * difference) / variance[i]);
  }
  return sum / n;
}

export function rmse(predictions: FloatArray, targets: FloatArray): number {
  let sum = 0;
  for (let i = 0; i < predictions.length; i++) {
    const difference = predictions[i] - targets[i];
    sum += difference * difference;
  }
  return Math.sqrt(sum / predictions.length);
}

export function rmseWithGrad(predictions: FloatArray, targets: FloatArray, grad: FloatArray) {
  const n = predictions.length;
  const loss = rmse(predictions, targets);
  for (let i = 0; i < n; i++) grad[i] = (predictions[i] - targets[i]) / (n * loss);
  return { loss, grad };
}

function maximum(logits: FloatArray, begin: number, classes: number): number {
  let max = -Infinity;
  for (let j = 0; j < classes; j++) max = Math.max(max, logits[begin + j]);
  return max;
}

/** softmax of one row, into q from `at` on. */
function softmaxOfRow(logits: FloatArray, begin: number, classes: number, q: FloatArray, at: number): void {
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

function logSumExpOfRow(logits: FloatArray, begin: number, classes: number): number {
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

/** Loss, its standard error, accuracy, top 5, mean reciprocal rank, entropy, Brier score and expected calibration error. */
export function evaluate(logits: FloatArray, labels: Int32Array, classes: number): number[] {
  const rows = labels.length;
  const q = new Float64Array(classes);
  const bins = Array.from({ length: 15 }, () => ({ correct: 0, confidence: 0 }));
  let [loss, squares, correct, top5, reciprocals, entropy, brier] = [0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < rows; i++) {
    const label = labels[i];
    softmaxOfRow(logits, i * classes, classes, q, 0);
    const own = logits[i * classes + label];
    let rank = 1;
    let confidence = 0;
    for (let j = 0; j < classes; j++) {
      const x = logits[i * classes + j];
      if (x > own || (x === own && j < label)) rank++;
      confidence = Math.max(confidence, q[j]);
      if (q[j] > 0) entropy -= q[j] * Math.log(q[j]);
      brier += (q[j] - (j === label ? 1 : 0)) ** 2;
    }
    const rowLoss = -Math.log(q[label]);
    loss += rowLoss;
    squares += rowLoss * rowLoss;
    if (rank === 1) correct++;
    if (rank <= 5) top5++;
    reciprocals += 1 / rank;
    const bin = bins[Math.ceil(confidence * bins.length) - 1];
    bin.confidence += confidence;
    if (rank === 1) bin.correct++;
  }
  const mean = loss / rows;
  const deviation = Math.sqrt(Math.max(0, squares / rows - mean * mean) / (rows - 1));
  const calibration = bins.reduce((sum, bin) => sum + Math.abs(bin.correct - bin.confidence), 0);
  return [mean, deviation, ...[correct, top5, reciprocals, entropy, brier, calibration].map((sum) => sum / rows)];
}

/** Mean divergence of rows of logits from others, quotient of perplexities, share of rows with the same maximum. */
export function compare(base: FloatArray, other: FloatArray, labels: Int32Array, classes: number): number[] {
  const rows = labels.length;
  const [p, q] = [new Float64Array(classes), new Float64Array(classes)];
  let [divergence, difference, same] = [0, 0, 0];
  for (let i = 0; i < rows; i++) {
    softmaxOfRow(base, i * classes, classes, p, 0);
    softmaxOfRow(other, i * classes, classes, q, 0);
    let [top, otherTop] = [0, 0];
    for (let j = 0; j < classes; j++) {
      if (p[j] > 0) divergence += p[j] * Math.log(p[j] / q[j]);
      if (base[i * classes + j] > base[i * classes + top]) top = j;
      if (other[i * classes + j] > other[i * classes + otherTop]) otherTop = j;
    }
    if (top === otherTop) same++;
    difference += Math.log(p[labels[i]] / q[labels[i]]);
  }
  return [divergence / rows, Math.exp(difference / rows), same / rows];
}

/** Mean squared error, its root, mean and largest absolute error, R2. */
export function regression(predictions: FloatArray, targets: FloatArray): number[] {
  const n = predictions.length;
  let [squares, absolutes, largest, sum] = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const error = Math.abs(predictions[i] - targets[i]);
    squares += error * error;
    absolutes += error;
    largest = Math.max(largest, error);
    sum += targets[i];
  }
  const mean = sum / n;
  let spread = 0;
  for (let i = 0; i < n; i++) spread += (targets[i] - mean) ** 2;
  return [squares / n, Math.sqrt(squares / n), absolutes / n, largest, 1 - squares / spread];
}

type Options = Readonly<Record<string, number>>;

/** A step of an optimizer, by its kernel's name: the loop that people write. `count.t` steps were made. */
type Step = (
  p: FloatArray,
  g: FloatArray,
  first: FloatArray,
  second: FloatArray,
  options: Options,
  count: { t: number },
) => FloatArray;

export const optimizers: Readonly<Record<string, Step>> = {
  sgd(p, g, velocities, _, { learningRate, momentum }) {
    for (let i = 0; i < p.length; i++) {
      velocities[i] = momentum * velocities[i] + g[i];
      p[i] -= learningRate * velocities[i];
    }
    return p;
  },
  adam(p, g, first, second, { learningRate, beta1, beta2, epsilon, weightDecay }, count) {
    count.t++;
    const [c1, c2] = [1 - beta1 ** count.t, 1 - beta2 ** count.t];
    for (let i = 0; i < p.length; i++) {
      first[i] = beta1 * first[i] + (1 - beta1) * g[i];
      second[i] = beta2 * second[i] + (1 - beta2) * g[i] * g[i];
      p[i] -= learningRate * (first[i] / c1 / (Math.sqrt(second[i] / c2) + epsilon) + weightDecay * p[i]);
    }
    return p;
  },
  rmsProp(p, g, _, second, { learningRate, alpha, epsilon }) {
    for (let i = 0; i < p.length; i++) {
      second[i] = alpha * second[i] + (1 - alpha) * g[i] * g[i];
      p[i] -= (learningRate * g[i]) / (Math.sqrt(second[i]) + epsilon);
    }
    return p;
  },
};

export function norm(g: FloatArray): number {
  let sum = 0;
  for (let i = 0; i < g.length; i++) sum += g[i] * g[i];
  return Math.sqrt(sum);
}
