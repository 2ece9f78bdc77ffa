// Cross-entropy of what is a probability already, or its logarithm: row = -Σ c_j L(q_j), where L = ln, or nothing of logarithms,
// and c_j = w_j (alpha t_j + beta). All arithmetic is in float64, in lanes j mod 4 inside blocks of LIKELIHOOD_BLOCK classes.

import { ONE } from "../constants";
import { TAIL, TAIL_GRADIENT, TAIL_TARGETS, TAIL_WEIGHTS } from "../generated/scratchOfLikelihood";
import { LIKELIHOOD_BLOCK, LIKELIHOOD_LEAST, SMALL_LIKELIHOOD, SMALL_TARGET } from "../generated/thresholds";
import { log } from "../functions/log";
import { mantissaOf, timesPower } from "../functions/scaled";
import { POWER } from "../generated/scratchOfScaled";
import { constant, copyTail, high, low, narrow, pairSum, splat, storeTail, twoSum, twoSumOf } from "../lanes";
import { weightAt, weightsTail } from "../rows/dots";

/** The first two of four values at p, and the other two, as float64. */
@inline function first<T>(p: usize): v128 {
  return low<T>(v128.load(p));
}

@inline function second<T>(p: usize): v128 {
  return sizeof<T>() == 4 ? high(v128.load(p)) : v128.load(p, 16);
}

/** c_j of two classes. */
@inline function coefficient(t: v128, hasTargets: bool, w: v128, hasWeights: bool, alpha: v128, beta: v128): v128 {
  const c = hasTargets ? f64x2.add(f64x2.mul(t, alpha), beta) : beta;
  return hasWeights ? f64x2.mul(w, c) : c;
}

/** c L(q), 0 where c is 0. */
@inline function term(c: v128, q: v128, logarithms: bool): v128 {
  return v128.and(f64x2.mul(c, logarithms ? q : log(q)), f64x2.ne(c, f64x2.splat(0)));
}

/** -scale c / q, or -scale c of logarithms; 0 where c is 0. */
@inline function slope(c: v128, q: v128, logarithms: bool, scale: v128): v128 {
  const minus = f64x2.neg(c);
  // q + 0: a quotient by -0 has the other sign
  const quotient = logarithms ? minus : f64x2.div(minus, f64x2.add(q, f64x2.splat(0)));
  return v128.and(f64x2.mul(quotient, scale), f64x2.ne(c, f64x2.splat(0)));
}

/** Whether x, which is not negative, is 0 or far from the ends of float64. */
@inline function isModerate(x: f64): bool {
  return x == 0 || (x >= LIKELIHOOD_LEAST && x * LIKELIHOOD_LEAST <= 1);
}

/** Whether the products that gradients are made of stay in float64: those of float32 do. */
function areModerate<T>(weights: usize, bytes: usize, beta: f64, scale: f64): bool {
  if (sizeof<T>() == 4) return true;
  let moderate = isModerate(scale) && isModerate(beta);
  if (weights) for (let j: usize = 0; j < bytes; j += 8) moderate = isModerate(load<f64>(weights + j)) && moderate;
  return moderate;
}

/** slope of one class, w t its coefficient, with exponents apart. */
function carefulSlope(w: f64, t: f64, q: f64, scale: f64, scratch: usize): f64 {
  if (w == 0 || t == 0) return 0;
  store<i32>(scratch, 0, POWER);
  const divisor = mantissaOf(q + 0, scratch);
  store<i32>(scratch, -load<i32>(scratch, POWER), POWER);
  const c = -(mantissaOf(w, scratch) * mantissaOf(t, scratch));
  const slope = (c / divisor) * mantissaOf(scale, scratch);
  return timesPower(slope, load<i32>(scratch, POWER));
}

