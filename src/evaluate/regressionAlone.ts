import { createJsBackend } from "../backends/js/jsBackend.ts";
import { createErrorScratch, regression } from "../kernels/evaluation/regressionLoop.ts";
import { ErrorEvaluator, type RegressionEvaluator } from "./regression.ts";
import { Workspace } from "./workspace.ts";

/**
 * An evaluator of regressions: mse, rmse, mae, mape, largest error and R2, with sums that are exact for every element, so that
 * nothing depends on batches or their order. It needs no engine and runs in JavaScript, 20 ns an element; that of an engine
 * (Losses.regressionEvaluator) gives the same in 2 (float64: 3.5).
 *
 * @throws (add) TypeError of other arrays or two dtypes; RangeError of two lengths
 * @example
 * const evaluator = regressionEvaluator();
 * evaluator.add(predictions, targets);
 * evaluator.result().r2;
 * @see Wikipedia, Coefficient of determination
 */
export function regressionEvaluator(): RegressionEvaluator {
  // all that it runs: a page loads no other loop for it
  const backend = createJsBackend({ regression }, createErrorScratch(), 0);
  const workspace = new Workspace(backend);
  return new ErrorEvaluator({ backend: () => backend, workspace: () => workspace });
}
