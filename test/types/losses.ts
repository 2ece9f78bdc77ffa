import {
  bfloat16,
  type CrossEntropy,
  createLosses,
  type EvaluatorOptions,
  type FloatArray,
  float16,
  type LabelArray,
  type Losses,
  type LossesOptions,
  type Optimizer,
  type Reduction,
} from "../../src/index.node.ts";

// Compiled by lint, and with every TypeScript that the package is for by test/projects/types.ts; never run. What does not
// compile is said in the line above.

const [f32, f64, i32, u16] = [new Float32Array(6), new Float64Array(6), new Int32Array(2), new Uint16Array(6)];

export function elementwise(losses: Losses) {
  losses.mse(f32, f32);
  losses.mse(f64, f64, { reduction: "sum" });
  // @ts-expect-error: two dtypes
  losses.mse(f32, f64);
  // @ts-expect-error: two dtypes
  losses.mse(f64, f32);
  // @ts-expect-error: two dtypes
  losses.mseWithGrad(f32, f64);
  // @ts-expect-error: two dtypes
  losses.mseWithGrad(f64, f32);
  // @ts-expect-error: two dtypes
  losses.rmse(f32, f64);
  // @ts-expect-error: two dtypes
  losses.huberWithGrad(f32, f64, { delta: 1 });
  // @ts-expect-error: half precision is computed in float32
  losses.mse(float16(u16), f64);
  losses.mse(float16(u16), f32);
  losses.mse(f32, bfloat16(u16));
  // @ts-expect-error: of another dtype
  losses.mseWithGrad(f32, f32, { out: f64 });
  // @ts-expect-error: of another dtype
  losses.rmseWithGrad(f64, f64, { out: f32 });
  // @ts-expect-error: no floats
  losses.mae(i32, i32);
  // @ts-expect-error: none of its options
  losses.mae(f32, f32, { delta: 1 });
  losses.huber(f32, f32, { delta: 1 });
  // @ts-expect-error: misspelt
  losses.huber(f32, f32, { detla: 1 });
  // @ts-expect-error: no number
  losses.huber(f32, f32, { delta: "1" });
  // @ts-expect-error: it takes no reduction
  losses.rmse(f32, f32, { reduction: "sum" });
  losses.binaryCrossEntropy(f32, f32, { input: "probabilities", posWeight: 2, sampleWeight: f32 });
  // @ts-expect-error
  losses.binaryCrossEntropy(f32, f32, { input: "rate" });
  // @ts-expect-error
  losses.mae(f32, f32, { sampleWeight: f64 });
  losses.poissonNll(f64, f64, { input: "rate", full: true });
  // @ts-expect-error
  losses.poissonNll(f64, f64, { full: 1 });
  const { gradVariance }: { gradVariance: Float64Array } = losses.gaussianNllWithGrad(f64, f64, { variance: f64 });
  // @ts-expect-error
  losses.gaussianNll(f64, f64);
  gradVariance.fill(0);
  const mean: number = losses.huber(f64, f64, { delta: 1 });
  const none: Float64Array = losses.huber(f64, f64, { reduction: "none" });
  const { grad }: { grad: Float32Array } = losses.maeWithGrad(f32, f32, { out: f32 });
  // @ts-expect-error: a number
  const array: Float64Array = losses.mse(f64, f64);
  return [mean, none, grad, array];
}

