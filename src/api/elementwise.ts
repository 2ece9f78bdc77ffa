import type { ElementwiseCall } from "../descriptions/elementwiseLoss.ts";
import type { LogitsArray, Matching, ResultOf } from "../dtype.ts";
import type { ResultOfTensor, TensorLike } from "../tensorLike.ts";
import type { Door } from "./door.ts";
import { ElementwiseFace } from "./elementwiseFace.ts";
import type { Out, Reduce, WithGrad } from "./reduction.ts";
import type { SampleWeight } from "./sampleWeight.ts";

/** What a loss with its gradient takes beside its own options. */
type Given<A extends LogitsArray> = SampleWeight<ResultOf<A>> & Out<ResultOf<A>>;

/** A loss of predictions and as many targets, of one dtype; `O` are its options. */
export interface ElementwiseFunction<O extends object = object> {
  <T extends TensorLike>(
    predictions: T,
    targets: TensorLike | LogitsArray,
    options: O & SampleWeight & { reduction: "none" },
  ): ResultOfTensor<T>;
  (
    predictions: TensorLike,
    targets: TensorLike | LogitsArray,
    options?: O & SampleWeight & { reduction?: "mean" | "sum" | undefined },
  ): number;
  <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A> | TensorLike,
    options: O & SampleWeight<ResultOf<A>> & { reduction: "none" },
  ): ResultOf<A>;
  <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A> | TensorLike,
    options?: O & SampleWeight<ResultOf<A>> & { reduction?: "mean" | "sum" | undefined },
  ): number;
  <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A> | TensorLike,
    options?: O & SampleWeight<ResultOf<A>> & Reduce,
  ): number | ResultOf<A>;
}

/** Such a loss and its gradient by the predictions. */
export interface ElementwiseWithGrad<O extends object = object> {
  <T extends TensorLike>(
    predictions: T,
    targets: TensorLike | LogitsArray,
    options: O & SampleWeight & Out<ResultOfTensor<T>> & { reduction: "none" },
  ): WithGrad<ResultOfTensor<T>, ResultOfTensor<T>>;
  <T extends TensorLike>(
    predictions: T,
    targets: TensorLike | LogitsArray,
    options?: O & SampleWeight & Out<ResultOfTensor<T>> & { reduction?: "mean" | "sum" | undefined },
  ): WithGrad<number, ResultOfTensor<T>>;
  <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A> | TensorLike,
    options: O & Given<A> & { reduction: "none" },
  ): WithGrad<ResultOf<A>, ResultOf<A>>;
  <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A> | TensorLike,
    options?: O & Given<A> & { reduction?: "mean" | "sum" | undefined },
  ): WithGrad<number, ResultOf<A>>;
  <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A> | TensorLike,
    options?: O & Given<A> & Reduce,
  ): WithGrad<number | ResultOf<A>, ResultOf<A>>;
}

/** One loss on one backend: `loss` and `withGrad` are its public functions. */
export function createElementwise<O extends string = never>(door: Door, call: ElementwiseCall<O>) {
  const face = new ElementwiseFace(door, call);
  type Options = { readonly [name in O]?: number | boolean };
  return {
    loss: ((p: unknown, t: unknown, options?: SampleWeight) =>
      face.loss(call.name, p, t, options)) as ElementwiseFunction<Options>,
    withGrad: ((p: unknown, t: unknown, options?: SampleWeight & Out) =>
      face.withGrad(`${call.name}WithGrad`, p, t, options)) as ElementwiseWithGrad<Options>,
  };
}

/** The root of the mean squared error. */
export interface RootMeanSquare {
  /**
   * Root of the mean squared error, sqrt(mse), also where squares are beyond the dtype. It takes no reduction.
   *
   * @throws as mse
   * @example
   * losses.rmse(Float32Array.of(3, 0), Float32Array.of(0, 4)); // 3.5355339059327378
   */
  readonly rmse: {
    (predictions: TensorLike, targets: TensorLike | LogitsArray, options?: SampleWeight): number;
    <A extends LogitsArray>(
      predictions: A,
      targets: Matching<A> | TensorLike,
      options?: SampleWeight<ResultOf<A>>,
    ): number;
  };

  /** rmse and its gradient by the predictions, (p - t) / (n rmse), and 0 where rmse is 0. Errors as of mseWithGrad. */
  readonly rmseWithGrad: {
    <T extends TensorLike>(
      predictions: T,
      targets: TensorLike | LogitsArray,
      options?: SampleWeight & Out<ResultOfTensor<T>>,
    ): WithGrad<number, ResultOfTensor<T>>;
    <A extends LogitsArray>(
      predictions: A,
      targets: Matching<A> | TensorLike,
      options?: Given<A>,
    ): WithGrad<number, ResultOf<A>>;
  };
}

export function createRootMeanSquare(door: Door, squaredError: ElementwiseCall): RootMeanSquare {
  const face = new ElementwiseFace(door, squaredError);

  return {
    rmse: (predictions: unknown, targets: unknown, options?: SampleWeight) =>
      face.root("rmse", predictions, targets, options),
    rmseWithGrad: ((predictions: unknown, targets: unknown, options?: SampleWeight & Out) =>
      face.rootWithGrad("rmseWithGrad", predictions, targets, options)) as RootMeanSquare["rmseWithGrad"],
  };
}
