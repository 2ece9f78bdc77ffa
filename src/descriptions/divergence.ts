import { BOTH, type Description, input, integer, optional, output, partials, real, scratch } from "./kernel.ts";

/**
 * Divergences of predictions q from targets p; `measure` says which, `beta` is Jensen-Shannon's share of the targets, and
 * gradients are divided by `denominator`.
 */
export const divergence: Description = {
  name: "divergence",
  formula: "Σ p (ln p - ln q), Σ q (ln q - ln p), or β KL(p|m) + (1 - β) KL(q|m), m = β p + (1 - β) q",
  unit: "row",
  dtypes: BOTH,
  parameters: [
    input("predictions", "classes"),
    input("targets", "classes"),
    optional(input("sampleWeight", "unit")),
    optional(output("grad", "classes")),
    partials("losses"),
    integer("classes"),
    integer("input"),
    integer("targetInput"),
    integer("measure"),
    real("beta"),
    real("temperature"),
    real("denominator"),
    scratch,
  ],
  tolerance: {
    f32: "2^-49 Σ (p + q) (1 + |ln p| + |ln q|); gradient 2^-23 of its terms",
    f64: "2^-49 Σ (p + q) (1 + |ln p| + |ln q|); gradient 2^-51 (4 + |ln p| + |ln q|) of its terms",
  },
  module: "divergence/divergence",
};
