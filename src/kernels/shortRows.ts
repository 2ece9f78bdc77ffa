import type { FloatArray } from "../dtype.ts";
import { constant } from "./constants.ts";
import { inverseExp, log1p } from "./elementary.ts";
import { maximum } from "./maximum.ts";
import { blockSum } from "./rows.ts";
import type { Lanes } from "./scratch.ts";

// Rows of few classes, with the bits of assembly/shortRows.ts, shortTargets.ts and shortCrossEntropy.ts.

/** Of a row that is near 0 the maximum lies between, and the target is not too far below; see assembly/shortTargets.ts. */
const LOW = -10;
const HIGH = 30;
const DEEP = { f32: -300, f64: -30 };

/** exp's `lowest` and `magic`: exponentials are times 2^15. */
export const LOWEST_15 = constant("LOWEST_15");
const MAGIC_15 = constant("MAGIC_15");

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

/** What a row with an index target is computed from. */
export interface Others {
  /** All logits but the target's: the last class's stands in the target's place. */
  logits: FloatArray;
  /** Their exponentials, after `shift` is taken from them. */
  exponentials: FloatArray;
  count: number;
  /** Whether the row is near 0; and what is taken from its logits, 0 or the row's maximum. */
  near: boolean;
  shift: number;
  /** The largest of the other logits; anything where one is NaN. */
  top: number;
  /** What makes exponentials relative to the target's, or to the maximum, and their sum times that. */
  measure: number;
  sum: number;
  /** The target's own exponential to that measure, and its logit less the maximum: 1 and 0 but for a maximum. */
  own: number;
  distance: number;
}

const others: Others = {
  logits: new Float32Array(0),
  exponentials: new Float32Array(0),
  count: 0,
  near: false,
  shift: 0,
  top: 0,
  measure: 0,
  sum: 0,
  own: 0,
  distance: 0,
};

/** Takes a row apart; one at a time. */
export function othersOf(lanes: Lanes, x: FloatArray, at: number, classes: number, label: number): Others {
  const { values, more } = lanes;
  const n = classes - 1;
  const own = x[at + label];
  for (let j = 0; j < n; j++) more[j] = x[at + j];
  if (label < n) more[label] = x[at + n];
  const top = maximum(more, 0, n, Number.NEGATIVE_INFINITY);
  const m = Math.max(top, own);
  const near = m >= LOW && m <= HIGH && own >= DEEP[lanes.dtype];
  const shift = near ? 0 : m;
  exponentials(lanes, more, 0, n, shift, values);
  others.logits = more;
  others.exponentials = values;
  others.count = n;
  others.near = near;
  others.shift = shift;
  others.top = top;
  others.measure = inverseExp(near ? own : 0, lanes.dtype);
  others.sum = blockSum(lanes, values, n, 1) * others.measure;
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

export const indexShortRow: IndexRow = (lanes, logits, at, classes, label, own, grad, scale) => {
  const { exponentials: exps, count, measure, sum, own: e, distance } = othersOf(lanes, logits, at, classes, label);
  if (grad) {
    const inverse = 1 / (sum + e);
    const factor = lanes.narrow(scale * own * (measure * inverse));
    for (let j = 0; j < count; j++) grad[at + j] = exps[j] * factor;
    if (label < count) grad[at + count] = exps[label] * factor;
    // q - 1 = -z / d; + 0: no -0
    grad[at + label] = scale * (own * -(sum * inverse) + 0);
  }
  return own * (log1p(sum + (e - 1), lanes.dtype) - distance);
};

/** Softmax of a row. */
export function softmaxShortRow(lanes: Lanes, logits: FloatArray, at: number, classes: number, out: FloatArray): void {
  const { values, narrow } = lanes;
  const m = maximum(logits, at, at + classes, Number.NEGATIVE_INFINITY);
  exponentials(lanes, logits, at, at + classes, m, values);
  const factor = narrow(1 / blockSum(lanes, values, classes, 1));
  for (let j = 0; j < classes; j++) out[at + j] = values[j] * factor;
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
  const sum = blockSum(lanes, values, classes, 1);
  return log1p(sum / 32768 + (count - 1), dtype);
}
