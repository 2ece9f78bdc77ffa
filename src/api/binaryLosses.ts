import * as calls from "../generated/elementwiseCalls.ts";
import type { Door } from "./door.ts";
import { createElementwise, type ElementwiseFunction, type ElementwiseWithGrad } from "./elementwise.ts";

/** Options of the binary cross-entropy. */
export interface BinaryCrossEntropy {
  /** What the predictions are; default `logits`. */
  input?: "logits" | "probabilities" | undefined;
  /** What the part of the targets is times, 0 or more; default 1. */
  posWeight?: number | undefined;
  /** From 0 to 1: a target t counts as t (1 - e) + e / 2; default 0. */
  labelSmoothing?: number | undefined;
}

/** Options of the focal loss. */
export interface Focal {
  /** The weight of the targets, from 0 to 1; 1 - alpha is that of what is none; default 0.25. */
  alpha?: number | undefined;
  /** How much less an element counts that is right already, 0 or more; default 2. */
  gamma?: number | undefined;
}

/** Losses of one logit or score an element, for two classes. */
export interface BinaryLosses {
  /**
   * Binary cross-entropy of logits x and targets t from 0 to 1: mean of c t ln(1 + e^-x) + (1 - t) ln(1 + e^x), c the posWeight.
   * Of probabilities p it is -(c t ln p + (1 - t) ln(1 - p)), which is not clipped: p = 0 where t = 1 is infinite. What has a
   * factor of 0 is 0, also where a logit is infinite. Shapes and errors as of mse.
   *
   * @throws RangeError of a target (or a probability) that is not from 0 to 1, of options beyond their bounds
   * @example
   * losses.binaryCrossEntropy(Float32Array.of(2, -1), Float32Array.of(1, 0)); // 0.2201
   * losses.binaryCrossEntropy(Float32Array.of(0.9, 0.2), Float32Array.of(1, 0), { input: "probabilities" }); // 0.1643
   * @see PyTorch, torch.nn.BCEWithLogitsLoss and torch.nn.BCELoss
   */
  readonly binaryCrossEntropy: ElementwiseFunction<BinaryCrossEntropy>;

  /**
   * binaryCrossEntropy and its gradient by the predictions: ((1 - t) q - c t (1 - q)) / n by logits, q = 1 / (1 + e^-x); of
   * probabilities ((1 - t) / (1 - p) - c t / p) / n. Shapes and errors as of mseWithGrad and binaryCrossEntropy.
   */
  readonly binaryCrossEntropyWithGrad: ElementwiseWithGrad<BinaryCrossEntropy>;

  /**
   * Focal loss of logits x and targets t from 0 to 1: mean of alpha t (1 - q)^gamma ln(1 + e^-x) + (1 - alpha) (1 - t) q^gamma
   * ln(1 + e^x), q = 1 / (1 + e^-x). Shapes and errors as of mse.
   *
   * @throws RangeError of a target that is not from 0 to 1, of options beyond their bounds
   * @example
   * losses.focal(Float32Array.of(2, -1), Float32Array.of(1, 0), { gamma: 1 }); // 0.0335
   * @see Lin et al., Focal Loss for Dense Object Detection (2017)
   */
  readonly focal: ElementwiseFunction<Focal>;

  /** focal and its gradient by the logits, over n. Shapes and errors as of mseWithGrad and focal. */
  readonly focalWithGrad: ElementwiseWithGrad<Focal>;

  /**
   * Hinge loss, mean max(0, 1 - t p), of scores p and targets -1 or 1. Shapes and errors as of mse.
   *
   * @throws RangeError of a target that is neither -1 nor 1
   * @example
   * losses.hinge(Float32Array.of(0.5, 3), Float32Array.of(1, -1)); // 2.25
   * @see scikit-learn, hinge_loss
   */
  readonly hinge: ElementwiseFunction;

  /** hinge and its gradient by the scores, -t / n where t p < 1, else 0. Shapes and errors as of mseWithGrad and hinge. */
  readonly hingeWithGrad: ElementwiseWithGrad;

  /**
   * Squared hinge loss, mean max(0, 1 - t p)^2, of scores p and targets -1 or 1. Shapes and errors as of hinge.
   *
   * @example
   * losses.squaredHinge(Float32Array.of(0.5, 3), Float32Array.of(1, -1)); // 8.125
   * @see Keras, SquaredHinge
   */
  readonly squaredHinge: ElementwiseFunction;

  /** squaredHinge and its gradient by the scores, -2 t max(0, 1 - t p) / n. Shapes and errors as of mseWithGrad and hinge. */
  readonly squaredHingeWithGrad: ElementwiseWithGrad;

  /**
   * Soft margin loss, mean ln(1 + e^(-t p)), of scores p and targets -1 or 1: the logistic loss. Shapes and errors as of hinge.
   *
   * @example
   * losses.softMargin(Float32Array.of(0.5, 3), Float32Array.of(1, -1)); // 1.7613
   * @see PyTorch, torch.nn.SoftMarginLoss
   */
  readonly softMargin: ElementwiseFunction;

  /** softMargin and its gradient by the scores, -t / (n (1 + e^(t p))). Shapes and errors as of mseWithGrad and hinge. */
  readonly softMarginWithGrad: ElementwiseWithGrad;
}

export function createBinaryLosses(door: Door): BinaryLosses {
  const binaryCrossEntropy = createElementwise(door, calls.binaryCrossEntropy);
  const focal = createElementwise(door, calls.focal);
  const hinge = createElementwise(door, calls.hinge);
  const squaredHinge = createElementwise(door, calls.squaredHinge);
  const softMargin = createElementwise(door, calls.softMargin);
  return {
    binaryCrossEntropy: binaryCrossEntropy.loss,
    binaryCrossEntropyWithGrad: binaryCrossEntropy.withGrad,
    focal: focal.loss,
    focalWithGrad: focal.withGrad,
    hinge: hinge.loss,
    hingeWithGrad: hinge.withGrad,
    squaredHinge: squaredHinge.loss,
    squaredHingeWithGrad: squaredHinge.withGrad,
    softMargin: softMargin.loss,
    softMarginWithGrad: softMargin.withGrad,
  };
}
