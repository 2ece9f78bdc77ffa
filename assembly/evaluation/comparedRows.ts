// Rows of logits of two models, block by block: the exponentials of each, of which the losses are made, and what the softmaxes are apart.
//
// The Kullback-Leibler divergence of the other's softmax q from the base's p is Σ p φ(e), e = ln q - ln p, φ(e) = exp(e) - 1 - e >= 0.
// e = (y - x) - (lse y - lse x) needs log-sum-exps that are known at the row's end. So another number stands for their distance, the
// target's y - x, and is put right there: with e' = e + s, and as Σ p = 1, Σ p φ(e) = e^-s Σ p φ(e') + φ(-s) + (e^-s - 1) Σ p e'.
// Where s is so large that this would cancel, the row is gone through once more, with the distance itself. Equal rows give 0.
// docs/accuracy.md derives the bound.

import { HALF, LOWEST, MAGIC, P10, P3, P4, P5, P6, P7, P8, P9, SERIES_END } from "../constants";
import { exp } from "../functions/exp";
import {
  ARGMAX,
  BASE_LOSS,
  BASE_TOP,
  COMPARED,
  COUNTED,
  DISTANCE,
  DIVERGENCE,
  LOG_SUM_EXP,
  LOSS,
  OTHER_LOSS,
  OTHER_TOP,
  RECORD,
} from "../generated/record";
import {
  APART,
  DIFFERENCES,
  EXPONENTIALS,
  INVERSE,
  OTHER_RECORDS,
  OTHER_SIDE,
  OWN,
  RECORDS,
  ROUND_APART,
  ROUND_DIFFERENCES,
  ROUND_TERMS,
  TERMS,
} from "../generated/scratchOfComparedRows";
import { EXPONENT, SHIFT, TAIL, TAIL_OUT } from "../generated/scratchOfRows";
import { FAR, LN2_HIGH, LN2_LOW, SHORT_ROW } from "../generated/thresholds";
import { addHigh, BLOCK, constant, laneSum, low, mulAdd, pairSum, ROUND, roundSum, roundUp, twoSum } from "../lanes";
import { keepBlock } from "../rows/passes";
import { firstEqual } from "../rows/maximum";
import {
  aboveOf,
  apart,
  beyond,
  fillTail,
  guess,
  largest,
  logAsFar,
  moved,
  prepare,
  refer,
  relative,
  roundOf,
  shiftBlock,
  tailOf,
} from "../rows/reference";
import { evaluateShortRows } from "./turnedRecord";

/** Rows of which there are records at once. */
const BATCH_ROWS = 32;

/** Up to which |e| of a float64 number its φ is a series. */
const SERIES_END_64: f64 = 0.125;

/** φ(e) / e^2 of a small e. */
@inline function series<T>(e: v128): v128 {
  let t = constant<T>(P8);
  if (sizeof<T>() == 8) t = mulAdd<T>(mulAdd<T>(constant<T>(P10), e, constant<T>(P9)), e, t);
  t = mulAdd<T>(t, e, constant<T>(P7));
  t = mulAdd<T>(t, e, constant<T>(P6));
  t = mulAdd<T>(t, e, constant<T>(P5));
  t = mulAdd<T>(t, e, constant<T>(P4));
  t = mulAdd<T>(t, e, constant<T>(P3));
  return mulAdd<T>(t, e, constant<T>(HALF));
}

/** (y - x) - shift of a vector. */
@inline function difference<T>(base: usize, other: usize, at: usize, shift: v128): v128 {
  return v128.sub<T>(v128.sub<T>(v128.load(other + at), v128.load(base + at)), shift);
}

@inline function isNear<T>(e: v128): v128 {
  return v128.lt<T>(v128.abs<T>(e), constant<T>(SERIES_END));
}

/** A round some of whose classes are far apart, or behind the last one: p φ(e) is q and -p (1 + e) of those, 0 where p is. */
function mixedRound<T>(base: usize, other: usize, shift: v128, exponentials: usize, scratch: usize): void {
  for (let at: usize = 0; at < ROUND; at += 16) {
    const p = v128.load(exponentials + at);
    const e = difference<T>(base, other, at, shift);
    const near = isNear<T>(e);
    const small = v128.and(e, near);
    const u = v128.mul<T>(p, v128.and(e, v128.or(near, v128.ne<T>(p, v128.splat<T>(0)))));
    const term = v128.mul<T>(v128.mul<T>(u, small), series<T>(small));
    v128.store(scratch + at, v128.bitselect(term, v128.neg<T>(v128.add<T>(u, p)), near), ROUND_TERMS);
    v128.store(scratch + at, u, ROUND_DIFFERENCES);
    v128.store(scratch + at, v128.andnot(v128.load(exponentials + OTHER_SIDE + at), near), ROUND_APART);
  }
}

