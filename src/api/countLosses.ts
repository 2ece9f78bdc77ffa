import * as calls from "../generated/elementwiseCalls.ts";
import type { Door } from "./door.ts";
import { createElementwise, type ElementwiseFunction, type ElementwiseWithGrad } from "./elementwise.ts";

/** Options of the Poisson likelihood. */
export interface PoissonNll {
  /** What the predictions are: logarithms of rates, the default, or rates. */
  input?: "logRate" | "rate" | undefined;
  /** Whether what does not depend on the predictions is added, by Stirling's formula; default false. */
  full?: boolean | undefined;
}

/** Options of the Tweedie loss. */
export interface Tweedie {
  /** Between 1 (Poisson) and 2 (gamma); default 1.5. */
  power?: number | undefined;
}

/** Losses of counts and amounts, which are 0 or more. */
export interface CountLosses {
  /**
   * Negative log-likelihood of counts t under a Poisson distribution: mean e^x - t x of logarithms x of rates, p - t ln p of rates
   * p (NaN where one is negative). `full` adds t ln t - t + ln(2 pi t) / 2 where t > 1. Shapes and errors as of mse.
   *
   * @throws RangeError of a target below 0
   * @example
   * losses.poissonNll(Float32Array.of(0, 1), Float32Array.of(1, 3)); // 0.3591
   * @see PyTorch, torch.nn.PoissonNLLLoss
   */
  readonly poissonNll: ElementwiseFunction<PoissonNll>;

  /** poissonNll and its gradient by the predictions: (e^x - t) / n, of rates (1 - t / p) / n. As mseWithGrad and poissonNll. */
  readonly poissonNllWithGrad: ElementwiseWithGrad<PoissonNll>;

  /**
   * Tweedie loss of logarithms x of means and amounts t: mean -t e^((1 - r) x) / (1 - r) + e^((2 - r) x) / (2 - r), r the power.
   * Shapes and errors as of mse.
   *
   * @throws RangeError of a target below 0, of a power that is not between 1 and 2
   * @example
   * losses.tweedie(Float32Array.of(0, 1), Float32Array.of(1, 0)); // 3.6487
   * @see scikit-learn, HalfTweedieLoss
   */
  readonly tweedie: ElementwiseFunction<Tweedie>;

  /** tweedie and its gradient by the predictions, (e^((2 - r) x) - t e^((1 - r) x)) / n. As mseWithGrad and tweedie. */
  readonly tweedieWithGrad: ElementwiseWithGrad<Tweedie>;
}

export function createCountLosses(door: Door): CountLosses {
  const poissonNll = createElementwise(door, calls.poissonNll);
  const tweedie = createElementwise(door, calls.tweedie);
  return {
    poissonNll: poissonNll.loss,
    poissonNllWithGrad: poissonNll.withGrad,
    tweedie: tweedie.loss,
    tweedieWithGrad: tweedie.withGrad,
  };
}
