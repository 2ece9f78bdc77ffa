// Everything that an evaluation wants to know of a row, in one pass: a chunk is read for its maximum and for the logits
// above the target's, and again, from the first-level cache, for the sums. The loss has the bits of crossEntropy's: the
// passes are those of rows.ts, operation by operation, with two further sums: Σ e^2, and Σ e y where y = (x - m) log2 e.

import { E2, E3, E4, E5, KEEP, LOG2E, LOWEST, MAGIC, ONE } from "./constants";
import { evaluateShortRows } from "./evaluateShort";
import { exp, expA, expB, expOf } from "./exp";
import {
  addHigh, BLOCK, CHUNK, constant, copyWithout, high, laneSum, larger, largestLane, low, NOWHERE, ROUND, roundSum, splat,
} from "./lanes";
import { log1pOf } from "./log";
import {
  ARGMAX, BRIER, CONFIDENCE, ENTROPY, ignoreRow, LOG_SUM_EXP, LOSS, markNonFinite, RANK, RECORD, SQUARE,
} from "./record";
import { fillTail, placeOf, roundUp, TAIL, WITHOUT } from "./rows";
import { SHORT } from "./shortRows";

// Scratch, in bytes from its start: between the turned rows and the chunks' maxima.
/** Counts of logits above the target's, a lane each. */
const ABOVE: usize = 2048;
/** Σ e y and Σ e^2 of a block. */
const PRODUCTS: usize = 2064;
const SQUARES: usize = 2072;

const LOG2_E: f64 = 1.4426950408889634;
const LN_2: f64 = 0.6931471805599453;

// @ts-ignore: decorator
@inline function subtractMask<T>(n: v128, mask: v128): v128 {
  return sizeof<T>() == 4 ? i32x4.sub(n, mask) : i64x2.sub(n, mask);
}

// @ts-ignore: decorator
@inline function isAbove<T>(p: usize, x: v128, orEqual: bool): v128 {
  return orEqual ? v128.ge<T>(v128.load(p), x) : v128.gt<T>(v128.load(p), x);
}

// @ts-ignore: decorator
@inline function scan<T>(begin: usize, end: usize, x: T, start: T, orEqual: bool, scratch: usize): T {
  const v = v128.splat<T>(x);
  let a = v128.splat<T>(start), b = a, c = a, d = a;
  let n = v128.load(scratch, ABOVE), k = i32x4.splat(0);
  for (let p = begin; p < end; p += ROUND) {
    a = larger<T>(a, v128.load(p));
    n = subtractMask<T>(n, isAbove<T>(p, v, orEqual));
    b = larger<T>(b, v128.load(p, 16));
    k = subtractMask<T>(k, isAbove<T>(p + 16, v, orEqual));
    c = larger<T>(c, v128.load(p, 32));
    n = subtractMask<T>(n, isAbove<T>(p + 32, v, orEqual));
    d = larger<T>(d, v128.load(p, 48));
    k = subtractMask<T>(k, isAbove<T>(p + 48, v, orEqual));
  }
  v128.store(scratch, sizeof<T>() == 4 ? i32x4.add(n, k) : i64x2.add(n, k), ABOVE);
  return largestLane<T>(larger<T>(larger<T>(a, b), larger<T>(c, d)));
}

/** Maximum of the rounds [begin, end), not below `start`; counts the logits above the target's x. */
function scanAfter<T>(begin: usize, end: usize, x: T, start: T, scratch: usize): T {
  return begin < end ? scan<T>(begin, end, x, start, false, scratch) : start;
}

/** The same before the target, where a logit that equals x comes first too. */
function scanBefore<T>(begin: usize, end: usize, x: T, start: T, scratch: usize): T {
  return begin < end ? scan<T>(begin, end, x, start, true, scratch) : start;
}

/** The same of the round that holds the target, `before` bytes after its begin. */
function scanOwn<T>(p: usize, before: usize, x: T, start: T, scratch: usize): T {
  const v = v128.splat<T>(x), mask = KEEP + ROUND - before;
  let top = v128.splat<T>(start), n = v128.load(scratch, ABOVE);
  for (let i: usize = 0; i < ROUND; i += 16) {
    const w = v128.load(p + i);
    top = larger<T>(top, w);
    n = subtractMask<T>(n, v128.or(v128.gt<T>(w, v), v128.and(v128.eq<T>(w, v), v128.load(mask + i))));
  }
  v128.store(scratch, n, ABOVE);
  return largestLane<T>(top);
}

