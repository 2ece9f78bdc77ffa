import {
  ARGMAX,
  BASE_LOSS,
  BASE_TOP,
  CHANGE,
  COMPARED,
  COUNTED,
  DISTANCE,
  DIVERGENCE,
  LOG_SUM_EXP,
  LOSS,
  OTHER_LOSS,
  OTHER_TOP,
  RECORD,
} from "../../descriptions/record.ts";
import { LN2_HIGH, LN2_LOW, SHORT_ROW } from "../../descriptions/thresholds.ts";
import type { FloatArray } from "../../dtype.ts";
import * as places from "../../generated/table.ts";
import { constant, constantsFrom } from "../constant.ts";
import { exp64 } from "../functions/exp64.ts";
import { maximumWithout } from "../rows/maximum.ts";
import { blockSum, type Carried, carry } from "../rows/passes.ts";
import { apart, beyond, guess, logAsFar, logSumExpOf, refer, relative } from "../rows/reference.ts";
import { type Lanes, lanesOf, type Reference, type Scratch } from "../scratch.ts";
import { evaluate } from "./recordLoop.ts";

// What two models make of a row, with the bits of assembly/evaluation/comparedRows.ts, which says how.

const SERIES = constantsFrom(places.P3, 8).reverse();
/** From the highest power to 1/2!. */
const SERIES_OF = {
  f32: [...SERIES.slice(2).map(({ f32 }) => f32), 0.5],
  f64: [...SERIES.map(({ f64 }) => f64), 0.5],
};
const SERIES_END = constant(places.SERIES_END);

/** φ(e) / e^2 of a small e. */
function seriesOf({ dtype, narrow }: Pick<Lanes, "dtype" | "narrow">, e: number): number {
  const coefficients = SERIES_OF[dtype];
  let t = coefficients[0];
  for (let i = 1; i < coefficients.length; i++) t = narrow(narrow(t * e) + coefficients[i]);
  return t;
}

const WIDE = { dtype: "f64", narrow: (x: number) => x } as const;

const expOf = (x: number) => (x > 700 ? Number.POSITIVE_INFINITY : exp64(x));

/** φ(e) of one number. */
function phi(e: number): number {
  return Math.abs(e) < SERIES_END.f64 ? e * e * seriesOf(WIDE, e) : expOf(e) - 1 - e;
}

/** What there is of one of the models' row at hand. */
class Side {
  readonly reference: Reference = { shift: 0, exponent: 0, lowest: 0, magic: 0 };
  readonly sum: Carried = { sum: 0, error: 0 };
  x: FloatArray = new Float64Array();
  at = 0;
  target = 0;
  /** What the reference is made of, and up to what logits it holds; the largest logit but for the target's. */
  m = 0;
  limit = 0;
  top = 0;
  /** What makes the exponentials probabilities, the target's probability, and the log-sum-exp. */
  inverse = 0;
  own = 0;
  lse = 0;

  begin(lanes: Lanes): void {
    this.limit = refer(lanes, this.m);
    Object.assign(this.reference, lanes.reference);
    this.sum.sum = 0;
    this.sum.error = 0;
    this.top = Number.NEGATIVE_INFINITY;
  }

  /** Puts the exponentials of n classes from `begin` on into `out`. */
  addBlock(lanes: Lanes, begin: number, n: number, out: FloatArray): void {
    const { x, target } = this;
    const { shift, lowest, magic } = this.reference;
    if (shift === 0) {
      this.top = maximumWithout(x, begin, begin + n, target, this.top);
      lanes.powers(x, begin, begin + n, lowest, magic, out, 0);
    } else {
      for (let j = 0; j < n; j++) lanes.shifted[j] = x[begin + j] - shift;
      lanes.powers(lanes.shifted, 0, n, lowest, magic, out, 0);
    }
    if (target >= begin && target < begin + n) out[target - begin] = 0;
    carry(this.sum, blockSum(lanes, out, n));
  }

  /** Whether the reference holds; otherwise there is another one. */
  isDone(): boolean {
    // where logits are shifted their largest is not asked for
    if (this.top <= this.limit) return true;
    this.m = this.top;
    return false;
  }

