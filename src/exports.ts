// What the package exports besides createLosses, in Node and in browsers.

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
export * from "./exportedLosses.ts";
export type { Losses } from "./losses.ts";
