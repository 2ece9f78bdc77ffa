// Softmax of short rows, and the logarithm of its denominator, a row a lane: see turnedRows.ts.

import { ONE } from "../../constants";
import { log1p } from "../../functions/log";
import { LANES, OWN, SHIFTS, STAGED, SUMS, TOPS } from "../../generated/scratchOfTurnedRows";
import { DOWN_15 } from "../../generated/thresholds";
import { constant, low, narrow } from "../../lanes";
import { inBatches, stageRows } from "./batches";
import { BATCH, rowsInLanes, turnIn, turnOut } from "./turnedRows";
import { sumGroups, sumShifted } from "./turnedSums";

/** Turns the groups, and stores their maxima at SHIFTS. */
function turnBatch<T>(end: usize, row: usize, stride: usize, between: usize, scratch: usize): void {
  let from = row;
  let lanes = scratch + LANES;
  for (let g: usize = 0; g < end; g += 16, from += between, lanes += between) {
    v128.store(scratch + g, turnIn<T>(from, stride, stride, lanes, true), SHIFTS);
  }
}

function softmaxBatch<T>(rows: i32, row: usize, stride: usize, out: usize, scratch: usize): void {
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

@unmanaged
class Softmax {
  @inline resultBytes(): usize {
    return 0;
  }

  @inline batch<T>(
    rows: i32,
    row: usize,
    stride: usize,
    labels: usize,
    weights: usize,
    out: usize,
    results: usize,
    ignoreIndex: i32,
    scale: f64,
    scratch: usize,
  ): void {
    softmaxBatch<T>(rows, row, stride, out, scratch);
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
  inBatches<Softmax, T>(begin, end, logits, 0, 0, out, 0, classes, 0, 0, scratch);
}

/** Computes ln d of the next rows, a batch at most: float64 at OWN, their maxima at SHIFTS. Returns of how many rows. */
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
