import {
  ARGMAX,
  BRIER,
  CONFIDENCE,
  ENTROPY,
  LOG_SUM_EXP,
  LOSS,
  RANK,
  RECORD,
  WEIGHT,
} from "../../descriptions/record.ts";
import { FAR, SHORT_ROW } from "../../descriptions/thresholds.ts";
import type { FloatArray } from "../../dtype.ts";
import { log1p } from "../functions/log.ts";
import { maximumWithout, placeOf } from "../rows/maximum.ts";
import { blockSum, carry } from "../rows/passes.ts";
import {
  aboveOf,
  apart,
  beyond,
  exponential,
  guess,
  isInReach,
  logAsFar,
  logSumExpOf,
  refer,
  relative,
} from "../rows/reference.ts";
import { LOWEST_15, othersOf, shortExpOf } from "../rows/shortRows.ts";
import { type Lanes, lanesOf, type RowSums, type Scratch } from "../scratch.ts";

/**
 * Adds the first n values, zeros behind them, to two float64 numbers: as a vector in the dtype, in rounds of four vectors, one
 * after the other; then its even lanes and its odd ones.
 */
function addLanes(lanes: Lanes, values: FloatArray, n: number, to: Float64Array): void {
  const { accumulators: a, width } = lanes;
  a.fill(0, 0, 12);
  const round = 4 * width;
  const rounds = Math.ceil(n / round) * round;
  for (let j = n; j < rounds; j++) values[j] = 0;
  for (let j = 0; j < rounds; j += round) {
    for (let k = 0; k < width; k++) {
      const i = j + k;
      a[8] = values[i] + values[i + width];
      a[9] = values[i + 2 * width] + values[i + 3 * width];
      a[8] += a[9];
      a[k] += a[8];
    }
  }
  to[0] += width === 4 ? a[0] + a[2] : a[0];
  to[1] += width === 4 ? a[1] + a[3] : a[1];
}

/** Adds Σ e (x - base) and Σ e^2 of the n exponentials in lanes.values; those of -inf, and the target's, are 0. */
function addProducts(
  lanes: Lanes,
  x: FloatArray,
  from: number,
  n: number,
  lowest: number,
  base: number,
  target: number,
): void {
  const { more, narrow, products, squares, values } = lanes;
  for (let j = 0; j < n; j++) {
    const z = x[from + j];
    more[j] = from + j === target ? 0 : values[j] * narrow((z < lowest ? lowest : z) - base);
  }
  addLanes(lanes, more, n, products);
  for (let j = 0; j < n; j++) more[j] = values[j] * values[j];
  addLanes(lanes, more, n, squares);
}

/** The sums of a long row; that of exponentials has the bits of expRow. */
function sumRow(lanes: Lanes, x: FloatArray, at: number, classes: number, target: number): RowSums {
  const { block, products, reference, rowSums: sums, shifted, squares, values } = lanes;
  const end = at + classes;
  let m = guess(lanes, x, at, classes, target, null, 0);
  for (;;) {
    const limit = refer(lanes, m);
    const { shift, lowest, magic } = reference;
    const base = shift === 0 && m > Number.NEGATIVE_INFINITY ? m : 0;
    const total = { sum: 0, error: 0 };
    let top = Number.NEGATIVE_INFINITY;
    products.fill(0);
    squares.fill(0);
    for (let begin = at; begin < end; begin += block) {
      const n = Math.min(block, end - begin);
      let source = x;
      let from = begin;
      let own = target;
      if (shift === 0) top = maximumWithout(x, begin, begin + n, target, top);
      else {
        for (let j = 0; j < n; j++) shifted[j] = x[begin + j] - shift;
        source = shifted;
        from = 0;
        own = target - begin;
      }
      lanes.powers(source, from, from + n, lowest, magic, values, 0);
      if (own >= from && own < from + n) values[own - from] = 0;
      carry(total, blockSum(lanes, values, n));
      addProducts(lanes, source, from, n, lowest, base, own);
    }
    sums.others = total.sum + total.error;
    sums.products = products[0] + products[1];
    sums.squares = squares[0] + squares[1];
    sums.base = m === Number.NEGATIVE_INFINITY ? 0 : m;
    sums.top = shift === 0 ? top : m;
    if (top <= limit) return sums;
    m = top;
  }
}

/** Logits that come before the target in the order of the largest, the first of equals first. */
function countAbove(x: FloatArray, at: number, classes: number, target: number): number {
  const own = x[target];
  let above = 0;
  for (let j = at; j < target; j++) if (x[j] >= own) above++;
  for (let j = target + 1; j < at + classes; j++) if (x[j] > own) above++;
  return above;
}

/** What the record of a row is made of. */
interface Row {
  /** ln(1 / q_y), log-sum-exp, entropy, max q and 1 - q_y. */
  loss: number;
  logSumExp: number;
  entropy: number;
  confidence: number;
  share: number;
  /** Σ q^2 of all but the target. */
  squares: number;
  maximum: number;
}

