import { SUM_BINS } from "../../descriptions/counters.ts";
import { BLOCK_RESULTS, larger, REGRESSION_SUMS } from "../../descriptions/regressionSums.ts";
import {
  BLOCK_ELEMENTS,
  FIT_LARGEST_32,
  FIT_LARGEST_64,
  FIT_SHARE_32,
  FIT_SHARE_64,
  FIT_SMALLEST_32,
  FIT_SMALLEST_64,
  ROUNDING_64,
} from "../../descriptions/thresholds.ts";
import type { FloatArray } from "../../dtype.ts";
import { addToBins } from "../../numeric/exactSum.ts";
import { extractSums, PARTS } from "../../numeric/extraction.ts";
import { isExtreme } from "../../numeric/products.ts";
import { rounderOf, squareError } from "../../numeric/squares.ts";

/** What may be in a group whose sums are taken from two accumulators: see assembly/evaluation/regression.ts. */
const FITTING = {
  single: { smallest: FIT_SMALLEST_32, largest: FIT_LARGEST_32, share: FIT_SHARE_32 },
  double: { smallest: FIT_SMALLEST_64, largest: FIT_LARGEST_64, share: FIT_SHARE_64 },
};
/** Values at once: as many as there is working memory for, and no more than the 512 that an accumulator takes. */
const GROUP = 128;

/** Errors and targets of one group: a part of the scratch of all loops. */
interface ErrorScratch {
  readonly f64: { readonly values: FloatArray; readonly more: FloatArray };
}

/** Working memory for this loop alone. */
export function createErrorScratch(): ErrorScratch {
  return { f64: { values: new Float64Array(GROUP), more: new Float64Array(GROUP) } };
}

const { abs, fround } = Math;

type Bins = readonly Float64Array[];

/** What is found of a block: the largest error, NaN where there is one, and how many squares are extreme, and left out. */
interface Found {
  top: number;
  extremes: number;
}

/** Each error by its exponent. */
function addErrors(errors: Float64Array, n: number, [squares, absolutes]: Bins, found: Found): void {
  for (let i = 0; i < n; i++) {
    const d = errors[i];
    if (isExtreme(d, d)) found.extremes++;
    else addToBins(squares, d * d);
    addToBins(absolutes, d);
    found.top = larger(found.top, d);
  }
}

function addTargets(
  values: Float64Array,
  n: number,
  single: boolean,
  [, , targets, targetSquares]: Bins,
  found: Found,
): void {
  for (let i = 0; i < n; i++) {
    const x = values[i];
    const square = x * x;
    addToBins(targets, x);
    if (isExtreme(x, x)) {
      found.extremes++;
      continue;
    }
    addToBins(targetSquares, square);
    // a float32's square is exact in float64
    if (!single) addToBins(targetSquares, squareError(x, square));
  }
}

/** As addErrors, of errors up to `top` that fit. */
function sumErrors(errors: Float64Array, n: number, top: number, [squares, absolutes]: Bins): void {
  const c = rounderOf(top);
  const squareC = rounderOf(top * top);
  let a = c;
  let aRest = 0;
  let s = squareC;
  let sRest = 0;
  for (let i = 0; i < n; i++) {
    const d = errors[i];
    const square = d * d;
    const next = a + d;
    aRest += d - (next - a);
    a = next;
    const after = s + square;
    sRest += square - (after - s);
    s = after;
  }
  addToBins(squares, s - squareC);
  addToBins(squares, sRest);
  addToBins(absolutes, a - c);
  addToBins(absolutes, aRest);
}

