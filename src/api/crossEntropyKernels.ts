import { NO_FLOATS, NO_LABELS, type Reduce } from "../backends/backend.ts";
import type { Kernel } from "../descriptions/kernel.ts";
import type { FloatArray, HalfBits, IntegerArray } from "../dtype.ts";
import * as kernels from "../generated/kernels.ts";
import type { CrossEntropyInput, SparseTargets } from "./crossEntropyOptions.ts";

/** What all kernels of cross-entropy take. */
export type Common = Pick<
  kernels.CrossEntropyArguments,
  "weights" | "grad" | "losses" | "classes" | "labelSmoothing" | "scale"
>;

/** What they don't, of which each has other defaults: no cap is 0. */
export interface LogitsOptions {
  readonly temperature: number;
  readonly softCap: number;
  readonly zLoss: number;
  readonly gamma: number;
}

/** Runs a kernel on arguments. */
export type Launch = <A extends Common>(kernel: Kernel<A>, args: A, reduce: Reduce | undefined) => void;

const common = (): Common => ({
  weights: null,
  grad: null,
  losses: undefined,
  classes: 0,
  labelSmoothing: 0,
  scale: 1,
});

/** Which kernel a call runs, and its arguments: one object of each kind for every call, so that a call leaves none behind. */
export class CrossEntropyKernels {
  readonly #ofLabels: kernels.CrossEntropyArguments = {
    logits: NO_FLOATS,
    labels: NO_LABELS,
    ignoreIndex: 0,
    weightSum: 0,
    ...common(),
  };
  readonly #ofTargets: kernels.CrossEntropyProbabilitiesArguments = {
    logits: NO_FLOATS,
    targets: NO_FLOATS,
    ...common(),
  };
  readonly #likelihoodOfLabels: kernels.LikelihoodArguments = {
    input: NO_FLOATS,
    labels: NO_LABELS,
    ignoreIndex: 0,
    logarithms: 0,
    ...common(),
  };
  readonly #likelihoodOfTargets: kernels.LikelihoodProbabilitiesArguments = {
    input: NO_FLOATS,
    targets: NO_FLOATS,
    logarithms: 0,
    ...common(),
  };
  readonly #general: kernels.GeneralCrossEntropyArguments = {
    logits: NO_FLOATS,
    labels: null,
    targets: null,
    indices: null,
    shares: null,
    entries: 0,
    ignoreIndex: 0,
    temperature: 1,
    softCap: 0,
    zLoss: 0,
    gamma: 0,
    ...common(),
  };
  /** Of the call that was taken last. */
  args: Common = this.#ofLabels;
  labels: IntegerArray | null = null;
  targets: FloatArray | null = null;
  sparse: SparseTargets | null = null;
  ignoreIndex = 0;

  /** Takes the arrays of a call: labels, targets or sparse ones, the others being null. */
  take(
    logits: FloatArray | HalfBits,
    labels: IntegerArray | null,
    targets: FloatArray | null,
    sparse: SparseTargets | null,
    ignoreIndex: number,
    input: CrossEntropyInput,
    rows: number,
    options: LogitsOptions,
  ): Common {
    const { temperature, softCap, zLoss, gamma } = options;
    this.labels = labels;
    this.targets = targets;
    this.sparse = sparse;
    this.ignoreIndex = ignoreIndex;
    const isPlain = temperature === 1 && softCap === 0 && zLoss === 0 && gamma === 0;
    if (sparse !== null || !isPlain) {
      const args = this.#general;
      args.logits = logits;
      args.labels = labels;
      args.targets = targets;
      args.indices = sparse === null ? null : sparse.indices;
      args.shares = sparse === null ? null : sparse.probabilities;
      args.entries = sparse === null || rows === 0 ? 0 : sparse.indices.length / rows;
      args.ignoreIndex = ignoreIndex;
      args.temperature = temperature;
      args.softCap = softCap;
      args.zLoss = zLoss;
      args.gamma = gamma;
      this.args = args;
    } else if (input === "logits") this.#takeLogits(logits, labels, targets, ignoreIndex);
    else this.#takeLikelihoods(logits, labels, targets, ignoreIndex, input === "logProbabilities" ? 1 : 0);
    return this.args;
  }

  #takeLogits(
    logits: FloatArray | HalfBits,
    labels: IntegerArray | null,
    targets: FloatArray | null,
    ignoreIndex: number,
  ): void {
    if (labels !== null) {
      this.#ofLabels.logits = logits;
      this.#ofLabels.labels = labels;
      this.#ofLabels.ignoreIndex = ignoreIndex;
      this.args = this.#ofLabels;
    } else {
      this.#ofTargets.logits = logits;
      this.#ofTargets.targets = targets!;
      this.args = this.#ofTargets;
    }
  }

  #takeLikelihoods(
    input: FloatArray | HalfBits,
    labels: IntegerArray | null,
    targets: FloatArray | null,
    ignoreIndex: number,
    logarithms: number,
  ): void {
    const args = labels !== null ? this.#likelihoodOfLabels : this.#likelihoodOfTargets;
    args.input = input;
    args.logarithms = logarithms;
    if (labels !== null) {
      this.#likelihoodOfLabels.labels = labels;
      this.#likelihoodOfLabels.ignoreIndex = ignoreIndex;
    } else this.#likelihoodOfTargets.targets = targets!;
    this.args = args;
  }

  /** Σ w_c, which only smoothed labels need. */
  set weightSum(sum: number) {
    this.#ofLabels.weightSum = sum;
  }

  /** With all weights times a number, what is not weighted by class is, too. */
  multiplyUnweighted(unit: number): void {
    this.#general.zLoss *= unit;
  }

  run(launch: Launch, reduce: Reduce | undefined): void {
    const { args } = this;
    if (args === this.#ofLabels) launch(kernels.crossEntropy, this.#ofLabels, reduce);
    else if (args === this.#ofTargets) launch(kernels.crossEntropyProbabilities, this.#ofTargets, reduce);
    else if (args === this.#likelihoodOfLabels) launch(kernels.likelihood, this.#likelihoodOfLabels, reduce);
    else if (args === this.#general) launch(kernels.generalCrossEntropy, this.#general, reduce);
    else launch(kernels.likelihoodProbabilities, this.#likelihoodOfTargets, reduce);
  }

  /** Lets the arrays go. */
  release(): void {
    const { args } = this;
    args.weights = null;
    args.grad = null;
    args.losses = undefined;
    args.scale = 1;
    this.labels = null;
    this.targets = null;
    this.sparse = null;
    this.#ofLabels.logits = NO_FLOATS;
    this.#ofLabels.labels = NO_LABELS;
    this.#ofTargets.logits = NO_FLOATS;
    this.#ofTargets.targets = NO_FLOATS;
    this.#likelihoodOfLabels.input = NO_FLOATS;
    this.#likelihoodOfLabels.labels = NO_LABELS;
    this.#likelihoodOfTargets.input = NO_FLOATS;
    this.#likelihoodOfTargets.targets = NO_FLOATS;
    this.#general.logits = NO_FLOATS;
    this.#general.labels = null;
    this.#general.targets = null;
    this.#general.indices = null;
    this.#general.shares = null;
  }
}