export function rows(losses: Losses) {
  const classes = 3;
  losses.softmax(f32, { classes, out: f32 });
  // @ts-expect-error: of another dtype
  losses.softmax(f32, { classes, out: f64 });
  // @ts-expect-error: of another dtype
  losses.logSoftmax(f64, { classes, out: f32 });
  // @ts-expect-error: classes are missing
  losses.logSumExp(f32, {});
  losses.crossEntropy(f32, i32, { classes, weight: f32 });
  losses.crossEntropy(f32, f32, { classes });
  // @ts-expect-error: targets of another dtype
  losses.crossEntropy(f32, f64, { classes });
  // @ts-expect-error: weights of another dtype
  losses.crossEntropy(f32, i32, { classes, weight: f64 });
  // @ts-expect-error: targets of another dtype
  losses.crossEntropyWithGrad(f64, f32, { classes });
  // @ts-expect-error: weights of another dtype
  losses.crossEntropyWithGrad(f64, i32, { classes, weight: f32 });
  // @ts-expect-error: of another dtype
  losses.crossEntropyWithGrad(f32, i32, { classes, out: f64 });
  // @ts-expect-error: weights of another dtype
  losses.crossEntropyWithGrad(f32, i32, { classes, weight: f64 });
  // @ts-expect-error: weights of another dtype
  losses.crossEntropy(f64, i32, { classes, weight: f32, reduction: "none" });
  // @ts-expect-error: half precision is computed in float32
  losses.crossEntropy(float16(u16), f64, { classes });
  // @ts-expect-error: half precision is computed in float32
  losses.softmax(bfloat16(u16), { classes, out: f64 });
  losses.softmax(bfloat16(u16), { classes, out: f32 });
  // @ts-expect-error: misspelt
  losses.crossEntropy(f32, i32, { classes, labelSmoothign: 0.1 });
  losses.crossEntropy(f32, i32, {
    classes,
    inner: 2,
    sampleWeight: f32,
    temperature: 2,
    softCap: 30,
    zLoss: 1,
    gamma: 2,
  });
  losses.crossEntropy(bfloat16(u16), i32, { classes, sampleWeight: f32, reduction: "none" }).fill(0);
  // @ts-expect-error: weights of another dtype
  losses.crossEntropy(f32, i32, { classes, sampleWeight: f64 });
  // @ts-expect-error: weights of another dtype
  losses.crossEntropyWithGrad(f64, i32, { classes, sampleWeight: f32 });
  // @ts-expect-error: no number
  losses.crossEntropy(f32, i32, { classes, gamma: "2" });
  losses.crossEntropyWithGrad(f32, { indices: i32, probabilities: f32 }, { classes, out: f32 });
  losses.crossEntropy(float16(u16), { indices: i32, probabilities: f32 }, { classes });
  // @ts-expect-error: probabilities of another dtype
  losses.crossEntropy(f32, { indices: i32, probabilities: f64 }, { classes });
  // @ts-expect-error: indices are an Int32Array
  losses.crossEntropy(f32, { indices: u16, probabilities: f32 }, { classes });
  // @ts-expect-error: no indices
  losses.crossEntropy(f32, { probabilities: f32 }, { classes });
  losses.klDivergence(f64, f64, { classes, inner: 2, direction: "reverse" });
  // @ts-expect-error: not an option of it
  losses.klDivergence(f64, f64, { classes, gamma: 2 });
}

export function optimizers(losses: Losses) {
  const one = losses.adam(f32, { learningRate: 1, beta1: 0.5 });
  one.step(f32);
  one.step(float16(new Uint16Array(6)), { learningRate: 2 });
  // @ts-expect-error: of another dtype
  one.step(f64);
  // @ts-expect-error: a list, where the parameters are none
  one.step([f32]);
  const several = losses.sgd([f32, f64], { learningRate: 1, nesterov: true, momentum: 0.5 });
  several.step([f32, f64]);
  // @ts-expect-error: no list
  several.step(f32);
  // @ts-expect-error: it needs a learning rate
  losses.sgd(f32, {});
  // @ts-expect-error: none of its options
  losses.sgd(f32, { learningRate: 1, beta1: 0.5 });
  // @ts-expect-error: no floats
  losses.rmsProp(i32, { learningRate: 1 });
  const { learningRate }: Optimizer<Float32Array> = one;
  const norm: number = losses.clipGradNorm([f32, f64], 1);
  return [learningRate, norm, one.state()];
}

/** Labels of every kind. */
export function labels(losses: Losses, any: LabelArray) {
  const classes = 3;
  const frozen: readonly number[] = [0, 1];
  for (const y of [any, [0, 1], frozen, new Uint8Array(2), new Uint8ClampedArray(2), new BigInt64Array(2)]) {
    losses.crossEntropy(f32, y, { classes });
    losses.crossEntropyWithGrad(f64, y, { classes });
    losses.evaluate(f32, y, { classes });
  }
  losses.crossEntropy(f32, [0, 1], { classes });
  losses.crossEntropy(f64, Int8Array.of(0, 1), { classes });
  // @ts-expect-error: strings
  losses.crossEntropy(f32, ["0", "1"], { classes });
  // @ts-expect-error: integers of a BigInt64Array
  losses.crossEntropy(f32, [0n, 1n], { classes });
  // @ts-expect-error: an evaluation takes no probabilities for labels
  losses.evaluate(f32, f32, { classes });
}

