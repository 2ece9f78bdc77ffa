// What the package exports beside createLosses wherever there are losses.

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
export type { Engine, LossesOptions, LossFunctions } from "./losses.ts";
export type { ResultOfTensor, TensorLike } from "./tensorLike.ts";
