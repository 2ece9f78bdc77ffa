// What the package exports besides createLosses, in Node and in browsers.

export type { BinaryCrossEntropy, BinaryLosses, Focal } from "./api/binaryLosses.ts";
export type { CountLosses, PoissonNll, Tweedie } from "./api/countLosses.ts";
export type { CrossEntropyFunction, CrossEntropyLosses, CrossEntropyWithGrad } from "./api/crossEntropy.ts";
export type { CrossEntropy, CrossEntropyInput, SparseTargets } from "./api/crossEntropyOptions.ts";
export type { Divergence, DivergenceInput, JensenShannon, KlDivergence } from "./api/divergenceOptions.ts";
export type { DivergenceFunction, DivergenceLosses, DivergenceWithGrad } from "./api/divergences.ts";
export type { ElementwiseFunction, ElementwiseWithGrad } from "./api/elementwise.ts";
export type { ElementwiseLosses, Huber, Quantile, SmoothL1 } from "./api/elementwiseLosses.ts";
export type { GaussianLosses, GaussianNll, OutVariance, WithGradients } from "./api/gaussianNll.ts";
export type { Adam, LearningRate, OptimizerFunction, Optimizers, RmsProp, Sgd } from "./api/optimizers/faces.ts";
export type { GradientsOf, Optimizer, StepOptions } from "./api/optimizers/optimizer.ts";
export type { Out, Reduce, Reduction, WithGrad } from "./api/reduction.ts";
export type { BesideTensor, Inner, Rows } from "./api/rowOptions.ts";
export type { SampleWeight } from "./api/sampleWeight.ts";
export type { RowFunction, RowReduction, SoftmaxLosses } from "./api/softmax.ts";
export type { FloatArray, HalfArray, HalfBits, IntegerArray, LabelArray, LogitsArray } from "./dtype.ts";
export { bfloat16, float16 } from "./dtype.ts";
export type { BesideOptions } from "./evaluate/besideRows.ts";
export { type BinaryEvaluation, binaryOf } from "./evaluate/binary/binary.ts";
export type { BinaryAddOptions, BinaryEvaluator, BinaryOptions } from "./evaluate/binary/binaryEvaluator.ts";
export type { CompareOptions, ModelComparison } from "./evaluate/comparison/comparer.ts";
export {
  type ChangedRow,
  type Comparison,
  comparisonOf,
  type Spread,
  type Uncertain,
} from "./evaluate/comparison/comparison.ts";
export type { ComparisonOptions } from "./evaluate/comparison/comparisonOptions.ts";
export type { McNemar } from "./evaluate/comparison/mcnemar.ts";
export type { Average, Cell, Classification } from "./evaluate/confusion.ts";
export { type Calibration, type Evaluation, evaluationOf } from "./evaluate/evaluation.ts";
export type { EvaluateOptions, Evaluations } from "./evaluate/evaluations.ts";
export type { AddOptions, Evaluator } from "./evaluate/evaluator.ts";
export type { EvaluatedRows, EvaluatorOptions } from "./evaluate/evaluatorOptions.ts";
export type { Percentile } from "./evaluate/percentiles.ts";
export type { RankingFigures } from "./evaluate/ranking.ts";
export {
  type Regression,
  type RegressionEvaluator,
  regressionOf,
} from "./evaluate/regression.ts";
export { regressionEvaluator } from "./evaluate/regressionAlone.ts";
export type { MeanLoss } from "./evaluate/standardError.ts";
export { mergeStates } from "./evaluate/state.ts";
export type { Batch, Batches, Signal, StreamOptions, StreamProgress } from "./evaluate/stream.ts";
export type { Temperature } from "./evaluate/temperature.ts";
export type { Losses, LossesOptions } from "./losses.ts";
export type { ResultOfTensor, TensorLike } from "./tensorLike.ts";
