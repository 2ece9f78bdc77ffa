import type { Evaluation } from "../evaluate/evaluation.ts";

/** One of the equal bins of the largest probability, (from, to]. */
export interface PrintedBin {
  readonly from: number;
  readonly to: number;
  readonly confidence: number;
  readonly accuracy: number;
  readonly count: number;
}

export type PrintedEvaluation = Omit<Evaluation, "calibration"> & {
  readonly calibration: Omit<Evaluation["calibration"], "bins"> & { readonly bins: readonly PrintedBin[] };
};

/** An evaluation as JSON has it: empty bins of the calibration, whose means are no numbers, are left out, as of the histogram. */
export function printable(evaluation: Evaluation): PrintedEvaluation {
  const { bins, ...rest } = evaluation.calibration;
  const n = bins.length;
  const filled = bins.flatMap((bin, i) => (bin.count === 0 ? [] : [{ from: i / n, to: (i + 1) / n, ...bin }]));
  return { ...evaluation, calibration: { ...rest, bins: filled } };
}
