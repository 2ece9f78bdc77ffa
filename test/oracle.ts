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
  let count = 0;
  let nonFinite = 0;
  for (let x of values) {
    if (!Number.isFinite(x)) {
      nonFinite += x;
      continue;
    }
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const y = partials[i];
      const high = x + y;
      const low = Math.abs(x) < Math.abs(y) ? x - (high - y) : y - (high - x);
      if (low !== 0) partials[kept++] = low;
      x = high;
    }
    partials[kept] = x;
    count = kept + 1;
  }
  partials.length = count;
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

type Numeric = Readonly<Record<string, number>>;

/** An element-wise loss of a prediction p and a target t, and its slope by p; o are its options. */
export interface ElementwiseLoss {
  loss(p: number, t: number, o: Numeric): number;
  slope(p: number, t: number, o: Numeric): number;
  /** Where terms of two signs make them up: the sizes of these, with what a function's argument was rounded by. */
  terms?(p: number, t: number, o: Numeric): readonly [loss: number, slope: number];
}

/** x times a factor, and 0 where that is 0. */
const times = (factor: number, x: number) => (factor === 0 ? 0 : factor * x);
/** ln(1 + e^x) and 1 / (1 + e^-x) */
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const logistic = (x: number) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));

/** The weights of the two classes: those of t and of 1 - t. */
const shares = (t: number, { posWeight, labelSmoothing: e }: Numeric) => [
  posWeight * (t * (1 - e) + e / 2),
  (1 - t) * (1 - e) + e / 2,
];

/** The focal loss of the target's logit z, its derivative, and the size of their errors. */
function focal(z: number, gamma: number) {
  const power = Math.exp(-times(gamma, softplus(z)));
  const rise = logistic(-z) + gamma * times(logistic(z), softplus(-z));
  const size = 1 + times(gamma, power === 0 ? 0 : softplus(z));
  return { loss: power * softplus(-z), slope: -power * rise, size };
}

const sum = (...terms: number[]) => terms.reduce((a, b) => a + Math.abs(b), 0);
const stirling = (t: number) => (t > 1 ? [t * Math.log(t), -t, Math.log(2 * Math.PI * t) / 2] : []);
const full = (t: number, { full }: Numeric) => (full ? stirling(t) : []);

const clamp = (d: number, limit: number) => Math.max(-limit, Math.min(d, limit));

