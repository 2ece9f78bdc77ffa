/** Exact sums of a regression, each in bins as ExactSum has them: of (p - t)^2, |p - t|, t and t^2. */
export const REGRESSION_SUMS = ["squares", "absolutes", "targets", "targetSquares"] as const;

/** The larger; NaN where there is one. */
export const larger = (a: number, b: number) => (a >= b || Number.isNaN(a) ? a : b);
