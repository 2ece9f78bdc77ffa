import type { BinaryEvaluation } from "../evaluate/binary/binary.ts";
import type { Coverage } from "../evaluate/coverage.ts";
import { printedCalibration } from "./printable.ts";
import {
  calibrationText,
  coverageLines,
  digits,
  type Line,
  lossLines,
  percent,
  type Run,
  range,
  rankingLines,
  rowsText,
  runLines,
} from "./tables.ts";
import { table } from "./text.ts";

/** As JSON has it. */
export const printableBinary = (it: BinaryEvaluation) => ({ ...it, calibration: printedCalibration(it.calibration) });

/** Every figure of a binary evaluation, a line each. */
export function binaryLines(it: BinaryEvaluation): Line[] {
  return [
    ...lossLines(it.loss),
    ["accuracy", `${percent(it.accuracy)} (95 %: ${range(it.accuracyInterval, percent)})`],
    ["Brier score", digits(it.brier)],
    ["calibration error", calibrationText(it)],
    ...rankingLines(it),
    ["rows", rowsText(it)],
    ...(it.nan > 0 ? [["not finite", `${it.nan} with NaN`] as const] : []),
  ];
}

export function binaryTable(it: BinaryEvaluation, run?: Run, coverage: Coverage = null): string {
  return table([...binaryLines(it), ...runLines(run, "rows"), ...coverageLines(coverage)]);
}
