import { LOSS_BINS } from "../descriptions/counters.ts";
import { HIGHEST } from "../descriptions/exp64Constants.ts";
import { exp64 } from "../kernels/functions/exp64.ts";
import { type Classification, classificationOf } from "./confusion.ts";
import { coverageOf } from "./coverage.ts";
import type { Percentile } from "./percentiles.ts";
import { placeOf } from "./placedRows.ts";
import type { RankingFigures } from "./ranking.ts";
import { DEVIATIONS, type MeanLoss, meanLoss, standardError } from "./standardError.ts";
import { decode } from "./state.ts";
import type { Temperature } from "./temperature.ts";
import type { ConfidenceBin, Totals } from "./totals.ts";
import type { WorstRow } from "./worstRows.ts";

/** Errors of a calibration, and its bins by confidence. */
export interface Calibration {
  expectedError: number;
  maximalError: number;
  rootMeanSquareError: number;
  bins: { confidence: number; accuracy: number; count: number }[];
}

/** What a model's logits are worth, over all rows that were added. Shares and means are over the counted rows. */
export interface Evaluation {
  /** Rows seen, and those not ignored. */
  rows: number;
  counted: number;
  classes: number;
  /** Σ w[y] over the counted rows: their number without weights. */
  weightSum: number;
  /**
   * Cross-entropy in nats. The mean is m = sum / weightSum; standardError is that of the mean, as of a ratio of two sums:
   * sqrt(n / (n - 1) Σ w^2 (l - m)^2) / Σ w over the n rows of a weight w = w[y] above 0, l being the loss without its weight.
   * Without weights all its digits are right, with weights those that l w, rounded, leaves.
   */
  loss: MeanLoss;
  /** exp(loss.mean), its standard error, perplexity times that of the mean (clustered, where it is), and loss.mean / ln 2. */
  perplexity: number;
  perplexityError: number;
  bitsPerRow: number;
  /** Only where rows were added with `bytes`, with `words`: loss.sum / (ln 2 bytes), exp(loss.sum / bytes), exp(loss.sum / words). */
  bitsPerByte?: number;
  bytePerplexity?: number;
  wordPerplexity?: number;
  /** Share of rows whose first maximum is the target; and where that of all such rows lies, 95 % (Wilson, 1927). */
  accuracy: number;
  accuracyInterval: [low: number, high: number];
  /** Share of rows whose target is among the k largest, by k. A row that holds a NaN is within none. */
  topK: Record<number, number>;
  /** Mean of 1 / rank of the target; of a row that holds a NaN, 0. */
  meanReciprocalRank: number;
  /** Mean entropy of the predicted distribution, in nats. */
  entropy: number;
  /** Mean of Σ (q - onehot)^2. */
  brier: number;
  /**
   * Rows by the largest probability, in equal bins of (0, 1]. Of |accuracy - confidence| of the bins that have rows:
   * expectedError is the mean over rows, maximalError the largest, rootMeanSquareError the root of the mean square over rows.
   */
  calibration: Calibration;
  /** Counted rows by what makes their loss NaN: a NaN, else +inf, else nothing but -inf. */
  nonFinite: { nan: number; positiveInfinity: number; allNegativeInfinity: number };
  /** Counted rows by their loss, from `from` to below `to`, a quarter of an octave each; bins that are empty are left out. */
  lossHistogram: { from: number; to: number; count: number }[];
  /** Only with `percentiles`: of the row losses that are not NaN, by nearest rank, and how far it may be off. */
  lossPercentiles?: Record<number, Percentile>;
  /** Only with `confusion`. */
  classification?: Classification;
  /** Only with `ranking`: how well the log-odds of class 1 tell its rows from those of class 0. */
  ranking?: RankingFigures;
  /** Only with `fitTemperature`. */
  temperature?: Temperature;
  /**
   * Only with `worst`: the rows of the highest loss, NaN before all, of equals by source and row. `predicted` is -1 and `rank` 0 in a
   * row that holds a NaN. With `shift` a row is a position of a sequence, both from 0.
   */
  worst?: {
    row: number;
    sequence?: number;
    position?: number;
    label: number;
    predicted: number;
    rank: number;
    loss: number;
  }[];
  /** Of a state of files: which rows, first and last of each stretch, of which file of logits it holds. */
  coverage?: { source: string; rows: [first: number, last: number][] }[];
  /** Classes that occur as targets, rising; only with perClass. `loss` is the plain mean of the rows' losses, without weights. */
  perClass?: { label: number; count: number; loss: number; accuracy: number }[];
}

const LN2 = 0.6931471805599453;
/** 2^-52, the unit of confidences. */
const UNIT = 2.220446049250313e-16;

/** e^x, the same bits in every engine. */
function exp(x: number): number {
  return x > HIGHEST ? Number.POSITIVE_INFINITY : exp64(x);
}