/** Replaces those slopes of two classes of float64 that are not `moderate`. */
function replaceSlopes(
  out: usize,
  q: v128,
  t: v128,
  w: v128,
  hasTargets: bool,
  hasWeights: bool,
  alpha: f64,
  beta: f64,
  logarithms: bool,
  moderate: bool,
  scale: f64,
  scratch: usize,
): void {
  for (let k: usize = 0; k < 16; k += 8) {
    const x = k ? f64x2.extract_lane(q, 1) : f64x2.extract_lane(q, 0);
    const p = k ? f64x2.extract_lane(t, 1) : f64x2.extract_lane(t, 0);
    const small = hasTargets && hasWeights && p != 0 && abs(p) < SMALL_TARGET;
    if (moderate && !small && !(x < SMALL_LIKELIHOOD)) continue;
    const weight = hasWeights ? (k ? f64x2.extract_lane(w, 1) : f64x2.extract_lane(w, 0)) : 1;
    store<f64>(out + k, carefulSlope(weight, hasTargets ? p * alpha + beta : beta, logarithms ? 1 : x, scale, scratch));
  }
}

/** Whether one of two classes of float64 may have a slope that is not moderate. */
@inline function hasSmall(q: v128, t: v128, checksTargets: bool): bool {
  const small = f64x2.lt(q, f64x2.splat(SMALL_LIKELIHOOD));
  return v128.any_true(checksTargets ? v128.or(small, f64x2.lt(f64x2.abs(t), f64x2.splat(SMALL_TARGET))) : small);
}

/**
 * -Σ c_j L(q_j) over a row, and its gradient where `grad` is given. That is asked for every vector: a logarithm outweighs it, and a
 * second copy of the loop weighs 1 KB.
 */
function dots<T>(
  row: usize,
  targets: usize,
  weights: usize,
  grad: usize,
  classes: i32,
  alpha: f64,
  beta: f64,
  logarithms: bool,
  moderate: bool,
  scale: f64,
  scratch: usize,
): f64 {
  const alphas = f64x2.splat(alpha);
  const betas = f64x2.splat(beta);
  const scales = f64x2.splat(scale);
  const zero = splat<T>(0);
  const step: usize = 4 * sizeof<T>();
  let total = f64x2.splat(0);
  for (let block = 0; block < classes; block += LIKELIHOOD_BLOCK) {
    const stop = min(block + LIKELIHOOD_BLOCK, classes);
    let a = f64x2.splat(0);
    let b = a;
    for (let j = block; j < stop; j += 4) {
      const offset = <usize>j * sizeof<T>();
      const left = <usize>(stop - j) * sizeof<T>();
      const whole = left >= step;
      let q = row + offset;
      let t = targets ? targets + offset : 0;
      let w = weights ? weights + offset : 0;
      let out = grad + offset;
      if (!whole) {
        // a weight of 0 takes the places beyond the row out
        if (t) copyTail(t, left, zero, scratch + TAIL_TARGETS);
        weightsTail<T>(w, left, scratch + TAIL_WEIGHTS);
        copyTail(q, left, constant<T>(ONE), scratch + TAIL);
        q = scratch + TAIL;
        t = t ? scratch + TAIL_TARGETS : 0;
        w = scratch + TAIL_WEIGHTS;
        out = scratch + TAIL_GRADIENT;
      }
      const t0 = t ? first<T>(t) : alphas;
      const t1 = t ? second<T>(t) : alphas;
      const w0 = w ? first<T>(w) : alphas;
      const w1 = w ? second<T>(w) : alphas;
      const c0 = coefficient(t0, t != 0, w0, w != 0, alphas, betas);
      const c1 = coefficient(t1, t != 0, w1, w != 0, alphas, betas);
      const q0 = first<T>(q);
      const q1 = second<T>(q);
      a = f64x2.add(a, term(c0, q0, logarithms));
      b = f64x2.add(b, term(c1, q1, logarithms));
      if (grad) {
        const g0 = slope(c0, q0, logarithms, scales);
        const g1 = slope(c1, q1, logarithms, scales);
        v128.store(out, narrow<T>(g0, g1));
        if (sizeof<T>() == 8) {
          v128.store(out, g1, 16);
          const both = t != 0 && w != 0;
          if (!moderate || (!logarithms && (hasSmall(q0, t0, both) || hasSmall(q1, t1, both)))) {
            replaceSlopes(out, q0, t0, w0, t != 0, w != 0, alpha, beta, logarithms, moderate, scale, scratch);
            replaceSlopes(out + 16, q1, t1, w1, t != 0, w != 0, alpha, beta, logarithms, moderate, scale, scratch);
          }
        }
        if (!whole) storeTail<T>(out, left, grad + offset);
      }
    }
    total = twoSum(total, pairSum(f64x2.add(a, b)));
  }
  return 0 - twoSumOf(total);
}

