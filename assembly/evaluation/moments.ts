// Exact sums of the losses of rows, of their weights, and of products of the two, two rows a vector. A product has two parts, itself
// and what rounding took from it (Dekker), so that nothing is lost: the variance of losses that differ by 1e-12 of themselves is
// what the squares leave behind the 24th digit. The lower part is 2^53 times smaller, and is split at places that are, too.

import { EXTREME, SCATTERED } from "../generated/counters";
import { LOSS, RECORD, WEIGHT } from "../generated/record";
import {
  C1,
  C2,
  LARGEST,
  LARGEST_PRODUCT,
  ROUNDING_64,
  SMALLEST,
  SMALLEST_PRODUCT,
  SPLITTER,
} from "../generated/thresholds";
import { addPair, addToBins, partOf } from "../sums/exactSum";

/** The same value of two records; 0 for the second where there is none. */
@inline function pairAt(row: usize, end: usize, at: usize): v128 {
  const first = v128.load64_zero(row + at);
  return row + RECORD < end ? v128.load_lane<i64>(row + RECORD + at, first, 1) : first;
}

@inline function increment(p: usize): void {
  store<f64>(p, load<f64>(p) + 1);
}

/** What rounding took from product = x y; `same`: x is y. */
@inline function productError(x: v128, y: v128, product: v128, same: bool): v128 {
  const splitter = f64x2.splat(SPLITTER);
  const c = f64x2.mul(splitter, x);
  const xHigh = f64x2.sub(c, f64x2.sub(c, x));
  const xLow = f64x2.sub(x, xHigh);
  if (same) {
    const half = f64x2.mul(xHigh, xLow);
    return f64x2.sub(
      f64x2.mul(xLow, xLow),
      f64x2.sub(f64x2.sub(product, f64x2.mul(xHigh, xHigh)), f64x2.add(half, half)),
    );
  }
  const d = f64x2.mul(splitter, y);
  const yHigh = f64x2.sub(d, f64x2.sub(d, y));
  const yLow = f64x2.sub(y, yHigh);
  return f64x2.sub(
    f64x2.mul(xLow, yLow),
    f64x2.sub(f64x2.sub(product, f64x2.mul(xHigh, yHigh)), f64x2.add(f64x2.mul(xHigh, yLow), f64x2.mul(xLow, yHigh))),
  );
}

/** Adds x (where it has a sum) and x y by their exponents. A product that has no two parts is only counted. */
function addOne(x: f64, y: f64, sum: usize, products: usize, counters: usize): void {
  if (sum) addToBins(x, sum);
  if (x == 0 || y == 0) return;
  const product = x * y;
  if (x - x != 0 || y - y != 0) {
    addToBins(product, products);
    return;
  }
  const largest = max(max(abs(x), abs(y)), abs(product));
  if (abs(product) < SMALLEST_PRODUCT || largest > LARGEST_PRODUCT) {
    increment(counters + EXTREME);
    return;
  }
  addToBins(product, products);
  const error = productError(f64x2.splat(x), f64x2.splat(y), f64x2.splat(product), false);
  addToBins(f64x2.extract_lane(error, 0), products);
}

/** Σ x (not where `sum` is 0) and Σ x y over records: x and y are their weighted losses, or their weights. */
@inline function addMoments(
  begin: usize,
  end: usize,
  weighted: bool,
  xIsWeight: bool,
  yIsWeight: bool,
  sum: usize,
  products: usize,
  counters: usize,
): void {
  const zero = f64x2.splat(0);
  const c1 = f64x2.splat(C1);
  const c2 = f64x2.splat(C2);
  const d1 = f64x2.splat(C1 * ROUNDING_64);
  const d2 = f64x2.splat(C2 * ROUNDING_64);
  let x1 = zero;
  let x2 = zero;
  let x3 = zero;
  let p1 = zero;
  let p2 = zero;
  let p3 = zero;
  let e1 = zero;
  let e2 = zero;
  let e3 = zero;
  for (let row = begin; row < end; row += 2 * RECORD) {
    let loss = pairAt(row, end, LOSS);
    let w = zero;
    if (weighted) {
      w = pairAt(row, end, WEIGHT);
      loss = v128.and(f64x2.mul(w, loss), f64x2.ne(w, zero));
    }
    const x = xIsWeight ? w : loss;
    const y = yIsWeight ? w : loss;
    const product = f64x2.mul(x, y);
    // a product of this size has an x that can be split, too
    const within = v128.and(f64x2.ge(product, f64x2.splat(SMALLEST)), f64x2.lt(product, f64x2.splat(LARGEST)));
    if (!i64x2.all_true(v128.or(within, f64x2.eq(x, zero)))) {
      store<f64>(counters, 1, SCATTERED);
      addOne(f64x2.extract_lane(x, 0), f64x2.extract_lane(y, 0), sum, products, counters);
      addOne(f64x2.extract_lane(x, 1), f64x2.extract_lane(y, 1), sum, products, counters);
      continue;
    }
    if (xIsWeight == yIsWeight) {
      const h = partOf(x, c1);
      const rest = f64x2.sub(x, h);
      const i = partOf(rest, c2);
      x1 = f64x2.add(x1, h);
      x2 = f64x2.add(x2, i);
      x3 = f64x2.add(x3, f64x2.sub(rest, i));
    }
    const j = partOf(product, c1);
    const s = f64x2.sub(product, j);
    const k = partOf(s, c2);
    p1 = f64x2.add(p1, j);
    p2 = f64x2.add(p2, k);
    p3 = f64x2.add(p3, f64x2.sub(s, k));
    const error = productError(x, y, product, xIsWeight == yIsWeight);
    const l = partOf(error, d1);
    const t = f64x2.sub(error, l);
    const m = partOf(t, d2);
    e1 = f64x2.add(e1, l);
    e2 = f64x2.add(e2, m);
    e3 = f64x2.add(e3, f64x2.sub(t, m));
  }
  if (xIsWeight == yIsWeight) {
    addPair(x1, sum, sum);
    addPair(x2, sum, sum);
    addPair(x3, sum, sum);
  }
  addPair(p1, products, products);
  addPair(p2, products, products);
  addPair(p3, products, products);
  addPair(e1, products, products);
  addPair(e2, products, products);
  addPair(e3, products, products);
}

/** Σ r and Σ r^2 of the records from begin to end, at most 1024: r is the weighted loss. */
export function addLossProducts(
  begin: usize,
  end: usize,
  weighted: bool,
  sum: usize,
  products: usize,
  counters: usize,
): void {
  if (weighted) addMoments(begin, end, true, false, false, sum, products, counters);
  else addMoments(begin, end, false, false, false, sum, products, counters);
}

/** Σ w and Σ w^2. */
export function addWeightProducts(begin: usize, end: usize, sum: usize, products: usize, counters: usize): void {
  addMoments(begin, end, true, true, true, sum, products, counters);
}

/** Σ w r. */
export function addWeightLosses(begin: usize, end: usize, products: usize, counters: usize): void {
  addMoments(begin, end, true, true, false, 0, products, counters);
}
