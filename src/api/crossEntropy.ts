import type { Backend, Reduce as TakePartials } from "../backends/backend.ts";
import {
  checkAttached,
  checkChoice,
  checkFloats,
  checkFraction,
  checkInteger,
  checkLength,
  checkLogits,
  checkOptionsObject,
  checkOverlap,
  checkSameDtype,
  checkTargets,
} from "../check.ts";
import type { Kernel } from "../descriptions/kernel.ts";
import {
  type Dtype,
  dtypeOf,
  type FloatArray,
  type HalfBits,
  isFloatArray,
  type LabelArray,
  type LogitsArray,
} from "../dtype.ts";
import * as kernels from "../generated/kernels.ts";
import type { ExactSum } from "../numeric/exactSum.ts";
import { LabelCheck } from "./labelCheck.ts";
import { type Out, type Reduce, type Reduction, reductionOf, type WithGrad } from "./reduction.ts";
import { checkRows, type Rows, rowsOut } from "./rowOptions.ts";

/** What the first argument of a cross-entropy holds. */
export type CrossEntropyInput = "logits" | "probabilities" | "logProbabilities";

/** Options of crossEntropy. */
export interface CrossEntropy extends Reduce, Rows {
  /** Default `logits`; of probabilities it is H(p, q), of their logarithms the negative log-likelihood. */
  input?: CrossEntropyInput;
  /** One a class, of the logits' dtype, none negative; default 1. */
  weight?: FloatArray;
  /** Rows with this label count for nothing; default -100. Index targets only. */
  ignoreIndex?: number;
  /** Share of the target that goes to all classes alike, 0 to 1; default 0. */
  labelSmoothing?: number;
}

const INPUTS: readonly CrossEntropyInput[] = ["logits", "probabilities", "logProbabilities"];
const INT32_MAX = 2147483647;

function checkWeight(name: string, weight: unknown, logits: FloatArray | HalfBits, classes: number): void {
  checkFloats(name, "weight", weight);
  checkSameDtype(name, "weight", weight, "logits", logits);
  checkLength(name, "weight", weight.length, classes, "a row (classes)");
  for (let j = 0; j < classes; j++) {
    if (!(weight[j] >= 0)) throw new RangeError(`${name}: weight[${j}] is ${weight[j]}, but must be 0 or more`);
  }
}

const LOSS: Readonly<Record<string, Kernel>> = {
  labels: kernels.crossEntropy,
  targets: kernels.crossEntropyProbabilities,
  likelihoodLabels: kernels.likelihood,
  likelihoodTargets: kernels.likelihoodProbabilities,
};
const GRADIENT: Readonly<Record<string, Kernel>> = {
  labels: kernels.crossEntropyGradient,
  targets: kernels.crossEntropyProbabilitiesGradient,
  likelihoodLabels: kernels.likelihoodGradient,
  likelihoodTargets: kernels.likelihoodProbabilitiesGradient,
};

/** The kernels' arguments, by any of their names. */
type CallArguments = {
  logits: FloatArray | HalfBits | null;
  /** What takes the logits' place: probabilities or their logarithms. */
  input: FloatArray | HalfBits | null;
  labels: LabelArray | null;
  targets: FloatArray | null;
  weights: FloatArray | null;
  grad: FloatArray | null;
  /** Where each row's loss is asked for. */
  losses: Float64Array | undefined;
  classes: number;
  ignoreIndex: number;
  labelSmoothing: number;
  weightSum: number;
  logarithms: number;
  scale: number;
};

