import { addToBins } from "./exactSum.ts";
import { C1, C2, EXTRACTED, LARGEST, SMALLEST } from "./extraction.ts";
import { isExtreme, LARGEST_PRODUCT, productError } from "./products.ts";
import type { ProductTotal } from "./productTotal.ts";

/** What rounding took from a product is 2^53 times smaller, and is split at places that are, too. */
const D1 = C1 * 2 ** -53;
const D2 = C2 * 2 ** -53;

/** Sums of the parts: three of the values, and six of the products. */
const PARTS = new Float64Array(9);
/** Which products are not of usual size. */
const OTHERS = new Int32Array(EXTRACTED);

/** Adds the parts of a value to PARTS, from `at` on; c and d say at which places it is split. */
function split(value: number, c: number, d: number, at: number): void {
  const h = value + c - c;
  const rest = value - h;
  const g = rest + d - d;
  PARTS[at] += h;
  PARTS[at + 1] += g;
  PARTS[at + 2] += rest - g;
}

/** Sums the parts of values and products of usual size; returns how many are not. */
function sumParts(n: number, xs: Float64Array, ys: Float64Array): number {
  let others = 0;
  PARTS.fill(0);
  for (let i = 0; i < n; i++) {
    const x = xs[i];
    const y = ys[i];
    const product = x * y;
    const size = Math.abs(product);
    // a square of this size has a root that can be split, too; factors may be beyond what productError takes
    if (size >= SMALLEST && size < LARGEST && Math.abs(x) <= LARGEST_PRODUCT && Math.abs(y) <= LARGEST_PRODUCT) {
      split(x, C1, C2, 0);
      split(product, C1, C2, 3);
      split(productError(x, y, product), D1, D2, 6);
    } else OTHERS[others++] = i;
  }
  return others;
}

/**
 * Adds the first n, at most EXTRACTED, products x_i y_i to bins as of ExactSum, in two parts each, so that nothing of them is lost;
 * those that have no such parts go to the total `extreme`. Where there are bins for it, Σ x_i is added, too: then y is x. Values of
 * usual size are split, as by extractSums: a row takes 10 ns instead of 30.
 */
export function addMoments(
  n: number,
  xs: Float64Array,
  ys: Float64Array,
  sum: Float64Array | null,
  products: Float64Array,
  extreme: ProductTotal,
): void {
  const others = sumParts(n, xs, ys);
  if (sum !== null) for (let i = 0; i < 3; i++) addToBins(sum, PARTS[i]);
  for (let i = 3; i < 9; i++) addToBins(products, PARTS[i]);
  for (let i = 0; i < others; i++) {
    const x = xs[OTHERS[i]];
    const y = ys[OTHERS[i]];
    if (sum !== null) addToBins(sum, x);
    if (isExtreme(x, y)) extreme.addProduct(x, y);
    else {
      const product = x * y;
      addToBins(products, product);
      if (product - product === 0) addToBins(products, productError(x, y, product));
    }
  }
}
