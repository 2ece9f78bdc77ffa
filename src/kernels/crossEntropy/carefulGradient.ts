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
  let top = -10000;
  for (let j = 0; j < classes; j++) {
    const value = x[at + j];
    if (!(value < Number.POSITIVE_INFINITY)) finite = false;
    if (value > m) {
      second = m;
      m = value;
      place = j;
    } else if (value > second) second = value;
    const [w, t] = [weightAt(j), targetAt(j)];
    if (w !== 0 && t !== 0) top = Math.max(top, exponentOf(w) + exponentOf(t));
  }
  const counts = top > -10000;
  if (!counts || !finite || m === Number.NEGATIVE_INFINITY) {
    grad.fill(counts ? Number.NaN : 0, gradAt, gradAt + classes);
    return;
  }
  // S 2^-top, and the exponentials of all but the maximum, relative to the second largest
  const sums: Carried = { sum: 0, error: 0 };
  const others: Carried = { sum: 0, error: 0 };
  for (let j = 0; j < classes; j++) {
    const value = x[at + j];
    if (j !== place && value > Number.NEGATIVE_INFINITY) carry(others, exp64(value - second));
    const [w, t] = [weightAt(j), targetAt(j)];
    carry(sums, timesPower(mantissaOf(w) * mantissaOf(t), exponentOf(w) + exponentOf(t) - top));
  }
  const sum = sums.sum + sums.error;
  const below = Math.max(second - m, NOTHING);
  const powerBelow = Math.floor(below * Math.LOG2E);
  const rest = (others.sum + others.error) * expMantissa(below, powerBelow);
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
    const plus = (sum - timesPower(c, power - top)) * e * factor;
    const minus = c * (j === place ? rest : d - timesPower(e, n)) * factor;
    const minusPower = power + (j === place ? powerBelow : 0);
    const larger = plus === 0 ? minusPower : minus === 0 ? top + n : Math.max(top + n, minusPower);
    const difference = timesPower(plus, top + n - larger) - timesPower(minus, minusPower - larger);
    grad[gradAt + j] = timesPower(difference, larger + scalePower);
  }
}
