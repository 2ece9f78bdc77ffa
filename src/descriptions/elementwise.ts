import type { FloatArray, HalfBits } from "../dtype.ts";
import { type DOMAINS, type Domain, domainOf } from "./domains.ts";
import {
  BOTH,
  count,
  type Description,
  input,
  type Kernel,
  optional,
  output,
  partials,
  real,
  scratch,
} from "./kernel.ts";

// The element-wise losses: everything about one of them but its class in assembly/elementwise/losses.ts. Their kernels are
// one template filled in (assembly/elementwise/template.ts, scripts/generate/elementwiseLoops.ts).

/** An option that a loss takes as a number, and its bounds. */
export interface NumericOption {
  readonly name: string;
  readonly default: number;
  readonly above?: number;
  readonly atLeast?: number;
  readonly below?: number;
  readonly atMost?: number;
}

/** What a call needs to know of a loss; `O` are the names of its options. src/generated/elementwiseCalls.ts has them. */
export interface ElementwiseCall<O extends string = never> {
  readonly name: string;
  readonly kernel: Kernel<ElementwiseArguments & Record<O, number>>;
  /** The same of elements with a weight each. */
  readonly weighted: Kernel<WeightedArguments & Record<O, number>>;
  readonly slopeFactor: number;
  readonly options: readonly NumericOption[];
  /** Of a loss that refuses some predictions or targets: which it takes. */
  readonly domain?: Pick<Domain, "predictions" | "targets">;
  /** What it is where this option is below the dtype's smallest normal number. */
  readonly limit?: { readonly option: O; readonly call: ElementwiseCall };
}

/** The arguments that every element-wise kernel takes. */
export interface ElementwiseArguments {
  predictions: FloatArray | HalfBits;
  targets: FloatArray | HalfBits;
  losses: FloatArray | null;
  grad: FloatArray | null;
  sums?: Float64Array | undefined;
  scale: number;
}

/** Those of one that weighs. */
export interface WeightedArguments extends ElementwiseArguments {
  sampleWeight: FloatArray | HalfBits;
}

/** A loss of each prediction p and target t, and its slope by p. */
export interface ElementwiseLoss {
  /** Of the public function. */
  readonly name: string;
  /** Of the kernel; also that of its class in AssemblyScript, which begins with a capital letter. */
  readonly kernel: string;
  readonly formula: string;
  readonly slope: string;
  readonly options: readonly NumericOption[];
  /** What predictions and targets may be; where it is not said, anything. */
  readonly domain?: keyof typeof DOMAINS;
  /** Where this option is below the dtype's smallest normal number, the loss is that one. */
  readonly limit?: { readonly option: string; readonly loss: string };
  /** What the slope of the formula is multiplied by: it costs nothing beside the mean's 1/n. */
  readonly slopeFactor: number;
  readonly tolerance: Description["tolerance"];
  /**
   * The formula in JavaScript. `p`, `t` and the options are numbers of the dtype; `round` rounds to it and stands around each
   * operation that can round. `terms` are what loss and slope share; `constants` stand before the loop, and may read an option
   * before it was rounded, as `deltaOption`. F32 in a name is F64 in the loop of float64.
   */
  readonly javascript: {
    readonly constants?: string;
    readonly terms: string;
    readonly loss: string;
    readonly slope: string;
  };
}

/** float32 sums: the rounds of sixteen elements are added in float32, at most 3 roundings beside those of each loss. */
const sumsOf = (element: string, slope: string) => ({
  f32: `2^-23 of Σ |loss| beside ${element} x 2^-24 of each; gradient ${slope} x 2^-24`,
  f64: `2^-46 of Σ |loss| beside ${element} x 2^-53 of each; gradient ${slope} x 2^-53`,
});

