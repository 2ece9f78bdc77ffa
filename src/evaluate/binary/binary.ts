import { FINITE } from "../../numeric/exactTotal.ts";
import { coverageOf } from "../coverage.ts";
import { type Calibration, calibrationFigures, wilson } from "../evaluation.ts";
import type { RankingFigures } from "../ranking.ts";
import { errorOfSpread, type MeanLoss, meanLoss, spreadOf } from "../standardError.ts";
import { decodeBinary } from "./binaryState.ts";
import type { BinaryTotals } from "./binaryTotals.ts";

/** What predictions of one logit or probability a row are worth. A target above 0.5 is taken for the positive class. */
export interface BinaryEvaluation {
  /** Rows seen, those that no mask left out, and those of these whose prediction is NaN. What follows is of the counted ones. */
  rows: number;
  counted: number;
  nan: number;
  /** Binary cross-entropy in nats. */
  loss: MeanLoss;
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

export function binaryOfTotals(totals: BinaryTotals): BinaryEvaluation {
  const { rows, ignored, nan, correct, loss, lossSquare, brier, coverage } = totals;
  const error = loss.kind === FINITE ? errorOfSpread(rows, spreadOf(rows, loss, lossSquare)) : Number.NaN;
  return {
    rows: rows + ignored,
    counted: rows,
    nan,
    loss: meanLoss(loss.value(), rows, error, totals.groups),
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
