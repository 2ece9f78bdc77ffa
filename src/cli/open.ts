import type { Losses, LossesOptions } from "../api/losses.ts";
import { create } from "../create.ts";
import { moduleBeside } from "../files.ts";

/** The folder of the modules' files, from where this is bundled to: dist/cli/. */
const FOLDER = new URL("../", import.meta.url).href;

export async function createLosses(options: LossesOptions): Promise<Losses> {
  return create(options, (relaxed) => moduleBeside(FOLDER, relaxed));
}