/** By public name, and where that has several kernels by what their option `input` is. */
export const ELEMENTWISE: Readonly<Record<string, ElementwiseLoss>> = {
  mse: { loss: (p, t) => (p - t) ** 2, slope: (p, t) => 2 * (p - t) },
  mae: { loss: (p, t) => Math.abs(p - t), slope: (p, t) => Math.sign(p - t) },
  huber: {
    loss: (p, t, { delta }) => (Math.abs(p - t) < delta ? (p - t) ** 2 / 2 : delta * (Math.abs(p - t) - delta / 2)),
    slope: (p, t, { delta }) => clamp(p - t, delta),
  },
  smoothL1: {
    loss: (p, t, { beta }) => (Math.abs(p - t) < beta ? (p - t) ** 2 / 2 / beta : Math.abs(p - t) - beta / 2),
    slope: (p, t, { beta }) => (Math.abs(p - t) < beta ? (p - t) / beta : Math.sign(p - t)),
  },
  quantile: {
    loss: (p, t, { quantile }) => Math.max(quantile * (t - p), (quantile - 1) * (t - p)),
    slope: (p, t, { quantile }) => (p - t < 0 ? -quantile : p - t > 0 ? 1 - quantile : p - t),
  },
  mape: {
    loss: (p, t) => (p - t === 0 ? 0 : Math.abs(p - t) / Math.abs(t)),
    slope: (p, t) => (p - t === 0 ? 0 : Math.sign(p - t) / Math.abs(t)),
  },
  smape: {
    // quarters, whose sum does not overflow
    loss: (p, t) =>
      p - t === 0 ? 0 : Math.abs(p) > 1 || Math.abs(t) > 1 ? percentage(p / 4, t / 4) : percentage(p, t),
    slope: (p, t) =>
      p * t > 0
        ? (4 * Math.sign(p - t) * (Math.abs(t) / (Math.abs(p) + Math.abs(t)))) / (Math.abs(p) + Math.abs(t))
        : Number.isNaN(p) || Number.isNaN(t)
          ? NaN
          : 0,
  },
  hinge: { loss: (p, t) => Math.max(0, 1 - t * p), slope: (p, t) => (t * p < 1 ? -t : t * p >= 1 ? 0 : NaN) },
  squaredHinge: { loss: (p, t) => Math.max(0, 1 - t * p) ** 2, slope: (p, t) => -2 * t * Math.max(0, 1 - t * p) },
  logCosh: {
    // where it is small by ln(1 + 2 sinh(d / 2)^2)
    loss: (p, t) =>
      Math.abs(p - t) < 1
        ? Math.log1p(2 * Math.sinh((p - t) / 2) ** 2)
        : Math.abs(p - t) + Math.log1p(Math.exp(-2 * Math.abs(p - t))) - Math.LN2,
    slope: (p, t) => Math.tanh(p - t),
  },
  msle: {
    loss: (p, t) => (p > -1 && t > -1 ? (Math.log1p(p) - Math.log1p(t)) ** 2 : NaN),
    slope: (p, t) => (p > -1 && t > -1 ? (2 * (Math.log1p(p) - Math.log1p(t))) / (1 + p) : NaN),
    terms: (p, t) => {
      const size = sum(Math.log1p(p), Math.log1p(t));
      return [sum(Math.log1p(p) - Math.log1p(t)) * size, (2 * size) / (1 + p)];
    },
  },
  binaryCrossEntropy: {
    loss: (p, t, o) => times(shares(t, o)[0], softplus(-p)) + times(shares(t, o)[1], softplus(p)),
    slope: (p, t, o) => shares(t, o)[1] * logistic(p) - shares(t, o)[0] * logistic(-p),
    terms: (p, t, o) => {
      const [y, w] = shares(t, o);
      return [times(y, softplus(-p)) + times(w, softplus(p)), w * logistic(p) + y * logistic(-p)];
    },
  },
  "binaryCrossEntropy of probabilities": {
    loss: (p, t, o) => 0 - times(shares(t, o)[0], Math.log(p)) - times(shares(t, o)[1], Math.log1p(-p)),
    slope: (p, t, o) => times(shares(t, o)[1], 1 / (1 - p)) - times(shares(t, o)[0], 1 / p),
    terms: (p, t, o) => {
      const [y, w] = shares(t, o);
      return [sum(times(y, Math.log(p)), times(w, Math.log1p(-p))), sum(times(w, 1 / (1 - p)), times(y, 1 / p))];
    },
  },
  focal: {
    loss: (p, t, { alpha, gamma }) =>
      times(alpha * t, focal(p, gamma).loss) + times((1 - alpha) * (1 - t), focal(-p, gamma).loss),
    slope: (p, t, { alpha, gamma }) =>
      times(alpha * t, focal(p, gamma).slope) - times((1 - alpha) * (1 - t), focal(-p, gamma).slope),
    terms(p, t, { alpha, gamma }) {
      const [a, b] = [focal(p, gamma), focal(-p, gamma)];
      const [y, w] = [alpha * t, (1 - alpha) * (1 - t)];
      return [
        sum(times(y, a.loss * a.size), times(w, b.loss * b.size)),
        sum(times(y, a.slope * a.size), times(w, b.slope * b.size)),
      ];
    },
  },
  softMargin: { loss: (p, t) => softplus(-t * p), slope: (p, t) => -t * logistic(-t * p) },
  poissonNll: {
    loss: (p, t, o) => Math.exp(p) - times(t, p) + full(t, o).reduce((a, b) => a + b, 0),
    slope: (p, t) => Math.exp(p) - t,
    terms: (p, t, o) => [sum(Math.exp(p), times(t, p), ...full(t, o)), sum(Math.exp(p), t)],
  },
  "poissonNll of rate": {
    loss: (p, t, o) => p - times(t, Math.log(p)) + full(t, o).reduce((a, b) => a + b, 0),
    slope: (p, t) => 1 - times(t, 1 / p),
    terms: (p, t, o) => [sum(p, times(t, Math.log(p)), ...full(t, o)), sum(1, times(t, 1 / p))],
  },
  tweedie: {
    loss: (p, t, { power: r }) => Math.exp((2 - r) * p) / (2 - r) - times(t, Math.exp((1 - r) * p)) / (1 - r),
    slope: (p, t, { power: r }) => Math.exp((2 - r) * p) - times(t, Math.exp((1 - r) * p)),
    terms(p, t, { power: r }) {
      const a = Math.exp((2 - r) * p) * (1 + Math.abs((2 - r) * p));
      const b = times(t, Math.exp((1 - r) * p) * (1 + Math.abs((1 - r) * p)));
      return [sum(a / (2 - r), b / (1 - r)), sum(a, b)];
    },
  },
};

