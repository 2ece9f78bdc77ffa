import type { Arguments, Backend } from "../backends/backend.ts";
import {
  checkChoice,
  checkFloats,
  checkFraction,
  checkInteger,
  checkLength,
  checkLogits,
  checkOverlap,
  checkSameDtype,
  checkTargets,
} from "../check.ts";
import { dtypeOf, type FloatArray, type HalfBits, type LabelArray, type LogitsArray } from "../dtype.ts";
import * as ce from "../kernels/crossEntropy.ts";
import type { Kernel } from "../kernels/kernel.ts";
import * as ll from "../kernels/likelihood.ts";
import { checkLabels, labelWeights } from "../kernels/targets.ts";
import { type Out, type Reduce, type Reduction, reductionOf, type WithGrad } from "./reduction.ts";
import { checkRows, type Rows, rowsOut } from "./rows.ts";

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

/** A checked call. */
interface Call {
  readonly rows: number;
  readonly logits: FloatArray | HalfBits;
  readonly labels: LabelArray | null;
  readonly reduction: Reduction;
  readonly input: CrossEntropyInput;
  readonly args: Arguments;
  /** What the mean divides by. */
  readonly denominator: number;
}

/** Everything that can be wrong is found here, before anything is written. */
function open(
  name: string,
  backend: Backend,
  data: LogitsArray,
  targets: LabelArray | FloatArray,
  options: CrossEntropy,
): Call {
  const logits = checkLogits(name, "logits", data);
  const rows = checkRows(name, "logits", logits, options);
  const { classes, weight = null, ignoreIndex = -100, labelSmoothing = 0, input = "logits" } = options;
  const byLabel = checkTargets(name, targets);
  if (byLabel) checkLength(name, "labels", targets.length, rows, "logits (in rows)");
  else {
    checkSameDtype(name, "probabilities", targets as FloatArray, "logits", logits);
    checkLength(name, "probabilities", targets.length, logits.length, "logits");
  }
  const reduction = reductionOf(name, options);
  checkChoice(name, "input", input, INPUTS);
  checkInteger(name, "ignoreIndex", ignoreIndex, -INT32_MAX - 1, INT32_MAX);
  checkFraction(name, "labelSmoothing", labelSmoothing);
  if (weight !== null) checkWeight(name, weight, logits, classes);

  const weightSum = labelSmoothing === 0 ? 0 : weight === null ? classes : exactly(backend, weight);
  const args = {
    [input === "logits" ? "logits" : "input"]: logits,
    [byLabel ? "labels" : "targets"]: targets,
    weights: weight,
    classes,
    ignoreIndex,
    labelSmoothing,
    weightSum,
    logarithms: input === "logProbabilities" ? 1 : 0,
  };
  const labels = byLabel ? targets : null;
  const counted = labels === null ? rows : checkAllLabels(name, backend, labels, classes, ignoreIndex);
  const weighted = labels !== null && weight !== null && reduction === "mean";
  const denominator = weighted ? sumOfWeights(backend, labels, weight, ignoreIndex) : counted;
  return { rows, logits, labels, reduction, input, args, denominator };
}

function checkWeight(name: string, weight: unknown, logits: FloatArray | HalfBits, classes: number): void {
  checkFloats(name, "weight", weight);
  checkSameDtype(name, "weight", weight, "logits", logits);
  checkLength(name, "weight", weight.length, classes, "a row (classes)");
  for (let j = 0; j < classes; j++) {
    if (!(weight[j] >= 0)) throw new RangeError(`${name}: weight[${j}] is ${weight[j]}, but must be 0 or more`);
  }
}

/** Number of rows that are not ignored; throws at the first label out of range, counted from `firstRow`. */
export function checkAllLabels(
  name: string,
  backend: Backend,
  labels: LabelArray,
  classes: number,
  ignoreIndex: number,
  firstRow = 0,
): number {
  let counted = 0;
  let bad = -1;
  backend.run(checkLabels, "f32", labels.length, { labels, classes, ignoreIndex }, 0, (report, _, first) => {
    if (report[0] >= 0 && bad < 0) bad = first + report[0];
    counted += report[1];
  });
  if (bad < 0) return counted;
  throw new RangeError(
    `${name}: labels[${firstRow + bad}] is ${labels[bad]}, but classes is ${classes} (allowed 0..${classes - 1}, or ignoreIndex ${ignoreIndex})`,
  );
}

/** Exact Σ w[y] over the rows that count. */
function sumOfWeights(backend: Backend, labels: LabelArray, weights: FloatArray, ignoreIndex: number): number {
  const sum = backend.exactSum();
  const args = { labels, weights, ignoreIndex };
  backend.run(labelWeights, dtypeOf(weights), labels.length, args, 0, (values, n) =>
    backend.addExactly(sum, values, n),
  );
  return sum.value();
}

function exactly(backend: Backend, values: FloatArray): number {
  const sum = backend.exactSum();
  for (const x of values) sum.add(x);
  return sum.value();
}

const LOSS: Readonly<Record<string, Kernel>> = {
  labels: ce.crossEntropy,
  targets: ce.crossEntropyProbabilities,
  likelihoodLabels: ll.likelihood,
  likelihoodTargets: ll.likelihoodProbabilities,
};
const GRADIENT: Readonly<Record<string, Kernel>> = {
  labels: ce.crossEntropyGradient,
  targets: ce.crossEntropyProbabilitiesGradient,
  likelihoodLabels: ll.likelihoodGradient,
  likelihoodTargets: ll.likelihoodProbabilitiesGradient,
};

function kernelOf(list: typeof LOSS, { labels, input }: Call): Kernel {
  if (input === "logits") return list[labels ? "labels" : "targets"];
  return list[labels ? "likelihoodLabels" : "likelihoodTargets"];
}

/** Runs the kernel and reduces its losses, one a row: their exact sum, over the denominator for the mean. */
function reduce(backend: Backend, kernel: Kernel, call: Call, args: Arguments) {
  const { rows, logits, reduction, denominator } = call;
  if (reduction === "none") {
    const losses = new Float64Array(rows);
    backend.run(kernel, dtypeOf(logits), rows, { ...args, losses });
    return losses;
  }
  const sum = backend.exactSum();
  backend.run(kernel, dtypeOf(logits), rows, args, 0, (losses, n) => backend.addExactly(sum, losses, n));
  return reduction === "sum" ? sum.value() : sum.value() / denominator;
}

export function crossEntropy(
  backend: Backend,
  logits: LogitsArray,
  targets: LabelArray | FloatArray,
  options: CrossEntropy,
): number | Float64Array {
  const call = open("crossEntropy", backend, logits, targets, options);
  return reduce(backend, kernelOf(LOSS, call), call, call.args);
}

export function crossEntropyWithGrad(
  backend: Backend,
  logits: LogitsArray,
  targets: LabelArray | FloatArray,
  options: CrossEntropy & Out,
): WithGrad<number | Float64Array> {
  const name = "crossEntropyWithGrad";
  const call = open(name, backend, logits, targets, options);
  const grad = rowsOut(name, "logits", call.logits, options);
  checkOverlap(name, grad, call.labels ? "labels" : "probabilities", targets, false);
  if (options.weight) checkOverlap(name, grad, "weight", options.weight, false);
  const scale = call.reduction === "mean" ? 1 / call.denominator : 1;
  const loss = reduce(backend, kernelOf(GRADIENT, call), call, { ...call.args, grad, scale });
  return { loss, grad };
}