export const ELEMENTWISE: readonly ElementwiseLoss[] = [
  {
    name: "mse",
    kernel: "squaredError",
    formula: "(p - t)^2",
    slope: "2 (p - t)",
    options: [],
    slopeFactor: 2,
    tolerance: sumsOf("3", "3"),
    javascript: { terms: "const d = round(p - t);", loss: "round(d * d)", slope: "d" },
  },
  {
    name: "mae",
    kernel: "absoluteError",
    formula: "|p - t|",
    slope: "sign(p - t)",
    options: [],
    slopeFactor: 1,
    tolerance: sumsOf("1", "1"),
    javascript: {
      terms: "const d = round(p - t);",
      loss: "Math.abs(d)",
      slope: "(d > 0 ? 1 : d < 0 ? -1 : d)",
    },
  },
  {
    name: "huber",
    kernel: "huber",
    formula: "d^2 / 2 where |d| < delta, else delta (|d| - delta / 2); d = p - t",
    slope: "max(-delta, min(d, delta))",
    options: [{ name: "delta", default: 1, above: 0 }],
    slopeFactor: 1,
    tolerance: sumsOf("5", "3"),
    javascript: {
      terms: "const d = round(p - t); const m = d > delta ? delta : d < -delta ? -delta : d;",
      loss: "round(m * round(d - round(m * 0.5)))",
      slope: "m",
    },
  },
  {
    name: "smoothL1",
    kernel: "smoothL1",
    formula: "d^2 / (2 beta) where |d| < beta, else |d| - beta / 2; d = p - t",
    slope: "max(-beta, min(d, beta)) / beta",
    options: [{ name: "beta", default: 1, atLeast: 0 }],
    limit: { option: "beta", loss: "mae" },
    slopeFactor: 1,
    tolerance: sumsOf("8", "5"),
    javascript: {
      constants: "const inverse = round(1 / betaOption);",
      terms: "const d = round(p - t); const m = d > beta ? beta : d < -beta ? -beta : d; const k = round(m * inverse);",
      loss: "round(k * round(d - round(m * 0.5)))",
      slope: "k",
    },
  },
  {
    name: "quantile",
    kernel: "pinball",
    formula: "max(q u, (q - 1) u); u = t - p, q the quantile",
    slope: "-q where p < t, 1 - q where p > t, else 0",
    options: [{ name: "quantile", default: 0.5, above: 0, below: 1 }],
    slopeFactor: 1,
    tolerance: sumsOf("3", "3"),
    javascript: {
      constants: "const rest = round(1 - quantileOption);",
      terms: "const d = round(p - t); const over = round(rest * d); const under = round(-quantile * d);",
      loss: "(over < under ? under : over)",
      slope: "(d > 0 ? rest : d < 0 ? -quantile : d)",
    },
  },
  {
    name: "mape",
    kernel: "absolutePercentageError",
    formula: "|p - t| / |t|, 0 where p = t",
    slope: "sign(p - t) / |t|",
    options: [],
    slopeFactor: 1,
    tolerance: sumsOf("2", "3"),
    javascript: {
      terms: "const d = round(p - t);",
      loss: "(d === 0 ? 0 : Math.abs(round(d / t)))",
      slope: "(d === 0 ? 0 : round((d > 0 ? 1 : d < 0 ? -1 : d) / Math.abs(t)))",
    },
  },
  {
    name: "smape",
    kernel: "symmetricPercentageError",
    formula: "2 |p - t| / (|p| + |t|), 0 where p = t",
    slope: "4 sign(p - t) |t| / (|p| + |t|)^2 where p t > 0, else 0",
    options: [],
    slopeFactor: 1,
    tolerance: sumsOf("3", "6"),
    javascript: {
      // of numbers whose sum may overflow a quarter is taken
      terms: `const k = Math.abs(p) > LARGE_F32 || Math.abs(t) > LARGE_F32 ? 0.25 : 1; const y = round(t * k);
        const d = round(round(p * k) - y); const s = round(Math.abs(round(p * k)) + Math.abs(y));`,
      loss: "(d === 0 ? 0 : round((2 * Math.abs(d)) / s))",
      slope: "(d === 0 ? 0 : round(k * (d < 0 ? -1 : 1) * round(round(((t < 0 ? -p : p) <= 0 ? 0 : 4 * Math.abs(y)) / s) / s)))",
    },
  },
  {
    name: "hinge",
    kernel: "hinge",
    formula: "max(0, 1 - t p)",
    slope: "-t where t p < 1, else 0",
    options: [],
    domain: "signs",
    slopeFactor: 1,
    tolerance: sumsOf("1", "1"),
    javascript: {
      terms: "const z = round(1 - round(t * p));",
      loss: "(z < 0 ? 0 : z)",
      slope: "((z > 0 ? 1 : z <= 0 ? 0 : z) * -t)",
    },
  },
  {
    name: "squaredHinge",
    kernel: "squaredHinge",
    formula: "max(0, 1 - t p)^2",
    slope: "-2 t max(0, 1 - t p)",
    options: [],
    domain: "signs",
    slopeFactor: 2,
    tolerance: sumsOf("3", "3"),
    javascript: {
      terms: "const z = round(1 - round(t * p)); const m = z < 0 ? 0 : z;",
      loss: "round(m * m)",
      slope: "round(m * -t)",
    },
  },
];

/** Whether the kernel looks for values that the loss does not take. */
export const checks = (loss: ElementwiseLoss) => domainOf(loss).check !== undefined;

/** The kernel of a loss: sums a block, each loss and the gradient (scale times the slope), whichever are asked for. */
export function kernelOf(loss: ElementwiseLoss): Description {
  const { kernel, formula, slope, options, tolerance } = loss;
  return {
    name: kernel,
    formula: `Σ ${formula}; gradient ${slope} scale`,
    unit: "block",
    dtypes: BOTH,
    parameters: [
      input("predictions", "block"),
      input("targets", "block"),
      optional(output("losses", "block")),
      optional(output("grad", "block")),
      // and the number of the first element that is refused, or -1
      optional(partials("sums", checks(loss) ? 2 : 1)),
      count,
      real("scale"),
      ...options.map(({ name }) => real(name)),
      scratch,
    ],
    tolerance,
    module: "elementwise/losses",
    template: true,
  };
}

const sampleWeight = input("sampleWeight", "block");

/** The same with a weight for each element: losses, sum and gradient times it. */
export function weightedKernelOf(loss: ElementwiseLoss): Description {
  const { name, formula, parameters, ...rest } = kernelOf(loss);
  const [predictions, targets, ...others] = parameters;
  return {
    ...rest,
    name: weightedName(name),
    formula: `times s: ${formula}`,
    parameters: [predictions, targets, sampleWeight, ...others],
  };
}

export const weightedName = (kernel: string) => `${kernel}Weighted`;

/** Looks at the weights before a loss does: a mean's gradient is divided by their sum. */
export const sampleWeights: Description = {
  name: "sampleWeights",
  formula: "Σ s; first s not >= 0",
  unit: "block",
  dtypes: BOTH,
  parameters: [sampleWeight, partials("sums", 2), count, scratch],
  tolerance: { f32: "2^-23", f64: "2^-46" },
  module: "elementwise/sampleWeights",
};
