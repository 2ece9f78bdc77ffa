// Numbers that the loops of both languages go by, each with the same value in both. The build writes them to
// assembly/generated/thresholds.ts: integers as i32, others as f64.

export { DOWN_64, EXPONENTS, HUGE_EXPONENT } from "../numeric/exactSum.ts";
export { C1, C2, EXTRACTED, LARGEST, PARTS, SMALLEST } from "../numeric/extraction.ts";
/** Splits a float64 into two halves of its bits, whose products are exact; and what their products are exact for. */
export { LARGEST_PRODUCT, SMALLEST_PRODUCT, SPLITTER } from "../numeric/products.ts";
/** ln 2 in two parts: an exponent times the first is exact. */
export { LN2_HIGH, LN2_LOW } from "./exp64Constants.ts";

/** Elements of a block of an element-wise kernel. */
export const BLOCK_ELEMENTS = 1024;
/** Elements of which an element-wise loss has elementary functions computed at once: what they are made of stays in the first cache. */
export const STAGED_ELEMENTS = 256;

/** Rows of at most this many classes are summed in four accumulators (in WebAssembly: a row a lane). */
export const SHORT_ROW = 64;
/** Exponentials of short rows are times 2^15, which is taken from their sums. */
export const DOWN_15 = 2 ** -15;
/**
 * Short rows with an index target whose maximum lies between these two are near 0 if the target's logit is at least the third
 * (that of their dtype): nothing is taken from their logits. The exponentials of the others are times 2^15: one that is 2^-126
 * (2^-1022) of the maximum's is still normal, and the sum of their squares finite. In float64 the logarithm of the target's
 * share and its distance from the maximum cancel in the entropy, so that it may lie less deep.
 */
export const NEAR_LOWEST = -10;
export const NEAR_HIGHEST = 30;
export const NEAR_TARGET_32 = -300;
export const NEAR_TARGET_64 = -30;

/** Long rows whose reference is at most so far from 0 have nothing taken from their logits: |n| of exp stays below 1024. */
export const NEAR = 350;
/** How far above its reference a logit may be: the square of its exponential is still finite in float32. */
export const RISE = 40;
/** Above this distance exp(distance) is not asked for, and 1 + exp(distance) would be the same. */
export const FAR = 60;

/**
 * A row's gradient is a number `own`, its weight, times a scale times shares of at most 1. Where own is at least the first number
 * (that of the dtype) and own scale at most the inverse of the second, it is computed from the exponentials in the dtype: others
 * go through carefulGradient. Where own scale is above 1, exponentials are times as much, lest one that runs down to 0 counts.
 */
export const OWN_LEAST_32 = 2 ** -100;
export const OWN_LEAST_64 = 2 ** -900;
export const LIFT_32 = 40;
export const LIFT_64 = 500;
export const DOWN_LIFT_32 = 2 ** -40;
export const DOWN_LIFT_64 = 2 ** -500;
/** The same of short rows, whose exponentials are times 2^15: bounds of own scale. */
export const SCALED_LEAST_32 = 2 ** -60;
export const SCALED_LEAST_64 = 2 ** -900;
/** Factors below the smallest normal number are taken times 2^512. */
export const UP = 512;
export const DOWN_512 = 2 ** -512;
/** Further below the maximum an exponential counts as 0, whatever its factor is. */
export const NOTHING = -4000;

/**
 * Exponentials of float32 times 2^100, lest one runs down to 0 that counts beside a large factor: exp's lowest and magic numbers,
 * and what takes the power away.
 */
export const LOWEST_100 = Math.fround(-227 * Math.LN2);
export const MAGIC_100 = 1.5 * 2 ** 23 + 227;
export const DOWN_100 = 2 ** -100;
/**
 * Logits beyond so many times their soft cap are at it, and their slope, below 4 e^-600, is 0. Beside such a maximum, the slopes of
 * other logits come from exponentials that are normal numbers down to e^-108.
 */
export const CAPPED_AT = 300;

/** A logarithm of a probability above this, which there is none of, is taken for this: exp of it is finite. */
export const HIGHEST_LOG = 709;
/** Classes of a block of a row of probabilities. */
export const LIKELIHOOD_BLOCK = 128;
/**
 * Of rows of float64, a gradient c / q scale has its exponents apart where a weight, the scale or the share that labelSmoothing
 * gives to each class lies below the first of these or above its inverse, where q is below the second, or a target that has a
 * weight below the third.
 */
export const LIKELIHOOD_LEAST = 2 ** -400;
export const SMALL_LIKELIHOOD = 2 ** -100;
export const SMALL_TARGET = 2 ** -500;

/**
 * What |p - t| and |t| of a block may be for its sums to be exact in two accumulators: at most the largest; at least the
 * smallest, and a share of the block's largest, or 0. The squares of such values lose nothing.
 */
export const FIT_LARGEST_32 = 2 ** 63;
export const FIT_LARGEST_64 = 2 ** 400;
export const FIT_SMALLEST_32 = 2 ** -62;
export const FIT_SMALLEST_64 = 2 ** -400;
export const FIT_SHARE_32 = 2 ** -18;
export const FIT_SHARE_64 = 2 ** -16;
/** What rounding takes from a float64 is at most this share of it. */
export const ROUNDING_64 = 2 ** -53;

/** Numbers a block of a sum of squares: see sumOfSquares in optimizers.ts. */
export const SQUARE_PARTS = 5;
/** The largest float32. */
export const LARGEST_32 = (2 - 2 ** -23) * 2 ** 127;

/** Adding it to a confidence and taking it away again rounds to a multiple of 2^-26. */
export const C26 = 1.5 * 2 ** 26;

/** What a side of a divergence holds. */
export const LOGITS = 0;
export const PROBABILITIES = 1;
export const LOG_PROBABILITIES = 2;
/** Where both of two probabilities are below this, they are over it for their mixture: shares of subnormal numbers have few digits. */
export const SMALL_SHARE = 2 ** -400;
/** Which divergence it is: KL(targets | predictions), KL(predictions | targets), or Jensen-Shannon's. */
export const FORWARD = 0;
export const REVERSE = 1;
export const JENSEN_SHANNON = 2;

/** Inverse temperatures at which a loss is known: k / 8 for k from 1 on. Logits this far below the maximum have no probability. */
export const NODES = 32;
export const FARTHEST = -6000;