  /** Keeps loss and first maximum. */
  finish(lanes: Lanes, classes: number, rows: Float64Array, lossAt: number, topAt: number): void {
    const { x, at, target, reference } = this;
    Object.assign(lanes.reference, reference);
    const own = x[target];
    const others = this.sum.sum + this.sum.error;
    const distance = apart(lanes, own, others);
    const e = relative(lanes, own, distance);
    const z = others * e;
    const far = beyond(distance, others);
    const near = logAsFar(lanes, z, distance);
    this.inverse = e / (1 + z);
    this.own = far > 0 ? 0 : 1 / (1 + z);
    this.lse = logSumExpOf(lanes, own, near, far);
    const loss = near + far;
    const top = reference.shift === 0 ? this.top : this.m;
    rows[lossAt] = loss;
    rows[topAt] = own > top ? target - at : x.subarray(at, at + classes).indexOf(top);
    if (Number.isNaN(loss) && x.subarray(at, at + classes).some(Number.isNaN)) rows[topAt] = -1;
  }
}

class Comparison {
  readonly base = new Side();
  readonly other = new Side();
  /** Sums of terms, of differences, and of the other model's exponentials of classes that are far apart. */
  terms = 0;
  differences = 0;
  apart = 0;

  readonly #lanes: Lanes;
  /** Of a block: the other's exponentials, and terms. */
  readonly #q: FloatArray;
  readonly #each: FloatArray;

  constructor(lanes: Lanes) {
    this.#lanes = lanes;
    this.#q = lanes.more.slice();
    this.#each = lanes.more.slice();
  }

