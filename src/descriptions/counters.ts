import { EXPONENTS } from "../numeric/exactSum.ts";

/** Exact sums of a tally, each in bins as ExactSum has them. The last is Σ 1/rank over the ranks beyond those counted. */
export const SUMS = ["loss", "square", "entropy", "brier", "reciprocalRank"] as const;
export const SUM_BINS = 2 * EXPONENTS;

/** Bins of the loss, a quarter of an octave each: below 2^-20, ..., from 2^8 on. */
export const LOSS_BINS = 114;
/** Exponent and upper two bits of the significand of 2^-20: what the second bin begins at. */
export const FIRST_LOSS_BIN = 4 * (1023 - 20);

/** Exponents of the bins that values from SMALLEST to LARGEST (src/numeric/extraction.ts), and parts of them, go to. */
export const EXPONENTS_USED = { first: 896, last: 1056 } as const;

/** Where a tally's counters stand: of these the place depends on nothing. The build writes them, in bytes, for assembly/. */
export const COUNTERS = {
  counted: 0,
  nan: 1,
  positiveInfinity: 2,
  allNegativeInfinity: 3,
  /** Rows that have a value outside [SMALLEST, LARGEST): without one, sums only use the bins of EXPONENTS_USED. */
  scattered: 4,
  /** From rank 0, the rows that hold a NaN, to ranks + 1, all ranks beyond. */
  ranks: 5,
} as const;
/** Ranks beside those from 1 to `ranks`. */
export const FURTHER_RANKS = 2;
/** Of each bin of confidence: rows, those of rank 1, and their confidences: multiples of 2^-26, and the rest, of 2^-52. */
export const COUNTERS_A_BIN = 4;

/** Where the counters stand for ranks of 1 to `ranks` one each, and for so many bins of confidence. */
export interface Counters extends Record<keyof typeof COUNTERS, number> {
  readonly calibration: number;
  readonly losses: number;
  readonly length: number;
}

export function countersOf(ranks: number, bins: number): Counters {
  const calibration = COUNTERS.ranks + ranks + FURTHER_RANKS;
  const losses = calibration + COUNTERS_A_BIN * bins;
  return { ...COUNTERS, calibration, losses, length: losses + LOSS_BINS };
}
