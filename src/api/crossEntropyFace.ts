import type { Backend, Reduce as TakePartials } from "../backends/backend.ts";
import {
  checkAttached,
  checkChoice,
  checkFraction,
  checkInteger,
  checkLabelCount,
  checkLength,
  checkNumber,
  checkOptions,
  checkOverlap,
  checkSameDtype,
  INT32_MAX,
  logitsOf,
  sampleWeightOf,
  targetsOf,
  weightOf,
} from "../check.ts";
import type { Kernel } from "../descriptions/kernel.ts";
import {
  type Dtype,
  dtypeOf,
  type FloatArray,
  floatArray,
  type HalfBits,
  isFloatArray,
  type LabelArray,
  type LogitsArray,
} from "../dtype.ts";
import { labelWeights } from "../generated/kernels.ts";
import { ExactSum } from "../numeric/exactSum.ts";
import { checkLabelShape, checkSameShape, classAxisOf, rowOptionsOf, type TensorLike } from "../tensorLike.ts";
import { type Common, CrossEntropyKernels, type Launch, type LogitsOptions } from "./crossEntropyKernels.ts";
import type { CrossEntropy, CrossEntropyInput, SparseTargets } from "./crossEntropyOptions.ts";
import type { Door } from "./door.ts";
import { runPositions } from "./innerPositions.ts";
import { LabelCheck } from "./labelCheck.ts";
import { type Out, type Reduction, reductionOf, type WithGrad } from "./reduction.ts";
import { checkPositions, checkTemperature, rowsOut } from "./rowOptions.ts";
import { RowWeights } from "./rowWeights.ts";
import { checkOnlyClass, checkSparseTargets, sparseTargetsOf } from "./sparseTargets.ts";

const INPUTS: readonly CrossEntropyInput[] = ["logits", "probabilities", "logProbabilities"];
const OF_LOGITS = ["temperature", "softCap", "zLoss", "gamma"] as const;
const KNOWN = [
  "classes",
  "reduction",
  "input",
  "weight",
  "ignoreIndex",
  "labelSmoothing",
  "sampleWeight",
  "inner",
  ...OF_LOGITS,
];
const SOFT_CAP = { name: "softCap", above: 0, below: Number.POSITIVE_INFINITY };
const Z_LOSS = { name: "zLoss", atLeast: 0, below: Number.POSITIVE_INFINITY };
const GAMMA = { ...Z_LOSS, name: "gamma" };
const DEFAULTS: LogitsOptions = { temperature: 1, softCap: 0, zLoss: 0, gamma: 0 };
const KNOWN_WITH_OUT = [...KNOWN, "out"];

/** Options that are of logits alone are at their defaults, and targets are not sparse. */
function checkNoneOfLogits(
  name: string,
  input: CrossEntropyInput,
  options: LogitsOptions,
  sparse: SparseTargets | null,
): void {
  if (sparse !== null) throw new TypeError(`${name}: input is "${input}", but targets are sparse (allowed "logits")`);
  const option = OF_LOGITS.find((it) => options[it] !== DEFAULTS[it]);
  if (option === undefined) return;
  throw new TypeError(`${name}: ${option} is ${options[option]}, but input is "${input}" (allowed with "logits")`);
}

/** A cap over the temperature is what logits become at most. */
function checkSoftCap(name: string, softCap: number, temperature: number): void {
  checkNumber(name, SOFT_CAP, softCap);
  if (softCap / temperature < Number.POSITIVE_INFINITY) return;
  throw new RangeError(`${name}: softCap is ${softCap}, but temperature is ${temperature}: their quotient is infinite`);
}

type Targets = LabelArray | FloatArray | SparseTargets | TensorLike;

/** Cross-entropy on one backend: checks, arguments, and the reduction of row losses. */
export class CrossEntropyFace {
  readonly #door: Door;
  readonly #labelCheck = new LabelCheck();
  readonly #kernels = new CrossEntropyKernels();
  #sum: ExactSum = new ExactSum();
  #backend: Backend | undefined;
  readonly #add: TakePartials = (values, n) => this.#backend?.addExactly(this.#sum, values, n);
  // of the call that was checked last
  #rows = 0;
  #dtype: Dtype = "f32";
  #reduction: Reduction = "mean";
  #denominator = 0;
  #inner = 1;
  #rowWeights: RowWeights | null = null;

  constructor(door: Door) {
    this.#door = door;
  }