/** A row of many classes. */
function longRow(lanes: Lanes, x: FloatArray, at: number, classes: number, label: number): Row {
  const own = x[at + label];
  const { others, products, squares, base, top } = sumRow(lanes, x, at, classes, at + label);
  const distance = apart(lanes, own, others);
  const e = relative(lanes, own, distance);
  const z = others * e;
  const near = logAsFar(lanes, z, distance);
  const far = beyond(distance, others);
  const loss = near + far;
  const share = z / (1 + z);
  const inverse = e / (1 + z);
  // far: the target's share is 0, and x + loss would lose its digits
  const logSumExp = logSumExpOf(lanes, own, near, far);
  // not logSumExp - base, which was rounded where it is large
  const spread = far === 0 ? loss + (own - base) * share : aboveOf(lanes, base) + (near - FAR);
  return {
    loss,
    logSumExp,
    entropy: spread - products * inverse,
    // exponentials of one kind, so that equal logits have equal shares to the last digit
    confidence: isInReach(own, base)
      ? exponential(lanes, own > top ? own : top) / (others + exponential(lanes, own))
      : 1 / (1 + z),
    share,
    squares: squares * inverse * inverse,
    maximum: own > top ? own : top,
  };
}

/** Sum of the first n values in the dtype alone, in rounds of four. */
function roundSum({ narrow }: Lanes, values: FloatArray, n: number): number {
  const end = (n + 3) & ~3;
  for (let j = n; j < end; j++) values[j] = 0;
  let s = 0;
  for (let j = 0; j < end; j += 4) {
    s = narrow(s + narrow(narrow(values[j] + values[j + 1]) + narrow(values[j + 2] + values[j + 3])));
  }
  return s;
}

/** A row of few classes, with the bits of assembly/evaluation/turnedRecord.ts. */
function shortRow(lanes: Lanes, x: FloatArray, at: number, classes: number, label: number): Row {
  const { narrow } = lanes;
  const clamp = LOWEST_15[lanes.dtype];
  const parts = othersOf(lanes, x, at, classes, label);
  const { logits, exponentials, count, near, shift, top, measure, sum, own: e, distance } = parts;
  const own = x[at + label];
  const m = Math.max(top, own);
  const fall = narrow(m - shift);
  for (let j = 0; j < count; j++) {
    const z = narrow(logits[j] - shift);
    logits[j] = exponentials[j] * narrow((z < clamp ? clamp : z) - fall);
  }
  const products = roundSum(lanes, logits, count);
  for (let j = 0; j < count; j++) logits[j] = exponentials[j] * exponentials[j];
  const squares = roundSum(lanes, logits, count);
  const u = own - m;
  const lnd = log1p(sum + (e - 1), lanes.dtype);
  const inverse = 1 / (sum + e);
  const factor = measure * inverse;
  const ratio = own === m ? 1 : shortExpOf(lanes, fall) * measure;
  return {
    loss: lnd - distance,
    logSumExp: (near ? own : m) + lnd,
    // ln d relative to the maximum, less Σ q (x - m)
    entropy: lnd + (near ? u : 0) - (products * factor + (e === 0 ? 0 : e * u) * inverse),
    confidence: Math.min(1, ratio * inverse),
    share: sum * inverse,
    squares: squares * factor * factor,
    maximum: m,
  };
}

/** The record of a row that does not count. */
export function ignoreRow(rows: Float64Array, to: number): void {
  rows.fill(0, to, to + RECORD);
  rows[to + RANK] = -1;
  rows[to + ARGMAX] = -1;
}

/** The record of one row that counts. */
function evaluateRow(
  lanes: Lanes,
  x: FloatArray,
  at: number,
  classes: number,
  label: number,
  w: number,
  rows: Float64Array,
  to: number,
): void {
  const row = (classes <= SHORT_ROW ? shortRow : longRow)(lanes, x, at, classes, label);
  const { loss, maximum: m } = row;
  const target = at + label;
  const above = countAbove(x, at, classes, target);
  rows[to + LOSS] = loss;
  rows[to + WEIGHT] = w;
  // rounding may take it below
  rows[to + ENTROPY] = row.entropy < 0 ? 0 : row.entropy;
  // (1 - q_y)^2 and the others' q^2: nothing cancels
  rows[to + BRIER] = row.share * row.share + row.squares;
  rows[to + CONFIDENCE] = row.confidence + 1 - 1;
  rows[to + RANK] = above + 1;
  rows[to + LOG_SUM_EXP] = row.logSumExp;
  if (Number.isNaN(loss)) {
    const nan = x.subarray(at, at + classes).some(Number.isNaN);
    rows[to + LOG_SUM_EXP] = nan ? Number.NaN : m;
    if (nan) rows[to + RANK] = 0;
  }
  const first = above === 0 ? target : placeOf(x, at, at + classes, m);
  rows[to + ARGMAX] = rows[to + RANK] === 0 ? -1 : first < 0 ? 0 : first - at;
}

export function evaluate(
  begin: number,
  end: number,
  logits: FloatArray,
  labels: Int32Array,
  weights: FloatArray | null,
  rows: Float64Array,
  classes: number,
  ignoreIndex: number,
  work: Scratch,
): void {
  const lanes = lanesOf(work, logits);
  for (let i = begin; i < end; i++) {
    const label = labels[i];
    const to = i * RECORD;
    if (label === ignoreIndex) ignoreRow(rows, to);
    else {
      evaluateRow(lanes, logits, i * classes, classes, label, weights ? weights[label] : 1, rows, to);
    }
  }
}
