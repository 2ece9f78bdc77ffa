import { DOWN_15, NEAR_HIGHEST, NEAR_LOWEST, NEAR_TARGET_32, NEAR_TARGET_64 } from "../../descriptions/thresholds.ts";
import type { Dtype, FloatArray } from "../../dtype.ts";
import * as places from "../../generated/table.ts";
import { constant } from "../constant.ts";
import { inverseExp, log1p } from "../functions/log.ts";
import type { Lanes, Others } from "../scratch.ts";
import { maximum } from "./maximum.ts";
import { sumOfFours } from "./passes.ts";

// Short rows, with the bits of assembly/rows/turned/ and assembly/crossEntropy/turnedCrossEntropy.ts. As many of them as a block
// holds are taken at a time, so that the exponentials come in long stretches: rows of 10 take 0.85 of the time, rows of 2 0.7.

/** exp's `lowest` and `magic`: exponentials are times 2^15. */
export const LOWEST_15 = constant(places.LOWEST_15);
const MAGIC_15 = constant(places.MAGIC_15);

/** exp(x_j - shift) of a stretch. */
function exponentials(lanes: Lanes, x: FloatArray, from: number, to: number, shift: number, out: FloatArray): void {
  for (let j = from; j < to; j++) out[j - from] = x[j] - shift;
  lanes.powers(out, 0, to - from, LOWEST_15[lanes.dtype], MAGIC_15[lanes.dtype], out, 0);
}

/** exp of one number. */
export function shortExpOf(lanes: Lanes, z: number): number {
  const { accumulators } = lanes;
  accumulators[0] = z;
  exponentials(lanes, accumulators, 0, 1, 0, accumulators);
  return accumulators[0];
}

/** Copies the logits of a row but its target's to `to` of `out`. */
function takeOthers(x: FloatArray, at: number, classes: number, label: number, out: FloatArray, to: number): void {
  const n = classes - 1;
  for (let j = 0; j < n; j++) out[to + j] = x[at + j];
  if (label < n) out[to + label] = x[at + n];
}

/** Whether a row is near 0: `top` the largest of the others, `own` the target's. */
function isNear(top: number, own: number, dtype: Dtype): boolean {
  const m = Math.max(top, own);
  return m >= NEAR_LOWEST && m <= NEAR_HIGHEST && own >= (dtype === "f32" ? NEAR_TARGET_32 : NEAR_TARGET_64);
}

/** Takes a row apart, into the working memory of one row. */
export function othersOf(lanes: Lanes, x: FloatArray, at: number, classes: number, label: number): Others {
  const { values, more, others } = lanes;
  const n = classes - 1;
  const own = x[at + label];
  takeOthers(x, at, classes, label, more, 0);
  const top = maximum(more, 0, n, Number.NEGATIVE_INFINITY);
  const m = Math.max(top, own);
  const near = isNear(top, own, lanes.dtype);
  const shift = near ? 0 : m;
  exponentials(lanes, more, 0, n, shift, values);
  others.logits = more;
  others.exponentials = values;
  others.count = n;
  others.near = near;
  others.shift = shift;
  others.top = top;
  others.measure = inverseExp(near ? own : 0, lanes.dtype);
  others.sum = sumOfFours(lanes, values, 0, n) * others.measure;
  others.own = near ? 1 : lanes.expOf(own, shift);
  others.distance = near ? 0 : own - shift;
  return others;
}

/** Cross-entropy of a row with an index target of weight `own`, and its gradient where `grad` is given. */
export type IndexRow = (
  lanes: Lanes,
  logits: FloatArray,
  at: number,
  classes: number,
  label: number,
  own: number,
  grad: FloatArray | null,
  scale: number,
) => number;

/** The gradient of a row, `from` of `exps` being the others' exponentials. */
function storeGradient(
  { narrow }: Lanes,
  exps: FloatArray,
  from: number,
  { measure, sum, own: e }: Pick<Others, "measure" | "sum" | "own">,
  grad: FloatArray,
  at: number,
  classes: number,
  label: number,
  own: number,
  scale: number,
): void {
  const n = classes - 1;
  const inverse = 1 / (sum + e);
  const factor = narrow(scale * own * (measure * inverse));
  for (let j = 0; j < n; j++) grad[at + j] = exps[from + j] * factor;
  if (label < n) grad[at + n] = exps[from + label] * factor;
  // q - 1 = -z / d; + 0: no -0
  grad[at + label] = scale * (own * -(sum * inverse) + 0);
}

