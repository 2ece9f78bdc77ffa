import type { Backend, Reduce as TakePartials } from "../backends/backend.ts";
import {
  checkAttached,
  checkFloats,
  checkLength,
  checkOptionsObject,
  checkOut,
  checkOverlap,
  checkSameDtype,
} from "../check.ts";
import type { Kernel } from "../descriptions/kernel.ts";
import { BLOCK_ELEMENTS } from "../descriptions/thresholds.ts";
import { dtypeOf, type FloatArray, floatArray } from "../dtype.ts";
import { squaredError, squaredErrorGradient, squaredErrors } from "../generated/kernels.ts";
import { type Out, type Reduce, reductionOf, type WithGrad } from "./reduction.ts";

/** Checks the arrays, and returns how many elements they have. */
function check(name: string, predictions: unknown, targets: unknown): number {
  checkFloats(name, "predictions", predictions);
  checkFloats(name, "targets", targets);
  checkSameDtype(name, "targets", targets, "predictions", predictions);
  const { length } = predictions;
  if (length === 0) checkAttached(name, "predictions", predictions);
  checkLength(name, "targets", targets.length, length, "predictions");
  if (length === 0) checkAttached(name, "targets", targets);
  return length;
}

/** `out` of a gradient, checked, or a new array. */
function gradientOf(name: string, predictions: FloatArray, targets: FloatArray, options: Out | undefined): FloatArray {
  if (options !== undefined) checkOptionsObject(name, options);
  const out = options?.out;
  if (out === undefined) return floatArray(dtypeOf(predictions), predictions.length);
  checkOut(name, out, predictions, "predictions");
  checkOverlap(name, out, "predictions", predictions, true);
  checkOverlap(name, out, "targets", targets, false);
  return out;
}

/** Squared errors on one backend. */
export class SquaredError {
  readonly #backend: Backend;
  /** One object for every call, so that a call leaves none behind; emptied after each. */
  readonly #args = {
    predictions: null as FloatArray | null,
    targets: null as FloatArray | null,
    grad: null as FloatArray | null,
    out: null as FloatArray | null,
    scale: 0,
  };
  #sum = 0;
  /** Blocks of 1024, combined in index order in float64. */
  readonly #add: TakePartials = (sums, blocks) => {
    for (let i = 0; i < blocks; i++) this.#sum += sums[i];
  };

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  mse(predictions: FloatArray, targets: FloatArray, options?: Reduce): number | FloatArray {
    const n = check("mse", predictions, targets);
    const reduction = reductionOf("mse", options);
    if (reduction === "none") return this.#squares(predictions, targets, n);
    const sum = this.#sumOf(squaredError, predictions, targets, n, null, 0);
    return reduction === "sum" ? sum : sum / n;
  }

  rmse(predictions: FloatArray, targets: FloatArray): number {
    const n = check("rmse", predictions, targets);
    return Math.sqrt(this.#sumOf(squaredError, predictions, targets, n, null, 0) / n);
  }

  mseWithGrad(predictions: FloatArray, targets: FloatArray, options?: Reduce & Out): WithGrad<number | FloatArray> {
    const n = check("mseWithGrad", predictions, targets);
    const reduction = reductionOf("mseWithGrad", options);
    const grad = gradientOf("mseWithGrad", predictions, targets, options);
    const each = reduction === "none" ? this.#squares(predictions, targets, n) : null;
    const sum = this.#sumOf(squaredErrorGradient, predictions, targets, n, grad, reduction === "mean" ? 2 / n : 2);
    return { loss: each ?? (reduction === "mean" ? sum / n : sum), grad };
  }

  rmseWithGrad(predictions: FloatArray, targets: FloatArray, options?: Out): WithGrad<number> {
    const n = check("rmseWithGrad", predictions, targets);
    const grad = gradientOf("rmseWithGrad", predictions, targets, options);
    const loss = Math.sqrt(this.#sumOf(squaredError, predictions, targets, n, null, 0) / n);
    this.#sumOf(squaredErrorGradient, predictions, targets, n, grad, loss === 0 ? 0 : 1 / (n * loss));
    return { loss, grad };
  }

  /** (p - t)^2 of each element. */
  #squares(predictions: FloatArray, targets: FloatArray, n: number): FloatArray {
    const out = floatArray(dtypeOf(predictions), n);
    this.#args.out = out;
    this.#run(squaredErrors, predictions, targets, n);
    return out;
  }

  /** Σ (p - t)^2; grad = scale (p - t) where the kernel writes one. */
  #sumOf(
    kernel: Kernel,
    predictions: FloatArray,
    targets: FloatArray,
    n: number,
    grad: FloatArray | null,
    scale: number,
  ): number {
    this.#args.grad = grad;
    this.#args.scale = scale;
    this.#sum = 0;
    this.#run(kernel, predictions, targets, n, this.#add);
    return this.#sum;
  }

  #run(kernel: Kernel, predictions: FloatArray, targets: FloatArray, n: number, reduce?: TakePartials): void {
    const args = this.#args;
    args.predictions = predictions;
    args.targets = targets;
    try {
      this.#backend.run(kernel, dtypeOf(predictions), Math.ceil(n / BLOCK_ELEMENTS), args, n, reduce);
    } finally {
      args.predictions = null;
      args.targets = null;
      args.grad = null;
      args.out = null;
    }
  }
}
