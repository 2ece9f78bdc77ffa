import { comparisonOperations } from "./comparison.ts";
import { crossEntropyOperations } from "./crossEntropy.ts";
import { divergenceOperations } from "./divergence.ts";
import { elementwiseOperations } from "./elementwise.ts";
import { evaluateOperations } from "./evaluate.ts";
import type { Operation } from "./operation.ts";
import { optimizerOperations } from "./optimizers.ts";
import { regressionOperations } from "./regression.ts";
import { softmaxOperations } from "./softmax.ts";

/** Everything that is timed. */
export const operations: readonly Operation[] = [
  ...elementwiseOperations,
  ...softmaxOperations,
  ...crossEntropyOperations,
  ...divergenceOperations,
  ...evaluateOperations,
  ...comparisonOperations,
  ...regressionOperations,
  ...optimizerOperations,
];