@inline function logOf(q: f64, logarithms: bool): f64 {
  return logarithms ? q : f64x2.extract_lane(log(f64x2.splat(q)), 0);
}

/** losses = the loss of each row with an index target; its gradient where `grad` is given. */
export function likelihood<T>(
  begin: i32,
  end: i32,
  input: usize,
  labels: usize,
  weights: usize,
  grad: usize,
  losses: usize,
  classes: i32,
  ignoreIndex: i32,
  labelSmoothing: f64,
  logarithms: i32,
  scale: f64,
  scratch: usize,
): void {
  const bytes = <usize>classes * sizeof<T>();
  const alpha = 1 - labelSmoothing;
  const beta = labelSmoothing / <f64>classes;
  const moderate = !grad || areModerate<T>(weights, bytes, beta, scale);
  for (let i = begin; i < end; i++) {
    const label = load<i32>(labels + ((<usize>i) << 2));
    const row = input + <usize>i * bytes;
    const to = grad ? grad + <usize>i * bytes : 0;
    // read before the gradient is written: it may take the input's place
    const at = <usize>(label == ignoreIndex ? 0 : label) * sizeof<T>();
    const q = <f64>load<T>(row + at);
    let loss: f64 = 0;
    if (label == ignoreIndex || beta == 0) {
      if (to) memory.fill(to, 0, bytes);
    } else loss = dots<T>(row, 0, weights, to, classes, 0, beta, logarithms != 0, moderate, scale, scratch);
    if (label != ignoreIndex) {
      const w = weightAt<T>(weights, at);
      const own = alpha * w;
      if (own != 0) {
        loss += own * -logOf(q, logarithms != 0);
        const c = beta * w + own;
        const small = sizeof<T>() == 8 && !logarithms && q < SMALL_LIKELIHOOD;
        if (to) {
          if (moderate && !small) store<T>(to + at, <T>((logarithms ? -c : -c / (q + 0)) * scale));
          else store<T>(to + at, <T>carefulSlope(w, alpha + beta, logarithms ? 1 : q, scale, scratch));
        }
      }
    }
    store<f64>(losses + ((<usize>i) << 3), loss);
  }
}

/** The same with probability targets. */
export function likelihoodProbabilities<T>(
  begin: i32,
  end: i32,
  input: usize,
  targets: usize,
  weights: usize,
  grad: usize,
  losses: usize,
  classes: i32,
  labelSmoothing: f64,
  logarithms: i32,
  scale: f64,
  scratch: usize,
): void {
  const bytes = <usize>classes * sizeof<T>();
  const alpha = 1 - labelSmoothing;
  const beta = labelSmoothing / <f64>classes;
  const moderate = !grad || areModerate<T>(weights, bytes, beta, scale);
  for (let i = begin; i < end; i++) {
    const offset = <usize>i * bytes;
    store<f64>(
      losses + ((<usize>i) << 3),
      dots<T>(
        input + offset,
        targets + offset,
        weights,
        grad ? grad + offset : 0,
        classes,
        alpha,
        beta,
        logarithms != 0,
        moderate,
        scale,
        scratch,
      ),
    );
  }
}
