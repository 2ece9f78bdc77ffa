// Passes over one row of any length: the sum of exponentials, the maximum, weighted dots, the rescaling.

import { E2, E3, E4, E5, F2, F3, F4, F5, ONE, STEPS } from "../constants";
import { exp, expA, expB } from "../functions/exp";
import {
  addHigh,
  BLOCK,
  constant,
  copyTail,
  laneSum,
  larger,
  largestLane,
  low,
  NOWHERE,
  ROUND,
  roundSum,
  splat,
  storeTail,
} from "../lanes";
import {
  COEFFICIENTS,
  DOTS,
  FLOOR,
  MAGICS,
  TAIL,
  TAIL_OUT,
  TAIL_TARGETS,
  TAIL_WEIGHTS,
  TOP,
  WITHOUT,
} from "../generated/scratchOfRows";
import { guess, largest, moved, prepare, refer, roundOf, shiftBlock, tailOf } from "./reference";

@inline export function roundUp(bytes: usize): usize {
  return (bytes + ROUND - 1) & ~(ROUND - 1);
}

/** Maximum of `bytes` bytes at p (a last partial round is read from scratch), not below `start`; NaNs are passed over. */
export function maximum<T>(p: usize, bytes: usize, start: T, scratch: usize): T {
  const end = p + (bytes & ~(ROUND - 1));
  let a = v128.splat<T>(start);
  let b = a;
  let c = a;
  let d = a;
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
 * Sum of exponentials over the block of rounds [begin, end) of a row, in lanes; the largest logits go to TOP. The round at
 * `without` and the one at `tail` are read from scratch. With `keep` each exponential is stored at its place plus `shift`;
 * `fine`: see exp.
 */
@inline function expBlock<T>(
  begin: usize,
  end: usize,
  without: usize,
  tail: usize,
  keep: bool,
  fine: bool,
  shift: usize,
  scratch: usize,
): f64 {
  const steps = constant<T>(STEPS);
  const lowest = v128.load(scratch, FLOOR);
  const magic = v128.load(scratch, MAGICS);
  const one = constant<T>(ONE);
  const e2 = constant<T>(fine ? F2 : E2);
  const e3 = constant<T>(fine ? F3 : E3);
  const e4 = constant<T>(fine ? F4 : E4);
  const e5 = constant<T>(fine ? F5 : E5);
  const high = expA<T>();
  const rest = expB<T>();
  let lower = f64x2.splat(0);
  let upper = lower;
  let top = v128.load(scratch, TOP);
  for (let p = begin; p < end;) {
    // the next run of rounds: one from scratch, or as far as the next such one
    let q = p;
    let stop = min(end, p < without ? min(without, tail) : tail);
    let to = p + shift;
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
      const a = v128.load(q);
      const b = v128.load(q, 16);
      const c = v128.load(q, 32);
      const d = v128.load(q, 48);
      top = larger<T>(larger<T>(top, a), b);
      const w = exp<T>(a, steps, lowest, magic, one, e2, e3, e4, e5, high, rest, fine);
      const x = exp<T>(b, steps, lowest, magic, one, e2, e3, e4, e5, high, rest, fine);
      top = larger<T>(larger<T>(top, c), d);
      const y = exp<T>(c, steps, lowest, magic, one, e2, e3, e4, e5, high, rest, fine);
      const z = exp<T>(d, steps, lowest, magic, one, e2, e3, e4, e5, high, rest, fine);
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
  v128.store(scratch, top, TOP);
  return laneSum<T>(lower, upper);
}

/** Sum of exponentials over a row that is prepared and has a reference: the blocks' sums in TwoSum. */
@inline function sumBlocks<T>(
  row: usize,
  bytes: usize,
  without: usize,
  tail: usize,
  keep: bool,
  fine: bool,
  out: usize,
  scratch: usize,
): f64 {
  let sum: f64 = 0;
  let error: f64 = 0;
  const end = row + roundUp(bytes);
  for (let block = row; block < end; block += BLOCK) {
    const stop = min(block + BLOCK, end);
    const move = shiftBlock<T>(block, stop, scratch);
    const x = expBlock<T>(
      block + move,
      stop + move,
      moved(without, move),
      moved(tail, move),
      keep,
      fine,
      out - row - move,
      scratch,
    );
    const total = sum + x;
    const part = total - sum;
    error += sum - (total - part) + (x - part);
    sum = total;
  }
  return sum + error;
}

/**
 * Sum over a row of its exponentials relative to a reference, which is left in scratch (see reference.ts), in float64.
 *
 * The element at address `leftOut` (or NOWHERE) is left out of the sum, its exponential kept as 0. With `keep`, out holds the
 * exponentials, with `fine` (only then) at most 1.1 ulp of each off.
 */
export function expRow<T>(
  row: usize,
  bytes: usize,
  leftOut: usize,
  keep: bool,
  fine: bool,
  out: usize,
  scratch: usize,
): f64 {
  const tail = tailOf(row, bytes);
  const without = roundOf(row, leftOut);
  const rest = bytes & (ROUND - 1);
  prepare<T>(row, bytes, leftOut, scratch);
  let m = guess<T>(row, bytes, without, tail, keep && out == row, scratch);
  let sum: f64 = 0;
  for (;;) {
    const limit = refer<T>(m, scratch);
    if (!keep) sum = sumBlocks<T>(row, bytes, without, tail, false, false, 0, scratch);
    else if (!fine || sizeof<T>() == 8) sum = sumBlocks<T>(row, bytes, without, tail, true, false, out, scratch);
    else sum = sumBlocks<T>(row, bytes, without, tail, true, true, out, scratch);
    const top = largest<T>(scratch);
    if (top <= limit) break;
    m = top;
  }
  if (keep && rest) storeTail<T>(scratch + TAIL_OUT, rest, out + bytes - rest);
  return sum;
}

/** A bit a lane of a mask. */
@inline function bitsOf<T>(mask: v128): i32 {
  return sizeof<T>() == 4 ? i32x4.bitmask(mask) : i64x2.bitmask(mask);
}

/** Address of the first element from p on that equals `value`, or NOWHERE. */
export function firstEqual<T>(p: usize, end: usize, value: T): usize {
  const v = v128.splat<T>(value);
  const lanes = 16 / sizeof<T>();
  for (; p + ROUND <= end; p += ROUND) {
    const a = v128.eq<T>(v128.load(p), v);
    const b = v128.eq<T>(v128.load(p, 16), v);
    const c = v128.eq<T>(v128.load(p, 32), v);
    const d = v128.eq<T>(v128.load(p, 48), v);
    if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) continue;
    const bits = bitsOf<T>(a) | (bitsOf<T>(b) << lanes) | (bitsOf<T>(c) << (2 * lanes)) | (bitsOf<T>(d) << (3 * lanes));
    return p + <usize>ctz(bits) * sizeof<T>();
  }
  for (; p < end; p += sizeof<T>()) if (load<T>(p) == value) return p;
  return NOWHERE;
}

/** First element of a row that equals `value`, as an address; NOWHERE where none does (all -inf or NaN). */
@inline export function placeOf<T>(row: usize, bytes: usize, value: T): usize {
  return value == <T>-Infinity ? NOWHERE : firstEqual<T>(row, row + bytes, value);
}

/** w_j (alpha t_j + beta): what multiplies -ln q_j. Without targets t = 0, without weights (address 0) w = 1. */
@inline function coefficient<T>(targets: usize, weights: usize, alpha: v128, beta: v128): v128 {
  const t = targets ? v128.add<T>(v128.mul<T>(v128.load(targets), alpha), beta) : beta;
  return weights ? v128.mul<T>(v128.load(weights), t) : t;
}

@inline function coefficientOf<T>(targets: usize, weights: usize, alpha: T, beta: T): T {
  const t: T = targets ? load<T>(targets) * alpha + beta : beta;
  return weights ? load<T>(weights) * t : t;
}

/** c (x - m), and 0 where c is 0 whatever x is. */
@inline function dotTerm<T>(x: usize, top: v128, c: v128): v128 {
  return v128.and(v128.mul<T>(v128.sub<T>(v128.load(x), top), c), v128.ne<T>(c, splat<T>(0)));
}

/** Σ c_j (x_j - m) and Σ c_j over the rounds [begin, end) of a row, c_j as above; the two sums are left in scratch. */
@inline function dotBlock<T>(
  begin: usize,
  end: usize,
  tail: usize,
  toTargets: usize,
  toWeights: usize,
  hasTargets: bool,
  hasWeights: bool,
  m: T,
  alpha: v128,
  beta: v128,
  scratch: usize,
): void {
  const top = v128.splat<T>(m);
  let lower = f64x2.splat(0);
  let upper = lower;
  let lowerSum = lower;
  let upperSum = lower;
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
      dotTerm<T>(x, top, c0),
      dotTerm<T>(x + 16, top, c1),
      dotTerm<T>(x + 32, top, c2),
      dotTerm<T>(x + 48, top, c3),
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
  row: usize,
  bytes: usize,
  targets: usize,
  weights: usize,
  m: T,
  alpha: f64,
  beta: f64,
  scratch: usize,
): void {
  const rest = bytes & (ROUND - 1);
  const whole = bytes - rest;
  const tail = rest ? row + whole : NOWHERE;
  const zero = splat<T>(0);
  const one = constant<T>(ONE);
  if (rest) {
    if (targets) copyTail(targets + whole, rest, zero, scratch + TAIL_TARGETS);
    if (weights) copyTail(weights + whole, rest, zero, scratch + TAIL_WEIGHTS);
    else {
      for (let i: usize = 0; i < ROUND; i += 16) v128.store(scratch + TAIL_WEIGHTS + i, one);
      copyTail(scratch + TAIL_WEIGHTS, rest, zero, scratch + TAIL_WEIGHTS);
    }
  }
  const alphas = splat<T>(alpha);
  const betas = splat<T>(beta);
  const end = row + roundUp(bytes);
  let dots: f64 = 0;
  let dotsError: f64 = 0;
  let sum: f64 = 0;
  let sumError: f64 = 0;
  for (let block = row; block < end; block += BLOCK) {
    dotBlock<T>(
      block,
      min(block + BLOCK, end),
      tail,
      targets - row,
      weights - row,
      targets != 0,
      weights != 0,
      m,
      alphas,
      betas,
      scratch,
    );
    let x = load<f64>(scratch, DOTS);
    let total = dots + x;
    let part = total - dots;
    dotsError += dots - (total - part) + (x - part);
    dots = total;
    ((x = load<f64>(scratch, COEFFICIENTS)), (total = sum + x), (part = total - sum));
    sumError += sum - (total - part) + (x - part);
    sum = total;
  }
  // an infinite sum (a logit of -inf that has a coefficient) has no error term
  store<f64>(scratch, abs(dots) == Infinity ? dots : dots + dotsError, DOTS);
  store<f64>(scratch, sum + sumError, COEFFICIENTS);
}

/** out_j = out_j * factor: exponentials kept by expRow become probabilities. */
export function scaleRow<T>(out: usize, bytes: usize, factor: f64): void {
  const scale = <T>factor;
  const scales = v128.splat<T>(scale);
  const end = out + bytes;
  const vectors = end - (bytes & 15);
  let p = out;
  for (; p < vectors; p += 16) v128.store(p, v128.mul<T>(v128.load(p), scales));
  for (; p < end; p += sizeof<T>()) store<T>(p, load<T>(p) * scale);
}

/** out_j = out_j * factor - c_j scale, c_j = w_j (alpha t_j + beta). */
export function scaleRowMinus<T>(
  out: usize,
  bytes: usize,
  factor: f64,
  targets: usize,
  weights: usize,
  alpha: f64,
  beta: f64,
  scale: f64,
): void {
  const toTargets = targets - out;
  const toWeights = weights - out;
  const alphas = splat<T>(alpha);
  const betas = splat<T>(beta);
  const scales = splat<T>(scale);
  const factorOfRow = <T>factor;
  const factors = v128.splat<T>(factorOfRow);
  const end = out + bytes;
  const vectors = end - (bytes & 15);
  let p = out;
  for (; p < vectors; p += 16) {
    const c = coefficient<T>(targets ? p + toTargets : 0, weights ? p + toWeights : 0, alphas, betas);
    v128.store(p, v128.sub<T>(v128.mul<T>(v128.load(p), factors), v128.mul<T>(c, scales)));
  }
  for (; p < end; p += sizeof<T>()) {
    const c = coefficientOf<T>(targets ? p + toTargets : 0, weights ? p + toWeights : 0, <T>alpha, <T>beta);
    store<T>(p, load<T>(p) * factorOfRow - c * <T>scale);
  }
}
