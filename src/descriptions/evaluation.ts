import {
  accumulated,
  BOTH,
  count,
  type Description,
  EXACT,
  input,
  integer,
  optional,
  partials,
  scratch,
} from "./kernel.ts";
import { COMPARED, RECORD } from "./record.ts";
import { BLOCK_RESULTS } from "./regressionSums.ts";
import { NODES } from "./thresholds.ts";

export const evaluate: Description = {
  name: "evaluate",
  formula: "loss, entropy, Brier, confidence, rank, argmax, log-sum-exp",
  unit: "row",
  dtypes: BOTH,
  parameters: [
    input("logits", "classes"),
    input("labels", "unit", "i32"),
    optional(input("weights", "call")),
    partials("rows", RECORD),
    integer("classes"),
    integer("ignoreIndex"),
    scratch,
  ],
  tolerance: {
    f32: "of the loss as crossEntropy; 2^-20 of 1 + ln classes of the others",
    f64: "of the loss as crossEntropy; 2^-46 of 1 + ln classes of the others",
  },
  module: "evaluation/rowRecord",
};

export const evaluateLikelihoods: Description = {
  name: "evaluateLikelihoods",
  formula: "the same of probabilities, or of their logarithms",
  unit: "row",
  dtypes: BOTH,
  parameters: [
    input("input", "classes"),
    input("labels", "unit", "i32"),
    optional(input("weights", "call")),
    partials("rows", RECORD),
    integer("classes"),
    integer("ignoreIndex"),
    integer("logarithms"),
  ],
  tolerance: {
    f32: "of the loss as likelihood; 2^-46 of 1 + ln classes of the others",
    f64: "of the loss as likelihood; 2^-46 of 1 + ln classes of the others",
  },
  module: "evaluation/likelihoodRecord",
};

/** Rows of logits of a base and of another model, side by side. */
export const comparedRows: Description = {
  name: "comparedRows",
  formula:
    "losses and first maxima of two models; Σ p φ(ln q - ln p) of softmaxes, p the base's, φ(e) = exp(e) - 1 - e",
  unit: "row",
  dtypes: BOTH,
  parameters: [
    input("base", "classes"),
    input("other", "classes"),
    input("labels", "unit", "i32"),
    partials("rows", COMPARED),
    integer("classes"),
    integer("ignoreIndex"),
    scratch,
  ],
  tolerance: {
    f32: "of losses as crossEntropy; of each p φ 2^-15 + 2^-20 ln classes + 2^-19 max(|ln p|, |ln q|); + what is derived below",
    f64: "of losses as crossEntropy; of each p φ 2^-40 + 2^-46 ln classes + 2^-42 max(|ln p|, |ln q|); + what is derived below",
  },
  module: "evaluation/comparedRows",
};

/** Losses of a row, and their slopes, at inverse temperatures of k / 8. */
export const temperatureCurve: Description = {
  name: "temperatureCurve",
  formula: "ln Σ exp(β x) - β x_y, and its slope by β, at β = k / 8",
  unit: "row",
  dtypes: BOTH,
  parameters: [
    input("logits", "classes"),
    input("labels", "unit", "i32"),
    partials("curve", 2 * NODES),
    integer("classes"),
    integer("ignoreIndex"),
    scratch,
  ],
  tolerance: { f32: "2^-17 (1 + β |x_y - max x|)", f64: "2^-44 (1 + β |x_y - max x|)" },
  module: "evaluation/temperatureCurve",
};

/** Adds up records of rows. The bins of a sum differ between backends; what they add up to does not. */
export const tally: Description = {
  name: "tally",
  formula: "Σ of the records of rows, exact",
  unit: "row",
  dtypes: null,
  parameters: [
    { ...input("rows", "unit", "f64"), values: RECORD },
    accumulated("sums"),
    accumulated("counters"),
    integer("ranks"),
    integer("bins"),
    integer("weighted"),
  ],
  splits: false,
  tolerance: EXACT,
  module: "evaluation/tally",
};

/** Adds up errors and targets; of the bins as above. */
export const regression: Description = {
  name: "regression",
  formula: "Σ (p - t)^2, Σ |p - t|, Σ t, Σ t^2, Σ |p - t| / |t|, exact; max |p - t|, extreme squares",
  unit: "block",
  dtypes: BOTH,
  parameters: [
    input("predictions", "block"),
    input("targets", "block"),
    accumulated("sums"),
    partials("results", BLOCK_RESULTS),
    count,
    scratch,
  ],
  splits: false,
  tolerance: { f32: "sums exact, p - t rounded in f32", f64: "sums exact, p - t and its square rounded in f64" },
  module: "evaluation/regression",
};

/** Kernels that only evaluations call. */
export const EVALUATIONS: readonly Description[] = [
  evaluate,
  evaluateLikelihoods,
  comparedRows,
  temperatureCurve,
  tally,
  regression,
];