const percentage = (p: number, t: number) => (2 * Math.abs(p - t)) / (Math.abs(p) + Math.abs(t));

export interface ElementwiseResult {
  /** Of each element. */
  losses: number[];
  slopes: number[];
  /** What the errors of each are relative to. */
  sizes: number[];
  slopeSizes: number[];
  sum: number;
  /** Σ weights, or of elements without how many they are. */
  weight: number;
  /** Of nothing 0/0 = NaN. */
  mean: number;
}

/**
 * Losses and slopes of all elements, times their weights: 0 where these are 0. The gradient of the sum is the slopes, that of the
 * mean the slopes / Σ weights.
 */
export function elementwise(
  name: string,
  predictions: Numbers,
  targets: Numbers,
  options: Numeric = {},
  weights?: Numbers,
): ElementwiseResult {
  const { loss, slope, terms } = ELEMENTWISE[name];
  const each = (of: (p: number, t: number, o: Numeric) => number) =>
    Array.from(predictions, (p, i) => times(weights ? weights[i] : 1, of(p, targets[i], options)));
  const losses = each(loss);
  const slopes = each(slope);
  const sum = exactSum(losses);
  const weight = weights ? exactSum(Array.from(weights)) : predictions.length;
  return {
    losses,
    slopes,
    sizes: terms ? each((...of) => terms(...of)[0]) : losses.map(Math.abs),
    slopeSizes: terms ? each((...of) => terms(...of)[1]) : slopes.map(Math.abs),
    sum,
    weight,
    mean: sum / weight,
  };
}

/** The Gaussian likelihood: losses, both slopes, and what the errors of each are relative to. */
export function gaussianNll(
  predictions: Numbers,
  targets: Numbers,
  variance: Numbers,
  isFull: boolean,
  weights?: Numbers,
) {
  const each = (of: (d: number, v: number) => number) =>
    Array.from(predictions, (p, i) => times(weights ? weights[i] : 1, of(p - targets[i], variance[i])));
  const constant = isFull ? Math.log(2 * Math.PI) / 2 : 0;
  const losses = each((d, v) => (Math.log(v) + d ** 2 / v) / 2 + constant);
  const total = exactSum(losses);
  const weight = weights ? exactSum(Array.from(weights)) : predictions.length;
  return {
    losses,
    slopes: each((d, v) => d / v),
    variances: each((d, v) => (1 - d ** 2 / v) / (2 * v)),
    sizes: each((d, v) => (Math.abs(Math.log(v)) + d ** 2 / v) / 2 + constant),
    variancesSizes: each((d, v) => (1 + d ** 2 / v) / (2 * v)),
    sum: total,
    weight,
    mean: total / weight,
  };
}

