import type { FloatArray, HalfBits } from "../dtype.ts";
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
  readonly slopeFactor: number;
  readonly options: readonly NumericOption[];
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

/** A loss of each prediction p and target t, and its slope by p. */
export interface ElementwiseLoss {
  /** Of the public function. */
  readonly name: string;
  /** Of the kernel; also that of its class in AssemblyScript, which begins with a capital letter. */
  readonly kernel: string;
  readonly formula: string;
  readonly slope: string;
  readonly options: readonly NumericOption[];
  /** What the slope of the formula is multiplied by: it costs nothing beside the mean's 1/n. */
  readonly slopeFactor: number;
  readonly tolerance: Description["tolerance"];
  /**
   * The formula in JavaScript. `p`, `t` and the options are numbers of the dtype; `round` rounds to it and stands around each
   * operation that can round. `terms` are what loss and slope share.
   */
  readonly javascript: { readonly terms: string; readonly loss: string; readonly slope: string };
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
];

/** The kernel of a loss: sums a block, each loss and the gradient (scale times the slope), whichever are asked for. */
export function kernelOf({ kernel, formula, slope, options, tolerance }: ElementwiseLoss): Description {
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
      optional(partials("sums")),
      count,
      real("scale"),
      ...options.map(({ name }) => real(name)),
      scratch,
    ],
    tolerance,
    module: "elementwise/losses",
  };
}
