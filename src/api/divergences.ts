import type { LogitsArray, Matching, ResultOf } from "../dtype.ts";
import type { ResultOfTensor, TensorLike } from "../tensorLike.ts";
import { DivergenceFace } from "./divergenceFace.ts";
import type { Divergence, JensenShannon, KlDivergence } from "./divergenceOptions.ts";
import type { Door } from "./door.ts";
import type { Out, WithGrad } from "./reduction.ts";
import type { BesideTensor } from "./rowOptions.ts";

type One = { reduction?: "mean" | "sum" | undefined };
type Each = { reduction: "none" };

/** A divergence of rows of predictions from as many targets; `O` are its own options. */
export interface DivergenceFunction<O extends object> {
  (
    predictions: TensorLike,
    targets: TensorLike | LogitsArray,
    options: O & BesideTensor<Divergence> & Each,
  ): Float64Array;
  (predictions: TensorLike, targets: TensorLike | LogitsArray, options?: O & BesideTensor<Divergence> & One): number;
  <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A> | TensorLike,
    options: O & Divergence<ResultOf<A>> & Each,
  ): Float64Array;
  <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A> | TensorLike,
    options: O & Divergence<ResultOf<A>> & One,
  ): number;
  <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A> | TensorLike,
    options: O & Divergence<ResultOf<A>>,
  ): number | Float64Array;
}

/** Such a divergence and its gradient by the predictions. */
export interface DivergenceWithGrad<O extends object> {
  <T extends TensorLike>(
    predictions: T,
    targets: TensorLike | LogitsArray,
    options: O & BesideTensor<Divergence> & Out<ResultOfTensor<T>> & Each,
  ): WithGrad<Float64Array, ResultOfTensor<T>>;
  <T extends TensorLike>(
    predictions: T,
    targets: TensorLike | LogitsArray,
    options?: O & BesideTensor<Divergence> & Out<ResultOfTensor<T>> & One,
  ): WithGrad<number, ResultOfTensor<T>>;
  <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A> | TensorLike,
    options: O & Divergence<ResultOf<A>> & Out<ResultOf<A>> & Each,
  ): WithGrad<Float64Array, ResultOf<A>>;
  <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A> | TensorLike,
    options: O & Divergence<ResultOf<A>> & Out<ResultOf<A>> & One,
  ): WithGrad<number, ResultOf<A>>;
  <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A> | TensorLike,
    options: O & Divergence<ResultOf<A>> & Out<ResultOf<A>>,
  ): WithGrad<number | Float64Array, ResultOf<A>>;
}

/** Divergences of rows of predictions q from rows of targets p. */
export interface DivergenceLosses {
  /**
   * Kullback-Leibler divergence of each row in nats: forward Σ p (ln p - ln q), reverse Σ q (ln q - ln p). A class without
   * probability counts 0 (forward where p is 0, whatever q is); forward with p above 0 and q = 0 is infinite, as is reverse with
   * q above 0 and p = 0. Of one array on both sides it is exactly 0.
   *
   * All arithmetic is in float64; the error of a row is at most 2^-49 Σ (p + q) (1 + |ln p| + |ln q|), so that it may be
   * negative by as much. The mean is over rows (PyTorch's "batchmean"), weighted by sampleWeight; the sum is the correctly
   * rounded one.
   *
   * @param predictions row-major [rows, classes], or [rows, classes, inner], or a tensor, as of crossEntropy: logits (default),
   * logarithms of probabilities, or probabilities
   * @param targets as many, of the same dtype: probabilities (default), their logarithms, or logits
   * @returns one number; with reduction `none` one a row, float64
   * @throws TypeError of other arrays, two dtypes, unknown options, or a temperature without logits; RangeError of lengths that
   * don't fit and options out of range
   * @example
   * losses.klDivergence(Float32Array.of(0, 0), Float32Array.of(1, 0), { classes: 2 }); // 0.6931471805599453
   * losses.klDivergence(student, teacher, { classes: 50257, targetInput: "logits", temperature: 2 });
   * @see PyTorch, torch.nn.functional.kl_div
   */
  readonly klDivergence: DivergenceFunction<KlDivergence>;

  /**
   * klDivergence and its gradient by the predictions, as they are given. By logits: forward ((Σ p) q - p) / temperature, reverse
   * q (ln q - ln p - loss) / temperature; by logarithms -p and q (ln q - ln p + 1); by probabilities -p / q and ln q - ln p + 1.
   * Where reverse is infinite, it is NaN.
   *
   * @returns the loss as of klDivergence, and grad, as many values of the predictions' dtype, `out` where it is given (which may
   * be the predictions)
   * @throws as klDivergence, and of an `out` of another dtype or length, or that overlaps an input without being the predictions
   * @example
   * const { loss, grad } = losses.klDivergenceWithGrad(student, teacher, { classes: 10, targetInput: "logits" });
   */
  readonly klDivergenceWithGrad: DivergenceWithGrad<KlDivergence>;

  /**
   * Jensen-Shannon divergence of each row in nats: beta KL(p|m) + (1 - beta) KL(q|m), m = beta p + (1 - beta) q. It is never
   * negative, and at most ln 2.
   * Shapes, errors and the rest as of klDivergence.
   *
   * @throws RangeError of a beta that is not between 0 and 1
   * @example
   * losses.jensenShannon(Float32Array.of(1, 0), Float32Array.of(0, 1), { classes: 2, input: "probabilities" }); // ln 2
   * @see Lin, Divergence measures based on the Shannon entropy (1991)
   */
  readonly jensenShannon: DivergenceFunction<JensenShannon>;

  /**
   * jensenShannon and its gradient by the predictions, with h = ln q - ln m: by logits (1 - beta) q (h - Σ q h) / temperature, by
   * logarithms (1 - beta) q h, by probabilities (1 - beta) h. The rest as of klDivergenceWithGrad.
   */
  readonly jensenShannonWithGrad: DivergenceWithGrad<JensenShannon>;
}

/** A divergence on one backend. */
function facesOf<O extends object>(face: DivergenceFace, name: "klDivergence" | "jensenShannon") {
  return {
    loss: ((p: unknown, t: unknown, options: O & Divergence) =>
      face.loss(name, p, t, options)) as DivergenceFunction<O>,
    withGrad: ((p: unknown, t: unknown, options: O & Divergence & Out) =>
      face.withGrad(name, p, t, options)) as DivergenceWithGrad<O>,
  };
}

export function createDivergences(door: Door): DivergenceLosses {
  const face = new DivergenceFace(door);
  const kl = facesOf<KlDivergence>(face, "klDivergence");
  const js = facesOf<JensenShannon>(face, "jensenShannon");
  return {
    klDivergence: kl.loss,
    klDivergenceWithGrad: kl.withGrad,
    jensenShannon: js.loss,
    jensenShannonWithGrad: js.withGrad,
  };
}
