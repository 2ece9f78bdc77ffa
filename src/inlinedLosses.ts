import type { Tuning } from "./backends/threads/threads.ts";
import { create } from "./createLosses.ts";
import { createEverything } from "./everything.ts";
import type { Losses, LossesOptions } from "./losses.ts";
// behind all else that a page loads: gzip finds less on the other side of such a text (500 bytes)
import { moduleInside } from "./module/inlined.ts";

export type { Losses, LossesOptions };

/** createLosses with the module that is inlined: see index.ts. */
export async function createLosses(options: LossesOptions = {}): Promise<Losses> {
  return openLosses(options);
}

/** createLosses with another way of sharing out: tests share the smallest calls. */
export async function openLosses(options: LossesOptions, tuning?: Tuning): Promise<Losses> {
  return create(createEverything, options, moduleInside, tuning);
}
