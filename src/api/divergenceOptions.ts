import type { FloatArray } from "../dtype.ts";
import type { CrossEntropyInput } from "./crossEntropyOptions.ts";
import type { Reduce } from "./reduction.ts";
import type { Inner, Rows } from "./rowOptions.ts";

/** What the arguments of a divergence hold. */
export type DivergenceInput = CrossEntropyInput;

/** Options of every divergence. */
export interface Divergence<A extends FloatArray = FloatArray> extends Reduce, Rows, Inner {
  /** What the predictions are; default `logits`. */
  input?: DivergenceInput | undefined;
  /** What the targets are; default `probabilities`. */
  targetInput?: DivergenceInput | undefined;
  /** What logits of either side are divided by, above 0; default 1. The divergence is not multiplied by its square. */
  temperature?: number | undefined;
  /** One a row, of the predictions' dtype, none negative; default 1. A row of weight 0 counts exactly 0, whatever it holds. */
  sampleWeight?: A | undefined;
}

/** Options of the Kullback-Leibler divergence. */
export interface KlDivergence {
  /** `forward` (default) is KL(targets | predictions), `reverse` KL(predictions | targets). */
  direction?: "forward" | "reverse" | undefined;
}

/** Options of the Jensen-Shannon divergence. */
export interface JensenShannon {
  /** Share of the targets in the mixture, between 0 and 1; default 0.5. */
  beta?: number | undefined;
}
