// The gradient of a row of logits whose weights, or their scale, would leave the dtype on the way: element by element in float64,
// with exponents apart. Few rows come here (see ordinary.ts), so that one function serves both dtypes, every kind of target and rows
// of any length.

import { expOf } from "../functions/exp";
import { expMantissa, mantissaOf, timesPower } from "../functions/scaled";
import { POWER } from "../generated/scratchOfScaled";
import { NOTHING } from "../generated/thresholds";
import { pairSum, twoSum } from "../lanes";
import { putValue, valueAt } from "../rows/dots";

const LOG2E: f64 = 1.4426950408889634;

/**
 * The mantissa of c_j = w_j (alpha p_j + beta), below 4, p_j being 1 at the `label` where there are no targets; its exponent goes to
 * POWER.
 */
function coefficient(
  j: usize,
  single: bool,
  label: usize,
  targets: usize,
  weights: usize,
  alpha: f64,
  beta: f64,
  scratch: usize,
): f64 {
  const w = weights ? valueAt(weights + j, single) : 1;
  const t = (targets ? valueAt(targets + j, single) * alpha : j == label ? alpha : 0) + beta;
  store<i32>(scratch, 0, POWER);
  return mantissaOf(w, scratch) * mantissaOf(t, scratch);
}

/**
 * grad_j = (S q_j - c_j) scale, S = Σ c, computed as ((S - c_j) e_j - c_j (d - e_j)) scale / d, so that nothing cancels where the only
 * target is sure. Elements stand `j` bytes from the first; grad may be the row.
 */
export function carefulGradient(
  row: usize,
  bytes: usize,
  single: bool,
  label: usize,
  targets: usize,
  weights: usize,
  grad: usize,
  alpha: f64,
  beta: f64,
  scale: f64,
  scratch: usize,
): void {
  const size: usize = single ? 4 : 8;
  let m: f64 = -Infinity;
  let second: f64 = -Infinity;
  let place: usize = 0;
  let finite = true;
  // the class whose coefficient has the highest exponent, and that of the others
  let largest: usize = 0;
  let top: i32 = -10000;
  let topOfOthers = top;
  for (let j: usize = 0; j < bytes; j += size) {
    const x = valueAt(row + j, single);
    if (!(x < Infinity)) finite = false;
    if (x > m) {
      second = m;
      m = x;
      place = j;
    } else if (x > second) second = x;
    const c = coefficient(j, single, label, targets, weights, alpha, beta, scratch);
    if (c == 0) continue;
    const power = load<i32>(scratch, POWER);
    if (power > top) {
      topOfOthers = top;
      top = power;
      largest = j;
    } else topOfOthers = max(topOfOthers, power);
  }
  const counts = top > -10000;
  if (!counts || !finite || m == -Infinity) {
    for (let j: usize = 0; j < bytes; j += size) putValue(grad + j, counts ? NaN : 0, single);
    return;
  }
  // the coefficients of all but the largest, and the exponentials of all but the maximum, relative to the second largest
  let coefficients = f64x2.splat(0);
  let exponentials = f64x2.splat(0);
  for (let j: usize = 0; j < bytes; j += size) {
    const x = valueAt(row + j, single);
    if (j != place && x > -Infinity) exponentials = twoSum(exponentials, expOf<f64>(x - second));
    if (j == largest) continue;
    const c = coefficient(j, single, label, targets, weights, alpha, beta, scratch);
    coefficients = twoSum(coefficients, timesPower(c, load<i32>(scratch, POWER) - topOfOthers));
  }
  const others = pairSum(coefficients);
  // S 2^-top
  const sum =
    timesPower(others, topOfOthers - top) + coefficient(largest, single, label, targets, weights, alpha, beta, scratch);
  const below = max(second - m, NOTHING);
  const powerBelow = <i32>floor(below * LOG2E);
  const rest = pairSum(exponentials) * expMantissa(below, powerBelow);
  const d = 1 + timesPower(rest, powerBelow);
  store<i32>(scratch, 0, POWER);
  const factor = mantissaOf(scale, scratch) / d;
  const scalePower = load<i32>(scratch, POWER);
  for (let j: usize = 0; j < bytes; j += size) {
    const z = valueAt(row + j, single) - m;
    const n = <i32>floor(max(z, NOTHING) * LOG2E);
    const e = z < NOTHING ? 0 : expMantissa(z, n);
    const c = coefficient(j, single, label, targets, weights, alpha, beta, scratch);
    const power = load<i32>(scratch, POWER);
    // S - c_j of the largest would keep nothing of others that are far below it
    const plus = (j == largest ? others : sum - timesPower(c, power - top)) * e * factor;
    const plusPower = n + (j == largest ? topOfOthers : top);
    const minus = c * (j == place ? rest : d - timesPower(e, n)) * factor;
    const minusPower = power + (j == place ? powerBelow : 0);
    const larger = plus == 0 ? minusPower : minus == 0 ? plusPower : max(plusPower, minusPower);
    const difference = timesPower(plus, plusPower - larger) - timesPower(minus, minusPower - larger);
    putValue(grad + j, timesPower(difference, larger + scalePower), single);
  }
}
