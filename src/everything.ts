import type { Door } from "./api/door.ts";
import type { Closing } from "./engine.ts";
import { createEvaluations } from "./evaluate/evaluations.ts";
import { createFaces } from "./faces.ts";
import type { Engine, Losses } from "./losses.ts";

/** The functions of arrays, and evaluations. */
export const createEverything = (door: Door, closing: Closing): Omit<Losses, keyof Engine> => ({
  ...createFaces(door),
  ...createEvaluations(door, closing),
});
