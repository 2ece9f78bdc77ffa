import type { FloatArray } from "../dtype.ts";
import { constant, SHORT_ROW } from "./constants.ts";
import { exp64, log1p } from "./elementary.ts";
import { BOTH, input, kernel, partials, scalar, scratch } from "./kernel.ts";
import { blockSum, carry, maximum, placeOf } from "./rows.ts";
import { type Lanes, lanesOf, type Scratch } from "./scratch.ts";

/** What an evaluation keeps of a row: so many float64, at these places. */
export const RECORD = 8;
/** w ln(1/q_y) in nats, and the square of that for its variance (times 1/w); 0 for an ignored row, NaN without a finite maximum. */
export const LOSS = 0;
export const SQUARE = 1;
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

const lowest = constant("LOWEST");

/** Sum of the first n values as a vector in the dtype: rounds of four vectors of `width` lanes, one after the other. */
function laneSum(lanes: Lanes, values: FloatArray, n: number, width: number): number {
  const { accumulators: a } = lanes;
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
  return width === 4 ? a[0] + a[2] + (a[1] + a[3]) : width === 2 ? a[0] + a[1] : a[0];
}

/** A row's sums of e = exp(x - m), e (x - m) and e^2 without the target's. */
const sums = { maximum: 0, others: 0, products: 0, squares: 0 };

/** The sum of exponentials has the bits of expRow. */
function sumRow(
  lanes: Lanes,
  x: FloatArray,
  at: number,
  classes: number,
  target: number,
  start: number,
  width: number,
): typeof sums {
  const { dtype, block, chunk, values, more, narrow } = lanes;
  const clamp = lowest[dtype];
  const end = at + classes;
  const total = { sum: 0, error: 0 };
  let m = start;
  let products = 0;
  let squares = 0;
  for (let from = at; from < end; from += chunk) {
    const to = Math.min(from + chunk, end);
    const top = maximum(x, from, to, m);
    if (top > m) {
      if (m > Number.NEGATIVE_INFINITY) {
        const fall = m - top;
        const factor = exp64(fall);
        products = factor * (products + fall * (total.sum + total.error));
        squares = factor * factor * squares;
        total.sum *= factor;
        total.error *= factor;
      }
      m = top;
    }
    const shift = m === Number.NEGATIVE_INFINITY ? 0 : m;
    for (let begin = from; begin < to; begin += block) {
      const n = Math.min(block, to - begin);
      lanes.exp(x, begin, begin + n, shift, values, 0);
      if (target >= begin && target < begin + n) values[target - begin] = 0;
      carry(total, blockSum(lanes, values, n, width));
      for (let j = 0; j < n; j++) {
        const z = narrow(x[begin + j] - shift);
        more[j] = begin + j === target ? 0 : values[j] * (z < clamp ? clamp : z);
      }
      products += laneSum(lanes, more, n, width);
      for (let j = 0; j < n; j++) more[j] = values[j] * values[j];
      squares += laneSum(lanes, more, n, width);
    }
  }
  sums.maximum = m;
  sums.others = total.sum + total.error;
  sums.products = products;
  sums.squares = squares;
  return sums;
}

/** Logits that come before the target in the order of the largest, the first of equals first. */
function countAbove(x: FloatArray, at: number, classes: number, target: number): number {
  const own = x[target];
  let above = 0;
  for (let j = at; j < target; j++) if (x[j] >= own) above++;
  for (let j = target + 1; j < at + classes; j++) if (x[j] > own) above++;
  return above;
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
  width: number,
): void {
  const target = at + label;
  const own = x[target];
  const start = Number.isNaN(own) ? Number.NEGATIVE_INFINITY : own;
  const { maximum: m, others, products, squares } = sumRow(lanes, x, at, classes, target, start, width);
  const u = own - m;
  const e = lanes.expOf(own, m);
  const lnd = log1p(others + (e - 1), lanes.dtype);
  const loss = lnd - u;
  const inverse = 1 / (others + e);
  const share = others * inverse;
  const weighted = w === 0 ? 0 : w * loss;
  const above = countAbove(x, at, classes, target);
  rows[to + LOSS] = weighted;
  rows[to + SQUARE] = w === 0 ? 0 : weighted * loss;
  rows[to + ENTROPY] = lnd - (products + (e === 0 ? 0 : e * u)) * inverse;
  // (1 - q_y)^2 and the others' q^2: nothing cancels
  rows[to + BRIER] = share * share + squares * inverse * inverse;
  rows[to + CONFIDENCE] = inverse + 1 - 1;
  rows[to + RANK] = above + 1;
  rows[to + LOG_SUM_EXP] = m + lnd;
  if (Number.isNaN(loss)) {
    const nan = x.subarray(at, at + classes).some(Number.isNaN);
    rows[to + LOG_SUM_EXP] = nan ? Number.NaN : m;
    if (nan) rows[to + RANK] = 0;
  }
  const first = above === 0 ? target : placeOf(x, at, at + classes, m);
  rows[to + ARGMAX] = rows[to + RANK] === 0 ? -1 : first < 0 ? 0 : first - at;
}

export const evaluate = kernel({
  name: "evaluate",
  formula: "loss, entropy, Brier, confidence, rank, argmax, log-sum-exp",
  unit: "row",
  dtypes: BOTH,
  parameters: [
    input("logits", "classes"),
    input("labels", "unit", "i32"),
    input("weights", "call"),
    partials("rows", RECORD),
    scalar("classes"),
    scalar("ignoreIndex"),
    scratch,
  ],
  tolerance: {
    f32: "of the loss as crossEntropy; 2^-20 of 1 + ln classes of the others",
    f64: "of the loss as crossEntropy; 2^-46 of 1 + ln classes of the others",
  },
  loop(
    begin: number,
    end: number,
    logits: FloatArray,
    labels: Int32Array,
    weights: FloatArray | null,
    rows: Float64Array,
    classes: number,
    ignoreIndex: number,
    work: Scratch,
  ) {
    const lanes = lanesOf(work, logits);
    const width = classes <= SHORT_ROW ? 1 : lanes.width;
    for (let i = begin; i < end; i++) {
      const label = labels[i];
      const to = i * RECORD;
      if (label === ignoreIndex) {
        rows.fill(0, to, to + RECORD);
        rows[to + RANK] = -1;
        rows[to + ARGMAX] = -1;
      } else {
        evaluateRow(lanes, logits, i * classes, classes, label, weights ? weights[label] : 1, rows, to, width);
      }
    }
  },
});
