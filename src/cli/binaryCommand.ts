import type { FloatArray, LabelArray } from "../dtype.ts";
import type { BinaryEvaluation } from "../evaluate/binary/binary.ts";
import type { Coverage } from "../evaluate/coverage.ts";
import { FormatError } from "../formats/error.ts";
import { isFloat, type Tensor, type TensorArray } from "../formats/tensor.ts";
import type { Losses } from "../inlinedLosses.ts";
import { logitsOf, readTogether } from "./batches.ts";
import { floatsOf } from "./floats.ts";
import { printedCalibration } from "./printable.ts";
import { progressBar } from "./progress.ts";
import { textOf } from "./shapes.ts";
import {
  calibrationText,
  coverageLines,
  digits,
  type Line,
  percent,
  type Run,
  range,
  rankingLines,
  runLines,
} from "./tables.ts";
import { table } from "./text.ts";

/** Evaluates one logit or probability a row; `rows` are those that were read. */
export async function evaluateBinary(
  losses: Losses,
  predictions: Tensor,
  targets: Tensor,
  input: "logits" | "probabilities",
) {
  if (!isFloat(predictions.dtype)) {
    throw new FormatError(`${predictions.path}: logits are ${predictions.dtype}, but must be floats`);
  }
  const [length, wanted] = [targets.length, predictions.length];
  if (length !== undefined && wanted !== undefined && length !== wanted) {
    throw new FormatError(
      `${targets.path}: shape ${textOf(targets)} does not fit one logit a row of shape ${textOf(predictions)} in ${predictions.path}`,
    );
  }
  const evaluator = losses.binaryEvaluator({ input });
  const progress = progressBar(predictions.length ?? targets.length ?? 0, "rows");
  let rows = 0;
  try {
    const inputs = [
      { tensor: predictions, perRow: 1 },
      { tensor: targets, perRow: 1 },
    ];
    for await (const batch of readTogether(losses, inputs)) {
      const [x, y] = batch.arrays;
      evaluator.add(logitsOf(predictions, x), targetsOf(targets, y));
      rows += batch.rows;
      progress.update(rows);
    }
  } finally {
    progress.stop();
  }
  return { evaluator, rows };
}

function targetsOf({ dtype }: Tensor, array: TensorArray): LabelArray | FloatArray {
  return isFloat(dtype) ? floatsOf(dtype, array) : (array as LabelArray);
}

/** As JSON has it. */
export const printableBinary = (it: BinaryEvaluation) => ({ ...it, calibration: printedCalibration(it.calibration) });

/** Every figure of a binary evaluation, a line each. */
export function binaryLines(it: BinaryEvaluation): Line[] {
  return [
    ["loss", `${digits(it.loss.mean)} nats (mean)`],
    ["standard error", `${digits(it.loss.standardError, 3)} (95 %: ${range(it.loss.interval, (x) => digits(x, 6))})`],
    ["accuracy", `${percent(it.accuracy)} (95 %: ${range(it.accuracyInterval, percent)})`],
    ["Brier score", digits(it.brier)],
    ["calibration error", calibrationText(it)],
    ...rankingLines(it),
    ["rows", String(it.rows)],
    ...(it.nan > 0 ? [["not finite", `${it.nan} with NaN`] as const] : []),
  ];
}

export function binaryTable(it: BinaryEvaluation, run?: Run, coverage: Coverage = null): string {
  return table([...binaryLines(it), ...runLines(run, "rows"), ...coverageLines(coverage)]);
}
