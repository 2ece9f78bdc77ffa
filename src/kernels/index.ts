import {
  crossEntropy,
  crossEntropyGradient,
  crossEntropyProbabilities,
  crossEntropyProbabilitiesGradient,
} from "./crossEntropy.ts";
import { evaluate } from "./evaluate.ts";
import { addExactly, extractSums } from "./exactSums.ts";
import { exp, logarithm } from "./functions.ts";
import type { DescribedKernel } from "./kernel.ts";
import {
  likelihood,
  likelihoodGradient,
  likelihoodProbabilities,
  likelihoodProbabilitiesGradient,
} from "./likelihood.ts";
import { regression } from "./regression.ts";
import { logSoftmax, logSumExp, softmax } from "./softmax.ts";
import { squaredError, squaredErrorGradient, squaredErrors } from "./squaredError.ts";
import { tally } from "./tally.ts";
import { checkLabels, labelWeights } from "./targets.ts";
import { widenBfloat16, widenFloat16 } from "./widen.ts";

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
