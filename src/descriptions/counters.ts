import { EXPONENTS } from "../numeric/exactSum.ts";

/** Exact sums of a tally, each in bins as ExactSum has them. The last is Σ 1/rank over the ranks beyond those counted. */
export const SUMS = ["loss", "square", "entropy", "brier", "reciprocalRank"] as const;
export const SUM_BINS = 2 * EXPONENTS;

/** Bins of the loss, a quarter of an octave each: below 2^-20, ..., from 2^8 on. */
export const LOSS_BINS = 114;

/** Exponents of the bins that values from SMALLEST to LARGEST (src/numeric/extraction.ts), and parts of them, go to. */
export const EXPONENTS_USED = { first: 896, last: 1056 } as const;

/** Where a tally's counters stand: for ranks of 1 to `ranks` one each, and for so many bins of confidence. */
export interface Counters {
  readonly counted: number;
  readonly nan: number;
  readonly positiveInfinity: number;
  readonly allNegativeInfinity: number;
  /** Rows that have a value outside [SMALLEST, LARGEST): without one, sums only use the bins of EXPONENTS_USED. */
  readonly scattered: number;
  /** From rank 0, the rows that hold a NaN, to ranks + 1, all ranks beyond. */
  readonly ranks: number;
  /** Four a bin: rows, those of rank 1, and their confidences: multiples of 2^-26, and the rest, of 2^-52. */
  readonly calibration: number;
  readonly losses: number;
  readonly length: number;
}

export function countersOf(ranks: number, bins: number): Counters {
  const calibration = 5 + ranks + 2;
  const losses = calibration + 4 * bins;
  return {
    counted: 0,
    nan: 1,
    positiveInfinity: 2,
    allNegativeInfinity: 3,
    scattered: 4,
    ranks: 5,
    calibration,
    losses,
    length: losses + LOSS_BINS,
  };
}
