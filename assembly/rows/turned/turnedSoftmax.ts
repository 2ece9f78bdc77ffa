// Softmax of rows of few classes, and the logarithm of its denominator, a row a lane: see shortRows.ts.

import { ONE } from "../../constants";
import { constant, low } from "../../lanes";
import { log1p } from "../../functions/log";
import { LANES, OWN, SHIFTS, STAGED, STAGED_OUT, SUMS, TOPS } from "../../generated/scratchOfTurnedRows";
import { DOWN_15 } from "../../generated/thresholds";
import { BATCH, narrow, rowsInLanes, stageRows, sumGroups, sumShifted, turnIn, turnOut } from "./turnedRows";

/** Turns the groups, with their maxima. */
function turnBatch<T>(end: usize, row: usize, stride: usize, between: usize, scratch: usize): void {
  let from = row;
  let lanes = scratch + LANES;
  for (let g: usize = 0; g < end; g += 16, from += between, lanes += between) {
    v128.store(scratch + g, turnIn<T>(from, stride, stride, lanes, true), SHIFTS);
  }
}

function batch<T>(rows: i32, row: usize, stride: usize, out: usize, scratch: usize): void {
  const between = stride * rowsInLanes<T>();
  const end = <usize>rows * sizeof<T>();
  const one = constant<f64>(ONE);
  turnBatch<T>(end, row, stride, between, scratch);
  sumShifted<T>(scratch + LANES, between, between, 0, end, true, scratch);
  let to = out;
  let lanes = scratch + LANES;
  for (let g: usize = 0; g < end; g += 16, to += between, lanes += between) {
    const at = scratch + (sizeof<T>() == 4 ? g << 1 : g);
    const lower = f64x2.div(one, v128.load(at, SUMS));
    const upper = sizeof<T>() == 4 ? f64x2.div(one, v128.load(at + 16, SUMS)) : lower;
    turnOut<T>(lanes, narrow<T>(lower, upper), to, stride);
  }
}

@inline export function softmaxShortRows<T>(
  begin: i32,
  end: i32,
  logits: usize,
  out: usize,
  classes: i32,
  scratch: usize,
): void {
  const stride = <usize>classes * sizeof<T>();
  const group = rowsInLanes<T>();
  const whole = begin + ((end - begin) / group) * group;
  for (let i = begin; i < whole; i += BATCH) {
    batch<T>(min(BATCH, whole - i), logits + <usize>i * stride, stride, out + <usize>i * stride, scratch);
  }
  if (whole == end) return;
  const n = end - whole;
  const at = <usize>whole * stride;
  stageRows<T>(n, logits + at, stride, scratch);
  batch<T>(group, scratch + STAGED, stride, scratch + STAGED_OUT, scratch);
  memory.copy(out + at, scratch + STAGED_OUT, <usize>n * stride);
}

/** ln d of the next rows, of a batch at most: float64 at OWN, their maxima at SHIFTS. Of how many. */
export function shortLogDenominators<T>(rows: i32, row: usize, stride: usize, scratch: usize): i32 {
  const group = rowsInLanes<T>();
  const between = stride * group;
  const part = rows < group;
  if (part) stageRows<T>(rows, row, stride, scratch);
  const n = part ? group : min(BATCH, rows & -group);
  const end = <usize>n * sizeof<T>();
  turnBatch<T>(end, part ? scratch + STAGED : row, stride, between, scratch);
  sumGroups<T>(scratch + LANES, between, between, 0, end, true, false, scratch, true);
  // ln(1 + z), z the others' sum, and 1 for each maximum but one
  for (let k: usize = 0; k < <usize>n; k += 2) {
    const at = scratch + (k << 3);
    const sum = v128.load(at, SUMS);
    const c = scratch + k * sizeof<T>();
    const counts = sizeof<T>() == 4 ? low<T>(v128.load64_zero(c, TOPS)) : v128.load(c, TOPS);
    v128.store(
      at,
      log1p<T>(f64x2.add(f64x2.mul(sum, f64x2.splat(DOWN_15)), f64x2.sub(counts, constant<f64>(ONE)))),
      OWN,
    );
  }
  return min(n, rows);
}
