import { type Backend, NO_FLOATS, NO_LABELS, type Reduce as TakePartials } from "../backends/backend.ts";
import {
  checkAttached,
  checkChoice,
  checkFraction,
  checkInteger,
  checkLabelCount,
  checkLength,
  checkOptions,
  checkOverlap,
  checkSameDtype,
  INT32_MAX,
  logitsOf,
  targetsOf,
  weightOf,
} from "../check.ts";
import {
  type Dtype,
  dtypeOf,
  type FloatArray,
  type HalfBits,
  type IntegerArray,
  isFloatArray,
  type LabelArray,
  type LogitsArray,
} from "../dtype.ts";
import * as kernels from "../generated/kernels.ts";
import { ExactSum } from "../numeric/exactSum.ts";
import { checkLabelShape, checkSameShape, classesOf, rowOptionsOf, type TensorLike } from "../tensorLike.ts";
import type { CrossEntropy, CrossEntropyInput } from "./crossEntropyOptions.ts";
import type { Door } from "./door.ts";
import { LabelCheck, ONE_LOGIT } from "./labelCheck.ts";
import { type Out, type Reduction, reductionOf, type WithGrad } from "./reduction.ts";
import { checkRows, rowsOut } from "./rowOptions.ts";

const INPUTS: readonly CrossEntropyInput[] = ["logits", "probabilities", "logProbabilities"];
const KNOWN = ["classes", "reduction", "input", "weight", "ignoreIndex", "labelSmoothing"];
const KNOWN_WITH_OUT = [...KNOWN, "out"];

/** What all four kernels take. */
type Common = Pick<
  kernels.CrossEntropyArguments,
  "weights" | "grad" | "losses" | "classes" | "labelSmoothing" | "scale"
>;

const common = (): Common => ({
  weights: null,
  grad: null,
  losses: undefined,
  classes: 0,
  labelSmoothing: 0,
  scale: 1,
});

/** Of one logit a row softmax is 1, whatever the logit: any other target is meant for another loss. */
function checkOnlyClass(name: string, targets: FloatArray): void {
  const i = targets.findIndex((t) => t !== 1);
  if (i < 0) return;
  throw new RangeError(`${name}: probabilities[${i}] is ${targets[i]}, but classes is 1 (allowed 1)${ONE_LOGIT}`);
}

/** Cross-entropy on one backend: checks, arguments, and the reduction of row losses. */
export class CrossEntropyFace {
  readonly #door: Door;
  readonly #labelCheck = new LabelCheck();
  // one object of each kind for every call, so that a call leaves none behind; their arrays are let go after each
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
  #sum: ExactSum = new ExactSum();
  #backend: Backend | undefined;
  readonly #add: TakePartials = (values, n) => this.#backend?.addExactly(this.#sum, values, n);
  // of the call that was checked last
  #args: Common = this.#ofLabels;
  #rows = 0;
  #dtype: Dtype = "f32";
  #reduction: Reduction = "mean";
  #denominator = 0;

  constructor(door: Door) {
    this.#door = door;
  }

  loss(
    logits: LogitsArray | TensorLike,
    targets: LabelArray | FloatArray | TensorLike,
    options: CrossEntropy,
  ): number | Float64Array {
    try {
      this.#open("crossEntropy", logits, targets, options, KNOWN);
      return this.#reduce();
    } finally {
      this.#release();
    }
  }

  withGrad(
    logits: LogitsArray | TensorLike,
    targets: LabelArray | FloatArray | TensorLike,
    options: CrossEntropy & Out,
  ): WithGrad<number | Float64Array> {
    const name = "crossEntropyWithGrad";
    // before the arguments are put down: reading it may call another loss
    const out = options?.out;
    try {
      const read = this.#open(name, logits, targets, options, KNOWN_WITH_OUT);
      const grad = rowsOut(name, "logits", read, out);
      this.#checkApart(name, grad);
      if (this.#isWithoutMean()) {
        grad.fill(0);
        return { loss: Number.NaN, grad: out ?? grad };
      }
      this.#args.scale = this.#reduction === "mean" ? 1 / this.#denominator : 1;
      const isApart = this.#args.scale === Infinity || this.#args.scale === 0;
      this.#args.grad = isApart ? null : grad;
      const loss = this.#reduce();
      if (isApart) this.#writeGradientApart(grad, this.#denominator < 1 ? 2 ** 52 : 2 ** -64);
      return { loss, grad: out ?? grad };
    } finally {
      this.#release();
    }
  }

