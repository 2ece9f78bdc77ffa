import { NO_FLOATS } from "../../backends/backend.ts";
import type { OptimizerCall, UpdateArguments } from "../../descriptions/optimizers.ts";
import type { FloatArray } from "../../dtype.ts";
import type { AdamArguments, RmsPropArguments, SgdArguments } from "../../generated/kernels.ts";
import * as calls from "../../generated/optimizerCalls.ts";

/** Options by name, read and checked; true is 1. */
export type Numbers = Readonly<Record<string, number>>;

/** How an optimizer makes calls of its kernel. */
export interface Rule<A extends UpdateArguments> {
  readonly call: OptimizerCall<A>;
  /** Options whose powers with the number of steps are held: beta1 and beta2 of Adam. */
  readonly powers: readonly string[];
  /** Arrays of moments for each array of parameters. */
  moments(options: Numbers): number;
  /** The arguments of an array of parameters; gradients and numbers are set step by step. */
  argumentsOf(parameters: FloatArray, moments: readonly FloatArray[]): A;
  /** Sets the numbers of a step. */
  prepare(args: A, options: Numbers, learningRate: number, powers: ArrayLike<number>): void;
}

export const sgd: Rule<SgdArguments> = {
  call: calls.sgd,
  powers: [],
  moments: ({ momentum }) => (momentum > 0 ? 1 : 0),
  argumentsOf: (parameters, [velocities = null]) => ({
    parameters,
    gradients: NO_FLOATS,
    velocities,
    learningRate: 0,
    momentum: 0,
    nesterov: 0,
    weightDecay: 0,
  }),
  prepare(args, { momentum, nesterov, weightDecay }, learningRate) {
    args.learningRate = learningRate;
    args.momentum = momentum;
    args.nesterov = nesterov;
    args.weightDecay = weightDecay;
  },
};

/** What Adam and AdamW have in common. */
const moments: Pick<Rule<AdamArguments>, "powers" | "moments" | "argumentsOf"> = {
  powers: ["beta1", "beta2"],
  moments: () => 2,
  argumentsOf: (parameters, [firstMoments, secondMoments]) => ({
    parameters,
    gradients: NO_FLOATS,
    firstMoments,
    secondMoments,
    rate: 0,
    beta1: 0,
    beta2: 0,
    epsilon: 0,
    weightDecay: 0,
    shrink: 1,
  }),
};

/** learningRate (m / c1) / (sqrt(v / c2) + epsilon), c = 1 - beta^t, with two factors of the whole step instead of c1 and c2. */
function prepareAdam(args: AdamArguments, options: Numbers, learningRate: number, powers: ArrayLike<number>): void {
  const root = Math.sqrt(1 - powers[1]);
  args.rate = (learningRate * root) / (1 - powers[0]);
  args.epsilon = options.epsilon * root;
  args.beta1 = options.beta1;
  args.beta2 = options.beta2;
}

export const adam: Rule<AdamArguments> = {
  call: calls.adam,
  ...moments,
  prepare(args, options, learningRate, powers) {
    prepareAdam(args, options, learningRate, powers);
    args.weightDecay = options.weightDecay;
  },
};

export const adamW: Rule<AdamArguments> = {
  call: calls.adamW,
  ...moments,
  prepare(args, options, learningRate, powers) {
    prepareAdam(args, options, learningRate, powers);
    args.shrink = 1 - learningRate * options.weightDecay;
  },
};

export const rmsProp: Rule<RmsPropArguments> = {
  call: calls.rmsProp,
  powers: [],
  moments: ({ momentum }) => (momentum > 0 ? 2 : 1),
  argumentsOf: (parameters, [secondMoments, velocities = null]) => ({
    parameters,
    gradients: NO_FLOATS,
    secondMoments,
    velocities,
    learningRate: 0,
    alpha: 0,
    epsilon: 0,
    momentum: 0,
    weightDecay: 0,
  }),
  prepare(args, { alpha, epsilon, momentum, weightDecay }, learningRate) {
    args.learningRate = learningRate;
    args.alpha = alpha;
    args.epsilon = epsilon;
    args.momentum = momentum;
    args.weightDecay = weightDecay;
  },
};
