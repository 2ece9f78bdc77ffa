// Short rows in batches of groups: whole groups from where they stand, the last rows from scratch.

import { STAGED, STAGED_LABELS, STAGED_OUT, STAGED_RESULTS } from "../../generated/scratchOfTurnedRows";
import { BATCH, rowsInLanes } from "./turnedRows";

/** Copies the last `rows` rows, fewer than a group, into scratch, and the last one again for those missing. */
export function stageRows<T>(rows: i32, row: usize, stride: usize, scratch: usize): void {
  for (let k = 0; k < rowsInLanes<T>(); k++) {
    memory.copy(scratch + STAGED + <usize>k * stride, row + <usize>min(k, rows - 1) * stride, stride);
  }
}

/** Copies their labels. */
function stageLabels<T>(rows: i32, labels: usize, scratch: usize): void {
  for (let k = 0; k < rowsInLanes<T>(); k++) {
    store<i32>(scratch + STAGED_LABELS + (k << 2), load<i32>(labels + (min(k, rows - 1) << 2)));
  }
}

/**
 * Runs a kernel over rows [begin, end). The class K has its `batch` and the bytes of a row's `results`. `labels`, `weights` and
 * `out`, which has the shape of the logits, may be absent (address 0), and what a kernel has no use for is 0.
 */
@inline export function inBatches<K, T>(
  begin: i32,
  end: i32,
  logits: usize,
  labels: usize,
  weights: usize,
  out: usize,
  results: usize,
  classes: i32,
  ignoreIndex: i32,
  scale: f64,
  scratch: usize,
): void {
  const kernel = changetype<K>(0);
  const stride = <usize>classes * sizeof<T>();
  const bytes = kernel.resultBytes();
  const group = rowsInLanes<T>();
  const whole = begin + ((end - begin) / group) * group;
  for (let i = begin; i < whole; i += BATCH) {
    const at = <usize>i * stride;
    kernel.batch<T>(
      min(BATCH, whole - i),
      logits + at,
      stride,
      labels + ((<usize>i) << 2),
      weights,
      out ? out + at : 0,
      results + <usize>i * bytes,
      ignoreIndex,
      scale,
      scratch,
    );
  }
  if (whole == end) return;
  const n = end - whole;
  const at = <usize>whole * stride;
  stageRows<T>(n, logits + at, stride, scratch);
  if (labels) stageLabels<T>(n, labels + ((<usize>whole) << 2), scratch);
  kernel.batch<T>(
    group,
    scratch + STAGED,
    stride,
    scratch + STAGED_LABELS,
    weights,
    out ? scratch + STAGED_OUT : 0,
    scratch + STAGED_RESULTS,
    ignoreIndex,
    scale,
    scratch,
  );
  if (out) memory.copy(out + at, scratch + STAGED_OUT, <usize>n * stride);
  if (bytes) memory.copy(results + <usize>whole * bytes, scratch + STAGED_RESULTS, <usize>n * bytes);
}
