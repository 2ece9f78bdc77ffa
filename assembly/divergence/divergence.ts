// Divergences of predictions q from targets p, row by row, and their gradients: Kullback-Leibler's of either direction, and
// Jensen-Shannon's. All arithmetic is in float64, in lanes j mod 2 inside blocks of LIKELIHOOD_BLOCK classes; side.ts says what the
// two sides are.
//
// A row is read once or twice for each side that is logits, once for its loss, and once for its gradient.

import { log } from "../functions/log";
import { SECOND } from "../generated/scratchOfDivergence";
import {
  FORWARD,
  JENSEN_SHANNON,
  LIKELIHOOD_BLOCK,
  LOGITS,
  PROBABILITIES,
  REVERSE,
  SMALL_SHARE,
} from "../generated/thresholds";
import { narrow, pairSum, twoSum, twoSumOf } from "../lanes";
import { lnSumOf, logarithmOf, pair, probabilityOf, topOf } from "./side";

/** v, and 0 where `factor` is 0. */
@inline function unlessZero(v: v128, factor: v128): v128 {
  return v128.and(v, f64x2.ne(factor, f64x2.splat(0)));
}

/** What small probabilities are times, so that they are normal numbers and their quotients the same. */
@inline function lift(p: v128, q: v128): v128 {
  const small = f64x2.lt(f64x2.max(p, q), f64x2.splat(SMALL_SHARE));
  return v128.bitselect(f64x2.splat(1 / SMALL_SHARE), f64x2.splat(1), small);
}

/** ln of v over the mixture, v being p or q. */
@inline function logarithmOfShare(v: v128, p: v128, q: v128, b: v128, rest: v128): v128 {
  const by = lift(p, q);
  const share = f64x2.div(f64x2.mul(v, by), mixture(f64x2.mul(p, by), f64x2.mul(q, by), b, rest));
  return log(f64x2.min(share, f64x2.splat(f64.MAX_VALUE)));
}

/** b p + (1 - b) q, and q where both are the same; never 0. */
@inline function mixture(p: v128, q: v128, b: v128, rest: v128): v128 {
  const higher = f64x2.gt(p, q);
  const lower = v128.bitselect(q, p, higher);
  const share = v128.bitselect(b, rest, higher);
  const m = f64x2.add(lower, f64x2.mul(share, f64x2.sub(v128.bitselect(p, q, higher), lower)));
  return f64x2.max(m, f64x2.splat(f64.MIN_VALUE));
}

/** One row: writes its gradient and returns its loss. */
function divergenceRow<T>(
  predictions: usize,
  targets: usize,
  grad: usize,
  classes: i32,
  input: i32,
  targetInput: i32,
  measure: i32,
  beta: f64,
  temperature: f64,
  scale: f64,
  scratch: usize,
): f64 {
  const bytes = <usize>classes * sizeof<T>();
  const top = topOf<T>(predictions, bytes, input, scratch);
  const targetTop = topOf<T>(targets, bytes, targetInput, scratch);
  const lnSum = lnSumOf<T>(predictions, classes, input, temperature, top);
  const targetLnSum = lnSumOf<T>(targets, classes, targetInput, temperature, targetTop);
  const loss = lossOfRow<T>(
    predictions,
    targets,
    classes,
    input,
    targetInput,
    measure,
    beta,
    temperature,
    top,
    targetTop,
    lnSum,
    targetLnSum,
    scratch,
  );
  if (!grad) return loss;
  // there is no slope where the predictions have a class that the targets have not
  const impossible = measure == REVERSE && loss == Infinity;
  gradientOfRow<T>(
    predictions,
    targets,
    grad,
    classes,
    input,
    targetInput,
    measure,
    beta,
    temperature,
    top,
    targetTop,
    lnSum,
    targetLnSum,
    impossible ? NaN : measure == REVERSE ? loss : load<f64>(scratch, SECOND),
    input == LOGITS ? scale / temperature : scale,
  );
  return loss;
}

/** The loss; SECOND becomes Σ p (forward; 1 of logits), or Σ q ln(q / m) (Jensen-Shannon). */
function lossOfRow<T>(
  predictions: usize,
  targets: usize,
  classes: i32,
  input: i32,
  targetInput: i32,
  measure: i32,
  beta: f64,
  temperature: f64,
  top: f64,
  targetTop: f64,
  lnSum: f64,
  targetLnSum: f64,
  scratch: usize,
): f64 {
  const temperatures = f64x2.splat(temperature);
  const tops = f64x2.splat(top);
  const targetTops = f64x2.splat(targetTop);
  const lnSums = f64x2.splat(lnSum);
  const targetLnSums = f64x2.splat(targetLnSum);
  const b = f64x2.splat(beta);
  const rest = f64x2.splat(1 - beta);
  let total = f64x2.splat(0);
  let secondTotal = total;
  for (let block = 0; block < classes; block += LIKELIHOOD_BLOCK) {
    const stop = min(block + LIKELIHOOD_BLOCK, classes);
    let sum = f64x2.splat(0);
    let second = sum;
    for (let j = block; j < stop; j += 2) {
      const at = <usize>j * sizeof<T>();
      const both = j + 1 < stop;
      const x = pair<T>(predictions + at, both, input);
      const y = pair<T>(targets + at, both, targetInput);
      const lnQ = logarithmOf(x, input, temperatures, tops, lnSums);
      const lnP = logarithmOf(y, targetInput, temperatures, targetTops, targetLnSums);
      if (measure == FORWARD) {
        const p = probabilityOf(y, targetInput, lnP);
        sum = f64x2.add(sum, unlessZero(f64x2.mul(p, f64x2.sub(lnP, lnQ)), p));
        second = f64x2.add(second, p);
      } else if (measure == REVERSE) {
        const q = probabilityOf(x, input, lnQ);
        sum = f64x2.add(sum, unlessZero(f64x2.mul(q, f64x2.sub(lnQ, lnP)), q));
      } else {
        const p = probabilityOf(y, targetInput, lnP);
        const q = probabilityOf(x, input, lnQ);
        const ofTargets = unlessZero(f64x2.mul(p, logarithmOfShare(p, p, q, b, rest)), p);
        const ofPredictions = unlessZero(f64x2.mul(q, logarithmOfShare(q, p, q, b, rest)), q);
        // no pair is negative, whatever rounding says
        const share = f64x2.add(f64x2.mul(b, ofTargets), f64x2.mul(rest, ofPredictions));
        sum = f64x2.add(sum, f64x2.max(share, f64x2.splat(0)));
        second = f64x2.add(second, ofPredictions);
      }
    }
    total = twoSum(total, pairSum(sum));
    secondTotal = twoSum(secondTotal, pairSum(second));
  }
  store<f64>(scratch, measure == FORWARD && targetInput == LOGITS ? 1 : twoSumOf(secondTotal), SECOND);
  return twoSumOf(total);
}