/** The sum of a round in scratch. */
@inline function sumOfRound<T>(at: usize): v128 {
  return roundSum<T>(v128.load(at), v128.load(at, 16), v128.load(at, 32), v128.load(at, 48));
}

@inline function clearSums(scratch: usize): void {
  store<f64>(scratch, 0, TERMS);
  store<f64>(scratch, 0, DIFFERENCES);
  store<f64>(scratch, 0, APART);
}

@inline function addTo(to: usize, x: f64): void {
  store<f64>(to, load<f64>(to) + x);
}

/** Adds p φ(e'), p e' and, where they are far apart, q of a block, its exponentials being in scratch, to the sums of the row. */
function addBlock<T>(base: usize, other: usize, bytes: usize, shift: v128, scratch: usize): void {
  let lower = f64x2.splat(0);
  let upper = lower;
  let lowerDots = lower;
  let upperDots = lower;
  let lowerApart = lower;
  let upperApart = lower;
  for (let at: usize = 0; at < bytes; at += ROUND) {
    const a = difference<T>(base, other, at, shift);
    const b = difference<T>(base, other, at + 16, shift);
    const c = difference<T>(base, other, at + 32, shift);
    const d = difference<T>(base, other, at + 48, shift);
    const near = v128.and(v128.and(isNear<T>(a), isNear<T>(b)), v128.and(isNear<T>(c), isNear<T>(d)));
    const exponentials = scratch + EXPONENTIALS + at;
    let terms: v128;
    let dots: v128;
    if (sizeof<T>() == 4 ? i32x4.all_true(near) : i64x2.all_true(near)) {
      const u = v128.mul<T>(v128.load(exponentials), a);
      const v = v128.mul<T>(v128.load(exponentials, 16), b);
      const w = v128.mul<T>(v128.load(exponentials, 32), c);
      const x = v128.mul<T>(v128.load(exponentials, 48), d);
      dots = roundSum<T>(u, v, w, x);
      terms = roundSum<T>(
        v128.mul<T>(v128.mul<T>(u, a), series<T>(a)),
        v128.mul<T>(v128.mul<T>(v, b), series<T>(b)),
        v128.mul<T>(v128.mul<T>(w, c), series<T>(c)),
        v128.mul<T>(v128.mul<T>(x, d), series<T>(d)),
      );
    } else {
      mixedRound<T>(base + at, other + at, shift, exponentials, scratch);
      terms = sumOfRound<T>(scratch + ROUND_TERMS);
      dots = sumOfRound<T>(scratch + ROUND_DIFFERENCES);
      const q = sumOfRound<T>(scratch + ROUND_APART);
      lowerApart = f64x2.add(lowerApart, low<T>(q));
      upperApart = addHigh<T>(upperApart, q);
    }
    lower = f64x2.add(lower, low<T>(terms));
    upper = addHigh<T>(upper, terms);
    lowerDots = f64x2.add(lowerDots, low<T>(dots));
    upperDots = addHigh<T>(upperDots, dots);
  }
  addTo(scratch + TERMS, laneSum<T>(lower, upper));
  addTo(scratch + DIFFERENCES, laneSum<T>(lowerDots, upperDots));
  addTo(scratch + APART, laneSum<T>(lowerApart, upperApart));
}

/** The exponentials of a block of a row, its target aside, left in scratch; their sum. */
function exponentialsOf<T>(row: usize, bytes: usize, at: usize, block: usize, stop: usize, scratch: usize): f64 {
  const tail = tailOf(row, bytes);
  const move = shiftBlock<T>(block, stop, scratch);
  const to = scratch + EXPONENTIALS - block;
  const sum = keepBlock<T>(
    block + move,
    stop + move,
    moved(roundOf(row, at), move),
    moved(tail, move),
    to - move,
    scratch,
  );
  if (tail >= block && tail < stop) {
    for (let i: usize = 0; i < ROUND; i += 16) v128.store(to + tail + i, v128.load(scratch + i, TAIL_OUT));
  }
  return sum;
}

/** Keeps loss and first maximum of a row, `others` being the sum of its exponentials; returns its log-sum-exp. */
function finish<T>(row: usize, bytes: usize, at: usize, m: T, others: f64, to: usize, scratch: usize): f64 {
  const x = load<T>(at);
  const distance = apart<T>(x, others, scratch);
  const e = relative(<f64>x, distance, 0, scratch);
  const z = others * e;
  const far = beyond(distance, others);
  const near = logAsFar<T>(z, distance);
  store<f64>(scratch, e / (1 + z), INVERSE);
  store<f64>(scratch, far > 0 ? 0 : 1 / (1 + z), OWN);
  const loss = near + far;
  store<f64>(to, loss);
  const top = load<f64>(scratch, SHIFT) == 0 ? largest<T>(scratch) : m;
  let first = x > top ? at : firstEqual<T>(row, row + bytes, top);
  if (loss != loss) {
    for (let p = row; p < row + bytes; p += sizeof<T>()) if (isNaN<T>(load<T>(p))) first = row - sizeof<T>();
  }
  store<f64>(to, <f64>(<i32>(first - row) / <i32>sizeof<T>()), 8);
  return far == 0 ? <f64>x + near : aboveOf(0, scratch) + (near - FAR);
}