/** Cross-entropy on one backend. */
export class CrossEntropyLoss {
  readonly #backend: Backend;
  readonly #labelCheck: LabelCheck;
  /** One object for every call, so that a call leaves none behind; emptied after each. */
  readonly #args: CallArguments = {
    logits: null,
    input: null,
    labels: null,
    targets: null,
    weights: null,
    grad: null,
    losses: undefined,
    classes: 0,
    ignoreIndex: 0,
    labelSmoothing: 0,
    weightSum: 0,
    logarithms: 0,
    scale: 1,
  };
  #sum: ExactSum;
  readonly #add: TakePartials = (values, n) => this.#backend.addExactly(this.#sum, values, n);
  // of the call that was checked last
  #rows = 0;
  #dtype: Dtype = "f32";
  #reduction: Reduction = "mean";
  #denominator = 0;

  constructor(backend: Backend) {
    this.#backend = backend;
    this.#labelCheck = new LabelCheck(backend);
    this.#sum = backend.exactSum();
  }

  loss(logits: LogitsArray, targets: LabelArray | FloatArray, options: CrossEntropy): number | Float64Array {
    try {
      this.#open("crossEntropy", logits, targets, options);
      return this.#run(LOSS);
    } finally {
      this.#release();
    }
  }

  withGrad(
    logits: LogitsArray,
    targets: LabelArray | FloatArray,
    options: CrossEntropy & Out,
  ): WithGrad<number | Float64Array> {
    const name = "crossEntropyWithGrad";
    // before the arguments are put down: reading it may call another loss
    const out = options?.out;
    try {
      const read = this.#open(name, logits, targets, options);
      const grad = rowsOut(name, "logits", read, out);
      checkOverlap(name, grad, isFloatArray(targets) ? "probabilities" : "labels", targets, false);
      // from the arguments: reading options again may call another loss, or give another array
      const args = this.#args;
      if (args.weights) checkOverlap(name, grad, "weight", args.weights, false);
      args.grad = grad;
      args.scale = this.#reduction === "mean" ? 1 / this.#denominator : 1;
      return { loss: this.#run(GRADIENT), grad };
    } finally {
      this.#release();
    }
  }

  /** Everything that can be wrong is found here, before anything is written. Returns the logits. */
  #open(
    name: string,
    data: LogitsArray,
    targets: LabelArray | FloatArray,
    options: CrossEntropy,
  ): FloatArray | HalfBits {
    const logits = checkLogits(name, "logits", data);
    checkOptionsObject(name, options);
    const { classes, weight = null, ignoreIndex = -100, labelSmoothing = 0, input = "logits" } = options;
    const rows = checkRows(name, "logits", logits, classes);
    const byLabel = checkTargets(name, targets);
    if (rows === 0) checkAttached(name, byLabel ? "labels" : "probabilities", targets);
    if (byLabel) checkLength(name, "labels", targets.length, rows, "logits (in rows)");
    else {
      checkSameDtype(name, "probabilities", targets as FloatArray, "logits", logits);
      checkLength(name, "probabilities", targets.length, logits.length, "logits");
    }
    const reduction = reductionOf(name, options);
    if (input !== "logits") checkChoice(name, "input", input, INPUTS);
    checkInteger(name, "ignoreIndex", ignoreIndex, -INT32_MAX - 1, INT32_MAX);
    checkFraction(name, "labelSmoothing", labelSmoothing);
    if (weight !== null) checkWeight(name, weight, logits, classes);
    const counted = byLabel ? this.#labelCheck.count(name, targets, classes, ignoreIndex) : rows;

    this.#rows = rows;
    this.#dtype = dtypeOf(logits);
    this.#reduction = reduction;
    const args = this.#args;
    if (input === "logits") args.logits = logits;
    else args.input = logits;
    if (byLabel) args.labels = targets;
    else args.targets = targets as FloatArray;
    args.weights = weight;
    args.classes = classes;
    args.ignoreIndex = ignoreIndex;
    args.labelSmoothing = labelSmoothing;
    args.weightSum = labelSmoothing === 0 ? 0 : weight === null ? classes : this.#exactly(weight);
    args.logarithms = input === "logProbabilities" ? 1 : 0;
    const weighted = byLabel && weight !== null && reduction === "mean";
    this.#denominator = weighted ? this.#sumOf(kernels.labelWeights) : counted;
    return logits;
  }

  /** Runs one of the kernels and reduces its losses, one a row: their exact sum, over the denominator for the mean. */
  #run(kernels: typeof LOSS): number | Float64Array {
    const { input, labels } = this.#args;
    const kernel =
      kernels[input === null ? (labels ? "labels" : "targets") : labels ? "likelihoodLabels" : "likelihoodTargets"];
    if (this.#reduction === "none") {
      const losses = new Float64Array(this.#rows);
      this.#args.losses = losses;
      this.#backend.run(kernel, this.#dtype, this.#rows, this.#args);
      return losses;
    }
    const sum = this.#sumOf(kernel);
    return this.#reduction === "sum" ? sum : sum / this.#denominator;
  }

  /** The exact sum of a kernel's values, one a row. */
  #sumOf(kernel: Kernel): number {
    this.#sum = this.#backend.exactSum();
    this.#backend.run(kernel, this.#dtype, this.#rows, this.#args, 0, this.#add);
    return this.#sum.value();
  }

  #exactly(values: FloatArray): number {
    const sum = this.#backend.exactSum();
    for (const x of values) sum.add(x);
    return sum.value();
  }

  #release(): void {
    const args = this.#args;
    args.logits = null;
    args.input = null;
    args.labels = null;
    args.targets = null;
    args.weights = null;
    args.grad = null;
    args.losses = undefined;
  }
}
