import type { Losses } from "../../src/cli/ownLosses.ts";
import { create } from "../../src/createLosses.ts";
import { createEvaluations } from "../../src/evaluate/evaluations.ts";
import type { LossesOptions } from "../../src/losses.ts";
import { moduleInside } from "../../src/module/inlined.ts";

/** A page has the module inlined. */
export async function createLosses(options: LossesOptions): Promise<Losses> {
  return create(createEvaluations, options, moduleInside);
}
