import * as elementwise from "../generated/elementwise.ts";
import type { KernelLoops } from "../generated/loopTypes.ts";
import * as updates from "../generated/updates.ts";
import { extractSums } from "../numeric/extraction.ts";
import { addRangeToBins } from "../numeric/loops.ts";
import { crossEntropy, crossEntropyProbabilities } from "./crossEntropy/crossEntropyLoops.ts";
import { generalCrossEntropy } from "./crossEntropy/generalLoop.ts";
import { checkLabels, labelWeights } from "./crossEntropy/labelLoops.ts";
import { divergence } from "./divergence/divergenceLoops.ts";
import { gaussianNll } from "./elementwise/gaussian.ts";
import { sampleWeights } from "./elementwise/weigh.ts";
import { comparedRows } from "./evaluation/comparedRowsLoop.ts";
import { evaluateLikelihoods } from "./evaluation/likelihoodRecordLoop.ts";
import { evaluate } from "./evaluation/recordLoop.ts";
import { regression } from "./evaluation/regressionLoop.ts";
import { tally } from "./evaluation/tallyLoop.ts";
import { temperatureCurve } from "./evaluation/temperatureLoop.ts";
import { likelihood, likelihoodProbabilities } from "./likelihood/likelihoodLoops.ts";
import { sumOfSquares } from "./optimizers/squaresLoop.ts";
import { logSoftmax, logSumExp, softmax } from "./rows/softmaxLoops.ts";
import { weighRows } from "./rows/weighRows.ts";
import { widenBfloat16, widenFloat16 } from "./widenLoops.ts";

/** The JavaScript loop of every kernel, with the bits of the WebAssembly function of its name and parameters. */
export const KERNEL_LOOPS: KernelLoops = {
  ...elementwise,
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
  addExactly: addRangeToBins,
  extractSums,
  widenFloat16,
  widenBfloat16,
  evaluate,
  evaluateLikelihoods,
  comparedRows,
  temperatureCurve,
  tally,
  regression,
  ...updates,
  sumOfSquares,
};
