import { dtypes, type FloatArray } from "../inputs.ts";
import { type Entry, REDUCTIONS } from "./entry.ts";
import { pairsOf } from "./pairs.ts";

/** The loss that has variances beside predictions and targets. */
export const gaussian: Entry = {
  name: "gaussianNll",
  functions: ["gaussianNll", "gaussianNllWithGrad"],
  run(losses, digest, random) {
    for (const dtype of dtypes) {
      for (const [p, t] of pairsOf(random, dtype, 2100)) {
        const variance = p.map((x) => 0.1 + (Number.isFinite(x) ? Math.abs(x) : 1)) as FloatArray;
        const sampleWeight = p.map((_, i) => (i % 5) / 4) as FloatArray;
        for (const reduction of REDUCTIONS) {
          for (const options of [{ full: true }, { sampleWeight }]) {
            const given = { variance, reduction, ...options };
            digest.add(losses.gaussianNll(p, t, given));
            const { loss, grad, gradVariance } = losses.gaussianNllWithGrad(p, t, given);
            digest.add(loss);
            digest.add(grad);
            digest.add(gradVariance);
          }
        }
      }
    }
  },
};