@inline function expOf(x: f64): f64 {
  return x > 700
    ? Infinity
    : f64x2.extract_lane(exp<f64>(f64x2.splat(x), constant<f64>(LOWEST), constant<f64>(MAGIC)), 0);
}

/** φ(e) of one number. */
function phi(e: f64): f64 {
  if (abs(e) < SERIES_END_64) return e * e * f64x2.extract_lane(series<f64>(f64x2.splat(e)), 0);
  return expOf(e) - 1 - e;
}

/**
 * Σ p φ(e) of a row whose sums are in scratch; NaN where φ(-s) is above 4 times that, unless it is the `last` one. `own` is the
 * target's e', and `above` how far the other's reference lies above the base's, less the shift: the other's exponentials are made
 * what p exp(e') is, and not q, which would count what the log-sum-exps are off by itself.
 */
function divergenceOf(s: f64, own: f64, above: f64, last: bool, scratch: usize): f64 {
  const far = scratch + OTHER_SIDE;
  const inverse = load<f64>(scratch, INVERSE);
  const apart = load<f64>(scratch, APART);
  const p = load<f64>(scratch, OWN);
  let terms = inverse * load<f64>(scratch, TERMS);
  let dots = inverse * load<f64>(scratch, DIFFERENCES);
  if (apart != 0) terms += apart * (above > 600 ? expOf(s) * load<f64>(far, INVERSE) : expOf(above) * inverse);
  if (p == 0) terms += expOf(s) * load<f64>(far, OWN);
  else {
    dots += p * own;
    terms += p * phi(own);
  }
  const t = phi(-s);
  const divergence = terms * expOf(-s) + t + dots * (t - s);
  if (last) return terms == Infinity ? terms : max<f64>(divergence, 0);
  return divergence < Infinity && t <= 4 * divergence ? divergence : NaN;
}

function compareRow<T>(base: usize, other: usize, bytes: usize, label: i32, to: usize, scratch: usize): void {
  const far = scratch + OTHER_SIDE;
  const at = base + <usize>label * sizeof<T>();
  const otherAt = other + <usize>label * sizeof<T>();
  const x = load<T>(at);
  const y = load<T>(otherAt);
  const isFinite = y - x - (y - x) == 0;
  let shift = isFinite ? y - x : <T>0;
  prepare<T>(base, bytes, at, scratch);
  prepare<T>(other, bytes, otherAt, far);
  let m = guess<T>(base, bytes, roundOf(base, at), tailOf(base, bytes), false, scratch);
  let n = guess<T>(other, bytes, roundOf(other, otherAt), tailOf(other, bytes), false, far);
  const end = roundUp(bytes);
  let last = false;
  for (;;) {
    const limit = refer<T>(m, 0, scratch);
    const otherLimit = refer<T>(n, 0, far);
    let sum = f64x2.splat(0);
    let otherSum = sum;
    clearSums(scratch);
    for (let block: usize = 0; block < end; block += BLOCK) {
      const stop = min(block + BLOCK, end);
      sum = twoSum(sum, exponentialsOf<T>(base, bytes, at, base + block, base + stop, scratch));
      otherSum = twoSum(otherSum, exponentialsOf<T>(other, bytes, otherAt, other + block, other + stop, far));
      addBlock<T>(base + block, other + block, stop - block, v128.splat<T>(shift), scratch);
    }
    const top = largest<T>(scratch);
    const otherTop = largest<T>(far);
    if (top <= limit && otherTop <= otherLimit) {
      const lse = finish<T>(base, bytes, at, m, pairSum(sum), to + BASE_LOSS, scratch);
      const otherLse = finish<T>(other, bytes, otherAt, n, pairSum(otherSum), to + OTHER_LOSS, far);
      const own = <f64>y - <f64>x - <f64>shift;
      const s = isFinite ? load<f64>(to, OTHER_LOSS) - load<f64>(to, BASE_LOSS) + own : otherLse - lse - <f64>shift;
      store<f64>(to, lse - otherLse, DISTANCE);
      const exponents = load<f64>(far, EXPONENT) - load<f64>(scratch, EXPONENT);
      const shifts = load<f64>(far, SHIFT) - load<f64>(scratch, SHIFT) - <f64>shift;
      const above = shifts + exponents * LN2_HIGH + exponents * LN2_LOW;
      const areFinite = lse - lse + (otherLse - otherLse) == 0;
      const divergence = areFinite ? divergenceOf(s, own, above, last, scratch) : NaN;
      store<f64>(to, divergence, DIVERGENCE);
      if (last || divergence == divergence || !areFinite) return;
      last = true;
      shift += <T>s;
    } else {
      if (!(top <= limit)) m = top;
      if (!(otherTop <= otherLimit)) n = otherTop;
    }
    // refer may have taken something from what was prepared
    prepare<T>(base, bytes, at, scratch);
    prepare<T>(other, bytes, otherAt, far);
  }
}

