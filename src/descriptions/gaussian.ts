import { BOTH, count, type Description, input, optional, output, partials, real, scratch } from "./kernel.ts";

/** The element-wise loss that has a third input, and a gradient by that too. */
export const gaussianNll: Description = {
  name: "gaussianNll",
  formula: "Σ (ln v + (p - t)^2 / v) / 2; gradients (p - t) / v, (1 - (p - t)^2 / v) / (2 v)",
  unit: "block",
  dtypes: BOTH,
  parameters: [
    input("predictions", "block"),
    input("targets", "block"),
    input("variance", "block"),
    optional(input("sampleWeight", "block")),
    optional(output("losses", "block")),
    optional(output("grad", "block")),
    optional(output("gradVariance", "block")),
    // and the number of the first element that is refused, or -1
    optional(partials("sums", 2)),
    count,
    real("scale"),
    real("full"),
    scratch,
  ],
  tolerance: {
    f32: "2^-23 of Σ |loss| beside 8 x 2^-24 of each's terms; gradients 9 x 2^-24 of their terms",
    f64: "2^-46 of Σ |loss| beside 8 x 2^-53 of each's terms; gradients 9 x 2^-53 of their terms",
  },
  module: "elementwise/gaussian",
};
