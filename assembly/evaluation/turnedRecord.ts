// The records of rows of few classes, a row a lane: see shortRows.ts and shortTargets.ts. The loss has the bits of
// crossEntropy's. Of the six sums and counts over the classes those that need the classes in their order come first.

import { E2, E3, E4, E5, LOWEST_15, MAGIC_15, ONE, STEPS } from "../constants";
import { exp, expA, expB, expLane } from "../functions/exp";
import { addHigh, constant, high, low, roundSum, splat } from "../lanes";
import { ln1p } from "../functions/log";
import { ARGMAX, BRIER, CONFIDENCE, ENTROPY, LOG_SUM_EXP, LOSS, RECORD } from "../generated/record";
import { ABOVE, DISTANT, FIRST, LOGITS, MAXIMA, PRODUCTS, SQUARES } from "../generated/scratchOfTurnedRecord";
import { LANES, OWN, SHIFTS, STAGED, STAGED_LABELS, STAGED_RESULTS, SUMS } from "../generated/scratchOfTurnedRows";
import { EXPONENTIALS, MEASURES, PLACES, TARGETS } from "../generated/scratchOfTurnedTargets";
import { BATCH, rowsInLanes, stageLabels, stageRows, turnIn } from "../rows/turned/turnedRows";
import { allNear, measure, nearLanes, placeLasts, storeWeights, takeTargets } from "../rows/turned/turnedTargets";
import { ignoreRow, markNonFinite } from "./record";

@inline function subtractMask<T>(n: v128, mask: v128): v128 {
  return sizeof<T>() == 4 ? i32x4.sub(n, mask) : i64x2.sub(n, mask);
}

/** Small integers of the upper or lower two rows as float64. */
@inline function integers<T>(n: v128, upper: bool): v128 {
  if (sizeof<T>() == 4) return f64x2.convert_low_i32x4_s(upper ? v128.shuffle<i32>(n, n, 2, 3, 2, 3) : n);
  const two52 = f64x2.splat(4503599627370496);
  return f64x2.sub(v128.or(n, two52), two52);
}

/** Turns the groups, with their maxima. Whether a row is ignored. */
@inline function turnBatch<T>(
  rows: i32,
  row: usize,
  stride: usize,
  labels: usize,
  ignoreIndex: i32,
  between: usize,
  scratch: usize,
): bool {
  const ignore = i32x4.splat(ignoreIndex);
  const end = scratch + <usize>rows * sizeof<T>();
  let ignored = i32x4.splat(0);
  let lanes = scratch + LANES;
  let from = row;
  let targets = labels;
  for (let g = scratch; g < end; g += 16) {
    ignored = v128.or(ignored, takeTargets<T>(from, stride, targets, ignore, g));
    v128.store(g, turnIn<T>(from, stride, stride, lanes, true), MAXIMA);
    from += stride * rowsInLanes<T>();
    targets += rowsInLanes<T>() << 2;
    lanes += between;
  }
  return v128.any_true(ignored);
}

/** First maxima; then the last class to the target's place. */
@inline function findMaxima<T>(rows: i32, row: usize, stride: usize, between: usize, scratch: usize): void {
  const end = scratch + <usize>rows * sizeof<T>();
  const classes = <i32>(between >> 4);
  const all = sizeof<T>() == 4 ? i32x4.splat(classes) : i64x2.splat(classes);
  let lanes = scratch + LANES;
  let from = row;
  for (let g = scratch; g < end; g += 16) {
    const m = v128.load(g, MAXIMA);
    let found = i32x4.splat(0);
    let after = found;
    for (let p = lanes, stop = lanes + between; p < stop; p += 16) {
      after = subtractMask<T>(after, (found = v128.or(found, v128.eq<T>(v128.load(p), m))));
    }
    // classes from the first maximum on, taken from all
    v128.store(g, sizeof<T>() == 4 ? i32x4.sub(all, after) : i64x2.sub(all, after), FIRST);
    v128.store(g, v128.load(g, TARGETS), LOGITS);
    placeLasts<T>(from, stride, lanes, g);
    from += stride * rowsInLanes<T>();
    lanes += between;
  }
}

