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

/** A logarithm of a probability above this, which there is none of, is taken for this: exp of it is finite. */
export const HIGHEST_LOG = 709;
/** Classes of a block of a row of probabilities. */
export const LIKELIHOOD_BLOCK = 128;

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

/** Adding it to a confidence and taking it away again rounds to a multiple of 2^-26. */
export const C26 = 1.5 * 2 ** 26;
