import { constant } from "../../descriptions/constants.ts";
import { BLOCK_ELEMENTS } from "../../descriptions/thresholds.ts";
import type { FloatArray } from "../../dtype.ts";
import { lanesOf, type Scratch } from "../scratch.ts";
import { log } from "./log.ts";

// exp and log as kernels of their own, element by element: so that every input can be tested.

const highest = constant("HIGHEST_EXPONENT");

export function exp(begin: number, end: number, x: FloatArray, out: FloatArray, count: number, work: Scratch): void {
  const lanes = lanesOf(work, x);
  const top = highest[lanes.dtype];
  const { values } = lanes;
  const stop = Math.min(end * BLOCK_ELEMENTS, count);
  for (let from = begin * BLOCK_ELEMENTS; from < stop; from += values.length) {
    const n = Math.min(values.length, stop - from);
    for (let j = 0; j < n; j++) values[j] = top < x[from + j] ? top : x[from + j];
    lanes.exp(values, 0, n, 0, out, from);
    for (let j = 0; j < n; j++) if (values[j] === top) out[from + j] = Number.POSITIVE_INFINITY;
  }
}

export function logarithm(begin: number, end: number, x: FloatArray, out: FloatArray, count: number): void {
  const stop = Math.min(end * BLOCK_ELEMENTS, count);
  for (let j = begin * BLOCK_ELEMENTS; j < stop; j++) out[j] = log(x[j]);
}
