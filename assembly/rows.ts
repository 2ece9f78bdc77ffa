// Passes over one row of any length, chunk by chunk: the maximum, the sum of exponentials, weighted dots, the rescaling.
// A chunk is still in the first-level cache when the second pass reads it, so a row is read from memory once.

import { E2, E3, E4, E5, LOG2E, LOWEST, MAGIC, ONE } from "./constants";
import { exp, expA, expB, expOf } from "./exp";
import {
  addHigh, BLOCK, CHUNK, constant, copyTail, copyWithout, laneSum, larger, largestLane, low, negativeInfinities, NOWHERE,
  ROUND, roundSum, splat, storeTail,
} from "./lanes";

// Scratch of one thread, in bytes from its start.
/** The row's last, partial round, filled up with -inf; the same for targets and weights, filled up with 0. */
export const TAIL: usize = 0;
export const TAIL_TARGETS: usize = 64;
export const TAIL_WEIGHTS: usize = 128;
/** The round that holds the left-out element, with -inf in its place. */
export const WITHOUT: usize = 192;
/** Where the exponentials of the last round go. */
export const TAIL_OUT: usize = 256;
/** Float64 results of a pass: see below. */
export const MAXIMUM: usize = 320;
export const DOTS: usize = 328;
export const COEFFICIENTS: usize = 336;
/** The running maximum of each chunk of the row, float64. */
export const MAXIMA: usize = 4096;

// @ts-ignore: decorator
@inline export function roundUp(bytes: usize): usize { return (bytes + ROUND - 1) & ~(ROUND - 1); }

/** Puts the row's last, partial round into scratch. */
// @ts-ignore: decorator
@inline export function fillTail<T>(row: usize, bytes: usize, scratch: usize): void {
  const tail = bytes & (ROUND - 1);
  if (tail) copyTail(row + bytes - tail, tail, negativeInfinities<T>(), scratch + TAIL);
}

/** Maximum of `bytes` bytes at p (a last partial round is read from scratch), not below `start`; NaNs are passed over. */
export function maximum<T>(p: usize, bytes: usize, start: T, scratch: usize): T {
  const end = p + (bytes & ~(ROUND - 1));
  let a = v128.splat<T>(start), b = a, c = a, d = a;
  for (; p < end; p += ROUND) {
    a = larger<T>(a, v128.load(p));
    b = larger<T>(b, v128.load(p, 16));
    c = larger<T>(c, v128.load(p, 32));
    d = larger<T>(d, v128.load(p, 48));
  }
  if (bytes & (ROUND - 1)) {
    a = larger<T>(a, v128.load(scratch, TAIL));
    b = larger<T>(b, v128.load(scratch, TAIL + 16));
    c = larger<T>(c, v128.load(scratch, TAIL + 32));
    d = larger<T>(d, v128.load(scratch, TAIL + 48));
  }
  return largestLane<T>(larger<T>(larger<T>(a, b), larger<T>(c, d)));
}

/**
 * Sum of exp(x_j - m) over the block of rounds [begin, end) of a row, in lanes. The round at `without` and the one at
 * `tail` are read from scratch. With `keep` each exponential is stored at its place plus `shift`.
 */
