// What records of long and of short rows have in common. src/descriptions/record.ts says what a record holds.

import { ARGMAX, LOG_SUM_EXP, RANK, RECORD } from "../generated/record";

/** Rank of a row that does not count, and of one that holds a NaN. */
const IGNORED: f64 = -1;
const UNRANKED: f64 = 0;

/** The record of a row that does not count. */
export function ignoreRow(to: usize): void {
  memory.fill(to, 0, RECORD);
  store<f64>(to, IGNORED, RANK);
  store<f64>(to, -1, ARGMAX);
}

/** Says in the log-sum-exp what a row without a loss holds: a NaN, +inf, or nothing but -inf. m is its maximum. */
export function markNonFinite<T>(row: usize, bytes: usize, m: f64, to: usize): void {
  store<f64>(to, m, LOG_SUM_EXP);
  for (let p = row; p < row + bytes; p += sizeof<T>()) {
    if (isNaN<T>(load<T>(p))) {
      store<f64>(to, NaN, LOG_SUM_EXP);
      store<f64>(to, UNRANKED, RANK);
      store<f64>(to, -1, ARGMAX);
      return;
    }
  }
}

/** e (x - base) of a vector; x counts as the lowest exponent at least, so that an x of -inf adds 0. */
@inline export function product<T>(e: v128, x: v128, lowest: v128, base: v128): v128 {
  return v128.mul<T>(e, v128.sub<T>(v128.pmax<T>(x, lowest), base));
}
