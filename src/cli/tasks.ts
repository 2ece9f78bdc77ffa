import type { Tensor } from "../formats/tensor.ts";
import type { ElementsTask } from "./adding/elementsAdder.ts";
import type { RowsTask } from "./adding/rowsAdder.ts";
import type { EvaluateOptions } from "./evaluateOptions.ts";
import { oneHotLabels } from "./oneHotLabels.ts";
import { showsClasses } from "./report/evaluationPanels.ts";
import { checkPair, hasRowsOfLogits, shapeOf } from "./shapes.ts";
import { defaultTops } from "./tables.ts";

/** What is to be added up of logits and labels. */
export function rowsTask(
  logits: Tensor,
  labels: Tensor,
  groups: Tensor | undefined,
  options: EvaluateOptions,
): RowsTask {
  const { ignoreIndex, state, report, shift } = options;
  const isOneHot = hasRowsOfLogits(logits, labels);
  const shape = shapeOf(logits, isOneHot ? oneHotLabels(labels) : labels, options.classes);
  const { classes } = shape;
  return {
    loss: "cross-entropy",
    evaluator: {
      classes,
      input: options.input ?? ("logits" as const),
      ignoreIndex,
      topK: options.topK ?? defaultTops(classes),
      confusion: options.confusion,
      ...(options.percentiles ? { percentiles: true as const } : {}),
      perClass: options.perClass || state !== undefined || (report !== undefined && showsClasses(classes, false)),
    },
    shape,
    columns: [
      { perRow: classes, ahead: 0 },
      { perRow: isOneHot ? classes : 1, ahead: shift ? 1 : 0 },
      ...(groups ? [{ perRow: 1, ahead: 0 }] : []),
    ],
    isOneHot,
    shift,
    isInputGiven: options.input !== undefined,
    worst: options.worst,
    bytes: options.bytes,
    words: options.words,
  };
}

/** What is to be added up of predictions and targets. */
export function elementsTask(predictions: Tensor, targets: Tensor): ElementsTask {
  checkPair(predictions, targets);
  const column = { perRow: 1, ahead: 0 };
  return { loss: "mse", columns: [column, column] };
}