/** exp(x - shift) of a short row, left in scratch; the inverse of their sum is left there, too. */
function shiftedExponentials<T>(row: usize, bytes: usize, shift: T, scratch: usize): void {
  const lowest = constant<T>(LOWEST);
  const magic = constant<T>(MAGIC);
  const v = v128.splat<T>(shift);
  fillTail<T>(row, bytes, scratch);
  const tail = tailOf(row, bytes) - row;
  let lower = f64x2.splat(0);
  let upper = lower;
  for (let at: usize = 0; at < bytes; at += ROUND) {
    const from = at == tail ? scratch + TAIL : row + at;
    const to = scratch + EXPONENTIALS + at;
    for (let i: usize = 0; i < ROUND; i += 16) {
      v128.store(to + i, exp<T>(v128.sub<T>(v128.load(from + i), v), lowest, magic));
    }
    const sum = sumOfRound<T>(to);
    lower = f64x2.add(lower, low<T>(sum));
    upper = addHigh<T>(upper, sum);
  }
  store<f64>(scratch, 1 / laneSum<T>(lower, upper), INVERSE);
  store<f64>(scratch, 0, OWN);
}

/** A short row, of which there are records: there is no row to go through first for the log-sum-exps. */
function compareShortRow<T>(
  base: usize,
  other: usize,
  bytes: usize,
  one: usize,
  two: usize,
  to: usize,
  scratch: usize,
): void {
  const lse = load<f64>(one, LOG_SUM_EXP);
  const otherLse = load<f64>(two, LOG_SUM_EXP);
  store<f64>(to, load<f64>(one, LOSS), BASE_LOSS);
  store<f64>(to, load<f64>(one, ARGMAX), BASE_TOP);
  store<f64>(to, load<f64>(two, LOSS), OTHER_LOSS);
  store<f64>(to, load<f64>(two, ARGMAX), OTHER_TOP);
  store<f64>(to, lse - otherLse, DISTANCE);
  store<f64>(to, NaN, DIVERGENCE);
  if (lse - lse + (otherLse - otherLse) != 0) return;
  const shift = <T>(otherLse - lse);
  shiftedExponentials<T>(base, bytes, <T>lse, scratch);
  shiftedExponentials<T>(other, bytes, <T>otherLse, scratch + OTHER_SIDE);
  clearSums(scratch);
  addBlock<T>(base, other, bytes, v128.splat<T>(shift), scratch);
  const s = otherLse - lse - <f64>shift;
  const above = <f64>(<T>otherLse) - <f64>(<T>lse) - <f64>shift;
  store<f64>(to, divergenceOf(s, 0, above, true, scratch), DIVERGENCE);
}

/** rows[i] = what src/descriptions/record.ts says of row i of both. */
export function comparedRows<T>(
  begin: i32,
  end: i32,
  base: usize,
  other: usize,
  labels: usize,
  rows: usize,
  classes: i32,
  ignoreIndex: i32,
  scratch: usize,
): void {
  const bytes = <usize>classes * sizeof<T>();
  for (let i = begin; i < end; i++) {
    const label = load<i32>(labels + ((<usize>i) << 2));
    const to = rows + <usize>i * COMPARED;
    const row = <usize>i * bytes;
    const place = <usize>((i - begin) & (BATCH_ROWS - 1)) * RECORD;
    if (classes <= SHORT_ROW && place == 0) {
      const stop = min(i + BATCH_ROWS, end);
      const before = <usize>i * RECORD;
      const one = scratch + RECORDS - before;
      const two = scratch + OTHER_RECORDS - before;
      evaluateShortRows<T>(i, stop, base, labels, 0, one, classes, ignoreIndex, scratch);
      evaluateShortRows<T>(i, stop, other, labels, 0, two, classes, ignoreIndex, scratch);
    }
    memory.fill(to, 0, COMPARED);
    if (label == ignoreIndex) continue;
    store<f64>(to, 1, COUNTED);
    if (classes > SHORT_ROW) compareRow<T>(base + row, other + row, bytes, label, to, scratch);
    else {
      const one = scratch + RECORDS + place;
      compareShortRow<T>(base + row, other + row, bytes, one, one + (OTHER_RECORDS - RECORDS), to, scratch);
    }
  }
}