/** e (x - m), x not below the lowest exponent (where -inf is). */
@inline function product<T>(e: v128, x: v128, lowest: v128, m: v128): v128 {
  return v128.mul<T>(e, v128.sub<T>(v128.pmax<T>(x, lowest), m));
}

/**
 * The sums over groups `first` to `last`, that of exponentials as sumGroups does it, and the count of logits above. Whether
 * one equals its target.
 */
function sumEvaluation<T>(first: usize, last: usize, lanes: usize, between: usize, scratch: usize): bool {
  const steps = constant<T>(STEPS);
  const lowest = constant<T>(LOWEST_15);
  const magic = constant<T>(MAGIC_15);
  const one = constant<T>(ONE);
  const e2 = constant<T>(E2);
  const e3 = constant<T>(E3);
  const e4 = constant<T>(E4);
  const e5 = constant<T>(E5);
  const expFirst = expA<T>();
  const expSecond = expB<T>();
  const whole = (between - 16) & ~63;
  const rest = (between - 16) & 48;
  let p = lanes;
  let sums = scratch + SUMS + (sizeof<T>() == 4 ? first << 1 : first);
  let equal = i32x4.splat(0);
  for (let g = scratch + first, end = scratch + last; g < end; g += 16) {
    const own = v128.load(g, LOGITS);
    const top = v128.load(g, MAXIMA);
    let lower = f64x2.splat(0);
    let upper = lower;
    let products = splat<T>(0);
    let squares = products;
    let above = i32x4.splat(0);
    for (const stop = p + whole; p < stop; p += 64) {
      const a = v128.load(p);
      const b = v128.load(p, 16);
      const c = v128.load(p, 32);
      const d = v128.load(p, 48);
      const w = exp<T>(a, steps, lowest, magic, one, e2, e3, e4, e5, expFirst, expSecond);
      const x = exp<T>(b, steps, lowest, magic, one, e2, e3, e4, e5, expFirst, expSecond);
      const y = exp<T>(c, steps, lowest, magic, one, e2, e3, e4, e5, expFirst, expSecond);
      const z = exp<T>(d, steps, lowest, magic, one, e2, e3, e4, e5, expFirst, expSecond);
      const sum = roundSum<T>(w, x, y, z);
      lower = f64x2.add(lower, low<T>(sum));
      upper = addHigh<T>(upper, sum);
      products = v128.add<T>(
        products,
        roundSum<T>(
          product<T>(w, a, lowest, top),
          product<T>(x, b, lowest, top),
          product<T>(y, c, lowest, top),
          product<T>(z, d, lowest, top),
        ),
      );
      squares = v128.add<T>(
        squares,
        roundSum<T>(v128.mul<T>(w, w), v128.mul<T>(x, x), v128.mul<T>(y, y), v128.mul<T>(z, z)),
      );
      above = subtractMask<T>(above, v128.gt<T>(a, own));
      above = subtractMask<T>(above, v128.gt<T>(b, own));
      above = subtractMask<T>(above, v128.gt<T>(c, own));
      above = subtractMask<T>(above, v128.gt<T>(d, own));
      equal = v128.or(
        v128.or(equal, v128.or(v128.eq<T>(a, own), v128.eq<T>(b, own))),
        v128.or(v128.eq<T>(c, own), v128.eq<T>(d, own)),
      );
    }
    if (rest) {
      const zero = splat<T>(0);
      let sum = zero;
      let dots = zero;
      let square = zero;
      for (let q = p, stop = p + rest; q < stop; q += 16) {
        const a = v128.load(q);
        const w = exp<T>(a, steps, lowest, magic, one, e2, e3, e4, e5, expFirst, expSecond);
        sum = v128.add<T>(sum, w);
        dots = v128.add<T>(dots, product<T>(w, a, lowest, top));
        square = v128.add<T>(square, v128.mul<T>(w, w));
        above = subtractMask<T>(above, v128.gt<T>(a, own));
        equal = v128.or(equal, v128.eq<T>(a, own));
      }
      lower = f64x2.add(lower, low<T>(sum));
      upper = addHigh<T>(upper, sum);
      products = v128.add<T>(products, dots);
      squares = v128.add<T>(squares, square);
    }
    p += between - whole;
    v128.store(sums, lower);
    if (sizeof<T>() == 4) v128.store(sums, upper, 16);
    sums += rowsInLanes<T>() << 3;
    v128.store(g, products, PRODUCTS);
    v128.store(g, squares, SQUARES);
    v128.store(g, above, ABOVE);
  }
  return v128.any_true(equal);
}

