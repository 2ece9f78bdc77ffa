import type { FloatArray } from "../dtype.ts";
import type { Reduce } from "./reduction.ts";
import type { Inner, Rows } from "./rowOptions.ts";

/** What the first argument of a cross-entropy holds. */
export type CrossEntropyInput = "logits" | "probabilities" | "logProbabilities";

/** Probabilities of as many classes of each row, and 0 of the others: a teacher's largest. A class twice in a row adds up. */
export interface SparseTargets<A extends FloatArray = FloatArray> {
  /** Classes, [rows, k]. */
  indices: Int32Array;
  /** As many, of the dtype of the results. */
  probabilities: A;
}

/** Options of crossEntropy. */
export interface CrossEntropy<A extends FloatArray = FloatArray> extends Reduce, Rows, Inner {
  /** Default `logits`; of probabilities it is H(p, q), of their logarithms the negative log-likelihood. */
  input?: CrossEntropyInput | undefined;
  /** One a class, of the logits' dtype, none negative; default 1. */
  weight?: A | undefined;
  /** Rows with this label count for nothing; default -100. Index targets only. */
  ignoreIndex?: number | undefined;
  /** Share of the target that goes to all classes alike, 0 to 1; default 0. */
  labelSmoothing?: number | undefined;
  /**
   * One a row, of the dtype of the results, 0 or more; default 1. What the row's loss is multiplied by; a mean divides by Σ
   * sampleWeight w[y], of float targets by Σ sampleWeight. A row of weight 0 counts exactly 0, whatever it holds.
   */
  sampleWeight?: A | undefined;
  /** What logits are divided by, above 0; default 1. The loss is not multiplied by it. Of logits alone, as the next three. */
  temperature?: number | undefined;
  /** Logits become softCap tanh(x / softCap) before temperature divides them; above 0, default none. Mask after it: -inf is -softCap. */
  softCap?: number | undefined;
  /** Times the square of the row's ln Σ exp(u) it is added to the loss, whatever the class weights; 0 or more, default 0. */
  zLoss?: number | undefined;
  /** The loss of a label y is times (1 - softmax(u)[y])^gamma (focal; the smoothed part is not); 0 or more, default 0. Labels only. */
  gamma?: number | undefined;
}
