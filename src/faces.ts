import { type CrossEntropyLosses, createCrossEntropy } from "./api/crossEntropy.ts";
import { createDivergences, type DivergenceLosses } from "./api/divergences.ts";
import type { Door } from "./api/door.ts";
import { createElementwiseLosses, type ElementwiseLosses } from "./api/elementwiseLosses.ts";
import { createOptimizers, type Optimizers } from "./api/optimizers/faces.ts";
import { createSoftmax, type SoftmaxLosses } from "./api/softmax.ts";

/** The functions of arrays: what no evaluation calls. */
export interface Faces extends ElementwiseLosses, SoftmaxLosses, CrossEntropyLosses, DivergenceLosses, Optimizers {}

export const createFaces = (door: Door): Faces => ({
  ...createElementwiseLosses(door),
  ...createSoftmax(door),
  ...createCrossEntropy(door),
  ...createDivergences(door),
  ...createOptimizers(door),
});
