// softmax, logSoftmax and logSumExp of rows [rows, classes], row-major.

import { log1pOf } from "../functions/log";
import { OWN, SHIFTS } from "../generated/scratchOfTurnedRows";
import { SHORT_ROW } from "../generated/thresholds";
import { NOWHERE, storePart } from "../lanes";
import { scaleRow } from "./dots";
import { maximum, placeOf } from "./maximum";
import { expRow } from "./passes";
import { aboveOf, fillTail, relative } from "./reference";
import { shortLogDenominators, softmaxShortRows } from "./turned/turnedSoftmax";

/** out = exp(x - c) / Σ exp(x - c), c the row's reference: see reference.ts. */
export function softmax<T>(begin: i32, end: i32, logits: usize, out: usize, classes: i32, scratch: usize): void {
  const stride = <usize>classes * sizeof<T>();
  if (classes <= SHORT_ROW) {
    softmaxShortRows<T>(begin, end, logits, out, classes, scratch);
    return;
  }
  for (let i = begin; i < end; i++) {
    const offset = <usize>i * stride;
    const row = logits + offset;
    scaleRow<T>(out + offset, stride, 1 / expRow<T>(row, stride, NOWHERE, true, false, out + offset, scratch));
  }
}

/** ln d = log1p(d - 1) of a long row, the first maximum's 1 left out of the sum; it is left where those of short rows are. */
function longLogDenominator<T>(row: usize, bytes: usize, scratch: usize): void {
  fillTail<T>(row, bytes, scratch);
  const m = maximum<T>(row, bytes, <T>-Infinity, scratch);
  const others = expRow<T>(row, bytes, placeOf<T>(row, bytes, m), false, false, 0, scratch);
  const lnd = log1pOf<T>(others * relative(<f64>m, aboveOf(<f64>m, scratch), 0, scratch));
  store<T>(scratch, m, SHIFTS);
  store<f64>(scratch, lnd, OWN);
}

/** Computes ln d of the next rows, float64 at OWN, and their maxima at SHIFTS; returns of how many rows. */
@inline function logDenominators<T>(rows: i32, row: usize, bytes: usize, scratch: usize): i32 {
  if (bytes <= <usize>SHORT_ROW * sizeof<T>()) return shortLogDenominators<T>(rows, row, bytes, scratch);
  longLogDenominator<T>(row, bytes, scratch);
  return 1;
}

/** (x - m) - ln d of a vector. */
@inline function lessTwo<T>(p: usize, m: v128, lnd: v128): v128 {
  return v128.sub<T>(v128.sub<T>(v128.load(p), m), lnd);
}

/** out = (x - m) - ln d; a row that is all -inf or holds +inf or NaN becomes NaN. */
export function logSoftmax<T>(begin: i32, end: i32, logits: usize, out: usize, classes: i32, scratch: usize): void {
  const bytes = <usize>classes * sizeof<T>();
  const to = out - logits;
  let i = begin;
  let p = logits + <usize>i * bytes;
  while (i < end) {
    const n = logDenominators<T>(end - i, p, bytes, scratch);
    for (let k: usize = 0; k < <usize>n; k++) {
      const m = load<T>(scratch + k * sizeof<T>(), SHIFTS);
      const top = v128.splat<T>(m);
      const minus = v128.splat<T>(<T>(load<f64>(scratch + (k << 3), OWN) + <f64>(m - m)));
      const end = p + bytes;
      for (const vectors = end - (bytes & 15); p < vectors; p += 16) v128.store(p + to, lessTwo<T>(p, top, minus));
      if (bytes & 15) storePart<T>(p + to, lessTwo<T>(p, top, minus), bytes & 15);
      p = end;
    }
    i += n;
  }
}

/** out = m + ln d in float64; a row that is all -inf gives -inf, one that holds +inf and no NaN gives +inf. */
export function logSumExp<T>(begin: i32, end: i32, logits: usize, out: usize, classes: i32, scratch: usize): void {
  const bytes = <usize>classes * sizeof<T>();
  for (let i = begin; i < end;) {
    const n = logDenominators<T>(end - i, logits + <usize>i * bytes, bytes, scratch);
    for (let k: usize = 0; k < <usize>n; k++, i++) {
      const m = <f64>load<T>(scratch + k * sizeof<T>(), SHIFTS);
      let lse = m + load<f64>(scratch + (k << 3), OWN);
      // the logarithm of a long row is NaN there
      if (m == Infinity) {
        const row = logits + <usize>i * bytes;
        lse = Infinity;
        for (let p = row; p < row + bytes; p += sizeof<T>()) if (isNaN<T>(load<T>(p))) lse = NaN;
      }
      store<f64>(out + ((<usize>i) << 3), lse);
    }
  }
}
