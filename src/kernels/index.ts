import * as crossEntropy from "./crossEntropy.ts";
import * as functions from "./functions.ts";
import type { Kernel } from "./kernel.ts";
import * as likelihood from "./likelihood.ts";
import * as softmax from "./softmax.ts";
import * as squaredError from "./squaredError.ts";
import * as targets from "./targets.ts";

/** Every kernel there is. */
export const KERNELS: readonly Kernel[] = [squaredError, softmax, crossEntropy, likelihood, targets, functions].flatMap(
  (family) => Object.values(family) as Kernel[],
);
