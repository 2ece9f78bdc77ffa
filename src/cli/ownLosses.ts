import { create } from "../createLosses.ts";
import type { Losses, LossesOptions } from "../losses.ts";
import { moduleBeside } from "../module/beside.ts";

/** The folder of the modules' files. It stands two folders up from here, built or not. */
const FOLDER = new URL("../../dist/", import.meta.url).href;

/**
 * Room for two sets of five inputs, of 4 MiB each. V8 looks for garbage where 64 MiB, which are usual, are reserved at once: that
 * took 13 ms of processor time.
 */
const ARENA_BYTES = 48 * 2 ** 20;

/** createLosses of the package: the text of the inlined module is not loaded where its file is there. */
export const createLosses = (options: LossesOptions): Promise<Losses> =>
  create({ arenaBytes: ARENA_BYTES, ...options }, (relaxed) => moduleBeside(FOLDER, relaxed));
