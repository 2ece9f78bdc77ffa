// What every class counts in a row: coefficients c_j = w_j (alpha t_j + beta), their sums, and gradients that take them away.
// Targets and weights may be absent (address 0): then t = 0, w = 1.

import { ONE } from "../constants";
import { COEFFICIENTS, DOTS, TAIL, TAIL_TARGETS, TAIL_WEIGHTS } from "../generated/scratchOfRows";
import { DOWN_512 } from "../generated/thresholds";
import {
  addHigh,
  BLOCK,
  constant,
  copyTail,
  laneSum,
  low,
  NOWHERE,
  pairSum,
  ROUND,
  roundSum,
  roundUp,
  splat,
  storePart,
  twoSum,
  twoSumOf,
} from "../lanes";

/** A value of float32 or, where not `single`, of float64. */
@inline export function valueAt(at: usize, single: bool): f64 {
  return single ? <f64>load<f32>(at) : load<f64>(at);
}

@inline export function putValue(at: usize, x: f64, single: bool): void {
  if (single) store<f32>(at, <f32>x);
  else store<f64>(at, x);
}

/** The weight of the class that stands `at` bytes from the first. */
@inline export function weightAt<T>(weights: usize, at: usize): f64 {
  return weights ? <f64>load<T>(weights + at) : 1;
}

/** c_j of a vector of classes: what multiplies -ln q_j. */
@inline function coefficient<T>(targets: usize, weights: usize, alpha: v128, beta: v128): v128 {
  const t = targets ? v128.add<T>(v128.mul<T>(v128.load(targets), alpha), beta) : beta;
  return weights ? v128.mul<T>(v128.load(weights), t) : t;
}

/** c (x - m), and 0 where c is 0 whatever x is. */
@inline function dotTerm<T>(x: usize, top: v128, c: v128): v128 {
  return v128.and(v128.mul<T>(v128.sub<T>(v128.load(x), top), c), v128.ne<T>(c, splat<T>(0)));
}

/** Σ c_j (x_j - m) and Σ c_j over the rounds [begin, end) of a row; the two sums are left in scratch. */
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

/** The last, partial round of weights, filled up with 0, to `to`; ones where there are no weights. */
@inline export function weightsTail<T>(weights: usize, bytes: usize, to: usize): void {
  if (!weights) for (let i: usize = 0; i < ROUND; i += 16) v128.store(to + i, constant<T>(ONE));
  copyTail(weights ? weights : to, bytes, splat<T>(0), to);
}

/** The sums of dotBlock over a row, left in scratch. The row's last, partial round must be there. */
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
  if (rest) {
    if (targets) copyTail(targets + whole, rest, splat<T>(0), scratch + TAIL_TARGETS);
    weightsTail<T>(weights ? weights + whole : 0, rest, scratch + TAIL_WEIGHTS);
  }
  const alphas = splat<T>(alpha);
  const betas = splat<T>(beta);
  const end = row + roundUp(bytes);
  let dots = f64x2.splat(0);
  let sum = dots;
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
    dots = twoSum(dots, load<f64>(scratch, DOTS));
    sum = twoSum(sum, load<f64>(scratch, COEFFICIENTS));
  }
  // infinite where a logit of -inf has a coefficient
  store<f64>(scratch, twoSumOf(dots), DOTS);
  store<f64>(scratch, pairSum(sum), COEFFICIENTS);
}

/**
 * out_j = out_j factor: exponentials become probabilities. The last ones element by element: a vector loaded over elements that were
 * just stored waits for them, and softmax of 65 classes took 1.026 of the time.
 */
export function scaleRow<T>(out: usize, bytes: usize, factor: f64): void {
  const factors = splat<T>(factor);
  const end = out + bytes;
  const vectors = end - (bytes & 15);
  for (; out < vectors; out += 16) v128.store(out, v128.mul<T>(v128.load(out), factors));
  for (; out < end; out += sizeof<T>()) store<T>(out, load<T>(out) * <T>factor);
}

/**
 * out_j = out_j factor 2^-512 - c_j scale, of a factor that would not be normal in the dtype; else as scaleRowMinus. Element by
 * element: few rows have such a factor.
 */
export function scaleRowFinely<T>(
  out: usize,
  bytes: usize,
  factor: f64,
  targets: usize,
  weights: usize,
  alpha: f64,
  beta: f64,
  scale: f64,
): void {
  for (let j: usize = 0; j < bytes; j += sizeof<T>()) {
    const t = targets ? load<T>(targets + j) * <T>alpha + <T>beta : <T>beta;
    const c = weights ? load<T>(weights + j) * t : t;
    store<T>(out + j, <T>(<f64>load<T>(out + j) * factor * DOWN_512) - c * <T>scale);
  }
}

/** out_j factor - c_j scale of a vector of exponentials. */
@inline function minusCoefficient<T>(
  out: usize,
  factors: v128,
  targets: usize,
  weights: usize,
  alphas: v128,
  betas: v128,
  scales: v128,
): v128 {
  const c = coefficient<T>(targets, weights, alphas, betas);
  return v128.sub<T>(v128.mul<T>(v128.load(out), factors), v128.mul<T>(c, scales));
}

/** out_j = out_j factor - c_j scale: exponentials become the gradient. */
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
  const factors = splat<T>(factor);
  const rest = bytes & 15;
  let p = out;
  for (const end = out + bytes - rest; p < end; p += 16) {
    const t = targets ? p + toTargets : 0;
    const w = weights ? p + toWeights : 0;
    v128.store(p, minusCoefficient<T>(p, factors, t, w, alphas, betas, scales));
  }
  if (!rest) return;
  const t = targets ? p + toTargets : 0;
  const w = weights ? p + toWeights : 0;
  storePart<T>(p, minusCoefficient<T>(p, factors, t, w, alphas, betas, scales), rest);
}