/** Whether no row holds a NaN, which its maximum may not show. */
@inline function allNumbers(rows: i32, scratch: usize): bool {
  let same = i64x2.splat(-1);
  for (let at = scratch, end = scratch + ((<usize>rows) << 3); at < end; at += 16) {
    const sum = v128.load(at, SUMS);
    same = v128.and(same, f64x2.eq(sum, sum));
  }
  return i64x2.all_true(same);
}

/** Sums again, less their maxima, rows that are not near: these are taken from the lanes, whose counts are there by then. */
function takeMaxima<T>(rows: i32, between: usize, scratch: usize): void {
  let lanes = scratch + LANES;
  let at = scratch;
  for (let g: usize = 0, end = <usize>rows * sizeof<T>(); g < end; g += 16) {
    const x = v128.load(scratch + g, LOGITS);
    const m = v128.load(scratch + g, MAXIMA);
    const far = v128.not(nearLanes<T>(m, x));
    v128.store(scratch + g, far, DISTANT);
    const shift = v128.and(m, far);
    v128.store(scratch + g, shift, SHIFTS);
    if (v128.any_true(far)) {
      const above = v128.load(scratch + g, ABOVE);
      for (let p = lanes, end = lanes + between - 16; p < end; p += 16) v128.store(p, v128.sub<T>(v128.load(p), shift));
      v128.store(scratch + g, v128.sub<T>(m, shift), MAXIMA);
      sumEvaluation<T>(g, g + 16, lanes, between, scratch);
      v128.store(scratch + g, above, ABOVE);
      v128.store(scratch + g, m, MAXIMA);
    }
    // 1 where the row is near
    const e = expLane<T>(v128.sub<T>(v128.and(x, far), v128.and(m, far)));
    v128.store(at, low<T>(e), EXPONENTIALS);
    if (sizeof<T>() == 4) v128.store(at, high(e), EXPONENTIALS + 16);
    v128.store(scratch + g, v128.andnot(x, far), TARGETS);
    at += rowsInLanes<T>() << 3;
    lanes += between;
  }
}

/** Adds to the counts of logits above those that equal the target's and come before it. */
function countEqual<T>(rows: i32, between: usize, scratch: usize): void {
  for (let i = 0; i < rows; i++) {
    const group = i / rowsInLanes<T>();
    const k = <usize>(i % rowsInLanes<T>()) * sizeof<T>();
    const g = scratch + (group << 4);
    const lanes = scratch + LANES + <usize>group * between + k;
    const x = load<T>(g + k, LOGITS);
    const place = (<usize>load<u32>(g + 4 * (i % rowsInLanes<T>()), PLACES)) << 2;
    let n = 0;
    for (let p = lanes; p < lanes + place; p += 16) if (load<T>(p) == x) n++;
    if (sizeof<T>() == 4) store<i32>(g + k, load<i32>(g + k, ABOVE) + n, ABOVE);
    else store<i64>(g + k, load<i64>(g + k, ABOVE) + n, ABOVE);
  }
}

/** A record's pairs of values for two rows. */
@inline function storePairs(to: usize, left: v128, right: v128, at: usize): void {
  v128.store(to + at, v128.shuffle<i64>(left, right, 0, 2));
  v128.store(to + at + RECORD, v128.shuffle<i64>(left, right, 1, 3));
}

