// Everything that an evaluation wants to know of a row, in one pass: a chunk is read for its maximum, and again, from the
// first-level cache, for the sums and the count of logits above the target's. The loss has the bits of crossEntropy's: the
// passes are those of rows.ts, operation by operation, with two further sums: Σ e^2 and Σ e (x - m).

import { E2, E3, E4, E5, KEEP, LOG2E, LOWEST, MAGIC, ONE } from "./constants";
import { evaluateShortRows } from "./evaluateShort";
import { exp, expA, expB, expOf } from "./exp";
import {
  addHigh, BLOCK, CHUNK, constant, copyWithout, high, laneSum, low, NOWHERE, ROUND, roundSum, splat,
} from "./lanes";
import { log1pOf } from "./log";
import {
  ARGMAX, BRIER, CONFIDENCE, ENTROPY, ignoreRow, LOG_SUM_EXP, LOSS, markNonFinite, RANK, RECORD, SQUARE,
} from "./record";
import { fillTail, maximum, roundUp, TAIL, WITHOUT } from "./rows";
import { SHORT } from "./shortRows";

// Scratch, in bytes from its start: between the turned rows and the chunks' maxima.
/** Counts of logits above the target's, a lane each. */
const ABOVE: usize = 2048;
/** Σ e (x - m) and Σ e^2 of a block. */
const PRODUCTS: usize = 2064;
const SQUARES: usize = 2072;

// @ts-ignore: decorator
@inline function subtractMask<T>(n: v128, mask: v128): v128 {
  return sizeof<T>() == 4 ? i32x4.sub(n, mask) : i64x2.sub(n, mask);
}

/** The next number below x: v > it means v >= x. -inf has none. */
// @ts-ignore: decorator
@inline function below<T>(x: T): T {
  if (sizeof<T>() == 4) {
    const bits = reinterpret<i32>(<f32>x);
    return <T>reinterpret<f32>(x > 0 ? bits - 1 : x == 0 ? 0x80000001 : bits + 1);
  }
  const bits = reinterpret<i64>(<f64>x);
  return <T>reinterpret<f64>(x > 0 ? bits - 1 : x == 0 ? 0x8000000000000001 : bits + 1);
}

/** Starts the count of logits above the target's x with those of its own round that equal it and come before it. */
// @ts-ignore: decorator
@inline function countOwn<T>(x: T, before: usize, scratch: usize): void {
  const v = v128.splat<T>(x), mask = KEEP + ROUND - before;
  let n = i32x4.splat(0);
  for (let i: usize = 0; i < ROUND; i += 16) {
    n = subtractMask<T>(n, v128.and(v128.eq<T>(v128.load(scratch + i, WITHOUT), v), v128.load(mask + i)));
  }
  v128.store(scratch, n, ABOVE);
}

/** A target of -inf: all before it come first, and what is more after it. */
function aboveNegativeInfinity<T>(row: usize, bytes: usize, at: usize): f64 {
  let n = (at - row) / sizeof<T>();
  for (let p = at; p < row + bytes; p += sizeof<T>()) if (load<T>(p) > <T>-Infinity) n++;
  return <f64>n;
}

// @ts-ignore: decorator
@inline function count<T>(scratch: usize): f64 {
  const n = v128.load(scratch, ABOVE);
  if (sizeof<T>() == 8) return <f64>(i64x2.extract_lane(n, 0) + i64x2.extract_lane(n, 1));
  return <f64>(i32x4.extract_lane(n, 0) + i32x4.extract_lane(n, 1) + i32x4.extract_lane(n, 2) + i32x4.extract_lane(n, 3));
}

/** e z; 0 where z is -inf, as all below the lowest exponent. */
// @ts-ignore: decorator
@inline export function product<T>(e: v128, z: v128, lowest: v128): v128 {
  return v128.mul<T>(e, v128.pmax<T>(z, lowest));
}

// @ts-ignore: decorator
@inline function sumOfLanes<T>(v: v128): f64 { return laneSum<T>(low<T>(v), sizeof<T>() == 4 ? high(v) : v); }

/**
 * Σ e over a block as expBlock of rows.ts sums it; Σ e (x - m) and Σ e^2, in lanes of the dtype, are left in scratch. Counts the
 * logits above the target's x: before its round those that equal it, too.
 */
