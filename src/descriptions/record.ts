// What an evaluation keeps of a row: so many float64, at these places. The build writes them, in bytes, to
// assembly/generated/record.ts.

export const RECORD = 8;
/** ln(1/q_y) in nats, NaN without a finite maximum; and the weight of y, 1 without weights. Both are 0 for an ignored row. */
export const LOSS = 0;
export const WEIGHT = 1;
/** ln d - Σ q (x - m), and 1 - 2 q_y + Σ q^2. */
export const ENTROPY = 2;
export const BRIER = 3;
/** The largest probability, rounded to a multiple of 2^-52. */
export const CONFIDENCE = 4;
/** From 1; 0 for a row that holds a NaN, -1 for an ignored one. */
export const RANK = 5;
/** First maximum; -1 where there is none. */
export const ARGMAX = 6;
/** m + ln d; NaN, +inf or -inf for a row that holds a NaN, +inf, or -inf alone. */
export const LOG_SUM_EXP = 7;

// What a comparison keeps of a row of two models: of each its loss and, beside it, the class of its first maximum, as above.
export const COMPARED = 8;
export const BASE_LOSS = 0;
export const BASE_TOP = 1;
export const OTHER_LOSS = 2;
export const OTHER_TOP = 3;
/** KL(base | other), NaN without a finite log-sum-exp of both. */
export const DIVERGENCE = 4;
/** The base's log-sum-exp less the other's. */
export const DISTANCE = 5;
/** 1, or 0 for an ignored row. */
export const COUNTED = 6;
/** What the target's probability exp(-loss) is in the other, less what it is in the base. */
export const CHANGE = 7;
