// Softmax of rows of few classes, a row a lane: see shortRows.ts.

import { ONE } from "./constants";
import { constant } from "./lanes";
import {
  BATCH, LANES, narrow, rowsInLanes, SHIFTS, STAGED, STAGED_OUT, stageRows, SUMS, sumShifted, turnIn, turnOut,
} from "./shortRows";

function batch<T>(rows: i32, row: usize, stride: usize, out: usize, scratch: usize): void {
  const between = stride * rowsInLanes<T>(), end = <usize>rows * sizeof<T>(), one = constant<f64>(ONE);
  let from = row, to = out, lanes = scratch + LANES;
  for (let g: usize = 0; g < end; g += 16, from += between, lanes += between) {
    v128.store(scratch + g, turnIn<T>(from, stride, stride, lanes, true), SHIFTS);
  }
  sumShifted<T>(scratch + LANES, between, between, 0, end, scratch);
  lanes = scratch + LANES;
  for (let g: usize = 0; g < end; g += 16, to += between, lanes += between) {
    const at = scratch + (sizeof<T>() == 4 ? g << 1 : g);
    const lower = f64x2.div(one, v128.load(at, SUMS));
    const upper = sizeof<T>() == 4 ? f64x2.div(one, v128.load(at + 16, SUMS)) : lower;
    turnOut<T>(lanes, narrow<T>(lower, upper), to, stride);
  }
}

// @ts-ignore: decorator
@inline export function softmaxShortRows<T>(
  begin: i32, end: i32, logits: usize, out: usize, classes: i32, scratch: usize,
): void {
  const stride = <usize>classes * sizeof<T>(), group = rowsInLanes<T>(), whole = begin + (end - begin) / group * group;
  for (let i = begin; i < whole; i += BATCH) {
    batch<T>(min(BATCH, whole - i), logits + <usize>i * stride, stride, out + <usize>i * stride, scratch);
  }
  if (whole == end) return;
  const n = end - whole, at = <usize>whole * stride;
  stageRows<T>(n, logits + at, stride, scratch);
  batch<T>(group, scratch + STAGED, stride, scratch + STAGED_OUT, scratch);
  memory.copy(out + at, scratch + STAGED_OUT, <usize>n * stride);
}