/** As addTargets, of targets up to `top` that fit. */
function sumTargets(
  values: Float64Array,
  n: number,
  single: boolean,
  top: number,
  [, , targets, targetSquares]: Bins,
): void {
  const c = rounderOf(top);
  const squareC = rounderOf(top * top);
  // what rounding takes from a square is 2^53 times smaller
  const errorC = rounderOf(top * top * ROUNDING_64);
  let a = c;
  let aRest = 0;
  let s = squareC;
  let sRest = 0;
  let e = errorC;
  let eRest = 0;
  for (let i = 0; i < n; i++) {
    const x = values[i];
    const square = x * x;
    const next = a + x;
    aRest += x - (next - a);
    a = next;
    const after = s + square;
    sRest += square - (after - s);
    s = after;
    if (single) continue;
    const error = squareError(x, square);
    const then = e + error;
    eRest += error - (then - e);
    e = then;
  }
  addToBins(targets, a - c);
  addToBins(targets, aRest);
  addToBins(targetSquares, s - squareC);
  addToBins(targetSquares, sRest);
  addToBins(targetSquares, e - errorC);
  addToBins(targetSquares, eRest);
}

const parts = new Float64Array(PARTS);

/** Adds |p - t| / |t| to bins, 0 where p = t. The errors are overwritten. */
function addQuotients(errors: Float64Array, targets: Float64Array, n: number, bins: Float64Array): void {
  for (let i = 0; i < n; i++) if (errors[i] !== 0) errors[i] /= abs(targets[i]);
  extractSums(0, 1, errors, parts, n);
  const areApart = Number.isNaN(parts[0]);
  const values = areApart ? errors : parts;
  for (let i = 0; i < (areApart ? n : PARTS); i++) addToBins(bins, values[i]);
}

/** |p - t| and t of elements [begin, begin + n), at most GROUP of them. */
function addGroup(
  p: FloatArray,
  t: FloatArray,
  begin: number,
  n: number,
  bins: Bins,
  work: ErrorScratch,
  found: Found,
): void {
  const single = p instanceof Float32Array;
  const { values: errors, more: targets } = work.f64 as { values: Float64Array; more: Float64Array };
  const { smallest, largest, share } = single ? FITTING.single : FITTING.double;
  let topError = 0;
  let topTarget = 0;
  let bottomError = largest;
  let bottomTarget = largest;
  let finite = true;
  for (let i = 0; i < n; i++) {
    const x = t[begin + i];
    const d = abs(single ? fround(p[begin + i] - x) : p[begin + i] - x);
    const y = abs(x);
    errors[i] = d;
    targets[i] = x;
    if (d > topError) topError = d;
    if (y > topTarget) topTarget = y;
    if (d < bottomError && d > 0) bottomError = d;
    if (y < bottomTarget && y > 0) bottomTarget = y;
    // false of a NaN, too
    if (!(d + y <= largest)) finite = false;
  }
  if (finite && bottomTarget >= Math.max(smallest, topTarget * share)) sumTargets(targets, n, single, topTarget, bins);
  else addTargets(targets, n, single, bins, found);
  if (finite && bottomError >= Math.max(smallest, topError * share)) {
    sumErrors(errors, n, topError, bins);
    found.top = larger(found.top, topError);
  } else addErrors(errors, n, bins, found);
  addQuotients(errors, targets, n, bins[4]);
}

/** Adds up errors and targets; the bins differ between backends, what they add up to does not. */
export function regression(
  begin: number,
  end: number,
  predictions: FloatArray,
  targets: FloatArray,
  sums: Float64Array,
  results: Float64Array,
  count: number,
  work: ErrorScratch,
): void {
  const bins = REGRESSION_SUMS.map((_, i) => sums.subarray(i * SUM_BINS, (i + 1) * SUM_BINS));
  for (let block = begin; block < end; block++) {
    const stop = Math.min((block + 1) * BLOCK_ELEMENTS, count);
    const found: Found = { top: 0, extremes: 0 };
    for (let at = block * BLOCK_ELEMENTS; at < stop; at += GROUP) {
      addGroup(predictions, targets, at, Math.min(GROUP, stop - at), bins, work, found);
    }
    results[BLOCK_RESULTS * block] = found.top;
    results[BLOCK_RESULTS * block + 1] = found.extremes;
  }
}
