import { crossEntropyOperations } from "./crossEntropy.ts";
import { evaluateOperations } from "./evaluate.ts";
import type { Operation } from "./operation.ts";
import { regressionOperations } from "./regression.ts";
import { softmaxOperations } from "./softmax.ts";
import { squaredErrorOperations } from "./squaredError.ts";

/** Everything that is timed. */
export const operations: readonly Operation[] = [
  ...squaredErrorOperations,
  ...softmaxOperations,
  ...crossEntropyOperations,
  ...evaluateOperations,
  ...regressionOperations,
];