/** The root of the mean squared error, and its gradient (p - t) / (n rmse), 0 where rmse is 0. */
export function rmse(predictions: Numbers, targets: Numbers, weights?: Numbers): { loss: number; gradient: number[] } {
  const { mean, slopes, weight } = elementwise("mse", predictions, targets, {}, weights);
  const loss = Math.sqrt(mean);
  return { loss, gradient: slopes.map((slope) => (loss === 0 || weight === 0 ? 0 : slope / (2 * weight * loss))) };
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

// ------------------------------------------------------------------------------------------------------ divergences

export interface DivergenceOptions {
  classes: number;
  reduction?: Reduction;
  input?: Input;
  targetInput?: Input;
  temperature?: number;
  sampleWeight?: Numbers | undefined;
  /** Kullback-Leibler's of either direction, or Jensen-Shannon's with this share of the targets. */
  measure: "forward" | "reverse" | number;
}

export interface DivergenceResult {
  rows: number[];
  loss: number;
  /** [rows, classes]; of the sum for the reduction "none". */
  gradient: number[];
  /** What the rounding errors of a row, and of a gradient element, are relative to; |ln p| + |ln q| of each element. */
  rowTerms: number[];
  gradientTerms: number[];
  distances: number[];
}

/** A row of a side: probabilities and their logarithms. */
function sideOf(row: number[], input: Input, temperature: number): { p: number[]; ln: number[] } {
  if (input === "probabilities") return { p: row, ln: row.map(Math.log) };
  // large logits would lose the digits of their differences in a quotient
  const top = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const ln = input === "logits" ? logSoftmaxOfRow(row.map((x) => (x - top) / temperature)) : row;
  return { p: ln.map(Math.exp), ln };
}

/** Of predictions q from targets p; a term whose factor is 0 is 0, and so is a row of weight 0. */
export function divergence(predictions: Numbers, targets: Numbers, options: DivergenceOptions): DivergenceResult {
  const { classes, input = "logits", targetInput = "probabilities", temperature = 1, measure } = options;
  const { sampleWeight, reduction = "mean" } = options;
  const count = predictions.length / classes;
  const weights = Array.from({ length: count }, (_, i) => sampleWeight?.[i] ?? 1);
  const denominator = reduction === "mean" ? exactSum(weights) : 1;
  const times = (factor: number, x: number) => (factor === 0 ? 0 : factor * x);
  const result: DivergenceResult = { rows: [], loss: 0, gradient: [], rowTerms: [], gradientTerms: [], distances: [] };
  const targetRows = rowsOf(targets, classes);
  for (const [i, row] of rowsOf(predictions, classes).entries()) {
    if (weights[i] === 0) {
      result.rows.push(0);
      result.rowTerms.push(0);
      for (let j = 0; j < classes; j++) {
        result.gradient.push(0);
        result.gradientTerms.push(0);
        result.distances.push(0);
      }
      continue;
    }
    const { p: q, ln: lnQ } = sideOf(row, input, temperature);
    const { p, ln: lnP } = sideOf(targetRows[i], targetInput, temperature);
    const beta = typeof measure === "number" ? measure : 0;
    const m = p.map((x, j) => beta * x + (1 - beta) * q[j]);
    const h = q.map((x, j) => (x === 0 ? 0 : Math.log(x / m[j])));
    const terms = p.map((x, j) => {
      if (measure === "forward") return times(x, lnP[j] - lnQ[j]);
      if (measure === "reverse") return times(q[j], lnQ[j] - lnP[j]);
      return beta * times(x, Math.log(x / m[j])) + (1 - beta) * times(q[j], h[j]);
    });
    const loss = exactSum(terms);
    result.rows.push(weights[i] * loss);
    const size = p.map(
      (x, j) =>
        times(x, 1 + Math.abs(lnP[j]) + Math.abs(lnQ[j])) + times(q[j], 1 + Math.abs(lnQ[j]) + Math.abs(lnP[j])),
    );
    result.rowTerms.push(weights[i] * exactSum(size.map((x) => (Number.isFinite(x) ? x : 0))));
    const sumP = exactSum(p);
    const sumQH = exactSum(q.map((x, j) => times(x, h[j])));
    const scale = weights[i] / denominator / (input === "logits" ? temperature : 1);
    for (let j = 0; j < classes; j++) {
      const [slope, slopeTerms] = divergenceSlope(j);
      result.gradient.push(slope * scale);
      result.gradientTerms.push(slopeTerms * scale);
      const finite = [lnP[j], lnQ[j]].filter(Number.isFinite);
      result.distances.push(finite.reduce((sum, x) => sum + Math.abs(x), 0));
    }

    function divergenceSlope(j: number): [slope: number, terms: number] {
      if (measure === "forward") {
        if (input === "logits") return [sumP * q[j] - p[j], sumP * q[j] + p[j]];
        const slope = p[j] === 0 ? 0 : input === "probabilities" ? -p[j] / q[j] : -p[j];
        return [slope, Math.abs(slope)];
      }
      if (measure === "reverse" && loss === Number.POSITIVE_INFINITY) return [Number.NaN, 0];
      const sizes = 1 + Math.abs(lnQ[j]) + Math.abs(lnP[j]);
      const factor = input === "probabilities" ? (q[j] === 0 && p[j] === 0 ? 0 : 1) : q[j];
      if (measure === "reverse") {
        const rest = input === "logits" ? loss : -1;
        return [times(factor, lnQ[j] - lnP[j] - rest), times(factor, sizes + Math.abs(rest))];
      }
      const rest = input === "logits" ? sumQH : 0;
      const slope = input === "probabilities" && q[j] === 0 ? Number.NEGATIVE_INFINITY : h[j];
      return [(1 - beta) * times(factor, slope - rest), times(factor, sizes + Math.abs(rest))];
    }
  }
  result.loss = exactSum(result.rows) / denominator;
  return result;
}
