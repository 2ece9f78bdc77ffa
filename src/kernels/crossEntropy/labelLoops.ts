import type { FloatArray } from "../../dtype.ts";

export function checkLabels(
  begin: number,
  end: number,
  labels: Int32Array,
  report: Float64Array,
  classes: number,
  ignoreIndex: number,
): void {
  let first = -1;
  let counted = 0;
  for (let i = end - 1; i >= begin; i--) {
    const label = labels[i];
    if (label === ignoreIndex) continue;
    counted++;
    if (label < 0 || label >= classes) first = i;
  }
  report[0] = first;
  report[1] = counted;
}

export function labelWeights(
  begin: number,
  end: number,
  labels: Int32Array,
  weights: FloatArray,
  out: Float64Array,
  ignoreIndex: number,
): void {
  for (let i = begin; i < end; i++) out[i] = labels[i] === ignoreIndex ? 0 : weights[labels[i]];
}