  /** Everything that can be wrong is found here, before anything is written. Returns the logits. */
  #open(
    name: string,
    data: LogitsArray | TensorLike,
    given: LabelArray | FloatArray | TensorLike,
    givenOptions: CrossEntropy,
    known: readonly string[],
  ): FloatArray | HalfBits {
    const options = rowOptionsOf(givenOptions, data);
    checkOptions(name, options, known);
    let { classes } = options;
    const { weight: givenWeight = null, ignoreIndex = -100, labelSmoothing = 0, input = "logits" } = options;
    const reduction = reductionOf(name, options);
    // only now: reading an option may close the engine
    const backend = this.#door(name);
    const logits = logitsOf(name, "logits", data);
    if (logits !== data) classes = classesOf(name, "logits", data, classes);
    const rows = checkRows(name, "logits", logits, classes);
    const targets = targetsOf(name, given);
    const byLabel = !isFloatArray(targets);
    if (rows === 0) checkAttached(name, byLabel ? "labels" : "probabilities", targets);
    if (byLabel) {
      checkLabelCount(name, targets.length, rows, classes);
      if (targets !== given) checkLabelShape(name, given, data);
    } else {
      checkSameDtype(name, "probabilities", targets, "logits", logits);
      checkLength(name, "probabilities", targets.length, logits.length, "logits");
      if (targets !== given) checkSameShape(name, "probabilities", given, "logits", data);
    }
    checkChoice(name, "input", input, INPUTS);
    checkInteger(name, "ignoreIndex", ignoreIndex, -INT32_MAX - 1, INT32_MAX);
    checkFraction(name, "labelSmoothing", labelSmoothing);
    const weight = givenWeight === null ? null : weightOf(name, givenWeight, classes, logits);
    if (!byLabel && classes === 1 && input === "logits") checkOnlyClass(name, targets);
    const counted = byLabel ? this.#labelCheck.count(name, backend, targets, classes, ignoreIndex) : rows;

    this.#backend = backend;
    this.#rows = rows;
    this.#dtype = dtypeOf(logits);
    this.#reduction = reduction;
    this.#args =
      input === "logits"
        ? this.#takeLogits(logits, targets, byLabel, ignoreIndex)
        : this.#takeLikelihoods(logits, targets, byLabel, ignoreIndex, input === "logProbabilities" ? 1 : 0);
    this.#args.weights = weight;
    this.#args.classes = classes;
    this.#args.labelSmoothing = labelSmoothing;
    this.#ofLabels.weightSum = labelSmoothing === 0 ? 0 : weight === null ? classes : this.#exactly(backend, weight);
    this.#denominator =
      byLabel && weight !== null && reduction === "mean" ? this.#sumOfWeights(targets, weight, ignoreIndex) : counted;
    return logits;
  }

  /** Σ w[y] of the rows that are not ignored. */
  #sumOfWeights(labels: IntegerArray, weights: FloatArray, ignoreIndex: number): number {
    const backend = this.#backend!;
    this.#sum = backend.exactSum();
    backend.run(kernels.labelWeights, this.#dtype, this.#rows, { labels, weights, ignoreIndex }, 0, this.#add);
    return this.#sum.value();
  }

  /**
   * The gradient of a mean whose Σ w[y] or its inverse overflows: with all weights times a power of two it is the same, and
   * the sum and its inverse are normal.
   */
  #writeGradientApart(grad: FloatArray, unit: number): void {
    const args = this.#args as Common & Pick<kernels.CrossEntropyArguments, "labels" | "ignoreIndex">;
    const weights = args.weights!.map((w) => Math.min(w * unit, Number.MAX_VALUE));
    args.weights = weights;
    args.grad = grad;
    args.losses = new Float64Array(this.#rows);
    args.scale = 1 / this.#sumOfWeights(args.labels as IntegerArray, weights, args.ignoreIndex);
    if (args.labelSmoothing !== 0) this.#ofLabels.weightSum = this.#exactly(this.#backend!, weights);
    this.#run();
  }

  /** The gradient overlaps neither targets nor weights: those that were taken, as reading them again may give others. */
  #checkApart(name: string, grad: FloatArray): void {
    const { weights } = this.#args;
    if ("labels" in this.#args) checkOverlap(name, grad, "labels", this.#args.labels as IntegerArray, false);
    if ("targets" in this.#args) checkOverlap(name, grad, "probabilities", this.#args.targets as FloatArray, false);
    if (weights) checkOverlap(name, grad, "weight", weights, false);
  }

  #takeLogits(
    logits: FloatArray | HalfBits,
    targets: IntegerArray | FloatArray,
    byLabel: boolean,
    ignoreIndex: number,
  ): Common {
    if (byLabel) {
      this.#ofLabels.logits = logits;
      this.#ofLabels.labels = targets as IntegerArray;
      this.#ofLabels.ignoreIndex = ignoreIndex;
      return this.#ofLabels;
    }
    this.#ofTargets.logits = logits;
    this.#ofTargets.targets = targets as FloatArray;
    return this.#ofTargets;
  }

  #takeLikelihoods(
    input: FloatArray | HalfBits,
    targets: IntegerArray | FloatArray,
    byLabel: boolean,
    ignoreIndex: number,
    logarithms: number,
  ): Common {
    const args = byLabel ? this.#likelihoodOfLabels : this.#likelihoodOfTargets;
    args.input = input;
    args.logarithms = logarithms;
    if (byLabel) {
      this.#likelihoodOfLabels.labels = targets as IntegerArray;
      this.#likelihoodOfLabels.ignoreIndex = ignoreIndex;
    } else this.#likelihoodOfTargets.targets = targets as FloatArray;
    return args;
  }

  /** Of no rows that count, or of weights that are all 0. */
  #isWithoutMean(): boolean {
    return this.#reduction === "mean" && this.#denominator === 0;
  }

  /** Runs the kernel and reduces its losses, one a row: their exact sum, over the denominator for the mean. */
  #reduce(): number | Float64Array {
    if (this.#isWithoutMean()) return Number.NaN;
    if (this.#reduction === "none") {
      const losses = new Float64Array(this.#rows);
      this.#args.losses = losses;
      this.#run();
      return losses;
    }
    this.#sum = this.#backend!.exactSum();
    this.#run(this.#add);
    const sum = this.#sum.value();
    return this.#reduction === "sum" ? sum : sum / this.#denominator;
  }

  #run(reduce?: TakePartials): void {
    const backend = this.#backend!;
    const args = this.#args;
    if (args === this.#ofLabels) backend.run(kernels.crossEntropy, this.#dtype, this.#rows, this.#ofLabels, 0, reduce);
    else if (args === this.#ofTargets) {
      backend.run(kernels.crossEntropyProbabilities, this.#dtype, this.#rows, this.#ofTargets, 0, reduce);
    } else if (args === this.#likelihoodOfLabels) {
      backend.run(kernels.likelihood, this.#dtype, this.#rows, this.#likelihoodOfLabels, 0, reduce);
    } else backend.run(kernels.likelihoodProbabilities, this.#dtype, this.#rows, this.#likelihoodOfTargets, 0, reduce);
  }

  #exactly(backend: Backend, values: FloatArray): number {
    const sum = backend.exactSum();
    for (const x of values) sum.add(x);
    return sum.value();
  }

  #release(): void {
    const args = this.#args;
    args.weights = null;
    args.grad = null;
    args.losses = undefined;
    args.scale = 1;
    this.#ofLabels.logits = NO_FLOATS;
    this.#ofLabels.labels = NO_LABELS;
    this.#ofTargets.logits = NO_FLOATS;
    this.#ofTargets.targets = NO_FLOATS;
    this.#likelihoodOfLabels.input = NO_FLOATS;
    this.#likelihoodOfLabels.labels = NO_LABELS;
    this.#likelihoodOfTargets.input = NO_FLOATS;
    this.#likelihoodOfTargets.targets = NO_FLOATS;
    this.#backend = undefined;
  }
}
