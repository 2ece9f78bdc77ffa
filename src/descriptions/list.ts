import {
  crossEntropy,
  crossEntropyProbabilities,
  generalCrossEntropy,
  likelihood,
  likelihoodProbabilities,
} from "./crossEntropy.ts";
import { divergence } from "./divergence.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { kernelOf, sampleWeights, weightedKernelOf } from "./elementwiseKernels.ts";
import { EVALUATIONS } from "./evaluation.ts";
import { exp, expm1, fineExp, ln, log1p, logarithm, logistic, softplusTail, tanh } from "./functions.ts";
import { gaussianNll } from "./gaussian.ts";
import type { Description } from "./kernel.ts";
import { checkLabels, labelWeights } from "./labels.ts";
import { adam, rescale, rmsProp, sgd, sumOfSquares } from "./optimizers.ts";
import { weighRows } from "./rows.ts";
import { logSoftmax, logSumExp, softmax } from "./softmax.ts";
import { addExactly, extractSums } from "./sums.ts";
import { widenBfloat16, widenFloat16 } from "./widen.ts";

/** Every kernel of the package, in the order of the module's exports. */
export const KERNELS: readonly Description[] = [
  ...ELEMENTWISE.map(kernelOf),
  ...ELEMENTWISE.map(weightedKernelOf),
  sampleWeights,
  gaussianNll,
  softmax,
  logSoftmax,
  logSumExp,
  weighRows,
  crossEntropy,
  crossEntropyProbabilities,
  generalCrossEntropy,
  likelihood,
  likelihoodProbabilities,
  divergence,
  checkLabels,
  labelWeights,
  addExactly,
  extractSums,
  widenFloat16,
  widenBfloat16,
  ...EVALUATIONS,
  sgd,
  adam,
  rmsProp,
  sumOfSquares,
  rescale,
];

/** Elementary functions: kernels of a module that only tests have. */
export const FUNCTIONS: readonly Description[] = [
  exp,
  logarithm,
  fineExp,
  expm1,
  ln,
  log1p,
  logistic,
  tanh,
  softplusTail,
];
