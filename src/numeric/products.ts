/** Splits a float64 into two halves of its bits, whose products are exact. */
export const SPLITTER = 2 ** 27 + 1;

/** Sizes of products of two float64, and of these, whose rounding errors are float64 and are found by productError. */
export const SMALLEST_PRODUCT = 2 ** -960;
export const LARGEST_PRODUCT = 2 ** 960;

/** What rounding took from `product` = x y (Dekker): a float64, where the product is not extreme. */
export function productError(x: number, y: number, product: number): number {
  // the other factor may be too large to be split
  if (product === 0) return 0;
  const c = SPLITTER * x;
  const xHigh = c - (c - x);
  const xLow = x - xHigh;
  const d = SPLITTER * y;
  const yHigh = d - (d - y);
  const yLow = y - yHigh;
  return xLow * yLow - (product - xHigh * yHigh - (xHigh * yLow + xLow * yHigh));
}

/** Whether a product of finite numbers is none of two float64. */
export function isExtreme(x: number, y: number): boolean {
  if (x === 0 || y === 0 || x - x !== 0 || y - y !== 0) return false;
  const product = Math.abs(x * y);
  const largest = Math.max(Math.abs(x), Math.abs(y), product);
  return product < SMALLEST_PRODUCT || largest > LARGEST_PRODUCT;
}

/** The loss times its weight: 0 where that is 0, whatever the row holds. */
export const weightedLoss = (loss: number, weight: number) => (weight === 0 ? 0 : weight * loss);
