// Kullback-Leibler divergence of rows of logits of one model from those of another, Σ p (ln p - ln q), p the base's, once their
// log-sum-exps are known. The differences of logarithms, (x - y) - (lse x - lse y), are float64, so that they keep their digits
// where the models hardly differ; p is as good as the dtype's
// exponentials.

import { LOWEST, MAGIC, NEGATIVE_INFINITY } from "../constants";
import { exp } from "../functions/exp";
import { LIKELIHOOD_BLOCK } from "../generated/thresholds";
import { constant, high, low, pairSum, splat, twoSum, twoSumOf } from "../lanes";

/** e (x - y - distance); with `careful` 0 where e is. */
@inline function term(e: v128, x: v128, y: v128, distance: v128, careful: bool): v128 {
  const product = f64x2.mul(e, f64x2.sub(f64x2.sub(x, y), distance));
  return careful ? v128.and(product, f64x2.ne(e, f64x2.splat(0))) : product;
}

/** Σ e (x - y - distance) over classes [begin, end), at most a block of them, in lanes j mod 4 (float64: j mod 2). */
@inline function blockOf<T>(
  base: usize,
  other: usize,
  begin: i32,
  end: i32,
  shift: v128,
  distance: v128,
  careful: bool,
): f64 {
  const width = 16 / <i32>sizeof<T>();
  const lowest = constant<T>(LOWEST);
  const magic = constant<T>(MAGIC);
  const whole = end - width;
  let lower = f64x2.splat(0);
  let upper = lower;
  let j = begin;
  for (; j <= whole; j += width) {
    const at = <usize>j * sizeof<T>();
    const x = v128.load(base + at);
    const y = v128.load(other + at);
    const e = exp<T>(v128.sub<T>(x, shift), lowest, magic);
    lower = f64x2.add(lower, term(low<T>(e), low<T>(x), low<T>(y), distance, careful));
    if (sizeof<T>() == 4) upper = f64x2.add(upper, term(high(e), high(x), high(y), distance, careful));
  }
  if (j < end) {
    const at = <usize>j * sizeof<T>();
    // what stands behind the last class is read, and is no class
    const none = constant<T>(NEGATIVE_INFINITY);
    const rest = end - j;
    const valid =
      sizeof<T>() == 4
        ? i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(rest))
        : i64x2.lt_s(i64x2(0, 1), i64x2.splat(<i64>rest));
    const x = v128.bitselect(v128.load(base + at), none, valid);
    const y = v128.and(v128.load(other + at), valid);
    const e = exp<T>(v128.sub<T>(x, shift), lowest, magic);
    lower = f64x2.add(lower, term(low<T>(e), low<T>(x), low<T>(y), distance, true));
    if (sizeof<T>() == 4) upper = f64x2.add(upper, term(high(e), high(x), high(y), distance, true));
  }
  return pairSum(sizeof<T>() == 4 ? f64x2.add(lower, upper) : lower);
}

/** Σ p (ln p - ln q) of a row. What there is without `careful` is NaN where a class has no probability on either side. */
@inline function sumOf<T>(base: usize, other: usize, classes: i32, sum: f64, distance: f64, careful: bool): f64 {
  const shift = splat<T>(sum);
  const distances = f64x2.splat(distance);
  let total = f64x2.splat(0);
  for (let block = 0; block < classes; block += LIKELIHOOD_BLOCK) {
    const stop = min(block + LIKELIHOOD_BLOCK, classes);
    total = twoSum(total, blockOf<T>(base, other, block, stop, shift, distances, careful));
  }
  return twoSumOf(total);
}

function divergenceOf<T>(base: usize, other: usize, classes: i32, sum: f64, distance: f64): f64 {
  let total = sumOf<T>(base, other, classes, sum, distance, false);
  if (total != total) total = sumOf<T>(base, other, classes, sum, distance, true);
  // the dtype rounded the log-sum-exp
  const factor = exp<f64>(f64x2.splat(<f64>(<T>sum) - sum), constant<f64>(LOWEST), constant<f64>(MAGIC));
  return f64x2.extract_lane(factor, 0) * total;
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
    const distance = sum - load<f64>(otherSums + at);
    const row = <usize>i * bytes;
    const isFinite = distance - distance == 0;
    store<f64>(divergences + at, isFinite ? divergenceOf<T>(base + row, other + row, classes, sum, distance) : NaN);
  }
}
