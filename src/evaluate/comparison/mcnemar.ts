import { exp64 } from "../../kernels/functions/exp64.ts";
import { ratio } from "../../numeric/ratio.ts";

/** McNemar's test of two models that are right in a different number of rows. */
export interface McNemar {
  /** How likely so large a difference is where both are as good, from 0 to 1. */
  pValue: number;
  /** (|b - c| - 1)^2 / (b + c), where that was used: b and c rows are right in one alone. */
  statistic?: number;
}

/** Up to so many rows the binomial distribution is added up. */
const EXACT = 1000;

/**
 * McNemar's test: exact up to 1000 rows that are right in one model alone (binomial, two-sided), then by chi square with
 * continuity correction.
 *
 * @see Q. McNemar, Note on the sampling error of the difference between correlated proportions, 1947; A. L. Edwards, 1948
 */
export function mcnemar(onlyBase: number, onlyOther: number): McNemar {
  const n = onlyBase + onlyOther;
  if (n > EXACT) {
    const distance = Math.max(0, Math.abs(onlyBase - onlyOther) - 1);
    const statistic = (distance * distance) / n;
    return { pValue: erfc(Math.sqrt(statistic / 2)), statistic };
  }
  let term = 1n;
  let tail = 0n;
  for (let k = 0; k <= Math.min(onlyBase, onlyOther); k++) {
    tail += term;
    term = (term * BigInt(n - k)) / BigInt(k + 1);
  }
  return { pValue: Math.min(1, ratio(2n * tail, 1n << BigInt(n))) };
}

/** 2 / sqrt(pi), 1 / sqrt(pi). */
const TWICE = 1.1283791670955126;
const ONCE = 0.5641895835477563;

/**
 * The complementary error function of an x >= 0, within 2^-40 of itself (0 beyond 26.5): erf's series up to 2, else the
 * continued fraction.
 *
 * @see Abramowitz and Stegun, 7.1.6 and 7.1.14
 */
export function erfc(x: number): number {
  const square = x * x;
  if (square >= 702) return 0;
  const power = exp64(-square);
  if (x < 2) {
    let term = x;
    let sum = x;
    for (let n = 1; term > sum * 2 ** -56; n++) {
      term *= (2 * square) / (2 * n + 1);
      sum += term;
    }
    return 1 - TWICE * power * sum;
  }
  let fraction = x;
  for (let n = 120; n > 0; n--) fraction = x + n / 2 / fraction;
  return (ONCE * power) / fraction;
}
