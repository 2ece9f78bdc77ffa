import { type ExactTotal, FINITE } from "../numeric/exactTotal.ts";
import type { ProductTotal } from "../numeric/productTotal.ts";
import { rootOfRatio } from "../numeric/ratio.ts";
import type { Groups } from "./groups.ts";
import type { Totals } from "./totals.ts";

/** Of a normal distribution so many standard deviations on either side of the mean hold 95 %. */
export const DEVIATIONS = 1.959964;

/** The loss of all rows, and how certain its mean is. */
export interface MeanLoss {
  /** In nats, and their mean. */
  sum: number;
  mean: number;
  /** That of the mean. */
  standardError: number;
  /** Only where rows were added with groups: the same where rows of a group may go together. */
  clusteredStandardError?: number;
  /** In which the mean of all such rows lies with a probability of 95 %: mean ± 1.959964 of the clustered error, or of the other. */
  interval: [low: number, high: number];
}

/** A mean of rows with its standard error, and with that where rows of a group may go together, which its interval is then of. */
export function meanLoss(sum: number, weight: number, standardError: number, groups: Groups | null): MeanLoss {
  const mean = sum / weight;
  const clustered = groups?.standardError();
  const deviation = DEVIATIONS * (clustered ?? standardError);
  return {
    sum,
    mean,
    standardError,
    ...(clustered === undefined ? {} : { clusteredStandardError: clustered }),
    interval: [mean - deviation, mean + deviation],
  };
}

/** n Σ x^2 - (Σ x)^2 in units of 2^-2148, in integers, so that nothing cancels; null where it is not finite. */
export function spreadOf(n: number, sum: ExactTotal, squares: ProductTotal): bigint | null {
  if (sum.kind !== FINITE || squares.kind !== FINITE) return null;
  const spread = BigInt(n) * squares.units - sum.units * sum.units;
  // of squares that were rounded it may be below 0
  return spread < 0n ? 0n : spread;
}

/** The standard error of the mean of n values of that spread, sqrt(spread / (n^2 (n - 1))); NaN of fewer than two. */
export function errorOfSpread(n: number, spread: bigint | null): number {
  if (n < 2 || spread === null) return Number.NaN;
  const rows = BigInt(n);
  return rootOfRatio(spread, (rows * rows * (rows - 1n)) << 2148n);
}

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
  if (!totals.hasSpread || n < 2) return Number.NaN;
  if (!isWeighted) return errorOfSpread(n, spreadOf(n, loss, lossSquare));
  const sums = [loss, weight, lossSquare, weightLoss, weightSquare];
  if (sums.some(({ kind }) => kind !== FINITE)) return Number.NaN;
  const rows = BigInt(n);
  const r = loss.units;
  const w = weight.units;
  const spread = rows * (lossSquare.units * w * w - 2n * r * w * weightLoss.units + r * r * weightSquare.units);
  return spread <= 0n ? 0 : rootOfRatio(spread, (rows - 1n) * w * w * w * w);
}