/** Maximum of a chunk, not below `start`, and the count of its logits above the target's. */
// @ts-ignore: decorator
@inline function scanChunk<T>(
  chunk: usize, size: usize, without: usize, before: usize, x: T, start: T, scratch: usize,
): T {
  const whole = chunk + (size & ~(ROUND - 1)), last = chunk + roundUp(size);
  let top = scanBefore<T>(chunk, min(without, whole), x, start, scratch);
  if (without >= chunk && without < last) {
    top = scanOwn<T>(without == whole ? scratch + TAIL : without, before, x, top, scratch);
  }
  top = scanAfter<T>(max(chunk, without + ROUND), whole, x, top, scratch);
  return whole < last && without != whole ? scanAfter<T>(scratch + TAIL, scratch + TAIL + ROUND, x, top, scratch) : top;
}

// @ts-ignore: decorator
@inline function count<T>(scratch: usize): f64 {
  const n = v128.load(scratch, ABOVE);
  if (sizeof<T>() == 8) return <f64>(i64x2.extract_lane(n, 0) + i64x2.extract_lane(n, 1));
  return <f64>(i32x4.extract_lane(n, 0) + i32x4.extract_lane(n, 1) + i32x4.extract_lane(n, 2) + i32x4.extract_lane(n, 3));
}

/** e y, 0 for what is left out. */
// @ts-ignore: decorator
@inline export function product<T>(e: v128, z: v128, log2e: v128, lowest: v128): v128 {
  return v128.mul<T>(e, v128.pmax<T>(v128.mul<T>(z, log2e), lowest));
}

// @ts-ignore: decorator
@inline function sumOfLanes<T>(v: v128): f64 { return laneSum<T>(low<T>(v), sizeof<T>() == 4 ? high(v) : v); }

/** Σ e over a block as expBlock of rows.ts sums it; Σ e y and Σ e^2, in lanes of the dtype, are left in scratch. */
function sumBlock<T>(begin: usize, end: usize, without: usize, tail: usize, m: T, scratch: usize): f64 {
  const log2e = constant<T>(LOG2E), lowest = constant<T>(LOWEST), magic = constant<T>(MAGIC), one = constant<T>(ONE);
  const e2 = constant<T>(E2), e3 = constant<T>(E3), e4 = constant<T>(E4), e5 = constant<T>(E5);
  const expFirst = expA<T>(), expSecond = expB<T>();
  const top = v128.splat<T>(m);
  let lower = f64x2.splat(0), upper = lower, products = splat<T>(0), squares = products;
  for (let p = begin; p < end;) {
    let q = p, stop = min(end, p < without ? min(without, tail) : tail);
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
      const s = v128.sub<T>(v128.load(q), top), w = exp<T>(s, log2e, lowest, magic, one, e2, e3, e4, e5, expFirst, expSecond);
      const t = v128.sub<T>(v128.load(q, 16), top), x = exp<T>(t, log2e, lowest, magic, one, e2, e3, e4, e5, expFirst, expSecond);
      const dots = v128.add<T>(product<T>(w, s, log2e, lowest), product<T>(x, t, log2e, lowest));
      const u = v128.sub<T>(v128.load(q, 32), top), y = exp<T>(u, log2e, lowest, magic, one, e2, e3, e4, e5, expFirst, expSecond);
      const v = v128.sub<T>(v128.load(q, 48), top), z = exp<T>(v, log2e, lowest, magic, one, e2, e3, e4, e5, expFirst, expSecond);
      products = v128.add<T>(
        products, v128.add<T>(dots, v128.add<T>(product<T>(y, u, log2e, lowest), product<T>(z, v, log2e, lowest))),
      );
      squares = v128.add<T>(
        squares, roundSum<T>(v128.mul<T>(w, w), v128.mul<T>(x, x), v128.mul<T>(y, y), v128.mul<T>(z, z)),
      );
      const sum = roundSum<T>(w, x, y, z);
      lower = f64x2.add(lower, low<T>(sum));
      upper = addHigh<T>(upper, sum);
    }
  }
  store<f64>(scratch, sumOfLanes<T>(products), PRODUCTS);
  store<f64>(scratch, sumOfLanes<T>(squares), SQUARES);
  return laneSum<T>(lower, upper);
}

