// Evaluation: what is wanted to know of a model's rows, in one pass over each. This file makes records of long rows,
// turnedRecord.ts those of short rows, and tally.ts adds them up; regression.ts evaluates numbers instead of classes.
//
// The loss has the bits of crossEntropy's: the sum of exponentials e is that of rows/passes.ts, operation by operation. Beside it
// stand two further sums, Σ e^2 and Σ e (x - base), and the count of logits above the target's.

import { KEEP } from "../constants";
import { exp } from "../functions/exp";
import { ARGMAX, BRIER, CONFIDENCE, ENTROPY, LOG_SUM_EXP, LOSS, RANK, RECORD, WEIGHT } from "../generated/record";
import { ABOVE, PRODUCTS, RISEN, SQUARES } from "../generated/scratchOfRowRecord";
import { FLOOR, MAGICS, SHIFT, TAIL, TOP, WITHOUT } from "../generated/scratchOfRows";
import { FAR, RISE, SHORT_ROW } from "../generated/thresholds";
import {
  addHigh,
  BLOCK,
  countMask,
  high,
  laneSum,
  larger,
  low,
  pairSum,
  ROUND,
  roundSum,
  roundUp,
  splat,
  twoSum,
} from "../lanes";
import { weightAt } from "../rows/dots";
import { firstEqual } from "../rows/maximum";
import {
  aboveOf,
  apart,
  beyond,
  exponential,
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
import { ignoreRow, markNonFinite, product } from "./record";
import { evaluateShortRows } from "./turnedRecord";

/** The next number below x, so that v > below(x) means v >= x. There is none below -inf. */
@inline function below<T>(x: T): T {
  if (sizeof<T>() == 4) {
    const bits = reinterpret<i32>(<f32>x);
    return <T>reinterpret<f32>(x > 0 ? bits - 1 : x == 0 ? 0x80000001 : bits + 1);
  }
  const bits = reinterpret<i64>(<f64>x);
  return <T>reinterpret<f64>(x > 0 ? bits - 1 : x == 0 ? 0x8000000000000001 : bits + 1);
}

/** Starts the count of logits above the target's x with those of the target's round that equal it and come before it. */
@inline function countOwn<T>(x: T, before: usize, scratch: usize): void {
  const v = v128.splat<T>(x);
  const mask = KEEP + ROUND - before;
  let n = i32x4.splat(0);
  for (let i: usize = 0; i < ROUND; i += 16) {
    n = countMask<T>(n, v128.and(v128.eq<T>(v128.load(scratch + i, WITHOUT), v), v128.load(mask + i)));
  }
  v128.store(scratch, n, ABOVE);
}

/** Counts element by element: for a target of -inf, where `below` has no answer, and in a row that is shifted. */
function countAbove<T>(row: usize, bytes: usize, at: usize, x: T): f64 {
  let n = 0;
  for (let p = row; p < at; p += sizeof<T>()) if (load<T>(p) >= x || x == <T>-Infinity) n++;
  for (let p = at; p < row + bytes; p += sizeof<T>()) if (load<T>(p) > x) n++;
  return <f64>n;
}

@inline function count<T>(scratch: usize): f64 {
  const n = v128.load(scratch, ABOVE);
  if (sizeof<T>() == 8) return <f64>(i64x2.extract_lane(n, 0) + i64x2.extract_lane(n, 1));
  return <f64>(
    (i32x4.extract_lane(n, 0) + i32x4.extract_lane(n, 1) + i32x4.extract_lane(n, 2) + i32x4.extract_lane(n, 3))
  );
}

/** Adds the even and the odd lanes of a block's sum to those of the row. */
@inline function addLanes<T>(v: v128, to: usize): void {
  v128.store(to, f64x2.add(v128.load(to), sizeof<T>() == 4 ? f64x2.add(low<T>(v), high(v)) : v));
}

/**
 * Σ e over a block, as expBlock of rows/passes.ts sums it. Σ e (x - base) and Σ e^2, in lanes of the dtype, are added to those
 * in scratch. Counts the logits above the target's x, and in rounds before the target's those that equal it, too. (A function of
 * its own, with its sums made numbers block by block, took 3% longer for 1000 classes.)
 */
@inline function sumBlock<T>(
  begin: usize,
  end: usize,
  without: usize,
  tail: usize,
  shift: T,
  x: T,
  scratch: usize,
): f64 {
  const lowest = v128.load(scratch, FLOOR);
  const magic = v128.load(scratch, MAGICS);
  const base = v128.splat<T>(shift);
  let n = v128.load(scratch, ABOVE);
  let top = v128.load(scratch, TOP);
  let lower = f64x2.splat(0);
  let upper = lower;
  let products = splat<T>(0);
  let squares = products;
  for (let p = begin; p < end;) {
    let q = p;
    let stop = min(end, p < without ? min(without, tail) : tail);
    const above = v128.splat<T>(p < without ? below<T>(x) : x);
    if (p == without) {
      q = scratch + WITHOUT;
      stop = q + ROUND;
      p += ROUND;
    } else if (p == tail) {
      q = scratch + TAIL;
      stop = q + ROUND;
      p += ROUND;
    } else p = stop;
    for (; q < stop; q += ROUND) {
      const a = v128.load(q);
      const b = v128.load(q, 16);
      const c = v128.load(q, 32);
      const d = v128.load(q, 48);
      top = larger<T>(larger<T>(top, a), b);
      n = countMask<T>(n, v128.gt<T>(a, above));
      const e = exp<T>(a, lowest, magic);
      n = countMask<T>(n, v128.gt<T>(b, above));
      const f = exp<T>(b, lowest, magic);
      const dots = v128.add<T>(product<T>(e, a, lowest, base), product<T>(f, b, lowest, base));
      top = larger<T>(larger<T>(top, c), d);
      n = countMask<T>(n, v128.gt<T>(c, above));
      const g = exp<T>(c, lowest, magic);
      n = countMask<T>(n, v128.gt<T>(d, above));
      const h = exp<T>(d, lowest, magic);
      products = v128.add<T>(
        products,
        v128.add<T>(dots, v128.add<T>(product<T>(g, c, lowest, base), product<T>(h, d, lowest, base))),
      );
      squares = v128.add<T>(
        squares,
        roundSum<T>(v128.mul<T>(e, e), v128.mul<T>(f, f), v128.mul<T>(g, g), v128.mul<T>(h, h)),
      );
      const sum = roundSum<T>(e, f, g, h);
      lower = f64x2.add(lower, low<T>(sum));
      upper = addHigh<T>(upper, sum);
    }
  }
  v128.store(scratch, n, ABOVE);
  v128.store(scratch, top, TOP);
  addLanes<T>(products, scratch + PRODUCTS);
  addLanes<T>(squares, scratch + SQUARES);
  return laneSum<T>(lower, upper);
}

/** Σ e over a row that is prepared and has a reference; the other sums and the count are left in scratch. */
@inline function sumRow<T>(row: usize, bytes: usize, without: usize, tail: usize, x: T, base: T, scratch: usize): f64 {
  v128.store(scratch, f64x2.splat(0), PRODUCTS);
  v128.store(scratch, f64x2.splat(0), SQUARES);
  let total = f64x2.splat(0);
  let risen = row;
  let top = <T>-Infinity;
  const end = row + roundUp(bytes);
  for (let block = row; block < end; block += BLOCK) {
    const stop = min(block + BLOCK, end);
    const move = shiftBlock<T>(block, stop, scratch);
    const before = v128.load(scratch, TOP);
    const e = sumBlock<T>(block + move, stop + move, moved(without, move), moved(tail, move), base, x, scratch);
    total = twoSum(total, e);
    if (v128.any_true(v128.gt<T>(v128.load(scratch, TOP), before))) {
      const m = largest<T>(scratch);
      if (m > top) {
        top = m;
        risen = block;
      }
    }
  }
  store<usize>(scratch, risen, RISEN);
  return pairSum(total);
}

@inline function evaluateRow<T>(row: usize, bytes: usize, label: i32, w: f64, to: usize, scratch: usize): void {
  const at = row + <usize>label * sizeof<T>();
  const x = load<T>(at);
  const tail = tailOf(row, bytes);
  const without = roundOf(row, at);
  prepare<T>(row, bytes, at, scratch);
  let m = guess<T>(row, bytes, without, tail, false, scratch);
  let others: f64 = 0;
  let top: T = 0;
  let shift: T = 0;
  for (;;) {
    countOwn<T>(x, at - without, scratch);
    const limit = refer<T>(m, 0, scratch);
    shift = <T>load<f64>(scratch, SHIFT);
    others = sumRow<T>(row, bytes, without, tail, x, shift == 0 && m > <T>-Infinity ? m : <T>0, scratch);
    top = largest<T>(scratch);
    if (top <= limit) break;
    m = top;
  }
  const base: f64 = m == <T>-Infinity ? 0 : <f64>m;
  if (shift != 0) top = m;
  const distance = apart<T>(x, others, scratch);
  const e = relative(<f64>x, distance, 0, scratch);
  const z = others * e;
  const far = beyond(distance, others);
  const near = logAsFar<T>(z, distance);
  const loss = near + far;
  const share = z / (1 + z);
  const inverse = e / (1 + z);
  const products = pairSum(v128.load(scratch, PRODUCTS));
  const squares = pairSum(v128.load(scratch, SQUARES));
  const above = x == <T>-Infinity || shift != 0 ? countAbove<T>(row, bytes, at, x) : count<T>(scratch);
  store<f64>(to, loss, LOSS);
  store<f64>(to, w, WEIGHT);
  // far: the target's share is 0, and x + loss would lose its digits
  const lse = far == 0 ? <f64>x + near : aboveOf(0, scratch) + (near - FAR);
  // not lse - base, which was rounded where it is large
  const entropy =
    (far == 0 ? loss + (<f64>x - base) * share : aboveOf(base, scratch) + (near - FAR)) - products * inverse;
  store<f64>(to, entropy < 0 ? 0 : entropy, ENTROPY);
  store<f64>(to, share * share + squares * inverse * inverse, BRIER);
  // exponentials of one kind, so that equal logits have equal shares to the last digit
  const confidence =
    <f64>x <= base + RISE
      ? <f64>exponential<T>(x > top ? x : top, scratch) / (others + <f64>exponential<T>(x, scratch))
      : 1 / (1 + z);
  store<f64>(to, confidence + 1 - 1, CONFIDENCE);
  store<f64>(to, above + 1, RANK);
  store<f64>(to, lse, LOG_SUM_EXP);
  if (loss != loss) markNonFinite<T>(row, bytes, <f64>(x > top ? x : top), to);
  if (load<f64>(to, RANK) > 0) {
    const first =
      above == 0 ? at : top == <T>-Infinity ? row : firstEqual<T>(load<usize>(scratch, RISEN), row + bytes, top);
    store<f64>(to, <f64>((first - row) / sizeof<T>()), ARGMAX);
  }
}

/** rows[i] = the record of row i: see src/descriptions/record.ts. */
export function evaluate<T>(
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
  if (classes <= SHORT_ROW) {
    evaluateShortRows<T>(begin, end, logits, labels, weights, rows, classes, ignoreIndex, scratch);
    return;
  }
  const bytes = <usize>classes * sizeof<T>();
  for (let i = begin; i < end; i++) {
    const label = load<i32>(labels + ((<usize>i) << 2));
    const to = rows + <usize>i * RECORD;
    if (label == ignoreIndex) ignoreRow(to);
    else {
      const w = weightAt<T>(weights, <usize>label * sizeof<T>());
      evaluateRow<T>(logits + <usize>i * bytes, bytes, label, w, to, scratch);
    }
  }
}
