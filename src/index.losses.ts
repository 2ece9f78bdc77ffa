/**
 * Losses with gradients, and optimizers, without evaluations: a page that trains loads little more than half of `wasm-loss`.
 *
 * @module wasm-loss/losses
 */
import { create } from "./createLosses.ts";
import { createFaces } from "./faces.ts";
import type { LossesOptions, LossFunctions } from "./losses.ts";
// behind all else that a page loads: see inlinedLosses.ts
import { lossesInside } from "./module/lossesInside.ts";

export * from "./exportedLosses.ts";

/**
 * createLosses of `wasm-loss`, but for evaluations: the same functions, options and bits.
 *
 * @throws as createLosses of `wasm-loss`
 * @example
 * import { createLosses } from "wasm-loss/losses";
 * const losses = await createLosses();
 * const { loss, grad } = losses.crossEntropyWithGrad(logits, labels, { classes: 10 });
 */
export async function createLosses(options: LossesOptions = {}): Promise<LossFunctions> {
  return create(createFaces, options, lossesInside);
}
