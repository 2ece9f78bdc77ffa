// What the package exports besides createLosses, in Node and in browsers.

export type { BinaryCrossEntropy, BinaryLosses, Focal } from "./api/binaryLosses.ts";
export type { CountLosses, PoissonNll, Tweedie } from "./api/countLosses.ts";
export type { CrossEntropyFunction, CrossEntropyLosses, CrossEntropyWithGrad } from "./api/crossEntropy.ts";
export type { CrossEntropy, CrossEntropyInput } from "./api/crossEntropyOptions.ts";
export type { ElementwiseFunction, ElementwiseWithGrad } from "./api/elementwise.ts";
export type { ElementwiseLosses, Huber, Quantile, SmoothL1 } from "./api/elementwiseLosses.ts";
export type { GaussianLosses, GaussianNll, OutVariance, WithGradients } from "./api/gaussianNll.ts";
export type { Out, Reduce, Reduction, WithGrad } from "./api/reduction.ts";
export type { Rows } from "./api/rowOptions.ts";
export type { SampleWeight } from "./api/sampleWeight.ts";
export type { RowFunction, SoftmaxLosses } from "./api/softmax.ts";
export type { FloatArray, HalfArray, HalfBits, IntegerArray, LabelArray, LogitsArray } from "./dtype.ts";
export { bfloat16, float16 } from "./dtype.ts";
export { type Evaluation, evaluationOf } from "./evaluate/evaluation.ts";
export type { Evaluations } from "./evaluate/evaluations.ts";
export type { AddOptions, Evaluator } from "./evaluate/evaluator.ts";
export type { EvaluatedRows, EvaluatorOptions } from "./evaluate/evaluatorOptions.ts";
export { type Regression, type RegressionEvaluator, regressionOf } from "./evaluate/regression.ts";
export { regressionEvaluator } from "./evaluate/regressionAlone.ts";
export { mergeStates } from "./evaluate/state.ts";
export type { Batch, Batches } from "./evaluate/stream.ts";
export type { Losses, LossesOptions } from "./losses.ts";
