/** Exact sums of a regression, each in bins as ExactSum has them: of (p - t)^2, |p - t|, t, t^2 and |p - t| / |t|, rounded to float64. */
export const REGRESSION_SUMS = ["squares", "absolutes", "targets", "targetSquares", "quotients"] as const;

/** Of a block: the largest |p - t|, and how many squares of p - t and of t are extreme (src/numeric/products.ts), and not added. */
export const BLOCK_RESULTS = 2;

/** The larger; NaN where there is one. */
export const larger = (a: number, b: number) => (a >= b || Number.isNaN(a) ? a : b);