  #clear(): void {
    this.terms = 0;
    this.differences = 0;
    this.apart = 0;
  }

  /** Adds what n classes from `begin` on are apart, whose exponentials are at hand. */
  addBlock(begin: number, otherBegin: number, n: number, shift: number): void {
    const lanes = this.#lanes;
    const q = this.#q;
    const each = this.#each;
    const { dtype, more, narrow, values } = lanes;
    const { x } = this.base;
    const y = this.other.x;
    const limit = SERIES_END[dtype];
    for (let j = 0; j < n; j++) {
      const p = values[j];
      const e = narrow(narrow(y[otherBegin + j] - x[begin + j]) - shift);
      if (Math.abs(e) < limit) {
        const u = narrow(p * e);
        more[j] = u;
        each[j] = narrow(u * e) * seriesOf(lanes, e);
        q[j] = 0;
      } else {
        const u = p === 0 ? 0 : narrow(p * e);
        more[j] = u;
        each[j] = -narrow(u + p);
      }
    }
    this.terms += blockSum(lanes, each, n);
    this.differences += blockSum(lanes, more, n);
    this.apart += blockSum(lanes, q, n);
  }

  divergence(s: number, own: number, above: number, isLast: boolean): number {
    const { base, other } = this;
    let terms = base.inverse * this.terms;
    let dots = base.inverse * this.differences;
    if (this.apart !== 0) terms += this.apart * (above > 600 ? expOf(s) * other.inverse : expOf(above) * base.inverse);
    if (base.own === 0) terms += expOf(s) * other.own;
    else {
      dots += base.own * own;
      terms += base.own * phi(own);
    }
    const t = phi(-s);
    const divergence = terms * expOf(-s) + t + dots * (t - s);
    if (isLast) return terms === Number.POSITIVE_INFINITY ? terms : Math.max(divergence, 0);
    return divergence < Number.POSITIVE_INFINITY && t <= 4 * divergence ? divergence : Number.NaN;
  }

  /** A short row, of which there are records at `from`. */
  addShortRow(classes: number, from: number, rows: Float64Array, to: number): void {
    const { base, other } = this;
    const lanes = this.#lanes;
    const { narrow, values } = lanes;
    const [one, two] = records;
    const lse = one[from + LOG_SUM_EXP];
    const otherLse = two[from + LOG_SUM_EXP];
    rows[to + BASE_LOSS] = one[from + LOSS];
    rows[to + BASE_TOP] = one[from + ARGMAX];
    rows[to + OTHER_LOSS] = two[from + LOSS];
    rows[to + OTHER_TOP] = two[from + ARGMAX];
    rows[to + DISTANCE] = lse - otherLse;
    rows[to + DIVERGENCE] = Number.NaN;
    if (lse - lse + (otherLse - otherLse) !== 0) return;
    const shift = narrow(otherLse - lse);
    lanes.exp(base.x, base.at, base.at + classes, narrow(lse), values, 0);
    lanes.exp(other.x, other.at, other.at + classes, narrow(otherLse), this.#q, 0);
    base.own = 0;
    other.own = 0;
    base.inverse = 1 / blockSum(lanes, values, classes);
    other.inverse = 1 / blockSum(lanes, this.#q, classes);
    this.#clear();
    this.addBlock(base.at, other.at, classes, shift);
    rows[to + DIVERGENCE] = this.divergence(otherLse - lse - shift, 0, narrow(otherLse) - narrow(lse) - shift, true);
  }

  addRow(classes: number, rows: Float64Array, to: number): void {
    const { base, other } = this;
    const lanes = this.#lanes;
    const { narrow } = lanes;
    const x = base.x[base.target];
    const y = other.x[other.target];
    const difference = narrow(y - x);
    const isPlain = difference - difference === 0;
    let shift = isPlain ? difference : 0;
    for (const side of [base, other]) side.m = guess(lanes, side.x, side.at, classes, side.target, null, 0);
    for (let isLast = false; ; ) {
      base.begin(lanes);
      other.begin(lanes);
      this.#clear();
      for (let j = 0; j < classes; j += lanes.block) {
        const n = Math.min(lanes.block, classes - j);
        base.addBlock(lanes, base.at + j, n, lanes.values);
        other.addBlock(lanes, other.at + j, n, this.#q);
        this.addBlock(base.at + j, other.at + j, n, shift);
      }
      const isDone = base.isDone();
      if (!other.isDone() || !isDone) continue;
      base.finish(lanes, classes, rows, to + BASE_LOSS, to + BASE_TOP);
      other.finish(lanes, classes, rows, to + OTHER_LOSS, to + OTHER_TOP);
      const own = y - x - shift;
      const s = isPlain ? rows[to + OTHER_LOSS] - rows[to + BASE_LOSS] + own : other.lse - base.lse - shift;
      rows[to + DISTANCE] = base.lse - other.lse;
      const areFinite = base.lse - base.lse + (other.lse - other.lse) === 0;
      const exponents = other.reference.exponent - base.reference.exponent;
      const shifts = other.reference.shift - base.reference.shift - shift;
      const above = shifts + exponents * LN2_HIGH + exponents * LN2_LOW;
      rows[to + DIVERGENCE] = areFinite ? this.divergence(s, own, above, isLast) : Number.NaN;
      if (isLast || !areFinite || !Number.isNaN(rows[to + DIVERGENCE])) return;
      isLast = true;
      shift = narrow(shift + narrow(s));
    }
  }
}

const SHORT_ROWS = 32;
const records = [new Float64Array(RECORD * SHORT_ROWS), new Float64Array(RECORD * SHORT_ROWS)] as const;

const made = new WeakMap<Lanes, Comparison>();

export function comparedRows(
  begin: number,
  end: number,
  base: FloatArray,
  other: FloatArray,
  labels: Int32Array,
  rows: Float64Array,
  classes: number,
  ignoreIndex: number,
  work: Scratch,
): void {
  const lanes = lanesOf(work, base);
  const comparison = made.get(lanes) ?? new Comparison(lanes);
  made.set(lanes, comparison);
  for (let i = begin; i < end; i++) {
    const to = i * COMPARED;
    const place = (i - begin) % SHORT_ROWS;
    if (classes <= SHORT_ROW && place === 0) {
      const stop = Math.min(i + SHORT_ROWS, end);
      for (const [m, x] of [base, other].entries()) {
        const of = x.subarray(i * classes, stop * classes);
        evaluate(0, stop - i, of, labels.subarray(i, stop), null, records[m], classes, ignoreIndex, work);
      }
    }
    rows.fill(0, to, to + COMPARED);
    if (labels[i] === ignoreIndex) continue;
    rows[to + COUNTED] = 1;
    for (const [side, x] of [
      [comparison.base, base],
      [comparison.other, other],
    ] as const) {
      side.x = x;
      side.at = i * classes;
      side.target = side.at + labels[i];
    }
    if (classes <= SHORT_ROW) comparison.addShortRow(classes, place * RECORD, rows, to);
    else comparison.addRow(classes, rows, to);
    rows[to + CHANGE] = exp64(-rows[to + OTHER_LOSS]) - exp64(-rows[to + BASE_LOSS]);
  }
}
