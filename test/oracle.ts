/**
 * What every loss is, in plain float64 and obvious loops. Nothing here comes from `src/`, and nothing here is fast.
 *
 * x: logits, row-major [rows, classes]; m: a row's maximum; d = Σ exp(x - m); q = exp(x - m) / d; lp = (x - m) - ln d.
 */

export type Numbers = ArrayLike<number>;
export type Labels = ArrayLike<number | bigint>;
export type Reduction = "mean" | "sum" | "none";
export type Input = "logits" | "probabilities" | "logProbabilities";

export interface CrossEntropyOptions {
  classes: number;
  reduction?: Reduction;
  input?: Input;
  weight?: Numbers | undefined;
  ignoreIndex?: number;
  labelSmoothing?: number;
}

export interface CrossEntropyResult {
  /** One a row. */
  rows: number[];
  /** Σ rows / denominator; what the reduction "mean" or "sum" returns. */
  loss: number;
  denominator: number;
  /** [rows, classes]; of the sum for the reduction "none". */
  gradient: number[];
  /** |minuend| + |subtrahend| of each gradient element: what the rounding errors of a difference are relative to. */
  gradientTerms: number[];
}

/** The correctly rounded sum of float64 values: Shewchuk's non-overlapping partials, largest last (Python's math.fsum). */
export function exactSum(values: Iterable<number>): number {
  const partials: number[] = [];
  let nonFinite = 0;
  for (let x of values) {
    if (!Number.isFinite(x)) {
      nonFinite += x;
      continue;
    }
    let kept = 0;
    for (let y of partials) {
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const high = x + y;
      const low = y - (high - x);
      if (low !== 0) partials[kept++] = low;
      x = high;
    }
    partials.length = kept;
    partials.push(x);
  }
  if (nonFinite !== 0) return nonFinite; // also NaN, which is not equal to 0
  let high = partials.pop() ?? 0;
  let low = 0;
  while (partials.length > 0 && low === 0) {
    const x = high;
    const y = partials.pop()!;
    high = x + y;
    low = y - (high - x);
  }
  // `low` is half an ulp of `high` and what remains has its sign: the tie was none.
  const rest = partials.at(-1) ?? 0;
  if ((low < 0 && rest < 0) || (low > 0 && rest > 0)) {
    const twice = low * 2;
    const rounded = high + twice;
    if (rounded - high === twice) high = rounded;
  }
  return high;
}

// ---------------------------------------------------------------------------------------------------- element-wise

/** An element-wise loss of a prediction p and a target t, and its slope by p; o are its options. */
export interface ElementwiseLoss {
  loss(p: number, t: number, o: Readonly<Record<string, number>>): number;
  slope(p: number, t: number, o: Readonly<Record<string, number>>): number;
}

const clamp = (d: number, limit: number) => Math.max(-limit, Math.min(d, limit));

/** By public name. */
export const ELEMENTWISE: Readonly<Record<string, ElementwiseLoss>> = {
  mse: { loss: (p, t) => (p - t) ** 2, slope: (p, t) => 2 * (p - t) },
  mae: { loss: (p, t) => Math.abs(p - t), slope: (p, t) => Math.sign(p - t) },
  huber: {
    loss: (p, t, { delta }) => (Math.abs(p - t) < delta ? (p - t) ** 2 / 2 : delta * (Math.abs(p - t) - delta / 2)),
    slope: (p, t, { delta }) => clamp(p - t, delta),
  },
};

export interface ElementwiseResult {
  /** Of each element. */
  losses: number[];
  slopes: number[];
  sum: number;
  /** Of nothing 0/0 = NaN. */
  mean: number;
}

/** Losses and slopes of all elements. The gradient of the sum is the slopes, that of the mean the slopes / n. */
export function elementwise(
  name: string,
  predictions: Numbers,
  targets: Numbers,
  options: Readonly<Record<string, number>> = {},
): ElementwiseResult {
  const { loss, slope } = ELEMENTWISE[name];
  const losses = Array.from(predictions, (p, i) => loss(p, targets[i], options));
  const sum = exactSum(losses);
  return {
    losses,
    slopes: Array.from(predictions, (p, i) => slope(p, targets[i], options)),
    sum,
    mean: sum / predictions.length,
  };
}

