import { SHORT_ROW } from "../../descriptions/thresholds.ts";
import type { FloatArray } from "../../dtype.ts";
import { log1p } from "../functions/log.ts";
import { type Lanes, lanesOf, type Scratch } from "../scratch.ts";
import { scaleRow } from "./dots.ts";
import { maximum, placeOf } from "./maximum.ts";
import { expRow } from "./passes.ts";
import { aboveOf, relative } from "./reference.ts";
import { shortLogDenominator, softmaxShortRows } from "./shortRows.ts";

export function softmax(
  begin: number,
  end: number,
  logits: FloatArray,
  out: FloatArray,
  classes: number,
  work: Scratch,
): void {
  const lanes = lanesOf(work, logits);
  if (classes <= SHORT_ROW) {
    softmaxShortRows(begin, end, lanes, logits, classes, out);
    return;
  }
  for (let at = begin * classes; at < end * classes; at += classes) {
    scaleRow(lanes, out, at, classes, 1 / expRow(lanes, logits, at, classes, -1, out, at, true));
  }
}

/** ln d = log1p(d - 1) of a row of maximum m, the first maximum's 1 left out of the sum. */
function logDenominator(lanes: Lanes, logits: FloatArray, at: number, classes: number, m: number): number {
  if (classes <= SHORT_ROW) return shortLogDenominator(lanes, logits, at, classes, m);
  const others = expRow(lanes, logits, at, classes, placeOf(logits, at, at + classes, m), null, 0);
  return log1p(others * relative(lanes, m, aboveOf(lanes, m)), lanes.dtype);
}

export function logSoftmax(
  begin: number,
  end: number,
  logits: FloatArray,
  out: FloatArray,
  classes: number,
  work: Scratch,
): void {
  const lanes = lanesOf(work, logits);
  const { narrow } = lanes;
  for (let at = begin * classes; at < end * classes; at += classes) {
    const m = maximum(logits, at, at + classes, Number.NEGATIVE_INFINITY);
    // m - m: NaN where the row has no finite maximum
    const lnd = narrow(logDenominator(lanes, logits, at, classes, m) + (m - m));
    for (let j = at; j < at + classes; j++) out[j] = narrow(logits[j] - m) - lnd;
  }
}

export function logSumExp(
  begin: number,
  end: number,
  logits: FloatArray,
  out: Float64Array,
  classes: number,
  work: Scratch,
): void {
  const lanes = lanesOf(work, logits);
  for (let i = begin; i < end; i++) {
    const at = i * classes;
    const m = maximum(logits, at, at + classes, Number.NEGATIVE_INFINITY);
    out[i] = m + logDenominator(lanes, logits, at, classes, m);
    if (m === Number.POSITIVE_INFINITY) {
      out[i] = logits.subarray(at, at + classes).some(Number.isNaN) ? Number.NaN : m;
    }
  }
}
