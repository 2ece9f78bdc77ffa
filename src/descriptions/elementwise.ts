import type { FloatArray, HalfBits } from "../dtype.ts";
import { type DOMAINS, type Domain, domainOf } from "./domains.ts";
import {
  BINARY_CONSTANTS,
  BINARY_OPTIONS,
  BINARY_TERMS,
  FULL,
  focalRise,
  SOFTPLUS,
  STIRLING,
  STIRLING_CONSTANT,
} from "./formulas.ts";
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
import type { NumericOption } from "./options.ts";

export type { NumericOption };

// The element-wise losses: everything about one of them but its class in assembly/elementwise/losses.ts. Their kernels are
// one template filled in (assembly/elementwise/template.ts, scripts/generate/elementwiseLoops.ts).

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
  /** Of a function with an option `input`: its words, and what to call for the others than the first. */
  readonly inputs?: Readonly<Record<string, ElementwiseCall<O> | null>>;
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
  /** Where one function has several kernels: what its option `input` says for this one. The first of them is the default. */
  readonly input?: string;
  readonly options: readonly NumericOption[];
  /** What predictions and targets may be; where it is not said, anything. */
  readonly domain?: keyof typeof DOMAINS;
  /** A loss of elementary functions, which are computed stage by stage: assembly/elementwise/stagedLosses.ts. */
  readonly staged?: true;
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

/** Where terms of two signs make up a loss or its slope, what its errors are relative to: the sum of their sizes. */
const TERMS = " terms";

