import {
  BLOCK_ELEMENTS,
  FIT_LARGEST_64,
  FIT_SHARE_32,
  FIT_SHARE_64,
  LARGEST_32,
  ROUNDING_64,
  SQUARE_PARTS,
} from "../../descriptions/thresholds.ts";
import type { FloatArray } from "../../dtype.ts";
import { rounderOf, squareError } from "../../numeric/squares.ts";

const { abs, fround } = Math;

const cutOf = (top: number, single: boolean) => (single ? fround(top * FIT_SHARE_32) : top * FIT_SHARE_64);

/** As sumUpTo in assembly/optimizers/sumOfSquares.ts: its sums are exact, and so do not depend on their order. */
function sumUpTo(
  values: FloatArray,
  begin: number,
  end: number,
  top: number,
  powerOfTwo: number,
  parts: Float64Array,
  at: number,
): number {
  const single = values instanceof Float32Array;
  const cut = cutOf(top, single);
  const largest = top * powerOfTwo * (top * powerOfTwo);
  const c = rounderOf(largest);
  const errorC = rounderOf(largest * ROUNDING_64);
  let [s0, r0, s1, r1, left] = [0, 0, 0, 0, 0];
  for (let i = begin; i < end; i++) {
    const x = abs(values[i]);
    if (x > top) continue;
    if (x < cut) {
      left = x > left ? x : left;
      continue;
    }
    const y = x * powerOfTwo;
    const square = y * y;
    const upper = square + c - c;
    s0 += upper;
    r0 += square - upper;
    if (single) continue;
    const error = squareError(y, square);
    const upperError = error + errorC - errorC;
    s1 += upperError;
    r1 += error - upperError;
  }
  parts[at] = s0;
  parts[at + 1] = r0;
  if (!single) {
    parts[at + 2] = s1;
    parts[at + 3] = r1;
  }
  return left;
}

/** Exact sums of the squares of each block in four parts, and the bound below which elements are left out. */
export function sumOfSquares(
  begin: number,
  end: number,
  values: FloatArray,
  parts: Float64Array | null,
  count: number,
  powerOfTwo: number,
): void {
  const single = values instanceof Float32Array;
  const limit = single ? LARGEST_32 : Math.min(FIT_LARGEST_64 / powerOfTwo, Number.MAX_VALUE);
  const to = parts as Float64Array;
  for (let block = begin; block < end; block++) {
    const from = block * BLOCK_ELEMENTS;
    const stop = Math.min(count, from + BLOCK_ELEMENTS);
    const at = SQUARE_PARTS * block;
    to.fill(0, at, at + SQUARE_PARTS);
    let top = 0;
    let fits = true;
    for (let i = from; i < stop; i++) {
      const x = abs(values[i]);
      if (!(x <= limit)) fits = false;
      if (x > top) top = x;
    }
    if (!fits) {
      to[at + SQUARE_PARTS - 1] = Number.NaN;
      continue;
    }
    if (top === 0) continue;
    let left = sumUpTo(values, from, stop, top, powerOfTwo, to, at);
    if (single && left > 0) {
      top = left;
      left = sumUpTo(values, from, stop, top, powerOfTwo, to, at + 2);
    }
    if (left > 0) to[at + SQUARE_PARTS - 1] = cutOf(top, single);
  }
}
