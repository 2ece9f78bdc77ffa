import { NO_FLOATS, type Reduce as TakePartials } from "../backends/backend.ts";
import {
  checkAttached,
  checkFlag,
  checkLength,
  checkOptions,
  checkOverlap,
  checkSameDtype,
  floatsOf,
  logitsOf,
  outOf,
} from "../check.ts";
import { BLOCK_ELEMENTS } from "../descriptions/thresholds.ts";
import {
  dtypeOf,
  type FloatArray,
  floatArray,
  HalfBits,
  type LogitsArray,
  type Matching,
  type ResultOf,
} from "../dtype.ts";
import { type GaussianNllArguments, gaussianNll as kernel } from "../generated/kernels.ts";
import { checkSameShape, type ResultOfTensor, type TensorLike } from "../tensorLike.ts";
import type { Door } from "./door.ts";
import { type Out, type Reduce, reductionOf } from "./reduction.ts";
import { type SampleWeight, sampleWeightOf, sumOfWeights, weightsOfMean } from "./sampleWeight.ts";

/** Options of the Gaussian likelihood. */
export interface GaussianNll<A extends FloatArray = FloatArray> extends SampleWeight<A> {
  /** One an element, above 0, of the dtype of the results. */
  variance: A;
  /** Whether ln(2 pi) / 2 is added, which does not depend on the predictions; default false. */
  full?: boolean | undefined;
}

/** Where the gradients go. */
export interface OutVariance<A extends FloatArray = FloatArray> extends Out<A> {
  /** As `out`, for the gradient by the variances; may be the variances themselves, on purpose. */
  outVariance?: A | undefined;
}

/** A loss with both of its gradients. */
export interface WithGradients<L, A extends FloatArray> {
  loss: L;
  grad: A;
  gradVariance: A;
}

/** The Gaussian likelihood of means and variances. */
export interface GaussianLosses {
  /**
   * Negative log-likelihood of targets t under normal distributions of mean p and variance v: mean (ln v + (p - t)^2 / v) / 2, and
   * ln(2 pi) / 2 with `full`.
   *
   * @param mean n values
   * @param targets as many, of the same dtype
   * @returns one number; with reduction `none` n values of the arrays' dtype
   * @throws as mse; RangeError of a variance that is not above 0
   * @example
   * losses.gaussianNll(Float64Array.of(1, 3), Float64Array.of(0, 3), { variance: Float64Array.of(1, 1) }); // 0.25
   * @see PyTorch, torch.nn.GaussianNLLLoss
   */
  readonly gaussianNll: {
    <T extends TensorLike>(
      mean: T,
      targets: TensorLike | LogitsArray,
      options: GaussianNll & { reduction: "none" },
    ): ResultOfTensor<T>;
    (
      mean: TensorLike,
      targets: TensorLike | LogitsArray,
      options: GaussianNll & { reduction?: "mean" | "sum" | undefined },
    ): number;
    <A extends LogitsArray>(
      mean: A,
      targets: Matching<A> | TensorLike,
      options: GaussianNll<ResultOf<A>> & { reduction: "none" },
    ): ResultOf<A>;
    <A extends LogitsArray>(
      mean: A,
      targets: Matching<A> | TensorLike,
      options: GaussianNll<ResultOf<A>> & { reduction?: "mean" | "sum" | undefined },
    ): number;
    <A extends LogitsArray>(
      mean: A,
      targets: Matching<A> | TensorLike,
      options: GaussianNll<ResultOf<A>> & Reduce,
    ): number | ResultOf<A>;
  };

  /**
   * gaussianNll and its gradients: by the means (p - t) / (n v), by the variances (1 - (p - t)^2 / v) / (2 n v).
   *
   * @returns the loss as of gaussianNll, grad (`out` where it is given) and gradVariance (`outVariance`), n values each
   * @throws as mseWithGrad and gaussianNll
   */
  readonly gaussianNllWithGrad: {
    <T extends TensorLike>(
      mean: T,
      targets: TensorLike | LogitsArray,
      options: GaussianNll & OutVariance<ResultOfTensor<T>> & { reduction: "none" },
    ): WithGradients<ResultOfTensor<T>, ResultOfTensor<T>>;
    <T extends TensorLike>(
      mean: T,
      targets: TensorLike | LogitsArray,
      options: GaussianNll & OutVariance<ResultOfTensor<T>> & { reduction?: "mean" | "sum" | undefined },
    ): WithGradients<number, ResultOfTensor<T>>;
    <A extends LogitsArray>(
      mean: A,
      targets: Matching<A> | TensorLike,
      options: GaussianNll<ResultOf<A>> & OutVariance<ResultOf<A>> & { reduction: "none" },
    ): WithGradients<ResultOf<A>, ResultOf<A>>;
    <A extends LogitsArray>(
      mean: A,
      targets: Matching<A> | TensorLike,
      options: GaussianNll<ResultOf<A>> & OutVariance<ResultOf<A>> & { reduction?: "mean" | "sum" | undefined },
    ): WithGradients<number, ResultOf<A>>;
    <A extends LogitsArray>(
      mean: A,
      targets: Matching<A> | TensorLike,
      options: GaussianNll<ResultOf<A>> & OutVariance<ResultOf<A>> & Reduce,
    ): WithGradients<number | ResultOf<A>, ResultOf<A>>;
  };
}

