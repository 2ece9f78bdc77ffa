import { create } from "../createLosses.ts";
import { createEvaluations, type Evaluations } from "../evaluate/evaluations.ts";
import type { Engine, LossesOptions } from "../losses.ts";
import { moduleBeside } from "../module/beside.ts";

/** The folder of the modules' files. It stands two folders up from here, built or not. */
const FOLDER = new URL("../../dist/", import.meta.url).href;

/**
 * Room for two sets of five inputs, of 4 MiB each. V8 looks for garbage where 64 MiB, which are usual, are reserved at once: that
 * took 13 ms of processor time.
 */
const ARENA_BYTES = 48 * 2 ** 20;

/** An engine as the command line needs it: memory and evaluations. */
export type Losses = Engine & Evaluations;

/** createLosses of the package, without what no evaluation calls; nor is the text of the module loaded where its file is there. */
export async function createLosses(options: LossesOptions): Promise<Losses> {
  const withBytes = { arenaBytes: ARENA_BYTES, ...options };
  return create(createEvaluations, withBytes, (relaxed) => moduleBeside(FOLDER, relaxed));
}
