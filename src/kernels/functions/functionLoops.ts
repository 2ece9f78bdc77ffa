import { BLOCK_ELEMENTS } from "../../descriptions/thresholds.ts";
import type { FloatArray } from "../../dtype.ts";
import type { FunctionLoops } from "../../generated/loopTypes.ts";
import * as places from "../../generated/table.ts";
import { constant } from "../constant.ts";
import { lanesOf, type Scratch } from "../scratch.ts";
import { expm1F32, expm1F64, fineExpF32, fineExpF64 } from "./fineExp.ts";
import { log } from "./log.ts";
import { logisticF32, logisticF64, softplusTailF32, softplusTailF64 } from "./logistic.ts";
import { lnF32, lnF64, log1pF32, log1pF64 } from "./naturalLog.ts";
import { tanhF32, tanhF64 } from "./tanh.ts";

// The elementary functions as kernels of their own, element by element: so that every input can be tested.

const highest = constant(places.HIGHEST_EXPONENT);

function exp(begin: number, end: number, x: FloatArray, out: FloatArray, count: number, work: Scratch): void {
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

function logarithm(begin: number, end: number, x: FloatArray, out: FloatArray, count: number): void {
  const stop = Math.min(end * BLOCK_ELEMENTS, count);
  for (let j = begin * BLOCK_ELEMENTS; j < stop; j++) out[j] = log(x[j]);
}

type OfOne = (x: number) => number;
type Loop = (begin: number, end: number, x: FloatArray, out: FloatArray, count: number) => void;

/** out = a function of x. */
const loopOf =
  (f32: OfOne, f64: OfOne): Loop =>
  (begin, end, x, out, count) => {
    const f = x instanceof Float32Array ? f32 : f64;
    const stop = Math.min(end * BLOCK_ELEMENTS, count);
    for (let j = begin * BLOCK_ELEMENTS; j < stop; j++) out[j] = f(x[j]);
  };

export const FUNCTION_LOOPS: FunctionLoops = {
  exp,
  logarithm,
  fineExp: loopOf(fineExpF32, fineExpF64),
  expm1: loopOf(expm1F32, expm1F64),
  ln: loopOf(lnF32, lnF64),
  log1p: loopOf(log1pF32, log1pF64),
  logistic: loopOf(logisticF32, logisticF64),
  tanh: loopOf(tanhF32, tanhF64),
  softplusTail: loopOf(softplusTailF32, softplusTailF64),
};
