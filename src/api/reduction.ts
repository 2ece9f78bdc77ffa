import { checkChoice } from "../check.ts";
import type { FloatArray } from "../dtype.ts";

/** How losses become one number: their mean (the default), their sum, or `none`: each of them. */
export type Reduction = "mean" | "sum" | "none";

/** Options of every loss. */
export interface Reduce {
  reduction?: Reduction | undefined;
}

/** Options of functions that write an array, of the dtype of the results. */
export interface Out<A extends FloatArray = FloatArray> {
  /** Written and returned instead of a new array; may be the input itself, on purpose. */
  out?: A | undefined;
}

/** A loss with its gradient. */
export interface WithGrad<L = number, G extends FloatArray = FloatArray> {
  loss: L;
  grad: G;
}

const REDUCTIONS: readonly Reduction[] = ["mean", "sum", "none"];

export function reductionOf(name: string, options: { readonly reduction?: unknown } | undefined): Reduction {
  const reduction = options?.reduction ?? "mean";
  checkChoice(name, "reduction", reduction, REDUCTIONS);
  return reduction;
}