// @ts-ignore: decorator
@inline function expBlock<T>(
  begin: usize, end: usize, without: usize, tail: usize, m: T, keep: bool, shift: usize, scratch: usize,
): f64 {
  const log2e = constant<T>(LOG2E), lowest = constant<T>(LOWEST), magic = constant<T>(MAGIC), one = constant<T>(ONE);
  const e2 = constant<T>(E2), e3 = constant<T>(E3), e4 = constant<T>(E4), e5 = constant<T>(E5);
  const a = expA<T>(), b = expB<T>();
  const top = v128.splat<T>(m);
  let lower = f64x2.splat(0), upper = lower;
  for (let p = begin; p < end;) {
    // the next run of rounds: one from scratch, or as far as the next such one
    let q = p, stop = min(end, p < without ? min(without, tail) : tail), to = p + shift;
    if (p == tail) {
      to = scratch + TAIL_OUT;
      q = scratch + (p == without ? WITHOUT : TAIL);
      stop = q + ROUND;
      p += ROUND;
    } else if (p == without) {
      q = scratch + WITHOUT;
      stop = q + ROUND;
      p += ROUND;
    } else p = stop;
    const offset = to - q;
    for (; q < stop; q += ROUND) {
      const w = exp<T>(v128.sub<T>(v128.load(q), top), log2e, lowest, magic, one, e2, e3, e4, e5, a, b);
      const x = exp<T>(v128.sub<T>(v128.load(q, 16), top), log2e, lowest, magic, one, e2, e3, e4, e5, a, b);
      const y = exp<T>(v128.sub<T>(v128.load(q, 32), top), log2e, lowest, magic, one, e2, e3, e4, e5, a, b);
      const z = exp<T>(v128.sub<T>(v128.load(q, 48), top), log2e, lowest, magic, one, e2, e3, e4, e5, a, b);
      if (keep) {
        v128.store(q + offset, w);
        v128.store(q + offset, x, 16);
        v128.store(q + offset, y, 32);
        v128.store(q + offset, z, 48);
      }
      const sum = roundSum<T>(w, x, y, z);
      lower = f64x2.add(lower, low<T>(sum));
      upper = addHigh<T>(upper, sum);
    }
  }
  return laneSum<T>(lower, upper);
}

/** First element of a row that equals `value`, as an address; NOWHERE where none does (all -inf or NaN). */
export function placeOf<T>(row: usize, bytes: usize, value: T): usize {
  if (value == <T>-Infinity) return NOWHERE;
  const v = v128.splat<T>(value), whole = row + (bytes & ~(ROUND - 1));
  let p = row;
  for (; p < whole; p += ROUND) {
    const found = v128.or(
      v128.or(v128.eq<T>(v128.load(p), v), v128.eq<T>(v128.load(p, 16), v)),
      v128.or(v128.eq<T>(v128.load(p, 32), v), v128.eq<T>(v128.load(p, 48), v)),
    );
    if (v128.any_true(found)) break;
  }
  while (load<T>(p) != value) p += sizeof<T>();
  return p;
}

/**
 * Sum over a row of exp(x_j - m), m its maximum, in float64: the chunks' sums in TwoSum, rescaled when the maximum rises.
 *
 * The element at address `leftOut` (or NOWHERE) is left out of the sum, its exponential kept as 0: d - 1 keeps its
 * digits. The running maximum starts at `start`, -inf or an element of the row. The tail must be in scratch. Leaves m in
 * scratch; with `keep`, out holds exp(x_j - m_c), m_c the running maximum of the chunk, which is left in scratch too.
 */
export function expRow<T>(
  row: usize, bytes: usize, leftOut: usize, start: T, keep: bool, out: usize, scratch: usize,
): f64 {
  const rest = bytes & (ROUND - 1), tail = rest ? row + bytes - rest : NOWHERE;
  let without = NOWHERE;
  if (leftOut != NOWHERE) {
    without = row + ((leftOut - row) & ~(ROUND - 1));
    copyWithout<T>(without == tail ? scratch + TAIL : without, leftOut - without, scratch + WITHOUT);
  }
  let m = start;
  let sum: f64 = 0, error: f64 = 0;
  let chunkMaximum = scratch + MAXIMA;
  for (let chunk = row; chunk < row + bytes; chunk += CHUNK) {
    const size = min(CHUNK, row + bytes - chunk);
    const top = maximum<T>(chunk, size, m, scratch);
    if (top > m) {
      if (m > <T>-Infinity) {
        const factor = expOf<f64>(<f64>m - <f64>top);
        sum *= factor;
        error *= factor;
      }
      m = top;
    }
    if (keep) {
      store<f64>(chunkMaximum, <f64>m);
      chunkMaximum += 8;
    }
    // a chunk that is all -inf so far: exp(-inf - 0) = 0, and a NaN still shows
    const shift = m == <T>-Infinity ? <T>0 : m;
    const last = chunk + roundUp(size);
    for (let block = chunk; block < last; block += BLOCK) {
      const end = min(block + BLOCK, last);
      const x = keep
        ? expBlock<T>(block, end, without, tail, shift, true, out - row, scratch)
        : expBlock<T>(block, end, without, tail, shift, false, 0, scratch);
      const total = sum + x, part = total - sum;
      error += (sum - (total - part)) + (x - part);
      sum = total;
    }
  }
  if (keep && rest) storeTail<T>(scratch + TAIL_OUT, rest, out + bytes - rest);
  store<f64>(scratch, <f64>m, MAXIMUM);
  return sum + error;
}

