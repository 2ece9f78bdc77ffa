import type { FloatArray, HalfBits } from "../dtype.ts";
import type { DOMAINS, Domain } from "./domains.ts";
import type { Description, Kernel } from "./kernel.ts";
import type { NumericOption } from "./options.ts";

// What a description of an element-wise loss holds, and what calls of one need.

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
