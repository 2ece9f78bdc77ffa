import type { ElementwiseCall } from "../descriptions/elementwise.ts";
import type { FloatArray, LogitsArray, Matching, ResultOf } from "../dtype.ts";
import type { Door } from "./door.ts";
import { ElementwiseFace } from "./elementwiseFace.ts";
import type { Out, Reduce, WithGrad } from "./reduction.ts";
import type { SampleWeight } from "./sampleWeight.ts";

/** What a loss with its gradient takes beside its own options. */
type Given<A extends LogitsArray> = SampleWeight<ResultOf<A>> & Out<ResultOf<A>>;

/** A loss of predictions and as many targets, of one dtype; `O` are its options. */
export interface ElementwiseFunction<O extends object = object> {
  <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A>,
    options: O & SampleWeight<ResultOf<A>> & { reduction: "none" },
  ): ResultOf<A>;
  <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A>,
    options?: O & SampleWeight<ResultOf<A>> & { reduction?: "mean" | "sum" | undefined },
  ): number;
  <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A>,
    options?: O & SampleWeight<ResultOf<A>> & Reduce,
  ): number | ResultOf<A>;
}

/** Such a loss and its gradient by the predictions. */
export interface ElementwiseWithGrad<O extends object = object> {
  <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A>,
    options: O & Given<A> & { reduction: "none" },
  ): WithGrad<ResultOf<A>, ResultOf<A>>;
  <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A>,
    options?: O & Given<A> & { reduction?: "mean" | "sum" | undefined },
  ): WithGrad<number, ResultOf<A>>;
  <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A>,
    options?: O & Given<A> & Reduce,
  ): WithGrad<number | ResultOf<A>, ResultOf<A>>;
}

/** One loss on one backend: `loss` and `withGrad` are its public functions. */
export function createElementwise<O extends string = never>(door: Door, call: ElementwiseCall<O>) {
  const face = new ElementwiseFace(door, call);
  type Options = { readonly [name in O]?: number | boolean };

  type Weighed<A extends LogitsArray> = Options & SampleWeight<ResultOf<A>>;
  function loss<A extends LogitsArray>(p: A, t: Matching<A>, options: Weighed<A> & { reduction: "none" }): ResultOf<A>;
  function loss<A extends LogitsArray>(
    p: A,
    t: Matching<A>,
    options?: Weighed<A> & { reduction?: "mean" | "sum" | undefined },
  ): number;
  function loss<A extends LogitsArray>(p: A, t: Matching<A>, options?: Weighed<A> & Reduce): number | ResultOf<A>;
  function loss(p: LogitsArray, t: LogitsArray, options?: Options & SampleWeight & Reduce): number | FloatArray {
    return face.loss(call.name, p, t, options);
  }

  type Grad<A extends LogitsArray, L> = WithGrad<L, ResultOf<A>>;
  function withGrad<A extends LogitsArray>(
    p: A,
    t: Matching<A>,
    options: Options & Given<A> & { reduction: "none" },
  ): Grad<A, ResultOf<A>>;
  function withGrad<A extends LogitsArray>(
    p: A,
    t: Matching<A>,
    options?: Options & Given<A> & { reduction?: "mean" | "sum" | undefined },
  ): Grad<A, number>;
  function withGrad<A extends LogitsArray>(
    p: A,
    t: Matching<A>,
    options?: Options & Given<A> & Reduce,
  ): Grad<A, number | ResultOf<A>>;
  function withGrad(
    p: LogitsArray,
    t: LogitsArray,
    options?: Options & SampleWeight & Reduce & Out,
  ): WithGrad<number | FloatArray> {
    return face.withGrad(`${call.name}WithGrad`, p, t, options);
  }

  return { loss, withGrad };
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
  readonly rmse: <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A>,
    options?: SampleWeight<ResultOf<A>>,
  ) => number;

  /** rmse and its gradient by the predictions, (p - t) / (n rmse), and 0 where rmse is 0. Errors as of mseWithGrad. */
  readonly rmseWithGrad: <A extends LogitsArray>(
    predictions: A,
    targets: Matching<A>,
    options?: Given<A>,
  ) => WithGrad<number, ResultOf<A>>;
}

export function createRootMeanSquare(door: Door, squaredError: ElementwiseCall): RootMeanSquare {
  const face = new ElementwiseFace(door, squaredError);

  function rmse<A extends LogitsArray>(
    predictions: A,
    targets: Matching<A>,
    options?: SampleWeight<ResultOf<A>>,
  ): number;
  function rmse(predictions: LogitsArray, targets: LogitsArray, options?: SampleWeight): number {
    return face.root("rmse", predictions, targets, options);
  }

  function rmseWithGrad<A extends LogitsArray>(
    predictions: A,
    targets: Matching<A>,
    options?: Given<A>,
  ): WithGrad<number, ResultOf<A>>;
  function rmseWithGrad(
    predictions: LogitsArray,
    targets: LogitsArray,
    options?: SampleWeight & Out,
  ): WithGrad<number> {
    return face.rootWithGrad("rmseWithGrad", predictions, targets, options);
  }

  return { rmse, rmseWithGrad };
}