/** The root of the mean squared error, and its gradient (p - t) / (n rmse), 0 where rmse is 0. */
export function rmse(predictions: Numbers, targets: Numbers): { loss: number; gradient: number[] } {
  const { mean, slopes } = elementwise("mse", predictions, targets);
  const loss = Math.sqrt(mean);
  return { loss, gradient: slopes.map((slope) => (loss === 0 ? 0 : slope / (2 * predictions.length * loss))) };
}

// ------------------------------------------------------------------------------------------------------ optimizers

/** What an optimizer remembers of one parameter, 0 at first. */
export interface Memory {
  velocity: number;
  first: number;
  second: number;
}

/** Step t (from 1 on) of parameter p with gradient g: the new p. o are the options, all of them. */
type Update = (p: number, g: number, memory: Memory, t: number, o: Readonly<Record<string, number>>) => number;

function adam(p: number, g: number, memory: Memory, t: number, o: Readonly<Record<string, number>>): number {
  memory.first = o.beta1 * memory.first + (1 - o.beta1) * g;
  memory.second = o.beta2 * memory.second + (1 - o.beta2) * g ** 2;
  const mean = memory.first / (1 - o.beta1 ** t);
  const square = memory.second / (1 - o.beta2 ** t);
  return p - (o.learningRate * mean) / (Math.sqrt(square) + o.epsilon);
}

/** By public name, as the algorithms stand in PyTorch's documentation; a flag is 0 or 1. */
export const OPTIMIZERS: Readonly<Record<string, Update>> = {
  sgd(p, gradient, memory, t, { learningRate, momentum, nesterov, weightDecay }) {
    const g = weightDecay === 0 ? gradient : gradient + weightDecay * p;
    if (momentum === 0) return p - learningRate * g;
    memory.velocity = t === 1 ? g : momentum * memory.velocity + g;
    return p - learningRate * (nesterov ? g + momentum * memory.velocity : memory.velocity);
  },
  adam: (p, g, memory, t, o) => adam(p, o.weightDecay === 0 ? g : g + o.weightDecay * p, memory, t, o),
  adamW: (p, g, memory, t, o) => adam(p * (1 - o.learningRate * o.weightDecay), g, memory, t, o),
  rmsProp(p, gradient, memory, _, { learningRate, alpha, epsilon, momentum, weightDecay }) {
    const g = weightDecay === 0 ? gradient : gradient + weightDecay * p;
    memory.second = alpha * memory.second + (1 - alpha) * g ** 2;
    memory.velocity = momentum * memory.velocity + g / (Math.sqrt(memory.second) + epsilon);
    return p - learningRate * memory.velocity;
  },
};

/** The parameters after each of several steps, every one with its gradients and options. */
export function optimize(
  name: string,
  parameters: Numbers,
  steps: readonly { gradients: Numbers; options: Readonly<Record<string, number>> }[],
): number[][] {
  const memories = Array.from(parameters, (): Memory => ({ velocity: 0, first: 0, second: 0 }));
  let now = Array.from(parameters);
  return steps.map(({ gradients, options }, i) => {
    now = now.map((p, k) => OPTIMIZERS[name](p, gradients[k], memories[k], i + 1, options));
    return now;
  });
}

// ------------------------------------------------------------------------------------------------------------ rows

/** exp(x - m) / d; a row that is all -inf or holds +inf or NaN is NaN. */
export function softmax(logits: Numbers, classes: number): number[] {
  return rowsOf(logits, classes).flatMap(softmaxOfRow);
}

/** (x - m) - ln d; a row that is all -inf or holds +inf or NaN is NaN. */
export function logSoftmax(logits: Numbers, classes: number): number[] {
  return rowsOf(logits, classes).flatMap(logSoftmaxOfRow);
}

/** m + ln d, one a row; all -inf is -inf. */
export function logSumExp(logits: Numbers, classes: number): number[] {
  return rowsOf(logits, classes).map((row) => {
    const maximum = maximumOf(row);
    return maximum === -Infinity ? -Infinity : maximum + Math.log1p(sumOfOthers(row, maximum));
  });
}

function softmaxOfRow(row: number[]): number[] {
  const maximum = maximumOf(row);
  const sum = 1 + sumOfOthers(row, maximum);
  return row.map((x) => Math.exp(x - maximum) / sum);
}

function logSoftmaxOfRow(row: number[]): number[] {
  const maximum = maximumOf(row);
  const logOfSum = Math.log1p(sumOfOthers(row, maximum));
  return row.map((x) => x - maximum - logOfSum);
}

