import { FINITE } from "../../numeric/exactTotal.ts";
import { coverageOf } from "../coverage.ts";
import type { Calibration } from "../evaluation.ts";
import { calibrationFigures, wilson } from "../evaluation.ts";
import type { RankingFigures } from "../ranking.ts";
import { errorOfSpread, spreadOf } from "../standardError.ts";
import { decodeBinary } from "./binaryState.ts";
import type { BinaryTotals } from "./binaryTotals.ts";

/** What predictions of one logit or probability a row are worth. A target above 0.5 is taken for the positive class. */
export interface BinaryEvaluation {
  /** Rows, and those whose prediction is NaN. */
  rows: number;
  nan: number;
  /** Binary cross-entropy in nats, with the standard error of its mean and the interval of 95 %. */
  loss: { sum: number; mean: number; standardError: number; interval: [low: number, high: number] };
  /** Share of rows in which the prediction is on the target's side of 0.5 (above, or not), and Wilson's interval of it. */
  accuracy: number;
  accuracyInterval: [low: number, high: number];
  /** Mean of (p - t)^2. */
  brier: number;
  /** Rows by the larger of p and 1 - p, as of an Evaluation of two classes. */
  calibration: Calibration;
  ranking: RankingFigures;
  /** Of a state of files: which rows of which file it holds. */
  coverage?: { source: string; rows: [first: number, last: number][] }[];
}

/** So many standard deviations on either side of the mean hold 95 %. */
const DEVIATIONS = 1.959964;

export function binaryOfTotals(totals: BinaryTotals): BinaryEvaluation {
  const { rows, nan, correct, loss, lossSquare, brier, coverage } = totals;
  const mean = loss.value() / rows;
  const error = loss.kind === FINITE ? errorOfSpread(rows, spreadOf(rows, loss, lossSquare)) : Number.NaN;
  return {
    rows,
    nan,
    loss: {
      sum: loss.value(),
      mean,
      standardError: error,
      interval: [mean - DEVIATIONS * error, mean + DEVIATIONS * error],
    },
    accuracy: correct / rows,
    accuracyInterval: wilson(correct, rows),
    brier: brier.value() / rows,
    calibration: calibrationFigures(totals.calibration),
    ranking: totals.ranking.figures(),
    ...(coverage === null ? {} : { coverage: coverageOf(coverage) }),
  };
}

/**
 * The figures of a state of binaryEvaluator() or of merged ones.
 *
 * @throws TypeError of anything but bytes; RangeError of a state that is truncated, altered, of another version or kind
 */
export function binaryOf(state: Uint8Array): BinaryEvaluation {
  return binaryOfTotals(decodeBinary(state, "binaryOf: state"));
}
