import type { FloatArray } from "../../dtype.ts";
import type { Lanes } from "../scratch.ts";
import { maximumWithout } from "./maximum.ts";
import { downOf, guess, liftOf, refer } from "./reference.ts";

// Sums over one row, with the bits of assembly/rows/passes.ts (those of short rows: of assembly/rows/turned/turnedSums.ts): the
// same accumulators, added up in the same order. Elements that WebAssembly fills a tail with add 0 there and don't occur here.

const { fround } = Math;

/**
 * Sum of the first n values of a block of a long row: rounds of four vectors are summed in the dtype, and in float64 lanes.
 * Written out for each dtype: 3 times as fast as a loop over the lanes.
 */
export function blockSum({ dtype, width }: Lanes, values: FloatArray, n: number): number {
  const round = 4 * width;
  const end = Math.ceil(n / round) * round;
  for (let j = n; j < end; j++) values[j] = 0;
  return dtype === "f64" ? sumEights(values, end) : sumSixteens32(values as Float32Array, end);
}

/** The sum of a short row, v[from..to): rounds of four values are summed in the dtype, and in float64. */
export function sumOfFours({ dtype }: Lanes, v: FloatArray, from: number, to: number): number {
  const whole = to - ((to - from) & 3);
  let s = 0;
  let rest = 0;
  if (dtype === "f32") {
    for (let j = from; j < whole; j += 4) s += fround(fround(v[j] + v[j + 1]) + fround(v[j + 2] + v[j + 3]));
    for (let j = whole; j < to; j++) rest = fround(rest + v[j]);
  } else {
    for (let j = from; j < whole; j += 4) s += v[j] + v[j + 1] + (v[j + 2] + v[j + 3]);
    for (let j = whole; j < to; j++) rest += v[j];
  }
  return s + rest;
}

function sumEights(v: FloatArray, end: number): number {
  let s0 = 0;
  let s1 = 0;
  for (let j = 0; j < end; j += 8) {
    s0 += v[j] + v[j + 2] + (v[j + 4] + v[j + 6]);
    s1 += v[j + 1] + v[j + 3] + (v[j + 5] + v[j + 7]);
  }
  return s0 + s1;
}

function sumSixteens32(v: Float32Array, end: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let j = 0; j < end; j += 16) {
    s0 += fround(fround(v[j] + v[j + 4]) + fround(v[j + 8] + v[j + 12]));
    s1 += fround(fround(v[j + 1] + v[j + 5]) + fround(v[j + 9] + v[j + 13]));
    s2 += fround(fround(v[j + 2] + v[j + 6]) + fround(v[j + 10] + v[j + 14]));
    s3 += fround(fround(v[j + 3] + v[j + 7]) + fround(v[j + 11] + v[j + 15]));
  }
  return s0 + s2 + (s1 + s3);
}

/** Float64 sum with the error of each addition kept (TwoSum). */
export interface Carried {
  sum: number;
  error: number;
}

export function carry(total: Carried, x: number): void {
  const { sum } = total;
  const next = sum + x;
  const part = next - sum;
  total.error += sum - (next - part) + (x - part);
  total.sum = next;
}

/** The sum of carry where it may be infinite. */
export function totalOf({ sum, error }: Carried): number {
  return Math.abs(sum) === Number.POSITIVE_INFINITY ? sum : sum + error;
}

/**
 * Sum over the row x[at..at + classes) of its exponentials relative to a reference, which is left in `lanes`. The element at
 * `leftOut` (or -1) is left out, its exponential kept as 0. With `out` the exponentials are stored, with more digits where
 * they are to be `fine`. Those that are `lifted` are times 2^liftOf, their sum is not.
 */
export function expRow(
  lanes: Lanes,
  x: FloatArray,
  at: number,
  classes: number,
  leftOut: number,
  out: FloatArray | null,
  outAt: number,
  fine = false,
  lifted = false,
): number {
  const { block, values, shifted, reference } = lanes;
  const powers = fine ? lanes.finePowers : lanes.powers;
  const end = at + classes;
  let m = guess(lanes, x, at, classes, leftOut, out, outAt);
  for (;;) {
    const limit = refer(lanes, m, liftOf(lanes, lifted));
    const { shift, lowest, magic } = reference;
    const total: Carried = { sum: 0, error: 0 };
    let top = Number.NEGATIVE_INFINITY;
    for (let begin = at; begin < end; begin += block) {
      const n = Math.min(block, end - begin);
      if (shift === 0) {
        top = maximumWithout(x, begin, begin + n, leftOut, top);
        powers(x, begin, begin + n, lowest, magic, values, 0);
      } else {
        for (let j = 0; j < n; j++) shifted[j] = x[begin + j] - shift;
        powers(shifted, 0, n, lowest, magic, values, 0);
      }
      if (leftOut >= begin && leftOut < begin + n) values[leftOut - begin] = 0;
      if (out) for (let j = 0; j < n; j++) out[outAt + begin - at + j] = values[j];
      carry(total, blockSum(lanes, values, n));
    }
    if (top <= limit) return (total.sum + total.error) * downOf(lanes, lifted);
    m = top;
  }
}
