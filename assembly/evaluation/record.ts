// What an evaluation keeps of a row: eight float64, in the order of src/kernels/evaluate.ts.

export const RECORD: usize = 64;
export const LOSS: usize = 0;
export const SQUARE: usize = 8;
export const ENTROPY: usize = 16;
export const BRIER: usize = 24;
export const CONFIDENCE: usize = 32;
export const RANK: usize = 40;
export const ARGMAX: usize = 48;
export const LOG_SUM_EXP: usize = 56;

/** Rank of a row that does not count, and of one that holds a NaN. */
export const IGNORED: f64 = -1;
export const UNRANKED: f64 = 0;

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
