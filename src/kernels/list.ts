import type { DescribedKernel } from "../descriptions/kernel.ts";
import {
  crossEntropy,
  crossEntropyGradient,
  crossEntropyProbabilities,
  crossEntropyProbabilitiesGradient,
} from "./crossEntropy/crossEntropyLoops.ts";
import { checkLabels, labelWeights } from "./crossEntropy/labelLoops.ts";
import { evaluate } from "./evaluation/recordLoop.ts";
import { regression } from "./evaluation/regressionLoop.ts";
import { tally } from "./evaluation/tallyLoop.ts";
import { exp, logarithm } from "./functions/functionLoops.ts";
import {
  likelihood,
  likelihoodGradient,
  likelihoodProbabilities,
  likelihoodProbabilitiesGradient,
} from "./likelihood/likelihoodLoops.ts";
import { logSoftmax, logSumExp, softmax } from "./rows/softmaxLoops.ts";
import { squaredError, squaredErrorGradient, squaredErrors } from "./squaredError.ts";
import { addExactly, extractSums } from "./sums/sumLoops.ts";
import { widenBfloat16, widenFloat16 } from "./widenLoops.ts";

/** Every kernel there is. */
export const KERNELS: readonly DescribedKernel[] = [
  squaredError,
  squaredErrorGradient,
  squaredErrors,
  softmax,
  logSoftmax,
  logSumExp,
  crossEntropy,
  crossEntropyGradient,
  crossEntropyProbabilities,
  crossEntropyProbabilitiesGradient,
  likelihood,
  likelihoodGradient,
  likelihoodProbabilities,
  likelihoodProbabilitiesGradient,
  checkLabels,
  labelWeights,
  addExactly,
  extractSums,
  exp,
  logarithm,
  widenFloat16,
  widenBfloat16,
  evaluate,
  tally,
  regression,
];