function sumBlock<T>(begin: usize, end: usize, without: usize, tail: usize, m: T, x: T, scratch: usize): f64 {
  const log2e = constant<T>(LOG2E), lowest = constant<T>(LOWEST), magic = constant<T>(MAGIC), one = constant<T>(ONE);
  const e2 = constant<T>(E2), e3 = constant<T>(E3), e4 = constant<T>(E4), e5 = constant<T>(E5);
  const expFirst = expA<T>(), expSecond = expB<T>();
  const top = v128.splat<T>(m);
  let n = v128.load(scratch, ABOVE);
  let lower = f64x2.splat(0), upper = lower, products = splat<T>(0), squares = products;
  for (let p = begin; p < end;) {
    let q = p, stop = min(end, p < without ? min(without, tail) : tail);
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
      const a = v128.load(q), b = v128.load(q, 16), c = v128.load(q, 32), d = v128.load(q, 48);
      n = subtractMask<T>(n, v128.gt<T>(a, above));
      const s = v128.sub<T>(a, top), e = exp<T>(s, log2e, lowest, magic, one, e2, e3, e4, e5, expFirst, expSecond);
      n = subtractMask<T>(n, v128.gt<T>(b, above));
      const t = v128.sub<T>(b, top), f = exp<T>(t, log2e, lowest, magic, one, e2, e3, e4, e5, expFirst, expSecond);
      const dots = v128.add<T>(product<T>(e, s, lowest), product<T>(f, t, lowest));
      n = subtractMask<T>(n, v128.gt<T>(c, above));
      const u = v128.sub<T>(c, top), g = exp<T>(u, log2e, lowest, magic, one, e2, e3, e4, e5, expFirst, expSecond);
      n = subtractMask<T>(n, v128.gt<T>(d, above));
      const v = v128.sub<T>(d, top), h = exp<T>(v, log2e, lowest, magic, one, e2, e3, e4, e5, expFirst, expSecond);
      products = v128.add<T>(
        products, v128.add<T>(dots, v128.add<T>(product<T>(g, u, lowest), product<T>(h, v, lowest))),
      );
      squares = v128.add<T>(
        squares, roundSum<T>(v128.mul<T>(e, e), v128.mul<T>(f, f), v128.mul<T>(g, g), v128.mul<T>(h, h)),
      );
      const sum = roundSum<T>(e, f, g, h);
      lower = f64x2.add(lower, low<T>(sum));
      upper = addHigh<T>(upper, sum);
    }
  }
  v128.store(scratch, n, ABOVE);
  store<f64>(scratch, sumOfLanes<T>(products), PRODUCTS);
  store<f64>(scratch, sumOfLanes<T>(squares), SQUARES);
  return laneSum<T>(lower, upper);
}

/** A bit a lane of a mask. */
// @ts-ignore: decorator
@inline function bitsOf<T>(mask: v128): i32 { return sizeof<T>() == 4 ? i32x4.bitmask(mask) : i64x2.bitmask(mask); }

/** The first element from p on that equals `value`, which one does. */
function firstEqual<T>(p: usize, end: usize, value: T): usize {
  const v = v128.splat<T>(value), lanes = 16 / sizeof<T>();
  for (; p + ROUND <= end; p += ROUND) {
    const a = v128.eq<T>(v128.load(p), v), b = v128.eq<T>(v128.load(p, 16), v);
    const c = v128.eq<T>(v128.load(p, 32), v), d = v128.eq<T>(v128.load(p, 48), v);
    if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) continue;
    const bits = bitsOf<T>(a) | bitsOf<T>(b) << lanes | bitsOf<T>(c) << 2 * lanes | bitsOf<T>(d) << 3 * lanes;
    return p + <usize>ctz(bits) * sizeof<T>();
  }
  while (load<T>(p) != value) p += sizeof<T>();
  return p;
}

/** Address of the first maximum m: the target where nothing comes before it, else in or after the chunk where m rose. */
// @ts-ignore: decorator
@inline function firstMaximum<T>(row: usize, bytes: usize, at: usize, above: f64, risen: usize, m: T): usize {
  if (above == 0) return at;
  if (m == <T>-Infinity) return row;
  return firstEqual<T>(risen == NOWHERE ? row : risen, row + bytes, m);
}

// @ts-ignore: decorator
@inline function evaluateRow<T>(row: usize, bytes: usize, label: i32, w: f64, to: usize, scratch: usize): void {
  const at = row + <usize>label * sizeof<T>(), x = load<T>(at);
  fillTail<T>(row, bytes, scratch);
  const rest = bytes & (ROUND - 1), tail = rest ? row + bytes - rest : NOWHERE;
  const without = row + ((at - row) & ~(ROUND - 1)), before = at - without;
  copyWithout<T>(without == tail ? scratch + TAIL : without, before, scratch + WITHOUT);
  countOwn<T>(x, before, scratch);
  let m: T = x == x ? x : <T>-Infinity, risen = NOWHERE;
  let sum: f64 = 0, error: f64 = 0, products: f64 = 0, squares: f64 = 0;
  for (let chunk = row; chunk < row + bytes; chunk += CHUNK) {
    const size = min(CHUNK, row + bytes - chunk);
    const top = maximum<T>(chunk, size, m, scratch);
    if (top > m) {
      if (m > <T>-Infinity) {
        const fall = <f64>m - <f64>top, factor = expOf<f64>(fall);
        products = factor * (products + fall * (sum + error));
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
      const e = sumBlock<T>(block, min(block + BLOCK, last), without, tail, shift, x, scratch);
      const total = sum + e, part = total - sum;
      error += (sum - (total - part)) + (e - part);
      sum = total;
      products += load<f64>(scratch, PRODUCTS);
      squares += load<f64>(scratch, SQUARES);
    }
  }
  const others = sum + error, u = <f64>x - <f64>m, e = <f64>expOf<T>(x - m);
  const lnd = log1pOf<T>(others + (e - 1)), loss = lnd - u, inverse = 1 / (others + e), share = others * inverse;
  const weighted = w == 0 ? 0 : w * loss;
  const above = x == <T>-Infinity ? aboveNegativeInfinity<T>(row, bytes, at) : count<T>(scratch);
  store<f64>(to, weighted, LOSS);
  store<f64>(to, w == 0 ? 0 : weighted * loss, SQUARE);
  store<f64>(to, lnd - (products + (e == 0 ? 0 : e * u)) * inverse, ENTROPY);
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