/** w_j (alpha t_j + beta): what multiplies -ln q_j. Without targets t = 0, without weights (address 0) w = 1. */
// @ts-ignore: decorator
@inline function coefficient<T>(targets: usize, weights: usize, alpha: v128, beta: v128): v128 {
  const t = targets ? v128.add<T>(v128.mul<T>(v128.load(targets), alpha), beta) : beta;
  return weights ? v128.mul<T>(v128.load(weights), t) : t;
}

// @ts-ignore: decorator
@inline function coefficientOf<T>(targets: usize, weights: usize, alpha: T, beta: T): T {
  const t: T = targets ? load<T>(targets) * alpha + beta : beta;
  return weights ? load<T>(weights) * t : t;
}

/** c (x - m), and 0 where c is 0 whatever x is. */
// @ts-ignore: decorator
@inline function dotTerm<T>(x: usize, top: v128, c: v128): v128 {
  return v128.and(v128.mul<T>(v128.sub<T>(v128.load(x), top), c), v128.ne<T>(c, splat<T>(0)));
}

/** Σ c_j (x_j - m) and Σ c_j over the rounds [begin, end) of a row, c_j as above; the two sums are left in scratch. */
// @ts-ignore: decorator
@inline function dotBlock<T>(
  begin: usize, end: usize, tail: usize, toTargets: usize, toWeights: usize, hasTargets: bool, hasWeights: bool,
  m: T, alpha: v128, beta: v128, scratch: usize,
): void {
  const top = v128.splat<T>(m);
  let lower = f64x2.splat(0), upper = lower, lowerSum = lower, upperSum = lower;
  for (let p = begin; p < end; p += ROUND) {
    const last = p == tail;
    const x = last ? scratch + TAIL : p;
    const t = hasTargets ? (last ? scratch + TAIL_TARGETS : p + toTargets) : 0;
    const w = last ? scratch + TAIL_WEIGHTS : hasWeights ? p + toWeights : 0;
    const c0 = coefficient<T>(t, w, alpha, beta);
    const c1 = coefficient<T>(t ? t + 16 : 0, w ? w + 16 : 0, alpha, beta);
    const c2 = coefficient<T>(t ? t + 32 : 0, w ? w + 32 : 0, alpha, beta);
    const c3 = coefficient<T>(t ? t + 48 : 0, w ? w + 48 : 0, alpha, beta);
    const dots = roundSum<T>(
      dotTerm<T>(x, top, c0), dotTerm<T>(x + 16, top, c1), dotTerm<T>(x + 32, top, c2), dotTerm<T>(x + 48, top, c3),
    );
    const sum = roundSum<T>(c0, c1, c2, c3);
    lower = f64x2.add(lower, low<T>(dots));
    upper = addHigh<T>(upper, dots);
    lowerSum = f64x2.add(lowerSum, low<T>(sum));
    upperSum = addHigh<T>(upperSum, sum);
  }
  store<f64>(scratch, laneSum<T>(lower, upper), DOTS);
  store<f64>(scratch, laneSum<T>(lowerSum, upperSum), COEFFICIENTS);
}

