// Kullback-Leibler divergence of rows of logits of one model from those of another, p the base's, once their log-sum-exps are known:
// Σ p φ(d), d = ln p - ln q, φ(d) = e^-d - 1 + d. As Σ p and Σ q are 1 this is Σ p d, but no term is negative, equal rows give 0, and
// what the log-sum-exps are off counts by its square alone. d is float64, (x - y) - (lse x - lse y), so that it keeps its digits where
// the models hardly differ. docs/accuracy.md derives the bound.

import { HALF, I10, I3, I4, I5, I6, I7, I8, I9, LOWEST, MAGIC, NEGATIVE_INFINITY, SERIES_END } from "../constants";
import { exp } from "../functions/exp";
import { LIKELIHOOD_BLOCK } from "../generated/thresholds";
import { constant, high, low, mulAdd, pairSum, splat, twoSum, twoSumOf } from "../lanes";

/** p φ(-e) where |e| is small: p e^2 (1/2! + e/3! + ... + e^8/10!). */
@inline function nearTerm<T>(p: v128, e: v128): v128 {
  let t = constant<T>(I10);
  t = mulAdd<T>(t, e, constant<T>(I9));
  t = mulAdd<T>(t, e, constant<T>(I8));
  t = mulAdd<T>(t, e, constant<T>(I7));
  t = mulAdd<T>(t, e, constant<T>(I6));
  t = mulAdd<T>(t, e, constant<T>(I5));
  t = mulAdd<T>(t, e, constant<T>(I4));
  t = mulAdd<T>(t, e, constant<T>(I3));
  t = mulAdd<T>(t, e, constant<T>(HALF));
  return v128.mul<T>(p, v128.mul<T>(v128.mul<T>(e, e), t));
}

/** p φ(d) of two classes: `near` where |d| is small, else q + p (d - 1), whose second part is 0 where p is. */
@inline function eitherTerm(near: v128, isNear: v128, p: v128, q: v128, d: v128, ratio: v128): v128 {
  const part = v128.and(f64x2.mul(p, f64x2.sub(d, f64x2.splat(1))), f64x2.ne(p, f64x2.splat(0)));
  return v128.bitselect(near, f64x2.add(f64x2.mul(q, ratio), part), isNear);
}

/** Whether all lanes are set. */
@inline function areAll<T>(mask: v128): bool {
  return sizeof<T>() == 4 ? i32x4.all_true(mask) : i64x2.all_true(mask);
}

/** Σ p φ(d) over classes [begin, end), at most a block of them, in lanes j mod 4 (float64: j mod 2). */
@inline function blockOf<T>(
  base: usize,
  other: usize,
  begin: i32,
  end: i32,
  shift: v128,
  otherShift: v128,
  distance: v128,
  ratio: v128,
): f64 {
  const width = 16 / <i32>sizeof<T>();
  const lowest = constant<T>(LOWEST);
  const magic = constant<T>(MAGIC);
  const limit = constant<T>(SERIES_END);
  const none = constant<T>(NEGATIVE_INFINITY);
  let lower = f64x2.splat(0);
  let upper = lower;
  for (let j = begin; j < end; j += width) {
    const at = <usize>j * sizeof<T>();
    let x = v128.load(base + at);
    let y = v128.load(other + at);
    const rest = end - j;
    if (rest < width) {
      // what stands behind the last class is read, and is no class
      const valid =
        sizeof<T>() == 4
          ? i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(rest))
          : i64x2.lt_s(i64x2(0, 1), i64x2.splat(<i64>rest));
      x = v128.bitselect(x, none, valid);
      y = v128.bitselect(y, none, valid);
    }
    const lowerD = f64x2.sub(f64x2.sub(low<T>(x), low<T>(y)), distance);
    let upperD = lowerD;
    let d = lowerD;
    if (sizeof<T>() == 4) {
      upperD = f64x2.sub(f64x2.sub(high(x), high(y)), distance);
      d = v128.shuffle<i32>(f32x4.demote_f64x2_zero(lowerD), f32x4.demote_f64x2_zero(upperD), 0, 1, 4, 5);
    }
    const p = exp<T>(v128.sub<T>(x, shift), lowest, magic);
    const near = nearTerm<T>(p, v128.neg<T>(d));
    const isNear = v128.lt<T>(v128.abs<T>(d), limit);
    if (areAll<T>(isNear)) {
      lower = f64x2.add(lower, low<T>(near));
      if (sizeof<T>() == 4) upper = f64x2.add(upper, high(near));
    } else {
      const q = exp<T>(v128.sub<T>(y, otherShift), lowest, magic);
      if (sizeof<T>() == 4) {
        const lowerNear = v128.shuffle<i32>(isNear, isNear, 0, 0, 1, 1);
        const upperNear = v128.shuffle<i32>(isNear, isNear, 2, 2, 3, 3);
        lower = f64x2.add(lower, eitherTerm(low<T>(near), lowerNear, low<T>(p), low<T>(q), lowerD, ratio));
        upper = f64x2.add(upper, eitherTerm(high(near), upperNear, high(p), high(q), upperD, ratio));
      } else lower = f64x2.add(lower, eitherTerm(near, isNear, p, q, d, ratio));
    }
  }
  return pairSum(sizeof<T>() == 4 ? f64x2.add(lower, upper) : lower);
}

/** By what exponentials are too small that the dtype's rounded log-sum-exp was taken from. */
@inline function lossOf<T>(sum: f64): f64 {
  const rounding = f64x2.splat(<f64>(<T>sum) - sum);
  return f64x2.extract_lane(exp<f64>(rounding, constant<f64>(LOWEST), constant<f64>(MAGIC)), 0);
}

function divergenceOf<T>(base: usize, other: usize, classes: i32, sum: f64, otherSum: f64): f64 {
  const factor = lossOf<T>(sum);
  const ratio = f64x2.splat(lossOf<T>(otherSum) / factor);
  const distance = f64x2.splat(sum - otherSum);
  const shift = splat<T>(sum);
  const otherShift = splat<T>(otherSum);
  let total = f64x2.splat(0);
  for (let block = 0; block < classes; block += LIKELIHOOD_BLOCK) {
    const stop = min(block + LIKELIHOOD_BLOCK, classes);
    total = twoSum(total, blockOf<T>(base, other, block, stop, shift, otherShift, distance, ratio));
  }
  return factor * twoSumOf(total);
}

/** divergences[i] = KL(base | other) of row i; NaN where one of the log-sum-exps is not finite. */
export function relativeEntropy<T>(
  begin: i32,
  end: i32,
  base: usize,
  other: usize,
  baseSums: usize,
  otherSums: usize,
  divergences: usize,
  classes: i32,
  scratch: usize,
): void {
  const bytes = <usize>classes * sizeof<T>();
  for (let i = begin; i < end; i++) {
    const at = (<usize>i) << 3;
    const sum = load<f64>(baseSums + at);
    const otherSum = load<f64>(otherSums + at);
    const row = <usize>i * bytes;
    const isFinite = sum - sum == 0 && otherSum - otherSum == 0;
    store<f64>(divergences + at, isFinite ? divergenceOf<T>(base + row, other + row, classes, sum, otherSum) : NaN);
  }
}
