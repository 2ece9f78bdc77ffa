/**
 * Losses of model outputs, with gradients and evaluations: createLosses() makes an engine, and everything is on it.
 *
 * @module wasm-loss
 */
import { create } from "./createLosses.ts";
import { createEverything } from "./everything.ts";
import type { Losses, LossesOptions } from "./losses.ts";
import { moduleBeside } from "./module/beside.ts";

export * from "./exports.ts";

/**
 * Makes an engine: its memory and its kernels. Everything on it is synchronous.
 *
 * @throws TypeError or RangeError of options that make no sense; Error where `backend: "wasm"` has no SIMD to run on,
 * or a module that is given can't be read
 * @example
 * const losses = await createLosses();
 * losses.crossEntropy(logits, labels, { classes: 10 });
 * losses.close();
 */
export async function createLosses(options: LossesOptions = {}): Promise<Losses> {
  return create(createEverything, options, (relaxed) => moduleBeside(import.meta.url, relaxed));
}
