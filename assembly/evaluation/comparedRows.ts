// Rows of logits of two models, block by block: the exponentials of each, of which the losses are made, and what the softmaxes are apart.

import { LOWEST, MAGIC } from "../constants";
import { exp, expLane } from "../functions/exp";
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
} from "../generated/record";
import {
  EXPONENTIALS,
  INVERSE,
  LAST_RISE,
  OTHER_RECORDS,
  OTHER_SIDE,
  OWN,
  RECORDS,
} from "../generated/scratchOfComparedRows";
import { EXPONENT, SHIFT, TAIL, TAIL_OUT } from "../generated/scratchOfRows";
import { FAR, LN2_HIGH, LN2_LOW, SHORT_ROW } from "../generated/thresholds";
import { addHigh, BLOCK, constant, laneSum, low, pairSum, ROUND, roundUp, twoSum } from "../lanes";
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
import { addBlock, clearSums, divergenceOf, sumOfRound } from "./divergenceSums";
import { evaluateShortRows } from "./turnedRecord";

/** Rows of which there are records at once. */
const BATCH_ROWS = 32;

/** The exponentials of a block of a row, its target aside, left in scratch; their sum. */
function exponentialsOf<T>(row: usize, bytes: usize, at: usize, block: usize, stop: usize, scratch: usize): f64 {
  const tail = tailOf(row, bytes);
  const move = shiftBlock<T>(block, stop, scratch);
  const before = largest<T>(scratch);
  const to = scratch + EXPONENTIALS - block;
  const sum = keepBlock<T>(
    block + move,
    stop + move,
    moved(roundOf(row, at), move),
    moved(tail, move),
    to - move,
    scratch,
  );
  if (largest<T>(scratch) > before) store<usize>(scratch, block - row, LAST_RISE);
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
  let top = m;
  let first = row;
  if (load<f64>(scratch, SHIFT) == 0) {
    top = largest<T>(scratch);
    first += load<usize>(scratch, LAST_RISE);
  }
  first = x > top ? at : firstEqual<T>(first, row + bytes, top);
  // the target's was left out
  if (x == top && at < first) first = at;
  if (loss != loss) {
    for (let p = row; p < row + bytes; p += sizeof<T>()) if (isNaN<T>(load<T>(p))) first = row - sizeof<T>();
  }
  store<f64>(to, <f64>(<i32>(first - row) / <i32>sizeof<T>()), 8);
  return far == 0 ? <f64>x + near : aboveOf(0, scratch) + (near - FAR);
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
    store<usize>(scratch, 0, LAST_RISE);
    store<usize>(far, 0, LAST_RISE);
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

/** Stores how much the target's probability changed. */
function storeChange(to: usize): void {
  const losses = f64x2.replace_lane(f64x2.splat(load<f64>(to, BASE_LOSS)), 1, load<f64>(to, OTHER_LOSS));
  const own = expLane<f64>(f64x2.neg(losses));
  store<f64>(to, f64x2.extract_lane(own, 1) - f64x2.extract_lane(own, 0), CHANGE);
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
    storeChange(to);
  }
}
