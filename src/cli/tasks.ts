import type { FloatArray } from "../dtype.ts";
import { oneHotLabels } from "../formats/rows/oneHotLabels.ts";
import { checkBinary, checkPair, hasRowsOfLogits, shapeOf } from "../formats/rows/shapes.ts";
import type { Tensor } from "../formats/tensor.ts";
import type { Beside } from "./adding/adder.ts";
import type { BinaryTask } from "./adding/binaryAdder.ts";
import type { ElementsTask } from "./adding/elementsAdder.ts";
import type { RowsTask } from "./adding/rowsAdder.ts";
import { checkBeside } from "./beside.ts";
import { checkClassWeights } from "./classWeights.ts";
import type { EvaluateOptions } from "./evaluateOptions.ts";
import { showsClasses } from "./report/evaluationPanels.ts";
import { defaultTops } from "./tables.ts";
import { warn } from "./warn.ts";

/** The command line, and the weights of the classes that it names. */
export type RowsOptions = EvaluateOptions & { readonly weights?: FloatArray | undefined };

/** What is to be added up of logits, labels, and what rows come with. */
export function rowsTask(
  logits: Tensor,
  labels: Tensor,
  beside: ReadonlyMap<Beside, Tensor>,
  options: RowsOptions,
): RowsTask {
  const { ignoreIndex, state, report, shift, weights } = options;
  const isOneHot = hasRowsOfLogits(logits, labels);
  const shape = shapeOf(logits, isOneHot ? oneHotLabels(labels, warn) : labels, options.classes);
  const { classes } = shape;
  if (weights !== undefined) checkClassWeights(weights, classes, options.weight?.path);
  checkBeside(beside, shape.rows, logits);
  return {
    loss: "cross-entropy",
    evaluator: {
      classes,
      input: options.input ?? ("logits" as const),
      ignoreIndex,
      weight: weights,
      topK: options.topK ?? defaultTops(classes),
      confusion: options.confusion,
      ranking: options.ranking,
      fitTemperature: options.fitTemperature,
      worst: options.worst ?? 0,
      ...(options.percentiles ? { percentiles: true as const } : {}),
      perClass: options.perClass || state !== undefined || (report !== undefined && showsClasses(classes, false)),
    },
    shape,
    columns: [
      { perRow: classes, ahead: 0 },
      { perRow: isOneHot ? classes : 1, ahead: shift ? 1 : 0 },
      // a mask is of tokens, and shifted with them
      ...[...beside.keys()].map((name) => ({ perRow: 1, ahead: shift && name === "mask" ? 1 : 0 })),
    ],
    beside: [...beside.keys()],
    isOneHot,
    shift,
    isInputGiven: options.input !== undefined,
    bytes: options.bytes,
    words: options.words,
  };
}

/** How predictions, their targets and what they come with lie beside each other. */
function columnsOfPairs(predictions: Tensor, beside: ReadonlyMap<Beside, Tensor>) {
  checkBeside(beside, predictions.length, predictions);
  const names = [...beside.keys()];
  return { columns: ["predictions", "targets", ...names].map(() => ({ perRow: 1, ahead: 0 })), beside: names };
}

/** What is to be added up of predictions and targets. */
export function elementsTask(predictions: Tensor, targets: Tensor, beside: ReadonlyMap<Beside, Tensor>): ElementsTask {
  checkPair(predictions, targets);
  return { loss: "mse", ...columnsOfPairs(predictions, beside) };
}

/** What is to be added up of one logit or probability a row, and its targets. */
export function binaryTask(
  predictions: Tensor,
  targets: Tensor,
  beside: ReadonlyMap<Beside, Tensor>,
  { input }: EvaluateOptions,
): BinaryTask {
  checkBinary(predictions, targets);
  const own = input === "probabilities" ? input : "logits";
  return { loss: "binary", input: own, ...columnsOfPairs(predictions, beside) };
}

/** What is to be added up of what the command line names. */
export function taskOf(
  logits: Tensor,
  labels: Tensor,
  beside: ReadonlyMap<Beside, Tensor>,
  options: RowsOptions,
): RowsTask | ElementsTask | BinaryTask {
  if (options.loss === "mse") return elementsTask(logits, labels, beside);
  if (options.loss === "binary") return binaryTask(logits, labels, beside, options);
  return rowsTask(logits, labels, beside, options);
}
