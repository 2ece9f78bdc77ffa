import type { FloatArray, LabelArray, LogitsArray, ResultOf } from "../dtype.ts";
import type { ResultOfTensor, TensorLike } from "../tensorLike.ts";
import { CrossEntropyFace } from "./crossEntropyFace.ts";
import type { CrossEntropy, SparseTargets } from "./crossEntropyOptions.ts";
import type { Door } from "./door.ts";
import type { Out, WithGrad } from "./reduction.ts";
import type { BesideTensor } from "./rowOptions.ts";

/** Labels, or probabilities of the logits' dtype, of all classes or of some. */
type Targets<A extends LogitsArray> = LabelArray | ResultOf<A> | SparseTargets<ResultOf<A>> | TensorLike;
type AnyTargets = LabelArray | FloatArray | SparseTargets | TensorLike;
type Options<A extends LogitsArray> = CrossEntropy<ResultOf<A>>;
type OptionsWithOut<A extends LogitsArray> = Options<A> & Out<ResultOf<A>>;
type TensorOptions = BesideTensor<CrossEntropy>;
type One = { reduction?: "mean" | "sum" | undefined };
type Each = { reduction: "none" };

/** A loss of rows of logits and their targets. */
export interface CrossEntropyFunction {
  (logits: TensorLike, targets: AnyTargets, options: TensorOptions & Each): Float64Array;
  (logits: TensorLike, targets: AnyTargets, options?: TensorOptions & One): number;
  (logits: TensorLike, targets: AnyTargets, options: TensorOptions): number | Float64Array;
  <A extends LogitsArray>(logits: A, targets: Targets<A>, options: Options<A> & Each): Float64Array;
  <A extends LogitsArray>(logits: A, targets: Targets<A>, options: Options<A> & One): number;
  <A extends LogitsArray>(logits: A, targets: Targets<A>, options: Options<A>): number | Float64Array;
}

/** Such a loss and its gradient by the logits. */
export interface CrossEntropyWithGrad {
  <T extends TensorLike>(
    logits: T,
    targets: AnyTargets,
    options: TensorOptions & Out<ResultOfTensor<T>> & Each,
  ): WithGrad<Float64Array, ResultOfTensor<T>>;
  <T extends TensorLike>(
    logits: T,
    targets: AnyTargets,
    options?: TensorOptions & Out<ResultOfTensor<T>> & One,
  ): WithGrad<number, ResultOfTensor<T>>;
  <T extends TensorLike>(
    logits: T,
    targets: AnyTargets,
    options: TensorOptions & Out<ResultOfTensor<T>>,
  ): WithGrad<number | Float64Array, ResultOfTensor<T>>;
  <A extends LogitsArray>(
    logits: A,
    targets: Targets<A>,
    options: OptionsWithOut<A> & Each,
  ): WithGrad<Float64Array, ResultOf<A>>;
  <A extends LogitsArray>(
    logits: A,
    targets: Targets<A>,
    options: OptionsWithOut<A> & One,
  ): WithGrad<number, ResultOf<A>>;
  <A extends LogitsArray>(
    logits: A,
    targets: Targets<A>,
    options: OptionsWithOut<A>,
  ): WithGrad<number | Float64Array, ResultOf<A>>;
}

/** Cross-entropy and its gradient. */
export interface CrossEntropyLosses {
  /**
   * Cross-entropy of each row in nats, -w[y] ln softmax(x)[y] for a label y, -Σ w p ln softmax(x) for probabilities p;
   * smoothed, the target is (1 - labelSmoothing) of that and labelSmoothing / classes of every class.
   *
   * The mean is over rows that are not ignored, for labels weighted by w[y]. The sum over rows is the correctly rounded
   * one, so that it does not depend on their order. A row's loss has a relative error of at most
   * 2^-23 (4 + max(0, -ln loss)) for float32 logits, 2^-51 (...) for float64: confident rows keep their digits. Ignored
   * rows, and classes of weight 0, count exactly 0 whatever the logits hold. All rows ignored, or none: mean NaN, sum 0.
   *
   * Of logits u = softCap tanh(x / softCap) / temperature stands for x. A label's part is times (1 - softmax(u)[y])^gamma, with a
   * bound of 2^-23 (4 + 4 gamma + ...), and zLoss (ln Σ exp(u))^2 is added to each row that counts. All of it is times the row's
   * sampleWeight s: the mean divides by Σ s w[y] of labels, by Σ s of probabilities. docs/cross-entropy.md has all of it.
   *
   * @param logits row-major [rows, classes], or [rows, classes, inner]; all that is one a row is then [rows, inner]. Or a tensor: its
   * last size is the classes, unless `classes` is another one or `inner` says how many positions are behind them
   * @param targets labels (an integer array, one a row), probabilities (floats, as many as logits), or those of a few classes a
   * row: `{ indices, probabilities }`, [rows, k] each, of logits with inner 1
   * @returns one number; with reduction `none` one a row, float64
   * @throws TypeError of other arrays, two dtypes, unknown options, options of logits with another input, gamma without labels;
   * RangeError of lengths that don't fit, of a label that is
   * neither below classes nor ignoreIndex (row and value named), of weights or options out of range
   * @example
   * losses.crossEntropy(logits, labels, { classes: 50257 });
   * losses.crossEntropy(Float32Array.of(20, 0, 0), Int32Array.of(0), { classes: 3 }); // 4.12e-9
   * losses.crossEntropy(logits, labels, { classes: 50257, softCap: 30, zLoss: 1e-4, sampleWeight: mask });
   * @see PyTorch, torch.nn.CrossEntropyLoss; Lin et al., Focal loss (2017); Chowdhery et al., PaLM (2022), of z-loss; Gemma 2
   * (2024), of soft caps
   */
  readonly crossEntropy: CrossEntropyFunction;

  /**
   * crossEntropy and its gradient by the logits (or whatever `input` says they are). With reduction `none` the gradient
   * is that of the sum. Ignored rows have gradient 0.
   *
   * @returns the loss as of crossEntropy, and grad, shaped and typed as the logits, `out` where it is given (which may be
   * the logits)
   * @throws as crossEntropy, and of an `out` of another dtype or length, or that overlaps an input without being the
   * logits; nothing is written then
   * @example
   * const { loss, grad } = losses.crossEntropyWithGrad(logits, labels, { classes: 10 });
   */
  readonly crossEntropyWithGrad: CrossEntropyWithGrad;
}

export function createCrossEntropy(door: Door): CrossEntropyLosses {
  const face = new CrossEntropyFace(door);
  return {
    crossEntropy: ((logits: LogitsArray, targets: AnyTargets, options: CrossEntropy) =>
      face.loss(logits, targets, options)) as CrossEntropyFunction,
    crossEntropyWithGrad: ((logits: LogitsArray, targets: AnyTargets, options: CrossEntropy & Out) =>
      face.withGrad(logits, targets, options)) as CrossEntropyWithGrad,
  };
}
