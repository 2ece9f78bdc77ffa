import type { Losses } from "../../src/losses.ts";

// Compiled by lint, never run: what does not compile is said in the line above.

const [f32, f64, i32] = [new Float32Array(6), new Float64Array(6), new Int32Array(2)];

export function elementwise(losses: Losses) {
  losses.mse(f32, f32);
  losses.mse(f64, f64, { reduction: "sum" });
  // @ts-expect-error: two dtypes
  losses.mse(f32, f64);
  // @ts-expect-error: two dtypes
  losses.mse(f64, f32);
  // @ts-expect-error: two dtypes
  losses.mseWithGrad(f32, f64);
  // @ts-expect-error: of another dtype
  losses.mseWithGrad(f32, f32, { out: f64 });
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
  // @ts-expect-error: misspelt
  losses.crossEntropy(f32, i32, { classes, labelSmoothign: 0.1 });
}
