// What an evaluation keeps of a row: src/descriptions/record.ts names it.

import { ARGMAX, LOG_SUM_EXP, RANK, RECORD } from "../generated/record";

/** Rank of a row that does not count, and of one that holds a NaN. */
const IGNORED: f64 = -1;
const UNRANKED: f64 = 0;

export function ignoreRow(to: usize): void {
  memory.fill(to, 0, RECORD);
  store<f64>(to, IGNORED, RANK);
  store<f64>(to, -1, ARGMAX);
}

/** A row without a loss holds a NaN, +inf, or nothing but -inf: says which, in its log-sum-exp. */
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