/** A mask of the rows' lanes as one of the lower or upper two rows. */
@inline function maskOf<T>(mask: v128, upper: bool): v128 {
  if (sizeof<T>() == 8) return mask;
  return upper ? i64x2.extend_high_i32x4_s(mask) : i64x2.extend_low_i32x4_s(mask);
}

@inline function half<T>(v: v128, upper: bool): v128 {
  return upper ? high(v) : low<T>(v);
}

/** The records of two rows of a group, the lower or the upper; `plain`: all count 1, and are near. */
function storeRecords<T>(at: usize, g: usize, upper: bool, peak: v128, plain: bool, to: usize): void {
  const one = constant<f64>(ONE);
  const zero = f64x2.splat(0);
  const z = v128.load(at, SUMS);
  const w = v128.load(at, MEASURES);
  const tops = v128.load(g, MAXIMA);
  const own = v128.load(g, LOGITS);
  const m = half<T>(tops, upper);
  const x = half<T>(own, upper);
  const far = plain ? zero : maskOf<T>(v128.load(g, DISTANT), upper);
  const e = plain ? one : v128.load(at, EXPONENTIALS);
  const u = f64x2.sub(x, m);
  const lnd = ln1p<T>(plain ? z : f64x2.add(z, f64x2.sub(e, one)));
  const loss = plain ? lnd : f64x2.sub(lnd, v128.and(u, far));
  const inverse = f64x2.div(one, f64x2.add(z, e));
  const share = f64x2.mul(z, inverse);
  const factor = f64x2.mul(w, inverse);
  if (plain) storePairs(to, loss, f64x2.mul(loss, loss), LOSS);
  else {
    const c = v128.load(at, OWN);
    const counts = f64x2.ne(c, zero);
    const weighted = v128.and(f64x2.mul(c, loss), counts);
    storePairs(to, weighted, v128.and(f64x2.mul(weighted, loss), counts), LOSS);
  }
  // ln d relative to the maximum, less Σ q (x - m)
  const term = plain ? u : v128.and(f64x2.mul(e, u), f64x2.ne(e, zero));
  const lse = f64x2.add(lnd, plain ? u : v128.andnot(u, far));
  const products = f64x2.mul(half<T>(v128.load(g, PRODUCTS), upper), factor);
  const entropy = f64x2.pmax(f64x2.sub(lse, f64x2.add(products, f64x2.mul(term, inverse))), zero);
  const squares = f64x2.mul(f64x2.mul(half<T>(v128.load(g, SQUARES), upper), factor), factor);
  storePairs(to, entropy, f64x2.add(f64x2.mul(share, share), squares), ENTROPY);
  const above = v128.load(g, ABOVE);
  const ratio = v128.bitselect(one, f64x2.mul(half<T>(peak, upper), w), maskOf<T>(v128.eq<T>(own, tops), upper));
  const confidence = f64x2.sub(f64x2.add(f64x2.pmin(f64x2.mul(ratio, inverse), one), one), one);
  storePairs(to, confidence, f64x2.add(integers<T>(above, upper), one), CONFIDENCE);
  const places = v128.load(g, PLACES);
  const none = i32x4.splat(0);
  const label = sizeof<T>() == 4 ? i32x4.shr_u(places, 2) : i64x2.extend_low_i32x4_u(i32x4.shr_u(places, 2));
  const hit = sizeof<T>() == 4 ? i32x4.eq(above, none) : i64x2.eq(above, none);
  const logSumExp = f64x2.add(plain ? x : v128.bitselect(m, x, far), lnd);
  storePairs(to, integers<T>(v128.bitselect(label, v128.load(g, FIRST), hit), upper), logSumExp, ARGMAX);
}