  loss(logits: LogitsArray | TensorLike, targets: Targets, options: CrossEntropy): number | Float64Array {
    try {
      this.#open("crossEntropy", logits, targets, options, KNOWN);
      return this.#reduce();
    } finally {
      this.#release();
    }
  }

  withGrad(
    logits: LogitsArray | TensorLike,
    targets: Targets,
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
      const { args } = this.#kernels;
      args.scale = this.#reduction === "mean" ? 1 / this.#denominator : 1;
      const isApart = this.#reduction === "mean" && (args.scale === Infinity || args.scale === 0);
      args.grad = isApart ? null : grad;
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
    given: Targets,
    givenOptions: CrossEntropy,
    known: readonly string[],
  ): FloatArray | HalfBits {
    const options = rowOptionsOf(givenOptions, data);
    checkOptions(name, options, known);
    let { classes, inner = 1 } = options;
    const { weight: givenWeight = null, ignoreIndex = -100, labelSmoothing = 0, input = "logits" } = options;
    const { sampleWeight: givenSampleWeight = null } = options;
    const { temperature = 1, softCap, zLoss = 0, gamma = 0 } = options;
    const reduction = reductionOf(name, options);
    // only now: reading an option may close the engine
    const backend = this.#door(name);
    const logits = logitsOf(name, "logits", data);
    if (logits !== data) ({ classes, inner } = classAxisOf(name, "logits", data, classes, inner));
    const rows = checkPositions(name, "logits", logits, classes, inner);
    const sparse = given instanceof Int32Array ? null : sparseTargetsOf(name, given);
    if (sparse !== null && inner !== 1) {
      throw new TypeError(`${name}: inner is ${inner}, but targets are sparse (allowed 1)`);
    }
    const targets = sparse === null ? targetsOf(name, given) : sparse.probabilities;
    const byLabel = !isFloatArray(targets);
    if (rows === 0) checkAttached(name, byLabel ? "labels" : "probabilities", targets);
    if (byLabel) {
      checkLabelCount(name, targets.length, rows, classes);
      if (targets !== given && inner === 1) checkLabelShape(name, given, data);
    } else if (sparse !== null) checkSparseTargets(name, sparse, rows, classes, logits);
    else {
      checkSameDtype(name, "probabilities", targets, "logits", logits);
      checkLength(name, "probabilities", targets.length, logits.length, "logits");
      if (targets !== given) checkSameShape(name, "probabilities", given, "logits", data);
    }
    checkChoice(name, "input", input, INPUTS);
    checkInteger(name, "ignoreIndex", ignoreIndex, -INT32_MAX - 1, INT32_MAX);
    checkFraction(name, "labelSmoothing", labelSmoothing);
    const weight = givenWeight === null ? null : weightOf(name, givenWeight, classes, logits);
    const sampleWeight =
      givenSampleWeight === null ? null : sampleWeightOf(name, givenSampleWeight, rows, logits, "logits");
    if (!byLabel && sparse === null && classes === 1 && input === "logits") checkOnlyClass(name, targets);
    // what most calls do without costs them nothing
    const ofLogits =
      temperature === 1 && softCap === undefined && zLoss === 0 && gamma === 0
        ? DEFAULTS
        : { temperature, softCap: softCap ?? 0, zLoss, gamma };
    if (ofLogits !== DEFAULTS) {
      checkTemperature(name, temperature);
      if (softCap !== undefined) checkSoftCap(name, softCap, temperature);
      checkNumber(name, Z_LOSS, zLoss);
      checkNumber(name, GAMMA, gamma);
    }
    if (input !== "logits") checkNoneOfLogits(name, input, ofLogits, sparse);
    if (gamma !== 0 && !byLabel) throw new TypeError(`${name}: gamma is ${gamma}, but targets are no labels`);
    const counted = byLabel ? this.#labelCheck.count(name, backend, targets, classes, ignoreIndex) : rows;

    this.#backend = backend;
    this.#rows = rows;
    this.#dtype = dtypeOf(logits);
    this.#reduction = reduction;
    const labels = byLabel ? targets : null;
    const dense = byLabel || sparse !== null ? null : targets;
    const args = this.#kernels.take(logits, labels, dense, sparse, ignoreIndex, input, rows, ofLogits);
    args.weights = weight;
    args.classes = classes;
    args.labelSmoothing = labelSmoothing;
    this.#kernels.weightSum = labelSmoothing === 0 ? 0 : weight === null ? classes : this.#exactly(backend, weight);
    this.#inner = inner;
    this.#rowWeights = sampleWeight === null ? null : new RowWeights(sampleWeight, reduction === "mean");
    this.#denominator = reduction === "mean" ? this.#totalWeight(weight, counted) : 1;
    return logits;
  }

