// The records of short rows, a row a lane: see rows/turned/turnedRows.ts and turnedTargets.ts. The loss has the bits of
// crossEntropy's. What needs the classes in their order comes first: the target's place is then taken by the last class.

import { LOWEST_15, MAGIC_15, ONE } from "../constants";
import { exp } from "../functions/exp";
import { ln1p } from "../functions/log";
import { ARGMAX, BRIER, CONFIDENCE, ENTROPY, LOG_SUM_EXP, LOSS, RECORD } from "../generated/record";
import { ABOVE, DISTANT, FIRST, LOGITS, MAXIMA, PRODUCTS, SQUARES } from "../generated/scratchOfTurnedRecord";
import { LANES, OWN, SHIFTS, SUMS } from "../generated/scratchOfTurnedRows";
import { EXPONENTIALS, MEASURES, PLACES } from "../generated/scratchOfTurnedTargets";
import { constant, high, low } from "../lanes";
import { inBatches } from "../rows/turned/batches";
import { rowsInLanes } from "../rows/turned/turnedRows";
import { allNear, measure, storeWeights } from "../rows/turned/turnedTargets";
import { ignoreRow, markNonFinite } from "./record";
import { countEqual, findMaxima, sumEvaluation, takeMaxima, turnBatch } from "./turnedRecordSums";

/** Small integers of the upper or lower two rows as float64. */
@inline function integers<T>(n: v128, upper: bool): v128 {
  if (sizeof<T>() == 4) return f64x2.convert_low_i32x4_s(upper ? v128.shuffle<i32>(n, n, 2, 3, 2, 3) : n);
  const two52 = f64x2.splat(4503599627370496);
  return f64x2.sub(v128.or(n, two52), two52);
}

/** Stores two values that stand side by side in a record, for two rows. */
@inline function storePairs(to: usize, left: v128, right: v128, at: usize): void {
  v128.store(to + at, v128.shuffle<i64>(left, right, 0, 2));
  v128.store(to + at + RECORD, v128.shuffle<i64>(left, right, 1, 3));
}

/** A mask of a group's rows as one of the lower or upper two. */
@inline function maskOf<T>(mask: v128, upper: bool): v128 {
  if (sizeof<T>() == 8) return mask;
  return upper ? i64x2.extend_high_i32x4_s(mask) : i64x2.extend_low_i32x4_s(mask);
}

/** The lower or upper two rows of a group as float64. */
@inline function half<T>(v: v128, upper: bool): v128 {
  return upper ? high(v) : low<T>(v);
}

/** Stores the records of two rows of a group, the lower or the upper ones. Where rows are `plain` all count 1 and are near 0. */
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
  storePairs(to, loss, plain ? one : v128.load(at, OWN), LOSS);
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

/** Stores the records of a batch. */
function finishBatch<T>(rows: i32, plain: bool, to: usize, scratch: usize): void {
  const lowest = constant<T>(LOWEST_15);
  const magic = constant<T>(MAGIC_15);
  let at = scratch;
  let out = to;
  for (let g = scratch, end = scratch + <usize>rows * sizeof<T>(); g < end; g += 16) {
    const tops = v128.load(g, MAXIMA);
    const m = plain ? tops : v128.sub<T>(tops, v128.load(g, SHIFTS));
    const peak = exp<T>(m, lowest, magic);
    storeRecords<T>(at, g, false, peak, plain, out);
    if (sizeof<T>() == 4) storeRecords<T>(at + 16, g, true, peak, plain, out + 2 * RECORD);
    at += rowsInLanes<T>() << 3;
    out += RECORD * rowsInLanes<T>();
  }
}

/** Stores the records of rows that are ignored, or have no loss. */
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

/** Whether no row holds a NaN, which the maxima may not show. */
@inline function allNumbers(rows: i32, scratch: usize): bool {
  let same = i64x2.splat(-1);
  for (let at = scratch, end = scratch + ((<usize>rows) << 3); at < end; at += 16) {
    const sum = v128.load(at, SUMS);
    same = v128.and(same, f64x2.eq(sum, sum));
  }
  return i64x2.all_true(same);
}

function evaluateBatch<T>(
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

@unmanaged
class Evaluation {
  @inline resultBytes(): usize {
    return RECORD;
  }

  @inline batch<T>(
    rows: i32,
    row: usize,
    stride: usize,
    labels: usize,
    weights: usize,
    out: usize,
    records: usize,
    ignoreIndex: i32,
    scale: f64,
    scratch: usize,
  ): void {
    evaluateBatch<T>(rows, row, stride, labels, weights, ignoreIndex, records, scratch);
  }
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
  inBatches<Evaluation, T>(begin, end, logits, labels, weights, 0, rows, classes, ignoreIndex, 0, scratch);
}