function finishBatch<T>(rows: i32, plain: bool, to: usize, scratch: usize): void {
  const steps = constant<T>(STEPS);
  const lowest = constant<T>(LOWEST_15);
  const magic = constant<T>(MAGIC_15);
  const one = constant<T>(ONE);
  const e2 = constant<T>(E2);
  const e3 = constant<T>(E3);
  const e4 = constant<T>(E4);
  const e5 = constant<T>(E5);
  let at = scratch;
  let out = to;
  for (let g = scratch, end = scratch + <usize>rows * sizeof<T>(); g < end; g += 16) {
    const tops = v128.load(g, MAXIMA);
    const m = plain ? tops : v128.sub<T>(tops, v128.load(g, SHIFTS));
    const peak = exp<T>(m, steps, lowest, magic, one, e2, e3, e4, e5, expA<T>(), expB<T>());
    storeRecords<T>(at, g, false, peak, plain, out);
    if (sizeof<T>() == 4) storeRecords<T>(at + 16, g, true, peak, plain, out + 2 * RECORD);
    at += rowsInLanes<T>() << 3;
    out += RECORD * rowsInLanes<T>();
  }
}

/** Rows that are ignored, or have no loss. */
function mend<T>(
  rows: i32,
  row: usize,
  stride: usize,
  labels: usize,
  ignoreIndex: i32,
  to: usize,
  scratch: usize,
): void {
  for (let i = 0; i < rows; i++) {
    const record = to + <usize>i * RECORD;
    const lse = load<f64>(record, LOG_SUM_EXP);
    if (load<i32>(labels + (i << 2)) == ignoreIndex) ignoreRow(record);
    else if (lse - lse != 0) {
      const x = row + <usize>i * stride;
      let m = load<T>(x);
      for (let p = x; p < x + stride; p += sizeof<T>()) if (load<T>(p) > m) m = load<T>(p);
      markNonFinite<T>(x, stride, <f64>m, record);
    }
  }
}

function batch<T>(
  rows: i32,
  row: usize,
  stride: usize,
  labels: usize,
  weights: usize,
  ignoreIndex: i32,
  to: usize,
  scratch: usize,
): void {
  const between = stride * rowsInLanes<T>();
  const ignored = turnBatch<T>(rows, row, stride, labels, ignoreIndex, between, scratch);
  findMaxima<T>(rows, row, stride, between, scratch);
  if (sumEvaluation<T>(0, <usize>rows * sizeof<T>(), scratch + LANES, between, scratch))
    countEqual<T>(rows, between, scratch);
  const plain = !ignored && !weights && allNear<T>(rows, MAXIMA, scratch) && allNumbers(rows, scratch);
  if (!plain) {
    storeWeights<T>(rows, labels, ignoreIndex, weights, scratch);
    takeMaxima<T>(rows, between, scratch);
  }
  measure<T>(rows, scratch);
  finishBatch<T>(rows, plain, to, scratch);
  if (!plain) mend<T>(rows, row, stride, labels, ignoreIndex, to, scratch);
}

export function evaluateShortRows<T>(
  begin: i32,
  end: i32,
  logits: usize,
  labels: usize,
  weights: usize,
  rows: usize,
  classes: i32,
  ignoreIndex: i32,
  scratch: usize,
): void {
  const stride = <usize>classes * sizeof<T>();
  const group = rowsInLanes<T>();
  const whole = begin + ((end - begin) / group) * group;
  for (let i = begin; i < whole; i += BATCH) {
    const n = min(BATCH, whole - i);
    const to = rows + <usize>i * RECORD;
    batch<T>(n, logits + <usize>i * stride, stride, labels + ((<usize>i) << 2), weights, ignoreIndex, to, scratch);
  }
  if (whole == end) return;
  const n = end - whole;
  const to = scratch + STAGED_RESULTS;
  stageRows<T>(n, logits + <usize>whole * stride, stride, scratch);
  stageLabels<T>(n, labels + ((<usize>whole) << 2), scratch);
  batch<T>(group, scratch + STAGED, stride, scratch + STAGED_LABELS, weights, ignoreIndex, to, scratch);
  memory.copy(rows + <usize>whole * RECORD, to, <usize>n * RECORD);
}
