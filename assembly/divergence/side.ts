// One side of a divergence - predictions or targets - two classes at a time in float64: logits, logarithms of probabilities, or
// probabilities.

import { HIGHEST_EXPONENT, NEGATIVE_INFINITY } from "../constants";
import { expLane } from "../functions/exp";
import { log } from "../functions/log";
import { LIKELIHOOD_BLOCK, LOGITS, PROBABILITIES } from "../generated/thresholds";
import { constant, low, pairSum, twoSum, twoSumOf } from "../lanes";
import { maximum } from "../rows/maximum";
import { fillTail } from "../rows/reference";

/** Two classes at p, the second one only where `both`; what stands beyond the row has probability 0. */
@inline export function pair<T>(p: usize, both: bool, kind: i32): v128 {
  if (both) return sizeof<T>() == 4 ? low<T>(v128.load64_zero(p)) : v128.load(p);
  const none = kind == PROBABILITIES ? f64x2.splat(0) : constant<f64>(NEGATIVE_INFINITY);
  return f64x2.replace_lane(none, 0, <f64>load<T>(p));
}

/** Maximum of a row of logits; 0 of what is no logits. */
export function topOf<T>(row: usize, bytes: usize, kind: i32, scratch: usize): f64 {
  if (kind != LOGITS) return 0;
  fillTail<T>(row, bytes, scratch);
  return <f64>maximum<T>(row, bytes, <T>-Infinity, scratch);
}

/** (x - top) / temperature, and not x / temperature - top / temperature, which loses the digits of large logits. */
@inline function distance(x: v128, temperature: v128, top: v128): v128 {
  return f64x2.div(f64x2.sub(x, top), temperature);
}

/** ln Σ exp((x - top) / temperature) of a row of logits; 0 of what is no logits. */
export function lnSumOf<T>(row: usize, classes: i32, kind: i32, temperature: f64, top: f64): f64 {
  if (kind != LOGITS) return 0;
  const temperatures = f64x2.splat(temperature);
  const tops = f64x2.splat(top);
  let total = f64x2.splat(0);
  for (let block = 0; block < classes; block += LIKELIHOOD_BLOCK) {
    const stop = min(block + LIKELIHOOD_BLOCK, classes);
    let sum = f64x2.splat(0);
    for (let j = block; j < stop; j += 2) {
      const x = pair<T>(row + <usize>j * sizeof<T>(), j + 1 < stop, LOGITS);
      sum = f64x2.add(sum, expLane<f64>(distance(x, temperatures, tops)));
    }
    total = twoSum(total, pairSum(sum));
  }
  return f64x2.extract_lane(log(f64x2.splat(twoSumOf(total))), 0);
}

/** ln of the probabilities of two classes. */
@inline export function logarithmOf(x: v128, kind: i32, temperature: v128, top: v128, lnSum: v128): v128 {
  if (kind == LOGITS) return f64x2.sub(distance(x, temperature, top), lnSum);
  return kind == PROBABILITIES ? log(x) : x;
}

/** The probabilities of two classes, of which `logarithm` is the logarithm. */
export function probabilityOf(x: v128, kind: i32, logarithm: v128): v128 {
  if (kind == PROBABILITIES) return x;
  const infinite = f64x2.ge(logarithm, constant<f64>(HIGHEST_EXPONENT));
  return v128.bitselect(f64x2.splat(Infinity), expLane<f64>(logarithm), infinite);
}