/** float32 sums: the rounds of sixteen elements are added in float32, at most 3 roundings beside those of each loss. */
const sumsOf = (element: string, slope: string, of = "") => ({
  f32: `2^-23 of Σ |loss| beside ${element} x 2^-24 of each${of && "'s"}${of}; gradient ${slope} x 2^-24${of && " of its"}${of}`,
  f64: `2^-46 of Σ |loss| beside ${element} x 2^-53 of each${of && "'s"}${of}; gradient ${slope} x 2^-53${of && " of its"}${of}`,
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
    formula: "huber / beta, delta = beta",
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
    formula: "max(q (t - p), (q - 1) (t - p)), q the quantile",
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
      // halves, lest the sum overflows
      terms: `const d = round(round(p * 0.5) - round(t * 0.5)); const s = round(Math.abs(round(p * 0.5)) + Math.abs(round(t * 0.5)));`,
      loss: "(d === 0 ? 0 : 2 * Math.abs(round(d / s)))",
      slope: "(d === 0 ? 0 : (d < 0 ? -1 : 1) * round(round(((t < 0 ? -p : p) <= 0 ? 0 : Math.abs(t)) / s) / s))",
    },
  },
  {
    name: "hinge",
    kernel: "hinge",
    formula: "max(0, 1 - t p)",
    slope: "-t where t p < 1, else 0",
    options: [],
    domain: "signs",
    slopeFactor: -1,
    tolerance: sumsOf("1", "1"),
    javascript: {
      terms: "const z = round(1 - round(t * p));",
      loss: "(z < 0 ? 0 : z)",
      slope: "((z > 0 ? 1 : z <= 0 ? 0 : z) * t)",
    },
  },
  {
    name: "squaredHinge",
    kernel: "squaredHinge",
    formula: "max(0, 1 - t p)^2",
    slope: "-2 t max(0, 1 - t p)",
    options: [],
    domain: "signs",
    slopeFactor: -2,
    tolerance: sumsOf("3", "3"),
    javascript: {
      terms: "const z = round(1 - round(t * p)); const m = z < 0 ? 0 : z;",
      loss: "round(m * m)",
      slope: "round(m * t)",
    },
  },
  {
    name: "logCosh",
    kernel: "logCosh",
    formula: "ln cosh(p - t)",
    slope: "tanh(p - t)",
    options: [],
    staged: true,
    slopeFactor: 1,
    tolerance: sumsOf("20", "12"),
    javascript: {
      constants: "const ln2 = round(Math.LN2);",
      terms: `const d = round(p - t); const a = Math.abs(d); const small = a < 1; const x = expm1F32(small ? a : -(a + a));
        const e = round(1 + x); const tail = log1pUnitF32(small ? round(round(x * x) / round(e + e)) : e);
        const over = small ? round(x * round(x + 2)) : -x; const size = round(over / round(2 + (small ? over : x)));`,
      loss: "round(tail + (small ? 0 : round(a - ln2)))",
      slope: "(d < 0 ? -size : d > 0 ? size : d)",
    },
  },
  {
    name: "msle",
    kernel: "logarithmicError",
    formula: "(ln(1 + p) - ln(1 + t))^2",
    slope: "2 (ln(1 + p) - ln(1 + t)) / (1 + p)",
    options: [],
    domain: "aboveMinusOne",
    staged: true,
    slopeFactor: 2,
    tolerance: sumsOf("10", "9", TERMS),
    javascript: {
      terms: "const d = p <= -1 || t <= -1 ? NaN : round(log1pF32(p) - log1pF32(t));",
      loss: "round(d * d)",
      slope: "round(d / round(p + 1))",
    },
  },
  {
    name: "binaryCrossEntropy",
    kernel: "binaryCrossEntropy",
    input: "logits",
    formula: "c t ln(1 + e^-p) + (1 - t) ln(1 + e^p), c the posWeight",
    slope: "(1 - y) / (1 + e^-p) - c y / (1 + e^p)",
    options: BINARY_OPTIONS,
    domain: "shares",
    staged: true,
    slopeFactor: 1,
    tolerance: sumsOf("13", "14", TERMS),
    javascript: {
      constants: BINARY_CONSTANTS,
      terms: `${BINARY_TERMS} ${SOFTPLUS}`,
      loss: "round(timesF32(y, of1) + timesF32(w, of0))",
      slope: "round(round(w * logisticOfF32(p, e)) - round(y * logisticOfF32(-p, e)))",
    },
  },
  {
    name: "binaryCrossEntropy",
    kernel: "binaryProbabilities",
    input: "probabilities",
    formula: "-c t ln p - (1 - t) ln(1 - p)",
    slope: "(1 - y) / (1 - p) - c y / p",
    options: BINARY_OPTIONS,
    domain: "probabilities",
    staged: true,
    slopeFactor: 1,
    tolerance: sumsOf("10", "10", TERMS),
    javascript: {
      constants: BINARY_CONSTANTS,
      terms: BINARY_TERMS,
      loss: "round(0 - round(timesF32(y, lnF32(p)) + timesF32(w, log1pF32(-p))))",
      slope: "round((w === 0 ? 0 : round(w / round(1 - p))) - (y === 0 ? 0 : round(y / (p + 0))))",
    },
  },
  {
    name: "focal",
    kernel: "focal",
    formula: "alpha t (1 - q)^gamma ln(1 + e^-p) + (1 - alpha) (1 - t) q^gamma ln(1 + e^p)",
    slope: "its derivative",
    options: [
      { name: "alpha", default: 0.25, atLeast: 0, atMost: 1 },
      { name: "gamma", default: 2, atLeast: 0 },
    ],
    domain: "shares",
    staged: true,
    slopeFactor: 1,
    tolerance: sumsOf("20", "24", TERMS),
    javascript: {
      constants: "const rest = round(1 - alphaOption);",
      terms: `const y = round(alpha * t); const w = round(rest * round(1 - t)); ${SOFTPLUS}
        const power1 = fineExpF32(-timesF32(gamma, of0));
        const power0 = fineExpF32(-timesF32(gamma, of1));`,
      loss: `round(timesF32(y, round(power1 * of1)) + timesF32(w, round(power0 * of0)))`,
      slope: `round(timesF32(w, round(power0 * ${focalRise("-p", "p", "of0")})) -
          timesF32(y, round(power1 * ${focalRise("p", "-p", "of1")})))`,
    },
  },
  {
    name: "softMargin",
    kernel: "softMargin",
    formula: "ln(1 + e^(-t p))",
    slope: "-t / (1 + e^(t p))",
    options: [],
    domain: "signs",
    staged: true,
    slopeFactor: 1,
    tolerance: sumsOf("6", "6"),
    javascript: {
      terms: "const z = round(p * t); const e = decayF32(z); const tail = log1pUnitF32(e);",
      loss: "round((z > 0 ? 0 : -z) + tail)",
      slope: "round(-t * logisticOfF32(-z, e))",
    },
  },
  {
    name: "poissonNll",
    kernel: "poissonNll",
    input: "logRate",
    formula: "e^p - t p",
    slope: "e^p - t",
    options: FULL,
    domain: "counts",
    staged: true,
    slopeFactor: 1,
    tolerance: sumsOf("8", "6", TERMS),
    javascript: {
      constants: STIRLING_CONSTANT,
      terms: "const rate = fineExpF32(p);",
      loss: `round(round(rate - timesF32(t, p)) + ${STIRLING})`,
      slope: "round(rate - t)",
    },
  },
  {
    name: "poissonNll",
    kernel: "poissonRate",
    input: "rate",
    formula: "p - t ln p",
    slope: "1 - t / p",
    options: FULL,
    domain: "rates",
    staged: true,
    slopeFactor: 1,
    tolerance: sumsOf("8", "5", TERMS),
    javascript: {
      constants: STIRLING_CONSTANT,
      terms: "",
      loss: `round(round(p - timesF32(t, lnF32(p))) + ${STIRLING})`,
      slope: "round(1 - (t === 0 ? 0 : round(t / (p + 0))))",
    },
  },
  {
    name: "tweedie",
    kernel: "tweedie",
    formula: "e^((2 - r) p) / (2 - r) - t e^((1 - r) p) / (1 - r), r the power",
    slope: "-t e^((1 - r) p) + e^((2 - r) p)",
    options: [{ name: "power", default: 1.5, above: 1, below: 2 }],
    domain: "counts",
    staged: true,
    slopeFactor: 1,
    tolerance: sumsOf("9", "9", TERMS),
    javascript: {
      constants: "const lower = round(1 - powerOption); const upper = round(2 - powerOption);",
      terms: `const of1 = fineExpF32(round(lower * p)); const of0 = fineExpF32(round(upper * p));
        const weighed = timesF32(t, of1);`,
      loss: "round(round(of0 / upper) - round(weighed / lower))",
      slope: "round(of0 - weighed)",
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
    module: loss.staged ? "elementwise/stagedLosses" : "elementwise/losses",
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
