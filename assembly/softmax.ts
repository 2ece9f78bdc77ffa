// softmax, logSoftmax and logSumExp of rows: [rows, classes], row-major.

import { log1pOf } from "./log";
import { NOWHERE, splat } from "./lanes";
import { aboveOf, fillTail, relative } from "./reference";
import { expRow, maximum, placeOf, scaleRow } from "./rows";
import { SHORT } from "./shortRows";
import { softmaxShortRows } from "./shortSoftmax";

/** Scratch: see logDenominator. */
const MAXIMUM: usize = 400;

/** out = exp(x - c) / Σ exp(x - c), c the row's reference: see reference.ts. */
export function softmax<T>(begin: i32, end: i32, logits: usize, out: usize, classes: i32, scratch: usize): void {
  const stride = <usize>classes * sizeof<T>();
  if (classes <= SHORT) {
    softmaxShortRows<T>(begin, end, logits, out, classes, scratch);
    return;
  }
  for (let i = begin; i < end; i++) {
    const offset = <usize>i * stride, row = logits + offset;
    scaleRow<T>(out + offset, stride, 1 / expRow<T>(row, stride, NOWHERE, true, true, out + offset, scratch));
  }
}

/** ln d = log1p(d - 1) of a row, the first maximum's 1 left out of the sum; the maximum is left in scratch. */
export function logDenominator<T>(row: usize, bytes: usize, scratch: usize): f64 {
  fillTail<T>(row, bytes, scratch);
  const m = maximum<T>(row, bytes, <T>-Infinity, scratch);
  const others = expRow<T>(row, bytes, placeOf<T>(row, bytes, m), false, false, row, scratch);
  store<f64>(scratch, <f64>m, MAXIMUM);
  return log1pOf<T>(others * relative(<f64>m, aboveOf(<f64>m, scratch), scratch));
}

/** out = (x - m) - ln d; a row that is all -inf or holds +inf or NaN becomes NaN. */
export function logSoftmax<T>(begin: i32, end: i32, logits: usize, out: usize, classes: i32, scratch: usize): void {
  const bytes = <usize>classes * sizeof<T>();
  for (let i = begin; i < end; i++) {
    const row = logits + <usize>i * bytes, to = out + <usize>i * bytes - row;
    let lnd = logDenominator<T>(row, bytes, scratch);
    const m = load<f64>(scratch, MAXIMUM);
    lnd += m - m;
    const top = splat<T>(m), minus = splat<T>(lnd), end = row + bytes, vectors = end - (bytes & 15);
    let p = row;
    for (; p < vectors; p += 16) v128.store(p + to, v128.sub<T>(v128.sub<T>(v128.load(p), top), minus));
    for (; p < end; p += sizeof<T>()) store<T>(p + to, load<T>(p) - <T>m - <T>lnd);
  }
}

/** out = m + ln d in float64; a row that is all -inf gives -inf, one that holds +inf and no NaN gives +inf. */
export function logSumExp<T>(begin: i32, end: i32, logits: usize, out: usize, classes: i32, scratch: usize): void {
  const bytes = <usize>classes * sizeof<T>();
  for (let i = begin; i < end; i++) {
    const row = logits + <usize>i * bytes;
    const lnd = logDenominator<T>(row, bytes, scratch);
    let lse = load<f64>(scratch, MAXIMUM) + lnd;
    if (load<f64>(scratch, MAXIMUM) == Infinity) {
      lse = Infinity;
      for (let p = row; p < row + bytes; p += sizeof<T>()) if (isNaN<T>(load<T>(p))) lse = NaN;
    }
    store<f64>(out + (<usize>i << 3), lse);
  }
}
