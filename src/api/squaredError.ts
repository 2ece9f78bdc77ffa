import type { Backend } from "../backends/backend.ts";
import { checkFloats, checkLength, checkOut, checkOverlap, checkSameDtype } from "../check.ts";
import { dtypeOf, type FloatArray, floatArray } from "../dtype.ts";
import { BLOCK_ELEMENTS } from "../kernels/constants.ts";
import { squaredError, squaredErrorGradient, squaredErrors } from "../kernels/squaredError.ts";
import { type Out, type Reduce, reductionOf, type WithGrad } from "./reduction.ts";

function check(name: string, predictions: unknown, targets: unknown): void {
  checkFloats(name, "predictions", predictions);
  checkFloats(name, "targets", targets);
  checkSameDtype(name, "targets", targets, "predictions", predictions);
  checkLength(name, "targets", targets.length, predictions.length, "predictions");
}

const blocksOf = (predictions: FloatArray) => Math.ceil(predictions.length / BLOCK_ELEMENTS);

/** Σ (p - t)^2: blocks of 1024, combined in index order in float64. */
function sumOfSquares(backend: Backend, predictions: FloatArray, targets: FloatArray): number {
  let sum = 0;
  const args = { predictions, targets };
  backend.run(squaredError, dtypeOf(predictions), blocksOf(predictions), args, predictions.length, (sums, blocks) => {
    for (let i = 0; i < blocks; i++) sum += sums[i];
  });
  return sum;
}

/** (p - t)^2 of each element. */
function squares(backend: Backend, predictions: FloatArray, targets: FloatArray): FloatArray {
  const dtype = dtypeOf(predictions);
  const out = floatArray(dtype, predictions.length);
  backend.run(squaredErrors, dtype, blocksOf(predictions), { predictions, targets, out }, predictions.length);
  return out;
}

export function mse(backend: Backend, predictions: FloatArray, targets: FloatArray, options?: Reduce) {
  check("mse", predictions, targets);
  const reduction = reductionOf("mse", options);
  if (reduction === "none") return squares(backend, predictions, targets);
  const sum = sumOfSquares(backend, predictions, targets);
  return reduction === "sum" ? sum : sum / predictions.length;
}

export function rmse(backend: Backend, predictions: FloatArray, targets: FloatArray): number {
  check("rmse", predictions, targets);
  return Math.sqrt(sumOfSquares(backend, predictions, targets) / predictions.length);
}

/** Writes grad = scale (p - t); returns Σ (p - t)^2. */
function writeGradient(
  backend: Backend,
  predictions: FloatArray,
  targets: FloatArray,
  grad: FloatArray,
  scale: number,
): number {
  let sum = 0;
  const args = { predictions, targets, grad, scale };
  backend.run(
    squaredErrorGradient,
    dtypeOf(predictions),
    blocksOf(predictions),
    args,
    predictions.length,
    (sums, blocks) => {
      for (let i = 0; i < blocks; i++) sum += sums[i];
    },
  );
  return sum;
}

/** `out` of a gradient, checked, or a new array. */
function gradientOf(name: string, predictions: FloatArray, targets: FloatArray, options: Out | undefined): FloatArray {
  const out = options?.out;
  if (out === undefined) return floatArray(dtypeOf(predictions), predictions.length);
  checkOut(name, out, predictions, "predictions");
  checkOverlap(name, out, "predictions", predictions, true);
  checkOverlap(name, out, "targets", targets, false);
  return out;
}

export function mseWithGrad(
  backend: Backend,
  predictions: FloatArray,
  targets: FloatArray,
  options?: Reduce & Out,
): WithGrad<number | FloatArray> {
  check("mseWithGrad", predictions, targets);
  const reduction = reductionOf("mseWithGrad", options);
  const grad = gradientOf("mseWithGrad", predictions, targets, options);
  const n = predictions.length;
  const each = reduction === "none" ? squares(backend, predictions, targets) : null;
  const sum = writeGradient(backend, predictions, targets, grad, reduction === "mean" ? 2 / n : 2);
  return { loss: each ?? (reduction === "mean" ? sum / n : sum), grad };
}

export function rmseWithGrad(
  backend: Backend,
  predictions: FloatArray,
  targets: FloatArray,
  options?: Out,
): WithGrad<number> {
  check("rmseWithGrad", predictions, targets);
  const grad = gradientOf("rmseWithGrad", predictions, targets, options);
  const n = predictions.length;
  const loss = Math.sqrt(sumOfSquares(backend, predictions, targets) / n);
  writeGradient(backend, predictions, targets, grad, loss === 0 ? 0 : 1 / (n * loss));
  return { loss, grad };
}