  /** What a mean is divided by, Σ sampleWeight w[y] of the rows that are not ignored: in units of the RowWeights. */
  #totalWeight(weights: FloatArray | null, counted: number): number {
    const backend = this.#backend!;
    const rowWeights = this.#rowWeights;
    const { labels, ignoreIndex, args } = this.#kernels;
    if (rowWeights === null && (weights === null || labels === null)) return counted;
    this.#sum = backend.exactSum();
    if (rowWeights !== null && labels === null) return rowWeights.total(this.#sum);
    const add = rowWeights === null ? this.#add : rowWeights.before(this.#add);
    const ofClasses = weights ?? floatArray(this.#dtype, args.classes).fill(1);
    const given = { labels: labels!, weights: ofClasses, ignoreIndex };
    backend.run(labelWeights, this.#dtype, this.#rows, given, 0, add);
    return this.#sum.value();
  }

  /**
   * The gradient of a mean whose Σ w[y] or its inverse overflows: with all weights times a power of two it is the same, and
   * the sum and its inverse are normal.
   */
  #writeGradientApart(grad: FloatArray, unit: number): void {
    const args = this.#kernels.args;
    const weights = args.weights!.map((w) => Math.min(w * unit, Number.MAX_VALUE));
    args.weights = weights;
    args.grad = grad;
    args.losses = new Float64Array(this.#rows);
    args.scale = 1 / this.#totalWeight(weights, 0);
    if (args.labelSmoothing !== 0) this.#kernels.weightSum = this.#exactly(this.#backend!, weights);
    this.#kernels.multiplyUnweighted(unit);
    this.#run();
  }

  /** The gradient overlaps neither targets nor weights: those that were taken, as reading them again may give others. */
  #checkApart(name: string, grad: FloatArray): void {
    const { labels, targets, sparse, args } = this.#kernels;
    const { weights } = args;
    if (labels) checkOverlap(name, grad, "labels", labels, false);
    if (targets) checkOverlap(name, grad, "probabilities", targets, false);
    if (sparse) {
      checkOverlap(name, grad, "indices", sparse.indices, false);
      checkOverlap(name, grad, "probabilities", sparse.probabilities, false);
    }
    if (weights) checkOverlap(name, grad, "weight", weights, false);
    if (this.#rowWeights) checkOverlap(name, grad, "sampleWeight", this.#rowWeights.weights, false);
  }

  /** Of no rows that count, or of weights that are all 0. */
  #isWithoutMean(): boolean {
    return this.#reduction === "mean" && this.#denominator === 0;
  }

  /** Runs the kernel and reduces its losses, one a row: their exact sum, over the denominator for the mean. */
  #reduce(): number | Float64Array {
    if (this.#isWithoutMean()) return Number.NaN;
    const rowWeights = this.#rowWeights;
    if (this.#reduction === "none") {
      const losses = new Float64Array(this.#rows);
      this.#kernels.args.losses = losses;
      this.#run();
      rowWeights?.weigh(losses, this.#rows, 0);
      return losses;
    }
    this.#sum = this.#backend!.exactSum();
    const isMean = this.#reduction === "mean";
    this.#run(rowWeights === null ? this.#add : rowWeights.before(this.#add));
    const sum = this.#sum.value();
    return isMean ? sum / this.#denominator : sum;
  }

  #run(reduce?: TakePartials): void {
    this.#kernels.run(this.#launch, reduce);
  }

  readonly #launch: Launch = <A extends Common>(kernel: Kernel<A>, args: A, reduce: TakePartials | undefined): void => {
    const backend = this.#backend!;
    const rows = this.#rows;
    if (this.#inner === 1) {
      backend.run<A, A>(kernel, this.#dtype, rows, args as never, 0, reduce);
      this.#weighGradient(args, rows, 0);
    } else runPositions(backend, kernel, this.#dtype, rows, this.#inner, args, reduce, this.#weighGradient);
  };

  readonly #weighGradient = ({ grad, classes }: Common, rows: number, first: number): void => {
    if (grad !== null) this.#rowWeights?.weighGradient(this.#backend!, grad, rows, classes, first);
  };

  #exactly(backend: Backend, values: FloatArray): number {
    const sum = backend.exactSum();
    for (const x of values) sum.add(x);
    return sum.value();
  }

  #release(): void {
    this.#kernels.release();
    this.#backend = undefined;
    this.#rowWeights = null;
  }
}
