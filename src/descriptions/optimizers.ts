import type { FloatArray, HalfBits } from "../dtype.ts";
import {
  BOTH,
  count,
  type Description,
  input,
  integer,
  type Kernel,
  optional,
  partials,
  real,
  updated,
} from "./kernel.ts";
import { SQUARE_PARTS } from "./thresholds.ts";

// The optimizers: the kernels that update parameters in place, a block of 1024 at a time, and which options each public function
// has. What becomes of the options in a step is in src/api/optimizers/rules.ts.

/** An option of an optimizer that is a number, and its bounds; one without a default is needed. */
export interface OptimizerOption {
  readonly name: string;
  readonly default?: number;
  readonly above?: number;
  readonly atLeast?: number;
  readonly below?: number;
  readonly atMost?: number;
}

/** What a public function needs to know of itself. src/generated/optimizerCalls.ts has them. */
export interface OptimizerCall<A extends object> {
  readonly name: string;
  readonly kernel: Kernel<A>;
  readonly options: readonly OptimizerOption[];
  /** Options that are true or false, false by default. */
  readonly flags: readonly string[];
}

/** The arguments that every kernel of an optimizer takes. */
export interface UpdateArguments {
  parameters: FloatArray;
  gradients: FloatArray | HalfBits;
}

/** A public function: how parameters p become new ones with their gradients g. */
export interface OptimizerDescription {
  readonly name: string;
  readonly kernel: string;
  readonly formula: string;
  readonly options: readonly OptimizerOption[];
  readonly flags: readonly string[];
}

const ADAM = "m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2";
const MAXIMUM = Number.MAX_VALUE;

/** Roundings of the new parameters: of the old ones, and of what is taken from them where its terms do not cancel. */
const errorsOf = (parameter: number, step: number) => ({
  f32: `${parameter} x 2^-24 of p, ${step} x 2^-24 of the step`,
  f64: `${parameter} x 2^-53 of p, ${step} x 2^-53 of the step`,
});

export const sgd: Description = {
  name: "sgd",
  formula: "g + weightDecay p -> g; v = momentum v + g; p - learningRate (v, or g + momentum v) -> p",
  unit: "block",
  dtypes: BOTH,
  parameters: [
    updated("parameters"),
    input("gradients", "block"),
    optional(updated("velocities")),
    count,
    real("learningRate"),
    real("momentum"),
    integer("nesterov"),
    real("weightDecay"),
  ],
  tolerance: errorsOf(1, 10),
  module: "optimizers/sgd",
};

export const adam: Description = {
  name: "adam",
  formula: `g + weightDecay p -> g; ${ADAM}; shrink p - rate m / (sqrt(v) + epsilon) -> p`,
  unit: "block",
  dtypes: BOTH,
  parameters: [
    updated("parameters"),
    input("gradients", "block"),
    updated("firstMoments"),
    updated("secondMoments"),
    count,
    real("rate"),
    real("beta1"),
    real("beta2"),
    real("epsilon"),
    real("weightDecay"),
    real("shrink"),
  ],
  tolerance: errorsOf(3, 18),
  module: "optimizers/adam",
};

export const rmsProp: Description = {
  name: "rmsProp",
  formula:
    "g + weightDecay p -> g; s = alpha s + (1 - alpha) g^2; v = momentum v + g / (sqrt(s) + epsilon); p - learningRate v -> p",
  unit: "block",
  dtypes: BOTH,
  parameters: [
    updated("parameters"),
    input("gradients", "block"),
    updated("secondMoments"),
    optional(updated("velocities")),
    count,
    real("learningRate"),
    real("alpha"),
    real("epsilon"),
    real("momentum"),
    real("weightDecay"),
  ],
  tolerance: errorsOf(1, 18),
  module: "optimizers/rmsProp",
};

export const sumOfSquares: Description = {
  name: "sumOfSquares",
  formula: "Σ (powerOfTwo x)^2, exact in four parts",
  unit: "block",
  dtypes: BOTH,
  parameters: [input("values", "block"), partials("parts", SQUARE_PARTS), count, real("powerOfTwo")],
  tolerance: { f32: "exact", f64: "exact" },
  module: "optimizers/sumOfSquares",
};

export const rescale: Description = {
  name: "rescale",
  formula: "x powerOfTwo factor -> x",
  unit: "block",
  dtypes: BOTH,
  parameters: [updated("values"), count, real("powerOfTwo"), real("factor")],
  tolerance: { f32: "2^-24 + 2^-53", f64: "2^-53" },
  module: "optimizers/rescale",
};

const learningRate: OptimizerOption = { name: "learningRate", atLeast: 0, atMost: MAXIMUM };
const momentum: OptimizerOption = { name: "momentum", default: 0, atLeast: 0, atMost: 1 };
const epsilon: OptimizerOption = { name: "epsilon", default: 1e-8, atLeast: 0, atMost: MAXIMUM };
const weightDecay: OptimizerOption = { name: "weightDecay", default: 0, atLeast: 0, atMost: MAXIMUM };
const beta = (name: string, value: number): OptimizerOption => ({ name, default: value, atLeast: 0, below: 1 });
const adamOptions = [learningRate, beta("beta1", 0.9), beta("beta2", 0.999), epsilon];

/** Every optimizer, in the order of their numbers in states: see docs/state-format.md. */
export const OPTIMIZERS: readonly OptimizerDescription[] = [
  {
    name: "sgd",
    kernel: "sgd",
    formula: "g += weightDecay p; v = momentum v + g; p -= learningRate v (nesterov: learningRate (g + momentum v))",
    options: [learningRate, momentum, weightDecay],
    flags: ["nesterov"],
  },
  {
    name: "adam",
    kernel: "adam",
    formula: `g += weightDecay p; ${ADAM}; p -= learningRate m' / (sqrt(v') + epsilon), m' = m / (1 - beta1^t), v' = v / (1 - beta2^t)`,
    options: [...adamOptions, weightDecay],
    flags: [],
  },
  {
    name: "adamW",
    kernel: "adam",
    formula: "adam, but p -= learningRate weightDecay p instead of g += weightDecay p",
    options: [...adamOptions, { ...weightDecay, default: 0.01 }],
    flags: [],
  },
  {
    name: "rmsProp",
    kernel: "rmsProp",
    formula:
      "g += weightDecay p; s = alpha s + (1 - alpha) g^2; v = momentum v + g / (sqrt(s) + epsilon); p -= learningRate v",
    options: [learningRate, beta("alpha", 0.99), epsilon, momentum, weightDecay],
    flags: [],
  },
];