/** Address of the first maximum m: the target where nothing comes before it, else in or after the chunk where m rose. */
// @ts-ignore: decorator
@inline function firstMaximum<T>(row: usize, bytes: usize, at: usize, above: f64, risen: usize, m: T): usize {
  if (above == 0) return at;
  if (m == <T>-Infinity) return row;
  return risen == NOWHERE ? placeOf<T>(row, bytes, m) : placeOf<T>(risen, row + bytes - risen, m);
}

// @ts-ignore: decorator
@inline function evaluateRow<T>(row: usize, bytes: usize, label: i32, w: f64, to: usize, scratch: usize): void {
  const at = row + <usize>label * sizeof<T>(), x = load<T>(at);
  fillTail<T>(row, bytes, scratch);
  const rest = bytes & (ROUND - 1), tail = rest ? row + bytes - rest : NOWHERE;
  const without = row + ((at - row) & ~(ROUND - 1)), before = at - without;
  copyWithout<T>(without == tail ? scratch + TAIL : without, before, scratch + WITHOUT);
  v128.store(scratch, i32x4.splat(0), ABOVE);
  let m: T = x == x ? x : <T>-Infinity, risen = NOWHERE;
  let sum: f64 = 0, error: f64 = 0, products: f64 = 0, squares: f64 = 0;
  for (let chunk = row; chunk < row + bytes; chunk += CHUNK) {
    const size = min(CHUNK, row + bytes - chunk);
    const top = scanChunk<T>(chunk, size, without, before, x, m, scratch);
    if (top > m) {
      if (m > <T>-Infinity) {
        const fall = <f64>m - <f64>top, factor = expOf<f64>(fall);
        products = factor * (products + (fall * LOG2_E) * (sum + error));
        squares = factor * factor * squares;
        sum *= factor;
        error *= factor;
      }
      m = top;
      risen = chunk;
    }
    const shift = m == <T>-Infinity ? <T>0 : m;
    const last = chunk + roundUp(size);
    for (let block = chunk; block < last; block += BLOCK) {
      const e = sumBlock<T>(block, min(block + BLOCK, last), without, tail, shift, scratch);
      const total = sum + e, part = total - sum;
      error += (sum - (total - part)) + (e - part);
      sum = total;
      products += load<f64>(scratch, PRODUCTS);
      squares += load<f64>(scratch, SQUARES);
    }
  }
  const others = sum + error, u = <f64>x - <f64>m, e = <f64>expOf<T>(x - m);
  const lnd = log1pOf<T>(others + (e - 1)), loss = lnd - u, inverse = 1 / (others + e), share = others * inverse;
  const weighted = w == 0 ? 0 : w * loss, above = count<T>(scratch);
  store<f64>(to, weighted, LOSS);
  store<f64>(to, w == 0 ? 0 : weighted * loss, SQUARE);
  store<f64>(to, lnd - (products * LN_2 + (e == 0 ? 0 : e * u)) * inverse, ENTROPY);
  store<f64>(to, share * share + squares * inverse * inverse, BRIER);
  store<f64>(to, (inverse + 1) - 1, CONFIDENCE);
  store<f64>(to, above + 1, RANK);
  store<f64>(to, <f64>m + lnd, LOG_SUM_EXP);
  if (loss != loss) markNonFinite<T>(row, bytes, <f64>m, to);
  if (load<f64>(to, RANK) > 0) {
    const first = firstMaximum<T>(row, bytes, at, above, risen, m);
    store<f64>(to, <f64>((first - row) / sizeof<T>()), ARGMAX);
  }
}

/** rows[i] = the record of row i: see record.ts. */
export function evaluate<T>(
  begin: i32, end: i32, logits: usize, labels: usize, weights: usize, rows: usize, classes: i32, ignoreIndex: i32,
  scratch: usize,
): void {
  if (classes <= SHORT) {
    evaluateShortRows<T>(begin, end, logits, labels, weights, rows, classes, ignoreIndex, scratch);
    return;
  }
  const bytes = <usize>classes * sizeof<T>();
  for (let i = begin; i < end; i++) {
    const label = load<i32>(labels + (<usize>i << 2)), to = rows + <usize>i * RECORD;
    if (label == ignoreIndex) ignoreRow(to);
    else {
      const w: f64 = weights ? <f64>load<T>(weights + <usize>label * sizeof<T>()) : 1;
      evaluateRow<T>(logits + <usize>i * bytes, bytes, label, w, to, scratch);
    }
  }
}
