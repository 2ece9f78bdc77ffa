import type { Evaluation } from "../evaluate/evaluation.ts";
import { printedWorst, type WorstRow } from "./worst.ts";

/** One of the equal bins of the largest probability, (from, to]. */
export interface PrintedBin {
  readonly from: number;
  readonly to: number;
  readonly confidence: number;
  readonly accuracy: number;
  readonly count: number;
}

export type PrintedEvaluation = Omit<Evaluation, "calibration" | "worst"> & {
  readonly worst?: readonly WorstRow[];
  readonly calibration: Omit<Evaluation["calibration"], "bins"> & { readonly bins: readonly PrintedBin[] };
};

/** A calibration without its empty bins, the others with their ends. */
export function printedCalibration({ bins, ...errors }: Evaluation["calibration"]): PrintedEvaluation["calibration"] {
  const n = bins.length;
  const filled = bins.flatMap((bin, i) => (bin.count === 0 ? [] : [{ from: i / n, to: (i + 1) / n, ...bin }]));
  return { ...errors, bins: filled };
}

/** An evaluation as JSON has it: empty bins of the calibration, whose means are no numbers, are left out, as of the histogram. */
export function printable(evaluation: Evaluation): PrintedEvaluation {
  const { worst, ...others } = evaluation;
  return {
    ...others,
    ...(worst ? { worst: printedWorst(worst) } : {}),
    calibration: printedCalibration(evaluation.calibration),
  };
}