/** A row that has its maximum taken away. */
const farRow: IndexRow = (lanes, logits, at, classes, label, own, grad, scale) => {
  const row = othersOf(lanes, logits, at, classes, label);
  if (grad) storeGradient(lanes, row.exponentials, 0, row, grad, at, classes, label, own, scale);
  return own * (log1p(row.sum + (row.own - 1), lanes.dtype) - row.distance);
};

/** Stands for the loss of a row that is not near 0, until it has one. */
const FAR = -1;

/** Cross-entropy of rows [begin, end) with index targets, and its gradient where `grad` is given. */
export function indexShortRows(
  begin: number,
  end: number,
  lanes: Lanes,
  logits: FloatArray,
  labels: Int32Array,
  weights: FloatArray | null,
  grad: FloatArray | null,
  losses: Float64Array,
  classes: number,
  ignoreIndex: number,
  scale: number,
): void {
  const { block, values, more, near, dtype } = lanes;
  const n = classes - 1;
  const rows = Math.floor(block / classes);
  for (let first = begin; first < end; first += rows) {
    const stop = Math.min(end, first + rows);
    for (let i = first, to = 0; i < stop; i++, to += n) {
      takeOthers(logits, i * classes, classes, labels[i] === ignoreIndex ? n : labels[i], more, to);
    }
    lanes.powers(more, 0, (stop - first) * n, LOWEST_15[dtype], MAGIC_15[dtype], values, 0);
    for (let i = first, from = 0; i < stop; i++, from += n) {
      const label = labels[i];
      const at = i * classes;
      const own = label === ignoreIndex ? 0 : weights ? weights[label] : 1;
      losses[i] = 0;
      if (own === 0) {
        grad?.fill(0, at, at + classes);
        continue;
      }
      const x = logits[at + label];
      if (!isNear(maximum(more, from, from + n, Number.NEGATIVE_INFINITY), x, dtype)) {
        losses[i] = FAR;
        continue;
      }
      near.measure = inverseExp(x, dtype);
      near.sum = sumOfFours(lanes, values, from, from + n) * near.measure;
      if (grad) storeGradient(lanes, values, from, near, grad, at, classes, label, own, scale);
      losses[i] = own * log1p(near.sum, dtype);
    }
    // these need the working memory
    for (let i = first; i < stop; i++) {
      if (losses[i] !== FAR) continue;
      const label = labels[i];
      losses[i] = farRow(lanes, logits, i * classes, classes, label, weights ? weights[label] : 1, grad, scale);
    }
  }
}

/** Softmax of rows [begin, end). */
export function softmaxShortRows(
  begin: number,
  end: number,
  lanes: Lanes,
  logits: FloatArray,
  classes: number,
  out: FloatArray,
): void {
  const { block, values, more, narrow, dtype } = lanes;
  const rows = Math.floor(block / classes);
  for (let first = begin; first < end; first += rows) {
    const from = first * classes;
    const n = Math.min(rows, end - first) * classes;
    for (let at = 0; at < n; at += classes) {
      const m = maximum(logits, from + at, from + at + classes, Number.NEGATIVE_INFINITY);
      for (let j = at; j < at + classes; j++) more[j] = logits[from + j] - m;
    }
    lanes.finePowers(more, 0, n, LOWEST_15[dtype], MAGIC_15[dtype], values, 0);
    for (let at = 0; at < n; at += classes) {
      const factor = narrow(1 / sumOfFours(lanes, values, at, at + classes));
      for (let j = at; j < at + classes; j++) out[from + j] = values[j] * factor;
    }
  }
}

/** ln d of a row of maximum m: the maxima are left out of the sum, and counted. */
export function shortLogDenominator(lanes: Lanes, logits: FloatArray, at: number, classes: number, m: number): number {
  const { values, dtype } = lanes;
  exponentials(lanes, logits, at, at + classes, m, values);
  let count = 0;
  for (let j = 0; j < classes; j++) {
    if (logits[at + j] !== m) continue;
    values[j] = 0;
    count++;
  }
  const sum = sumOfFours(lanes, values, 0, classes);
  return log1p(sum * DOWN_15 + (count - 1), dtype);
}
