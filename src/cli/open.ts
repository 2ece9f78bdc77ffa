import { moduleBeside } from "../files.ts";
import { type Losses, type LossesOptions, openLosses } from "../losses.ts";

/** The folder of the modules' files, from where this is bundled to: dist/cli/. */
const FOLDER = new URL("../", import.meta.url).href;

export async function createLosses(options: LossesOptions): Promise<Losses> {
  return openLosses(options, undefined, (relaxed) => moduleBeside(FOLDER, relaxed));
}
