import { FINITE } from "../numeric/exactTotal.ts";
import { rootOfRatio } from "../numeric/ratio.ts";
import type { Totals } from "./totals.ts";

/**
 * The standard error of the mean loss m: sqrt(n / (n - 1) Σ w^2 (l - m)^2) / Σ w. With r = w l as it was added,
 * Σ w^2 (l - m)^2 is Σ r^2 - 2 m Σ w r + m^2 Σ w^2, which is computed in integers: nothing cancels.
 *
 * @see W. G. Cochran, Sampling Techniques, 1977, 2.11 and 6.4: the variance of an estimated ratio
 */
export function standardError(totals: Totals): number {
  const { options, counted, weighing, loss, weight, lossSquare, weightLoss, weightSquare } = totals;
  const isWeighted = options.weights !== null;
  const n = isWeighted ? weighing : counted;
  const sums = isWeighted ? [loss, weight, lossSquare, weightLoss, weightSquare] : [loss, lossSquare];
  if (!totals.hasSpread || n < 2 || sums.some(({ kind }) => kind !== FINITE)) return Number.NaN;
  const rows = BigInt(n);
  const r = loss.units;
  if (!isWeighted) {
    const spread = rows * lossSquare.units - r * r;
    // (n Σ l^2 - (Σ l)^2) / (n^2 (n - 1)), of units of 2^-2148
    return spread <= 0n ? 0 : rootOfRatio(spread, (rows * rows * (rows - 1n)) << 2148n);
  }
  const w = weight.units;
  const spread = rows * (lossSquare.units * w * w - 2n * r * w * weightLoss.units + r * r * weightSquare.units);
  return spread <= 0n ? 0 : rootOfRatio(spread, (rows - 1n) * w * w * w * w);
}