/** The gradient; `second` as lossOfRow leaves it, or the loss (reverse), or NaN where there is none. */
function gradientOfRow<T>(
  predictions: usize,
  targets: usize,
  grad: usize,
  classes: i32,
  input: i32,
  targetInput: i32,
  measure: i32,
  beta: f64,
  temperature: f64,
  top: f64,
  targetTop: f64,
  lnSum: f64,
  targetLnSum: f64,
  second: f64,
  scale: f64,
): void {
  const temperatures = f64x2.splat(temperature);
  const tops = f64x2.splat(top);
  const targetTops = f64x2.splat(targetTop);
  const lnSums = f64x2.splat(lnSum);
  const targetLnSums = f64x2.splat(targetLnSum);
  const b = f64x2.splat(beta);
  const rest = f64x2.splat(1 - beta);
  const seconds = f64x2.splat(second);
  const scales = f64x2.splat(scale);
  const one = f64x2.splat(1);
  for (let j = 0; j < classes; j += 2) {
    const at = <usize>j * sizeof<T>();
    const both = j + 1 < classes;
    const x = pair<T>(predictions + at, both, input);
    const y = pair<T>(targets + at, both, targetInput);
    const lnQ = logarithmOf(x, input, temperatures, tops, lnSums);
    const lnP = logarithmOf(y, targetInput, temperatures, targetTops, targetLnSums);
    let g = one;
    if (measure == FORWARD) {
      const p = probabilityOf(y, targetInput, lnP);
      if (input == LOGITS) g = f64x2.sub(f64x2.mul(seconds, probabilityOf(x, input, lnQ)), p);
      else g = f64x2.neg(unlessZero(input == PROBABILITIES ? f64x2.div(p, f64x2.add(x, f64x2.splat(0))) : p, p));
    } else {
      const q = probabilityOf(x, input, lnQ);
      let slope = one;
      if (measure == REVERSE) slope = f64x2.sub(lnQ, lnP);
      else slope = logarithmOfShare(q, probabilityOf(y, targetInput, lnP), q, b, rest);
      if (input == LOGITS) slope = f64x2.sub(slope, seconds);
      else if (measure == REVERSE) slope = f64x2.add(slope, one);
      if (measure == JENSEN_SHANNON) slope = f64x2.mul(rest, slope);
      // a class that neither side has counts for nothing
      g =
        input == PROBABILITIES
          ? unlessZero(slope, v128.or(q, probabilityOf(y, targetInput, lnP)))
          : unlessZero(f64x2.mul(q, slope), q);
      if (measure == REVERSE) g = f64x2.add(g, f64x2.sub(seconds, seconds));
    }
    g = f64x2.mul(g, scales);
    if (sizeof<T>() == 8) {
      if (both) v128.store(grad + at, g);
      else v128.store64_lane(grad + at, g, 0);
    } else if (both) v128.store64_lane(grad + at, narrow<T>(g, g), 0);
    else v128.store32_lane(grad + at, narrow<T>(g, g), 0);
  }
}

/** losses = the divergence of each row; its gradient by the predictions where `grad` is given. */
export function divergence<T>(
  begin: i32,
  end: i32,
  predictions: usize,
  targets: usize,
  sampleWeight: usize,
  grad: usize,
  losses: usize,
  classes: i32,
  input: i32,
  targetInput: i32,
  measure: i32,
  beta: f64,
  temperature: f64,
  denominator: f64,
  scratch: usize,
): void {
  const bytes = <usize>classes * sizeof<T>();
  for (let i = begin; i < end; i++) {
    const offset = <usize>i * bytes;
    const out = grad ? grad + offset : 0;
    const weight = sampleWeight ? <f64>load<T>(sampleWeight + <usize>i * sizeof<T>()) : 1;
    let loss: f64 = 0;
    if (weight == 0) {
      if (out) memory.fill(out, 0, bytes);
    } else {
      loss =
        weight *
        divergenceRow<T>(
          predictions + offset,
          targets + offset,
          out,
          classes,
          input,
          targetInput,
          measure,
          beta,
          temperature,
          weight / denominator,
          scratch,
        );
    }
    store<f64>(losses + ((<usize>i) << 3), loss);
  }
}
