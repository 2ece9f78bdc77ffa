import * as calls from "../generated/elementwiseCalls.ts";
import { type BinaryLosses, createBinaryLosses } from "./binaryLosses.ts";
import { type CountLosses, createCountLosses } from "./countLosses.ts";
import type { Door } from "./door.ts";
import {
  createElementwise,
  createRootMeanSquare,
  type ElementwiseFunction,
  type ElementwiseWithGrad,
  type RootMeanSquare,
} from "./elementwise.ts";
import { createGaussianLosses, type GaussianLosses } from "./gaussianNll.ts";

/** Options of the Huber loss. */
export interface Huber {
  /** Where the loss becomes linear, above 0; default 1. */
  delta?: number | undefined;
}

/** Options of the smooth L1 loss. */
export interface SmoothL1 {
  /** Where the loss becomes linear, 0 or more; default 1. */
  beta?: number | undefined;
}

/** Options of the quantile loss. */
export interface Quantile {
  /** Between 0 and 1; default 0.5, the median. */
  quantile?: number | undefined;
}

/**
 * Losses of predictions p and as many targets t, of one dtype (half precision counts as float32). Difference, loss and slope
 * are rounded in it. Sums run over blocks of 1024 elements from the start of the call: float32 in rounds of 16, added in
 * float32, then in float64; float64 in sixteen lanes; blocks in index order. No broadcasting. Empty: mean NaN, sum 0.
 */
export interface ElementwiseLosses extends RootMeanSquare, BinaryLosses, CountLosses, GaussianLosses {
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

  /**
   * Smooth L1 loss of d = p - t: d^2 / (2 beta) where |d| < beta, else |d| - beta / 2, which is huber / beta; a beta of 0 (or
   * below the dtype's smallest normal number) is mae. Shapes and errors as of mse.
   *
   * @throws RangeError of a beta below 0
   * @example
   * losses.smoothL1(Float32Array.of(0.5, 3), Float32Array.of(0, 0), { beta: 1 }); // 1.3125
   * @see PyTorch, torch.nn.SmoothL1Loss
   */
  readonly smoothL1: ElementwiseFunction<SmoothL1>;

  /** smoothL1 and its gradient by the predictions, d / beta between -1 and 1, over n. Shapes and errors as of mseWithGrad. */
  readonly smoothL1WithGrad: ElementwiseWithGrad<SmoothL1>;

  /**
   * Quantile (pinball) loss of u = t - p: max(q u, (q - 1) u), of which the q-quantile of the targets is the least. Shapes and
   * errors as of mse.
   *
   * @throws RangeError of a quantile that is not between 0 and 1
   * @example
   * losses.quantile(Float32Array.of(1, 3), Float32Array.of(2, 2), { quantile: 0.9 }); // 0.5
   * @see scikit-learn, mean_pinball_loss
   */
  readonly quantile: ElementwiseFunction<Quantile>;

  /** quantile and its gradient by the predictions, -q below the target, 1 - q above it, over n. As mseWithGrad. */
  readonly quantileWithGrad: ElementwiseWithGrad<Quantile>;

  /**
   * Mean absolute percentage error, mean |p - t| / |t|: a fraction (times 100 it is percent). 0 where p = t, infinite where t
   * alone is 0. Shapes and errors as of mse.
   *
   * @example
   * losses.mape(Float32Array.of(3, 1), Float32Array.of(2, 1)); // 0.25
   * @see scikit-learn, mean_absolute_percentage_error
   */
  readonly mape: ElementwiseFunction;

  /** mape and its gradient by the predictions, sign(p - t) / (n |t|), and 0 where p is t. As mseWithGrad. */
  readonly mapeWithGrad: ElementwiseWithGrad;

  /**
   * Symmetric mean absolute percentage error, mean 2 |p - t| / (|p| + |t|), from 0 to 2; 0 where p = t. Shapes and errors as of
   * mse.
   *
   * @example
   * losses.smape(Float32Array.of(3, 1), Float32Array.of(1, 1)); // 0.5
   * @see Armstrong, Long-Range Forecasting (1985)
   */
  readonly smape: ElementwiseFunction;

  /**
   * smape and its gradient by the predictions, 4 sign(p - t) |t| / (|p| + |t|)^2 / n where both have one sign, else 0. As
   * mseWithGrad.
   */
  readonly smapeWithGrad: ElementwiseWithGrad;

  /**
   * Mean logarithm of the hyperbolic cosine of d = p - t: d^2 / 2 where |d| is small, |d| - ln 2 where it is large, with all digits
   * of either. Shapes and errors as of mse.
   *
   * @example
   * losses.logCosh(Float32Array.of(3, 1), Float32Array.of(1, 1)); // 0.6625
   * @see Keras, LogCosh
   */
  readonly logCosh: ElementwiseFunction;

  /** logCosh and its gradient by the predictions, tanh(p - t) / n. Shapes and errors as of mseWithGrad. */
  readonly logCoshWithGrad: ElementwiseWithGrad;

  /**
   * Mean squared logarithmic error, mean (ln(1 + p) - ln(1 + t))^2; NaN where p or t is -1 or less. Shapes and errors as of mse.
   *
   * @example
   * losses.msle(Float32Array.of(3, 0), Float32Array.of(1, 0)); // 0.2402
   * @see scikit-learn, mean_squared_log_error
   */
  readonly msle: ElementwiseFunction;

  /** msle and its gradient by the predictions, 2 (ln(1 + p) - ln(1 + t)) / (n (1 + p)). Shapes and errors as of mseWithGrad. */
  readonly msleWithGrad: ElementwiseWithGrad;
}

export function createElementwiseLosses(door: Door): ElementwiseLosses {
  const mse = createElementwise(door, calls.mse);
  const mae = createElementwise(door, calls.mae);
  const huber = createElementwise(door, calls.huber);
  const smoothL1 = createElementwise(door, calls.smoothL1);
  const quantile = createElementwise(door, calls.quantile);
  const mape = createElementwise(door, calls.mape);
  const smape = createElementwise(door, calls.smape);
  const logCosh = createElementwise(door, calls.logCosh);
  const msle = createElementwise(door, calls.msle);
  return {
    mse: mse.loss,
    mseWithGrad: mse.withGrad,
    mae: mae.loss,
    maeWithGrad: mae.withGrad,
    huber: huber.loss,
    huberWithGrad: huber.withGrad,
    smoothL1: smoothL1.loss,
    smoothL1WithGrad: smoothL1.withGrad,
    quantile: quantile.loss,
    quantileWithGrad: quantile.withGrad,
    mape: mape.loss,
    mapeWithGrad: mape.withGrad,
    smape: smape.loss,
    smapeWithGrad: smape.withGrad,
    logCosh: logCosh.loss,
    logCoshWithGrad: logCosh.withGrad,
    msle: msle.loss,
    msleWithGrad: msle.withGrad,
    ...createRootMeanSquare(door, calls.mse),
    ...createBinaryLosses(door),
    ...createCountLosses(door),
    ...createGaussianLosses(door),
  };
}
