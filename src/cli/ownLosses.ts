import { create } from "../createLosses.ts";
import type { Losses, LossesOptions } from "../losses.ts";
import { moduleBeside } from "../module/beside.ts";

/** The folder of the modules' files. It stands two folders up from here, built or not. */
const FOLDER = new URL("../../dist/", import.meta.url).href;

/** createLosses of the package: the text of the inlined module is not loaded where its file is there. */
export const createLosses = (options: LossesOptions): Promise<Losses> =>
  create(options, (relaxed) => moduleBeside(FOLDER, relaxed));