/** The sums of dotBlock over a row, from block to block in float64 TwoSum; left in scratch. The tail must be there. */
export function dotRow<T>(
  row: usize, bytes: usize, targets: usize, weights: usize, m: T, alpha: f64, beta: f64, scratch: usize,
): void {
  const rest = bytes & (ROUND - 1), whole = bytes - rest, tail = rest ? row + whole : NOWHERE;
  const zero = splat<T>(0), one = constant<T>(ONE);
  if (rest) {
    if (targets) copyTail(targets + whole, rest, zero, scratch + TAIL_TARGETS);
    if (weights) copyTail(weights + whole, rest, zero, scratch + TAIL_WEIGHTS);
    else {
      for (let i: usize = 0; i < ROUND; i += 16) v128.store(scratch + TAIL_WEIGHTS + i, one);
      copyTail(scratch + TAIL_WEIGHTS, rest, zero, scratch + TAIL_WEIGHTS);
    }
  }
  const alphas = splat<T>(alpha), betas = splat<T>(beta), end = row + roundUp(bytes);
  let dots: f64 = 0, dotsError: f64 = 0, sum: f64 = 0, sumError: f64 = 0;
  for (let block = row; block < end; block += BLOCK) {
    dotBlock<T>(
      block, min(block + BLOCK, end), tail, targets - row, weights - row, targets != 0, weights != 0,
      m, alphas, betas, scratch,
    );
    let x = load<f64>(scratch, DOTS), total = dots + x, part = total - dots;
    dotsError += (dots - (total - part)) + (x - part);
    dots = total;
    x = load<f64>(scratch, COEFFICIENTS), total = sum + x, part = total - sum;
    sumError += (sum - (total - part)) + (x - part);
    sum = total;
  }
  // an infinite sum (a logit of -inf that has a coefficient) has no error term
  store<f64>(scratch, abs(dots) == Infinity ? dots : dots + dotsError, DOTS);
  store<f64>(scratch, sum + sumError, COEFFICIENTS);
}

/** out_j = out_j * factor exp(m_c - m), chunk by chunk: exponentials kept by expRow become probabilities. */
export function scaleRow<T>(out: usize, bytes: usize, factor: f64, m: f64, scratch: usize): void {
  let chunkMaximum = scratch + MAXIMA;
  for (let chunk = out; chunk < out + bytes; chunk += CHUNK, chunkMaximum += 8) {
    const scale = <T>chunkScale(factor, load<f64>(chunkMaximum), m);
    const scales = v128.splat<T>(scale), end = chunk + min(CHUNK, out + bytes - chunk), vectors = end - ((end - chunk) & 15);
    let p = chunk;
    for (; p < vectors; p += 16) v128.store(p, v128.mul<T>(v128.load(p), scales));
    for (; p < end; p += sizeof<T>()) store<T>(p, load<T>(p) * scale);
  }
}

/** out_j = out_j * factor exp(m_c - m) - c_j scale, c_j = w_j (alpha t_j + beta). */
export function scaleRowMinus<T>(
  out: usize, bytes: usize, factor: f64, m: f64, targets: usize, weights: usize, alpha: f64, beta: f64, scale: f64,
  scratch: usize,
): void {
  const toTargets = targets - out, toWeights = weights - out;
  const alphas = splat<T>(alpha), betas = splat<T>(beta), scales = splat<T>(scale);
  let chunkMaximum = scratch + MAXIMA;
  for (let chunk = out; chunk < out + bytes; chunk += CHUNK, chunkMaximum += 8) {
    const factorOfChunk = <T>chunkScale(factor, load<f64>(chunkMaximum), m), factors = v128.splat<T>(factorOfChunk);
    const end = chunk + min(CHUNK, out + bytes - chunk), vectors = end - ((end - chunk) & 15);
    let p = chunk;
    for (; p < vectors; p += 16) {
      const c = coefficient<T>(targets ? p + toTargets : 0, weights ? p + toWeights : 0, alphas, betas);
      v128.store(p, v128.sub<T>(v128.mul<T>(v128.load(p), factors), v128.mul<T>(c, scales)));
    }
    for (; p < end; p += sizeof<T>()) {
      const c = coefficientOf<T>(targets ? p + toTargets : 0, weights ? p + toWeights : 0, <T>alpha, <T>beta);
      store<T>(p, load<T>(p) * factorOfChunk - c * <T>scale);
    }
  }
}

// @ts-ignore: decorator
@inline function chunkScale(factor: f64, chunkMaximum: f64, m: f64): f64 {
  return chunkMaximum == m ? factor : factor * expOf<f64>(chunkMaximum - m);
}
