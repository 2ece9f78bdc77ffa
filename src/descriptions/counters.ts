import { EXPONENTS } from "../numeric/exactSum.ts";

/**
 * Exact sums of a tally, each in bins as ExactSum has them: of losses r times their weights w, of 1/rank over the ranks beyond
 * those counted, and of products.
 */
export const SUMS = ["loss", "entropy", "brier", "reciprocalRank", "weight"] as const;
/** Σ r^2, Σ w r and Σ w^2. Each product has two parts, so that nothing of it is lost. */
export const PRODUCTS = ["lossSquare", "weightLoss", "weightSquare"] as const;
export const SUM_BINS = 2 * EXPONENTS;

/** Bins of the loss, a quarter of an octave each: below 2^-20, ..., from 2^8 on. */
export const LOSS_BINS = 114;
/** Exponent and upper two bits of the significand of 2^-20: what the second bin begins at. */
export const FIRST_LOSS_BIN = 4 * (1023 - 20);

/**
 * Exponents of the bins that values from SMALLEST to LARGEST (src/numeric/extraction.ts), and parts of them, go to; the lower
 * parts of products are 2^53 times smaller.
 */
export const EXPONENTS_USED = { first: 852, last: 1056 } as const;

/** Where a tally's counters stand: of these the place depends on nothing. The build writes them, in bytes, for assembly/. */
export const COUNTERS = {
  counted: 0,
  nan: 1,
  positiveInfinity: 2,
  allNegativeInfinity: 3,
  /** 1 where a value or a product but 0 is outside [SMALLEST, LARGEST): else sums only use the bins of EXPONENTS_USED. */
  scattered: 4,
  /** Rows of a weight above 0; counted where there are weights. */
  weighing: 5,
  /** Products that have no two parts in float64: see isExtreme in src/numeric/products.ts. They are not added. */
  extreme: 6,
  /** From rank 0, the rows that hold a NaN, to ranks + 1, all ranks beyond. */
  ranks: 7,
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
