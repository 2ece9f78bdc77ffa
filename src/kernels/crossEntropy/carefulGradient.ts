import { NOTHING } from "../../descriptions/thresholds.ts";
import type { FloatArray } from "../../dtype.ts";
import { exp64 } from "../functions/exp64.ts";
import { expMantissa, exponentOf, mantissaOf, timesPower } from "../functions/scaled.ts";
import type { Coefficients } from "../rows/dots.ts";
import { type Carried, carry } from "../rows/passes.ts";

// Gradients whose weights, or their scale, would leave the dtype: see assembly/crossEntropy/carefulGradient.ts.

/** grad_j = (S q_j - c_j) scale of the row x[at..at + classes); `label` stands for targets where there are none. */
export function carefulGradient(
  x: FloatArray,
  at: number,
  classes: number,
  label: number,
  { targets, targetsAt, weights, alpha, beta }: Coefficients,
  grad: FloatArray,
  gradAt: number,
  scale: number,
): void {
  const weightAt = (j: number) => (weights ? weights[j] : 1);
  const targetAt = (j: number) => (targets ? targets[targetsAt + j] * alpha : j === label ? alpha : 0) + beta;
  let m = Number.NEGATIVE_INFINITY;
  let second = m;
  let place = 0;
  let finite = true;
  // the class whose coefficient has the highest exponent, and that of the others
  let largest = 0;
  let top = -10000;
  let topOfOthers = top;
  for (let j = 0; j < classes; j++) {
    const value = x[at + j];
    if (!(value < Number.POSITIVE_INFINITY)) finite = false;
    if (value > m) {
      second = m;
      m = value;
      place = j;
    } else if (value > second) second = value;
    const [w, t] = [weightAt(j), targetAt(j)];
    if (w === 0 || t === 0) continue;
    const power = exponentOf(w) + exponentOf(t);
    if (power > top) {
      topOfOthers = top;
      top = power;
      largest = j;
    } else topOfOthers = Math.max(topOfOthers, power);
  }
  const counts = top > -10000;
  if (!counts || !finite || m === Number.NEGATIVE_INFINITY) {
    grad.fill(counts ? Number.NaN : 0, gradAt, gradAt + classes);
    return;
  }
  // the coefficients of all but the largest, and the exponentials of all but the maximum, relative to the second largest
  const coefficients: Carried = { sum: 0, error: 0 };
  const exponentials: Carried = { sum: 0, error: 0 };
  for (let j = 0; j < classes; j++) {
    const value = x[at + j];
    if (j !== place && value > Number.NEGATIVE_INFINITY) carry(exponentials, exp64(value - second));
    if (j === largest) continue;
    const [w, t] = [weightAt(j), targetAt(j)];
    carry(coefficients, timesPower(mantissaOf(w) * mantissaOf(t), exponentOf(w) + exponentOf(t) - topOfOthers));
  }
  const others = coefficients.sum + coefficients.error;
  // S 2^-top
  const sum = timesPower(others, topOfOthers - top) + mantissaOf(weightAt(largest)) * mantissaOf(targetAt(largest));
  const below = Math.max(second - m, NOTHING);
  const powerBelow = Math.floor(below * Math.LOG2E);
  const rest = (exponentials.sum + exponentials.error) * expMantissa(below, powerBelow);
  const d = 1 + timesPower(rest, powerBelow);
  const scalePower = exponentOf(scale);
  const factor = mantissaOf(scale) / d;
  for (let j = 0; j < classes; j++) {
    const z = x[at + j] - m;
    const n = Math.floor(Math.max(z, NOTHING) * Math.LOG2E);
    const e = z < NOTHING ? 0 : expMantissa(z, n);
    const [w, t] = [weightAt(j), targetAt(j)];
    const c = mantissaOf(w) * mantissaOf(t);
    const power = exponentOf(w) + exponentOf(t);
    // S - c_j of the largest would keep nothing of others that are far below it
    const plus = (j === largest ? others : sum - timesPower(c, power - top)) * e * factor;
    const plusPower = n + (j === largest ? topOfOthers : top);
    const minus = c * (j === place ? rest : d - timesPower(e, n)) * factor;
    const minusPower = power + (j === place ? powerBelow : 0);
    const larger = plus === 0 ? minusPower : minus === 0 ? plusPower : Math.max(plusPower, minusPower);
    const difference = timesPower(plus, plusPower - larger) - timesPower(minus, minusPower - larger);
    grad[gradAt + j] = timesPower(difference, larger + scalePower);
  }
}
