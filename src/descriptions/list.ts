import { crossEntropy, crossEntropyProbabilities, likelihood, likelihoodProbabilities } from "./crossEntropy.ts";
import { ELEMENTWISE, kernelOf } from "./elementwise.ts";
import { evaluate, evaluateLikelihoods, regression, tally } from "./evaluation.ts";
import { exp, logarithm } from "./functions.ts";
import type { Description } from "./kernel.ts";
import { checkLabels, labelWeights } from "./labels.ts";
import { logSoftmax, logSumExp, softmax } from "./softmax.ts";
import { addExactly, extractSums } from "./sums.ts";
import { widenBfloat16, widenFloat16 } from "./widen.ts";

/** Every kernel there is, in the order of the module's exports. */
export const KERNELS: readonly Description[] = [
  ...ELEMENTWISE.map(kernelOf),
  softmax,
  logSoftmax,
  logSumExp,
  crossEntropy,
  crossEntropyProbabilities,
  likelihood,
  likelihoodProbabilities,
  checkLabels,
  labelWeights,
  addExactly,
  extractSums,
  exp,
  logarithm,
  widenFloat16,
  widenBfloat16,
  evaluate,
  evaluateLikelihoods,
  tally,
  regression,
];
