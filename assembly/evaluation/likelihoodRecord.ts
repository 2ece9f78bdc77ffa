// Records of rows that are probabilities already, or logarithms of such: see rowRecord.ts for those of logits. All arithmetic is in
// float64, in lanes j mod 2 inside blocks of LIKELIHOOD_BLOCK classes. The loss has the bits of likelihood/likelihood.ts.

import { LOWEST, MAGIC } from "../constants";
import { exp } from "../functions/exp";
import { log } from "../functions/log";
import { ARGMAX, BRIER, CONFIDENCE, ENTROPY, LOG_SUM_EXP, LOSS, RANK, RECORD, WEIGHT } from "../generated/record";
import { HIGHEST_LOG, LIKELIHOOD_BLOCK } from "../generated/thresholds";
import { constant, largestLane, low, pairSum, twoSum, twoSumOf } from "../lanes";
import { weightAt } from "../rows/dots";
import { ignoreRow } from "./record";

@inline function logOf(x: f64, logarithms: bool): f64 {
  return logarithms ? x : f64x2.extract_lane(log(f64x2.splat(x)), 0);
}

@inline function probabilities(x: v128, logarithms: bool): v128 {
  if (!logarithms) return x;
  return exp<f64>(f64x2.pmin(x, f64x2.splat(<f64>HIGHEST_LOG)), constant<f64>(LOWEST), constant<f64>(MAGIC));
}

/** The first of the largest values. */
function firstOf<T>(row: usize, classes: i32, top: f64): i32 {
  let j = 0;
  while (j < classes && <f64>load<T>(row + <usize>j * sizeof<T>()) != top) j++;
  return j;
}

function evaluateRow<T>(row: usize, label: i32, classes: i32, w: f64, logarithms: bool, to: usize): void {
  const own = <f64>load<T>(row + <usize>label * sizeof<T>());
  const x0 = f64x2.splat(own);
  const zero = f64x2.splat(0);
  const target = i64x2.splat(<i64>label);
  const end = i64x2.splat(<i64>classes);
  const two = i64x2.splat(2);
  let places = i64x2(0, 1);
  let top = f64x2.splat(-Infinity);
  let nans = zero;
  let above = zero;
  let terms = zero;
  let squares = zero;
  for (let block = 0; block < classes; block += LIKELIHOOD_BLOCK) {
    let term = zero;
    let square = zero;
    for (let j = block, stop = min(block + LIKELIHOOD_BLOCK, classes); j < stop; j += 2) {
      const p = row + <usize>j * sizeof<T>();
      // what stands behind the last class is read, and is no class
      const valid = i64x2.lt_s(places, end);
      const x = v128.and(low<T>(sizeof<T>() == 4 ? v128.load64_zero(p) : v128.load(p)), valid);
      const q = v128.and(probabilities(x, logarithms), valid);
      term = f64x2.add(term, v128.and(f64x2.mul(q, logarithms ? x : log(q)), f64x2.ne(q, zero)));
      square = f64x2.add(square, v128.and(f64x2.mul(q, q), i64x2.ne(places, target)));
      const before = v128.or(f64x2.gt(x, x0), v128.and(f64x2.eq(x, x0), i64x2.lt_s(places, target)));
      above = i64x2.sub(above, v128.and(before, valid));
      nans = v128.or(nans, f64x2.ne(x, x));
      top = f64x2.pmax(top, v128.bitselect(x, top, valid));
      places = i64x2.add(places, two);
    }
    terms = twoSum(terms, pairSum(term));
    squares = twoSum(squares, pairSum(square));
  }
  const largest = largestLane<f64>(top);
  const hasNaN = v128.any_true(nans);
  const odd = hasNaN || largest == Infinity;
  const loss = 0 - logOf(own, logarithms);
  const share = 1 - f64x2.extract_lane(probabilities(x0, logarithms), 0);
  const entropy = 0 - twoSumOf(terms);
  const confidence = min(1, max(0, f64x2.extract_lane(probabilities(f64x2.splat(largest), logarithms), 0)));
  const before = <f64>(i64x2.extract_lane(above, 0) + i64x2.extract_lane(above, 1));
  store<f64>(to, loss, LOSS);
  store<f64>(to, w, WEIGHT);
  store<f64>(to, odd ? NaN : entropy < 0 ? 0 : entropy, ENTROPY);
  store<f64>(to, odd ? NaN : share * share + twoSumOf(squares), BRIER);
  store<f64>(to, odd ? NaN : confidence + 1 - 1, CONFIDENCE);
  store<f64>(to, hasNaN ? 0 : before + 1, RANK);
  store<f64>(to, hasNaN ? -1 : <f64>(before == 0 ? label : firstOf<T>(row, classes, largest)), ARGMAX);
  store<f64>(to, hasNaN ? NaN : odd ? Infinity : 0, LOG_SUM_EXP);
}

/** rows[i] = the record of row i: see src/descriptions/record.ts. */
export function evaluateLikelihoods<T>(
  begin: i32,
  end: i32,
  input: usize,
  labels: usize,
  weights: usize,
  rows: usize,
  classes: i32,
  ignoreIndex: i32,
  logarithms: i32,
): void {
  const bytes = <usize>classes * sizeof<T>();
  for (let i = begin; i < end; i++) {
    const label = load<i32>(labels + ((<usize>i) << 2));
    const to = rows + <usize>i * RECORD;
    if (label == ignoreIndex) ignoreRow(to);
    else {
      const w = weightAt<T>(weights, <usize>label * sizeof<T>());
      evaluateRow<T>(input + <usize>i * bytes, label, classes, w, logarithms != 0, to);
    }
  }
}