/** d - 1: Σ exp(x - m) without the 1 of one maximum, so that ln d = log1p(d - 1) keeps its digits when the others are tiny. */
function sumOfOthers(row: number[], maximum: number): number {
  const terms = row.map((x) => Math.exp(x - maximum));
  if (Number.isFinite(maximum)) terms.splice(row.indexOf(maximum), 1);
  return exactSum(terms);
}

/** NaN if there is one. */
function maximumOf(row: number[]): number {
  let maximum = -Infinity;
  for (const x of row) {
    if (x > maximum || Number.isNaN(x)) maximum = x;
    if (Number.isNaN(maximum)) break;
  }
  return maximum;
}

function rowsOf(values: Numbers, classes: number): number[][] {
  const flat = Array.from(values);
  return Array.from({ length: flat.length / classes }, (_, i) => flat.slice(i * classes, (i + 1) * classes));
}

// --------------------------------------------------------------------------------------------------- cross-entropy

/** Index targets: mean divides by the weights of the targets of the rows that are not ignored. */
export function crossEntropyOfLabels(
  logits: Numbers,
  labels: Labels,
  options: CrossEntropyOptions,
): CrossEntropyResult {
  const { classes, ignoreIndex = -100, labelSmoothing = 0 } = options;
  const weight = options.weight ?? new Array<number>(classes).fill(1);
  const targets = Array.from(labels, Number);
  const counted = targets.filter((target) => target !== ignoreIndex);
  // (1-e) l + (e/K) s is Σ c (-lp) with c_j = w_j ((1-e) [j = y] + e/K).
  const coefficients = targets.map((target) =>
    target === ignoreIndex
      ? undefined
      : Array.from(weight, (w, j) => w * ((j === target ? 1 - labelSmoothing : 0) + labelSmoothing / classes)),
  );
  return crossEntropy(logits, coefficients, exactSum(counted.map((target) => weight[target])), options);
}

/** Probability targets, [rows, classes], that need not add up to 1: mean divides by the number of rows. */
export function crossEntropyOfProbabilities(
  logits: Numbers,
  probabilities: Numbers,
  options: CrossEntropyOptions,
): CrossEntropyResult {
  const { classes, labelSmoothing = 0 } = options;
  const weight = options.weight ?? new Array<number>(classes).fill(1);
  // t = p (1-e) + e/K and c_j = w_j t_j; a class of weight 0 is 0 whatever its p.
  const coefficients = rowsOf(probabilities, classes).map((row) =>
    row.map((p, j) => (weight[j] === 0 ? 0 : weight[j] * (p * (1 - labelSmoothing) + labelSmoothing / classes))),
  );
  return crossEntropy(logits, coefficients, coefficients.length, options);
}

/** row = -Σ_j c_j lp_j with 0 * anything = 0; a row without coefficients is ignored: 0, gradient 0, whatever it holds. */
function crossEntropy(
  logits: Numbers,
  coefficients: (number[] | undefined)[],
  count: number,
  { classes, input = "logits", reduction = "mean" }: CrossEntropyOptions,
): CrossEntropyResult {
  const denominator = reduction === "mean" ? count : 1;
  const rows: number[] = [];
  const gradient: number[] = [];
  const gradientTerms: number[] = [];
  rowsOf(logits, classes).forEach((x, i) => {
    const c = coefficients[i];
    if (c === undefined || c.every((cj) => cj === 0)) {
      rows.push(0);
      for (let j = 0; j < classes; j++) {
        gradient.push(0);
        gradientTerms.push(0);
      }
      return;
    }
    const lp = input === "logits" ? logSoftmaxOfRow(x) : input === "probabilities" ? x.map(Math.log) : x;
    rows.push(exactSum(c.map((cj, j) => (cj === 0 ? 0 : -cj * lp[j]))));
    const total = exactSum(c);
    const q = input === "logits" ? softmaxOfRow(x) : [];
    for (let j = 0; j < classes; j++) {
      // d lp_k / d x_j = [j = k] - q_j for logits; 1 / q_j on the diagonal for probabilities, 1 for their logarithms.
      const minuend = input === "logits" ? total * q[j] : 0;
      const subtrahend = c[j] === 0 ? 0 : input === "probabilities" ? c[j] / x[j] : c[j];
      gradient.push((minuend - subtrahend) / denominator);
      gradientTerms.push((Math.abs(minuend) + Math.abs(subtrahend)) / denominator);
    }
  });
  return { rows, loss: exactSum(rows) / denominator, denominator, gradient, gradientTerms };
}
