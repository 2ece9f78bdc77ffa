import * as calls from "../generated/elementwiseCalls.ts";
import type { Door } from "./door.ts";
import {
  createElementwise,
  createRootMeanSquare,
  type ElementwiseFunction,
  type ElementwiseWithGrad,
  type RootMeanSquare,
} from "./elementwise.ts";

/** Options of the Huber loss. */
export interface Huber {
  /** Where the loss becomes linear, above 0; default 1. */
  delta?: number | undefined;
}

/**
 * Losses of predictions p and as many targets t, of one dtype (half precision counts as float32). Difference, loss and slope
 * are rounded in it. Sums run over blocks of 1024 elements from the start of the call: float32 in rounds of 16, added in
 * float32, then in float64; float64 in sixteen lanes; blocks in index order. No broadcasting. Empty: mean NaN, sum 0.
 */
export interface ElementwiseLosses extends RootMeanSquare {
  /**
   * Mean squared error, mean (p - t)^2.
   *
   * @param predictions n values
   * @param targets as many, of the same dtype
   * @returns one number; with reduction `none` n values of the arrays' dtype
   * @throws TypeError of other arrays, two dtypes or unknown options; RangeError of two lengths
   * @example
   * losses.mse(Float64Array.of(1.1, 2.2, 3.3), Float64Array.of(1, 2, 3)); // 0.04666666666666666
   * @see PyTorch, torch.nn.MSELoss
   */
  readonly mse: ElementwiseFunction;

  /**
   * mse and its gradient by the predictions, 2 (p - t) / n (sum and none: 2 (p - t)).
   *
   * @returns the loss as of mse, and grad: n values of the arrays' dtype, `out` where it is given
   * @throws as mse; TypeError or RangeError of an `out` of another dtype or length, or that overlaps an input without
   * being the predictions
   * @example
   * const { loss, grad } = losses.mseWithGrad(predictions, targets, { out: predictions });
   */
  readonly mseWithGrad: ElementwiseWithGrad;

  /**
   * Mean absolute error, mean |p - t|. Shapes and errors as of mse.
   *
   * @example
   * losses.mae(Float32Array.of(3, 0), Float32Array.of(0, 4)); // 3.5
   * @see PyTorch, torch.nn.L1Loss
   */
  readonly mae: ElementwiseFunction;

  /** mae and its gradient by the predictions, sign(p - t) / n, and 0 where p is t. Shapes and errors as of mseWithGrad. */
  readonly maeWithGrad: ElementwiseWithGrad;

  /**
   * Huber loss of d = p - t: d^2 / 2 where |d| < delta, else delta (|d| - delta / 2). Shapes and errors as of mse.
   *
   * @throws RangeError of a delta that is not above 0
   * @example
   * losses.huber(Float32Array.of(0.5, 3), Float32Array.of(0, 0), { delta: 1 }); // 1.3125
   * @see PyTorch, torch.nn.HuberLoss
   */
  readonly huber: ElementwiseFunction<Huber>;

  /** huber and its gradient by the predictions, d between -delta and delta, over n. Shapes and errors as of mseWithGrad. */
  readonly huberWithGrad: ElementwiseWithGrad<Huber>;
}

export function createElementwiseLosses(door: Door): ElementwiseLosses {
  const mse = createElementwise(door, calls.mse);
  const mae = createElementwise(door, calls.mae);
  const huber = createElementwise(door, calls.huber);
  return {
    mse: mse.loss,
    mseWithGrad: mse.withGrad,
    mae: mae.loss,
    maeWithGrad: mae.withGrad,
    huber: huber.loss,
    huberWithGrad: huber.withGrad,
    ...createRootMeanSquare(door, calls.mse),
  };
}
