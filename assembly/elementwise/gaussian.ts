import { HALF, ONE } from "../constants";
import { lnBlock } from "../functions/blocks";
import { FIRST, LOSSES } from "../generated/scratchOfElements";
import { BLOCK_ELEMENTS } from "../generated/thresholds";
import { constant, splat, storePart } from "../lanes";
import { blockSum, copyBlock, report, weighted } from "./blocks";

/** Stores a vector, or the first `bytes` bytes of it where there are fewer than 16. */
@inline function storeUpTo<T>(to: usize, v: v128, bytes: usize): void {
  if (bytes >= 16) v128.store(to, v);
  else storePart<T>(to, v, bytes);
}

/**
 * Negative log-likelihood of targets under normal distributions, (ln v + d^2 / v) / 2, d = p - t, and half of ln(2 pi) where it is
 * `full`; gradients d / v by the means and (1 - d^2 / v) / (2 v) by the variances, times scale. All of it times the weights. As
 * elementwise of template.ts; of two gradients that overwrite their inputs neither may be written before both are computed.
 */
export function gaussianNll<T>(
  begin: i32,
  end: i32,
  predictions: usize,
  targets: usize,
  variance: usize,
  sampleWeight: usize,
  losses: usize,
  grad: usize,
  gradVariance: usize,
  sums: usize,
  count: i32,
  scale: f64,
  full: f64,
  scratch: usize,
): void {
  const factor = splat<T>(scale);
  const half = constant<T>(HALF);
  const one = constant<T>(ONE);
  const added = splat<T>(full * 0.9189385332046727);
  for (let block = begin; block < end; block++) {
    const first = block * BLOCK_ELEMENTS;
    const n = min(BLOCK_ELEMENTS, count - first);
    const offset = <usize>first * sizeof<T>();
    const bytes = <usize>n * sizeof<T>();
    const p = predictions + offset;
    const t = targets + offset;
    const v = variance + offset;
    const s = sampleWeight + offset;
    lnBlock<T>(v, scratch + FIRST, n);
    let suspects = splat<T>(0);
    for (let i: usize = 0; i < bytes; i += 16) {
      const d = v128.sub<T>(v128.load(p + i), v128.load(t + i));
      const share = v128.mul<T>(d, v128.div<T>(d, v128.load(v + i)));
      const loss = v128.add<T>(v128.mul<T>(half, v128.add<T>(v128.load(scratch + i, FIRST), share)), added);
      const counted = sampleWeight ? weighted<T>(loss, v128.load(s + i)) : loss;
      v128.store(scratch + i, counted, LOSSES);
      suspects = v128.or(suspects, v128.le<T>(v128.load(v + i), splat<T>(0)));
    }
    const refused = v128.any_true(suspects) ? firstRefused<T>(variance, sampleWeight, first, first + n) : -1;
    if (grad || gradVariance) {
      for (let i: usize = 0; i < bytes; i += 16) {
        const d = v128.sub<T>(v128.load(p + i), v128.load(t + i));
        const q = v128.div<T>(d, v128.load(v + i));
        const rest = v128.mul<T>(half, v128.sub<T>(one, v128.mul<T>(d, q)));
        let ofMean = v128.mul<T>(q, factor);
        let ofVariance = v128.mul<T>(v128.div<T>(rest, v128.load(v + i)), factor);
        if (sampleWeight) {
          ofMean = weighted<T>(ofMean, v128.load(s + i));
          ofVariance = weighted<T>(ofVariance, v128.load(s + i));
        }
        if (grad) storeUpTo<T>(grad + offset + i, ofMean, bytes - i);
        if (gradVariance) storeUpTo<T>(gradVariance + offset + i, ofVariance, bytes - i);
      }
    }
    if (losses) copyBlock<T>(scratch + LOSSES, bytes, losses + offset);
    if (sums) report(true, sums, block, blockSum<T>(scratch + LOSSES, bytes, scratch), refused);
  }
}

/** The first element whose variance is not above 0, -1 where there is none; those of weight 0 are not looked at. */
function firstRefused<T>(variance: usize, sampleWeight: usize, first: i32, stop: i32): i32 {
  for (let i = first; i < stop; i++) {
    const at = <usize>i * sizeof<T>();
    if (load<T>(variance + at) <= 0 && (!sampleWeight || load<T>(sampleWeight + at) != 0)) return i;
  }
  return -1;
}