const KNOWN = ["variance", "full", "reduction", "sampleWeight"];
const KNOWN_WITH_GRAD = [...KNOWN, "out", "outVariance"];

type Given = Partial<GaussianNll & OutVariance> & Reduce;

export function createGaussianLosses(door: Door): GaussianLosses {
  /** The loss, and where they are asked for, its gradients. */
  function run(name: string, predictions: unknown, targets: unknown, options: unknown, isWithGrad: boolean) {
    checkOptions(name, options as object, isWithGrad ? KNOWN_WITH_GRAD : KNOWN);
    // read before anything else is looked at
    const { variance, full = false, sampleWeight, out, outVariance, ...rest } = options as Given;
    const reduction = reductionOf(name, rest);
    checkFlag(name, "full", full);
    const backend = door(name);
    const p = logitsOf(name, "mean", predictions);
    const t = logitsOf(name, "targets", targets);
    checkSameDtype(name, "targets", t, "mean", p);
    const n = p.length;
    if (n === 0) checkAttached(name, "mean", p);
    checkLength(name, "targets", t.length, n, "mean");
    if (t !== targets) checkSameShape(name, "targets", targets, "mean", predictions);
    const v = floatsOf(name, "variance", variance);
    checkSameDtype(name, "variance", v, "mean", p);
    checkLength(name, "variance", v.length, n, "mean");
    let weights = sampleWeight === undefined ? null : sampleWeightOf(name, sampleWeight, p, "mean");
    const dtype = dtypeOf(p);
    const grad = isWithGrad ? place(name, "out", out, p, [p, t, v, weights], 0) : null;
    const gradVariance = isWithGrad ? place(name, "outVariance", outVariance, p, [p, t, v, weights, grad], 2) : null;
    let weight = n;
    if (weights !== null && reduction === "mean") [weights, weight] = weightsOfMean(name, backend, weights);
    else if (weights !== null) sumOfWeights(name, backend, weights);

    let sum = 0;
    let refused = -1;
    const take: TakePartials = (sums, blocks, first) => {
      for (let i = 0; i < blocks; i++) {
        sum += sums[2 * i];
        if (refused < 0 && sums[2 * i + 1] >= 0) refused = first * BLOCK_ELEMENTS + sums[2 * i + 1];
      }
    };
    const losses = reduction === "none" ? floatArray(dtype, n) : null;
    const args: GaussianNllArguments = {
      predictions: p,
      targets: t,
      variance: v,
      sampleWeight: weights,
      losses,
      grad,
      gradVariance,
      scale: reduction === "mean" ? 1 / weight : 1,
      full: Number(full),
    };
    // what is refused may be overwritten
    const kept = gradVariance !== null && gradVariance.buffer === v.buffer ? v.slice() : v;
    backend.run(kernel, dtype, Math.ceil(n / BLOCK_ELEMENTS), args, n, take);
    if (refused >= 0) {
      throw new RangeError(`${name}: variance[${refused}] is ${kept[refused]}, but must be above 0`);
    }
    const loss = losses ?? (reduction === "mean" ? sum / weight : sum);
    return { loss, grad: out ?? grad ?? NO_FLOATS, gradVariance: outVariance ?? gradVariance ?? NO_FLOATS };
  }

  const gaussianNll = ((mean: LogitsArray, targets: LogitsArray, options: Given) =>
    run("gaussianNll", mean, targets, options, false).loss) as GaussianLosses["gaussianNll"];
  const gaussianNllWithGrad = ((mean: LogitsArray, targets: LogitsArray, options: Given) =>
    run("gaussianNllWithGrad", mean, targets, options, true)) as GaussianLosses["gaussianNllWithGrad"];
  return { gaussianNll, gaussianNllWithGrad };
}

/** An array for a gradient, which may be the input at `own` but overlaps no other one; a new one where none is given. */
function place(
  name: string,
  argument: string,
  out: FloatArray | undefined,
  like: FloatArray | HalfBits,
  inputs: readonly (FloatArray | HalfBits | null)[],
  own: number,
): FloatArray {
  if (out === undefined) return floatArray(dtypeOf(like), like.length);
  const array = outOf(name, out, like, "mean", argument);
  const names = ["mean", "targets", "variance", "sampleWeight", "out"];
  inputs.forEach((other, i) => {
    if (other === null) return;
    const bytes = other instanceof HalfBits ? other.bits : other;
    checkOverlap(name, array, names[i], bytes, i === own && !(other instanceof HalfBits), argument);
  });
  return array;
}
