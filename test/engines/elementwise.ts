import type * as parts from "../../src/exports.ts";
import type { Losses } from "../backends.ts";
import { dtypes, type FloatArray, type Random } from "../inputs.ts";
import { type Entry, REDUCTIONS } from "./entry.ts";
import { pairsOf } from "./pairs.ts";
import { Places } from "./places.ts";

type Call<Options, Result> = (predictions: FloatArray, targets: FloatArray, options?: Options) => Result;
type LossCall = Call<parts.Reduce & parts.SampleWeight, number | FloatArray>;
type GradientCall = Call<parts.Reduce & parts.SampleWeight & parts.Out, parts.WithGrad<number | FloatArray>>;

/** The names of losses that can be called so, and have a gradient. */
export type ElementwiseLoss = {
  [K in string & keyof Losses]: `${K}WithGrad` extends keyof Losses ? (Losses[K] extends LossCall ? K : never) : never;
}[string & keyof Losses];
type ElementwiseLosses = Record<ElementwiseLoss, LossCall> & Record<`${ElementwiseLoss}WithGrad`, GradientCall>;

interface Domain {
  /** What its entries are called, where that is not the function's name. */
  readonly title?: string;
  /** The loss is the root of a mean: it takes no reduction, and the slope is divided by it. */
  readonly isRoot?: boolean;
  /** Predictions and targets that the loss takes. */
  readonly arrays?: typeof pairsOf;
}

/**
 * The entries of an element-wise loss and of its gradient, which are called with each of `options`. Sums of float32 losses, and
 * slopes that are divided by one, are in an entry of their own: their bits may change where all others must not.
 */
export function elementwise(
  name: ElementwiseLoss,
  options: readonly object[] = [{}],
  { title = name, isRoot = false, arrays = pairsOf }: Domain = {},
): Entry[] {
  const withGrad = `${name}WithGrad` as const;

  function* calls(losses: Losses, random: Random) {
    const places = new Places(losses, random);
    let weighs = false;
    for (const dtype of dtypes) {
      for (const [predictions, targets] of arrays(random, dtype)) {
        for (const option of options) {
          for (const reduction of isRoot ? [undefined] : REDUCTIONS) {
            const p = places.copy(predictions);
            const t = places.copy(targets);
            const summed = dtype === "float32" && reduction !== "none";
            // every other call has weights
            const sampleWeight = weighs ? places.copy(predictions.map((_, i) => (i % 5) / 4) as FloatArray) : undefined;
            weighs = !weighs;
            yield { p, t, options: { ...option, reduction, sampleWeight }, out: places.out(p, dtype), summed };
            places.clear();
          }
        }
      }
    }
  }

  const of: (losses: Losses) => ElementwiseLosses = (losses) => losses;
  return [
    {
      name: title,
      functions: [name],
      run(losses, digest, random) {
        for (const { p, t, options, summed } of calls(losses, random)) {
          if (!summed) digest.add(of(losses)[name](p, t, options));
        }
      },
    },
    {
      name: `${title}, with gradient`,
      functions: [withGrad],
      run(losses, digest, random) {
        for (const { p, t, options, out, summed } of calls(losses, random)) {
          const { loss, grad } = of(losses)[withGrad](p, t, { ...options, out });
          if (!summed) digest.add(loss);
          if (!(summed && isRoot)) digest.add(grad);
        }
      },
    },
    {
      name: `${title}, float32 sums`,
      functions: [name, withGrad],
      run(losses, digest, random) {
        for (const { p, t, options, out, summed } of calls(losses, random)) {
          if (!summed) continue;
          digest.add(of(losses)[name](p, t, options));
          const { loss, grad } = of(losses)[withGrad](p, t, { ...options, out });
          digest.add(loss);
          if (isRoot) digest.add(grad);
        }
      },
    },
  ];
}
