import type { FloatArray } from "../../dtype.ts";
import type { Round } from "../scratch.ts";

// How the losses of a block are summed, with the order of assembly/elementwise/template.ts.

/** Elements of a round. */
export const ROUND = 16;

const { fround } = Math;

/** x times a factor, and 0 where that is 0. */
export const timesF32 = (factor: number, x: number) => (factor === 0 ? 0 : fround(factor * x));
export const timesF64 = (factor: number, x: number) => (factor === 0 ? 0 : factor * x);

/** Adds the four vectors of a round in float32, and the result to four float64 lanes. */
export function addRoundF32(lanes: Float64Array, v: Float32Array): void {
  lanes[0] += fround(fround(v[0] + v[4]) + fround(v[8] + v[12]));
  lanes[1] += fround(fround(v[1] + v[5]) + fround(v[9] + v[13]));
  lanes[2] += fround(fround(v[2] + v[6]) + fround(v[10] + v[14]));
  lanes[3] += fround(fround(v[3] + v[7]) + fround(v[11] + v[15]));
}

export function laneSumF32(lanes: Float64Array): number {
  return lanes[0] + lanes[2] + (lanes[1] + lanes[3]);
}

/** float64: a lane for each element of a round. */
export function addRoundF64(lanes: Float64Array, v: Float64Array): void {
  for (let i = 0; i < ROUND; i++) lanes[i] += v[i];
}

/** Eight vectors of two lanes, then the two. */
export function laneSumF64(a: Float64Array): number {
  const even = a[0] + a[2] + (a[4] + a[6]) + (a[8] + a[10] + (a[12] + a[14]));
  return even + (a[1] + a[3] + (a[5] + a[7]) + (a[9] + a[11] + (a[13] + a[15])));
}

/** The sum of elements [begin, end) in that order. */
export function blockSum(of: FloatArray, begin: number, end: number, { round, lanes }: Round<FloatArray>): number {
  lanes.fill(0);
  for (let first = begin; first < end; first += ROUND) {
    for (let i = 0; i < ROUND; i++) round[i] = first + i < end ? of[first + i] : 0;
    if (round instanceof Float32Array) addRoundF32(lanes, round);
    else addRoundF64(lanes, round);
  }
  return round instanceof Float32Array ? laneSumF32(lanes) : laneSumF64(lanes);
}
