import type { FloatArray } from "../../dtype.ts";
import type { Door } from "../door.ts";
import type { OneOrSeveral } from "./arrays.ts";
import { clipGradNorm } from "./clipGradNorm.ts";
import { type Optimizer, RuledOptimizer } from "./optimizer.ts";
import * as rules from "./rules.ts";

/** The option that every optimizer needs. */
export interface LearningRate {
  /** How far a step goes, 0 or more: at 0 only the moments change. */
  learningRate: number;
}

/** Options of gradient descent. */
export interface Sgd extends LearningRate {
  /** What is left of the last step's direction, 0 to 1; default 0. */
  momentum?: number | undefined;
  /** Nesterov's momentum: looks a step of the velocity ahead; default false. */
  nesterov?: boolean | undefined;
  /** What is added to the gradient of each parameter, as a share of it: an L2 penalty; default 0. */
  weightDecay?: number | undefined;
}

/** Options of Adam and AdamW. */
export interface Adam extends LearningRate {
  /** What is left of the mean gradient, from 0 to below 1; default 0.9. */
  beta1?: number | undefined;
  /** What is left of the mean square, from 0 to below 1; default 0.999. */
  beta2?: number | undefined;
  /** What is added to the root of the mean square, 0 or more; default 1e-8. */
  epsilon?: number | undefined;
  /** adam: an L2 penalty, as of sgd, default 0. adamW: what a step at the learning rate 1 takes off each parameter, default 0.01. */
  weightDecay?: number | undefined;
}

/** Options of RMSProp. */
export interface RmsProp extends LearningRate {
  /** What is left of the mean square, from 0 to below 1; default 0.99. */
  alpha?: number | undefined;
  /** What is added to the root of the mean square, 0 or more; default 1e-8. */
  epsilon?: number | undefined;
  /** What is left of the last step's direction, 0 to 1; default 0. */
  momentum?: number | undefined;
  /** What is added to the gradient of each parameter, as a share of it; default 0. */
  weightDecay?: number | undefined;
}

/** Makes an optimizer of one array of parameters, or of several, which its steps update in place. */
export type OptimizerFunction<O extends object> = <P extends OneOrSeveral<FloatArray>>(
  parameters: P,
  options: O,
) => Optimizer<P>;

/**
 * Optimizers of parameters p with gradients g, element by element: a step reads and writes each array once. Arithmetic is in
 * the dtype of the parameters, with the same bits in JavaScript, WebAssembly and threads; what all elements of a step have in
 * common is in float64. Moments are in the engine's memory while there is room (`arenaBytes`), else in ordinary arrays, which
 * are copied through it.
 */
export interface Optimizers {
  /**
   * Gradient descent: p - learningRate g. With momentum v = momentum v + g, and p - learningRate v; nesterov:
   * p - learningRate (g + momentum v). weightDecay p is added to g first.
   *
   * @param parameters one array or a list of arrays, float32 or float64, which no two overlap
   * @throws TypeError of other arrays or unknown options; RangeError of options out of range, of no arrays, and of arrays
   * that overlap
   * @example
   * const optimizer = losses.sgd(weights, { learningRate: 0.1, momentum: 0.9 });
   * optimizer.step(grad);
   * @see PyTorch, torch.optim.SGD; Y. Nesterov, 1983
   */
  readonly sgd: OptimizerFunction<Sgd>;

  /**
   * Adam: m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2, and in step t
   * p - learningRate m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon). weightDecay p is added to g first. Arrays and
   * errors as of sgd.
   *
   * @example
   * const optimizer = losses.adam([weights, bias], { learningRate: 0.001 });
   * optimizer.step([weightsGrad, biasGrad]);
   * @see D. P. Kingma and J. Ba, Adam: a method for stochastic optimization, 2015; PyTorch, torch.optim.Adam
   */
  readonly adam: OptimizerFunction<Adam>;

  /**
   * Adam with decoupled weight decay: learningRate weightDecay p is taken off p, and nothing is added to g. Arrays and
   * errors as of sgd.
   *
   * @example
   * const optimizer = losses.adamW(weights, { learningRate: 0.001, weightDecay: 0.1 });
   * optimizer.step(grad, { learningRate: schedule(step) });
   * @see I. Loshchilov and F. Hutter, Decoupled weight decay regularization, 2019; PyTorch, torch.optim.AdamW
   */
  readonly adamW: OptimizerFunction<Adam>;

  /**
   * RMSProp: s = alpha s + (1 - alpha) g^2, and p - learningRate g / (sqrt(s) + epsilon); with momentum
   * v = momentum v + g / (sqrt(s) + epsilon), and p - learningRate v. weightDecay p is added to g first. Arrays and errors as
   * of sgd.
   *
   * @example
   * const optimizer = losses.rmsProp(weights, { learningRate: 0.01 });
   * optimizer.step(grad);
   * @see G. Hinton, Neural networks for machine learning, lecture 6; PyTorch, torch.optim.RMSprop
   */
  readonly rmsProp: OptimizerFunction<RmsProp>;

  /**
   * The norm of all gradients together, the root of the sum of their squares. Where it is larger than maxNorm they are multiplied
   * by maxNorm / norm, in place; a norm that is not finite leaves them alone. The sum of squares is exact, whatever the order
   * and the number of arrays, and nothing in it overflows: the norm is within 2^-52, relative.
   *
   * @param gradients one array or a list of arrays, float32 or float64, which no two overlap
   * @param maxNorm 0 or more; Infinity only measures
   * @returns the norm before
   * @throws TypeError of other arrays; RangeError of a maxNorm that is negative or NaN, of no arrays, and of arrays that overlap
   * @example
   * losses.clipGradNorm(Float32Array.of(3, 4), 1); // 5; the gradient is [0.6, 0.8] now
   * @see PyTorch, torch.nn.utils.clip_grad_norm_, which adds 1e-6 to the norm
   */
  clipGradNorm(gradients: OneOrSeveral<FloatArray>, maxNorm: number): number;
}

export function createOptimizers(door: Door): Optimizers {
  return {
    sgd: (parameters, options) => new RuledOptimizer(door, rules.sgd, parameters, options),
    adam: (parameters, options) => new RuledOptimizer(door, rules.adam, parameters, options),
    adamW: (parameters, options) => new RuledOptimizer(door, rules.adamW, parameters, options),
    rmsProp: (parameters, options) => new RuledOptimizer(door, rules.rmsProp, parameters, options),
    clipGradNorm: (gradients, maxNorm) => clipGradNorm(door, gradients, maxNorm),
  };
}
