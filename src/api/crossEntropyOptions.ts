import type { FloatArray } from "../dtype.ts";
import type { Reduce } from "./reduction.ts";
import type { Rows } from "./rowOptions.ts";

/** What the first argument of a cross-entropy holds. */
export type CrossEntropyInput = "logits" | "probabilities" | "logProbabilities";

/** Options of crossEntropy. */
export interface CrossEntropy<A extends FloatArray = FloatArray> extends Reduce, Rows {
  /** Default `logits`; of probabilities it is H(p, q), of their logarithms the negative log-likelihood. */
  input?: CrossEntropyInput | undefined;
  /** One a class, of the logits' dtype, none negative; default 1. */
  weight?: A | undefined;
  /** Rows with this label count for nothing; default -100. Index targets only. */
  ignoreIndex?: number | undefined;
  /** Share of the target that goes to all classes alike, 0 to 1; default 0. */
  labelSmoothing?: number | undefined;
}