/** The lower end of a bin of the loss: 2^-20 2^(i / 4) by its leading bits, 1, 1.25, 1.5 or 1.75 times a power of two. */
function lossEdge(bin: number): number {
  if (bin <= 0) return 0;
  if (bin >= LOSS_BINS) return Number.POSITIVE_INFINITY;
  const quarter = bin - 1;
  let edge = 1 + (quarter % 4) / 4;
  for (let octave = -20 + Math.floor(quarter / 4); octave !== 0; octave -= Math.sign(octave)) {
    edge *= octave > 0 ? 2 : 0.5;
  }
  return edge;
}

/** The errors of a calibration, and its bins. */
export function calibrationFigures(filled: readonly ConfidenceBin[]): Calibration {
  let error = 0;
  let squares = 0;
  let maximalError = 0;
  let rows = 0;
  const bins = filled.map(({ count, correct, confidence }) => {
    const sum = Number(confidence) * UNIT;
    const difference = Math.abs(correct - sum);
    error += difference;
    if (count > 0) {
      squares += (difference * difference) / count;
      maximalError = Math.max(maximalError, difference / count);
    }
    rows += count;
    return { confidence: sum / count, accuracy: correct / count, count };
  });
  return {
    expectedError: error / rows,
    maximalError: rows === 0 ? Number.NaN : maximalError,
    rootMeanSquareError: Math.sqrt(squares / rows),
    bins,
  };
}

/**
 * Wilson's interval of a share: `right` of n rows.
 *
 * @see E. B. Wilson, Probable inference, the law of succession, and statistical inference, 1927
 */
export function wilson(right: number, n: number): [low: number, high: number] {
  const share = right / n;
  const square = (DEVIATIONS * DEVIATIONS) / n;
  const middle = share + square / 2;
  const half = DEVIATIONS * Math.sqrt((share * (1 - share) + square / 4) / n);
  return [Math.max(0, (middle - half) / (1 + square)), Math.min(1, (middle + half) / (1 + square))];
}

/** What the loss is for each byte and word of the text. */
function lengthsOf({ bytes, words }: Totals, sum: number) {
  return {
    ...(bytes === null ? {} : { bitsPerByte: sum / (LN2 * bytes), bytePerplexity: exp(sum / bytes) }),
    ...(words === null ? {} : { wordPerplexity: exp(sum / words) }),
  };
}

/** A row of the list, as it is told. */
function listed({ row, positions, label, predicted, rank, loss }: WorstRow) {
  return { ...placeOf(row, positions), label, predicted, rank, loss };
}

export function evaluationOfTotals(totals: Totals): Evaluation {
  const { options, rows, counted } = totals;
  const weightSum = options.weights === null ? counted : totals.weight.value();
  const loss = meanLoss(totals.loss.value(), weightSum, standardError(totals), totals.groups);
  const perplexity = exp(loss.mean);
  const evaluation: Evaluation = {
    rows,
    counted,
    classes: options.classes,
    weightSum,
    loss,
    perplexity,
    perplexityError: perplexity * (loss.clusteredStandardError ?? loss.standardError),
    bitsPerRow: loss.mean / LN2,
    ...lengthsOf(totals, loss.sum),
    accuracy: totals.correct / counted,
    accuracyInterval: wilson(totals.correct, counted),
    topK: Object.fromEntries(options.topK.map((k, i) => [k, totals.tops[i] / counted])),
    meanReciprocalRank: totals.reciprocalRank.value() / counted,
    entropy: totals.entropy.value() / counted,
    brier: totals.brier.value() / counted,
    calibration: calibrationFigures(totals.calibration),
    nonFinite: {
      nan: totals.nan,
      positiveInfinity: totals.positiveInfinity,
      allNegativeInfinity: totals.allNegativeInfinity,
    },
    lossHistogram: totals.losses.flatMap((count, bin) =>
      count === 0 ? [] : [{ from: lossEdge(bin), to: lossEdge(bin + 1), count }],
    ),
  };
  if (options.perClass) {
    evaluation.perClass = [...totals.classes]
      .sort(([a], [b]) => a - b)
      .map(([label, { count, correct, loss }]) => ({
        label,
        count,
        loss: loss.value() / count,
        accuracy: correct / count,
      }));
  }
  const { sizes } = totals;
  if (sizes !== null) evaluation.lossPercentiles = sizes.percentiles(options.percentiles ?? []);
  if (totals.ranking !== null) evaluation.ranking = totals.ranking.figures();
  if (totals.temperature !== null) evaluation.temperature = totals.temperature.best();
  if (options.worst > 0) evaluation.worst = totals.worst.sorted().map(listed);
  if (totals.confusion !== null) evaluation.classification = classificationOf(totals.confusion.cells());
  if (totals.coverage !== null) evaluation.coverage = coverageOf(totals.coverage);
  return evaluation;
}

/**
 * The evaluation of a state's rows. A pure function: no engine is needed.
 *
 * @param state of evaluator().state() or mergeStates()
 * @throws TypeError of anything but bytes; RangeError of a state that is truncated, altered or of another version
 * @example
 * evaluationOf(mergeStates(...parts)).loss.mean;
 */
export function evaluationOf(state: Uint8Array): Evaluation {
  return evaluationOfTotals(decode(state, "evaluationOf: state"));
}
