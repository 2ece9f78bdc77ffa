import { create } from "../../src/createLosses.ts";
import type { Engine } from "../../src/engine.ts";
import type { LossesOptions } from "../../src/losses.ts";
import { moduleInside } from "../../src/module/inlined.ts";

/** A page has the module inlined. */
export async function createLosses(options: LossesOptions): Promise<Engine> {
  return create(() => ({}), options, moduleInside);
}