/** Options that come in variables, and arrays of whichever dtype. */
export async function variables(x: FloatArray, t: FloatArray, reduction: Reduction, relaxed?: boolean) {
  const opening = { backend: "js", threads: "auto", relaxed } as const;
  const losses = await createLosses(opening);
  const more: LossesOptions = { backend: "auto", threads: 2, arenaBytes: 1024 };
  await createLosses(more);

  const rows = { classes: 3 };
  const softmax: FloatArray = losses.softmax(x, rows);
  const own: Float32Array = losses.logSoftmax(f32, rows);
  const options: CrossEntropy<Float32Array> = { classes: 3, weight: f32, labelSmoothing: 0.1 };
  const mean: number | Float64Array = losses.crossEntropy(f32, i32, options);
  const sum: number = losses.crossEntropy(f32, i32, { ...options, reduction: "sum" });
  const each: Float64Array = losses.crossEntropy(f32, i32, { ...options, reduction: "none" });
  const either: number | Float64Array = losses.crossEntropy(f32, i32, { ...options, reduction });
  const { loss, grad }: { loss: number; grad: FloatArray } = losses.crossEntropyWithGrad(x, t, rows);
  const reduce = { reduction };
  const ofEither: number | FloatArray = losses.mse(x, t, reduce);
  const withOut = losses.huberWithGrad(x, t, { ...reduce, delta: 2, out: x });
  // @ts-expect-error: which one is not known
  const number: number = losses.mse(f32, f32, reduce);

  const evaluation: EvaluatorOptions = { classes: 3, weight: f32, topK: [1, 2], perClass: true };
  const { accuracy }: { accuracy: number } = losses.evaluate(x, i32, evaluation);
  async function* batches() {
    yield { logits: x, labels: i32 };
  }
  const streamed = await losses.evaluateStream(batches(), rows);
  const arena: Float32Array = losses.alloc(Float32Array, 6);
  losses.free(arena);
  losses[Symbol.dispose]();
  const all = [softmax, own, mean, sum, each, either, loss, grad, ofEither, number, accuracy];
  return { all, withOut, streamed };
}

/** What other libraries have, as they declare it. */
interface OfDims<A> {
  readonly data: A;
  readonly dims: readonly number[];
  readonly type: "float32" | "float64" | "float16";
}
interface OfShape {
  data(): Promise<Float32Array>;
  dataSync(): Float32Array;
  shape: number[];
  dtype: string;
}
interface Strided {
  data: Float64Array;
  shape: number[];
  stride: number[];
  offset: number;
  dtype: "float64";
}

export function tensors(
  losses: Losses,
  x: OfDims<Float32Array>,
  y: OfDims<BigInt64Array>,
  half: OfDims<Uint16Array>,
  s: OfShape,
  n: Strided,
) {
  const probabilities: Float32Array = losses.softmax(x);
  const wide: Float64Array = losses.logSoftmax(n, { classes: 3 });
  const widened: Float32Array = losses.softmax(half);
  const any: FloatArray = losses.softmax(s);
  const each: Float64Array = losses.crossEntropy(x, y, { reduction: "none" });
  const mean: number =
    losses.crossEntropy(s, i32) + losses.crossEntropy(f32, y, { classes: 3 }) + losses.mse(x, s) + losses.mse(f32, x);
  const { grad }: { grad: Float32Array } = losses.crossEntropyWithGrad(x, i32, { labelSmoothing: 0.1 });
  const elements: Float64Array = losses.huber(n, n, { delta: 2, reduction: "none" });
  losses.klDivergence(x, x, { temperature: 2, targetInput: "logits" });
  losses.gaussianNllWithGrad(n, n, { variance: f64 }).gradVariance.fill(0);
  losses.evaluate(x, y).accuracy;
  losses.evaluate(s, i32, { topK: [1] });
  losses.evaluator({ classes: 3 }).add(half, y);
  losses.regressionEvaluator().add(n, n);
  // @ts-expect-error: an array does not say how many classes there are
  losses.softmax(f32);
  // @ts-expect-error: neither dims nor shape
  losses.softmax({ data: f32 });
  // @ts-expect-error: no option
  losses.crossEntropy(x, y, { smoothing: 1 });
  // @ts-expect-error: of another dtype
  losses.softmax(x, { out: f64 });
  return [probabilities, wide, widened, any, each, mean, grad, elements];
}
