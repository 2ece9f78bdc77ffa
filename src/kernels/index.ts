import * as crossEntropy from "./crossEntropy.ts";
import { evaluate } from "./evaluate.ts";
import * as functions from "./functions.ts";
import type { Kernel } from "./kernel.ts";
import * as likelihood from "./likelihood.ts";
import * as softmax from "./softmax.ts";
import * as squaredError from "./squaredError.ts";
import { tally } from "./tally.ts";
import * as targets from "./targets.ts";
import * as widen from "./widen.ts";

/** Every kernel there is. */
export const KERNELS: readonly Kernel[] = [
  ...[squaredError, softmax, crossEntropy, likelihood, targets, functions, widen].flatMap(
    (family) => Object.values(family) as Kernel[],
  ),
  evaluate,
  tally,
];
