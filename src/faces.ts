import { createCrossEntropy } from "./api/crossEntropy.ts";
import { createDivergences } from "./api/divergences.ts";
import type { Door } from "./api/door.ts";
import { createElementwiseLosses } from "./api/elementwiseLosses.ts";
import { createOptimizers } from "./api/optimizers/faces.ts";
import { createSoftmax } from "./api/softmax.ts";
import type { Engine, LossFunctions } from "./losses.ts";

/** The functions of arrays: what no evaluation calls. */
export const createFaces = (door: Door): Omit<LossFunctions, keyof Engine> => ({
  ...createElementwiseLosses(door),
  ...createSoftmax(door),
  ...createCrossEntropy(door),
  ...createDivergences(door),
  ...createOptimizers(door),
});
