import { BLOCK_ELEMENTS } from "../../descriptions/thresholds.ts";
import type { Scratch } from "../scratch.ts";
import { addRoundF32, laneSumF32, ROUND } from "./rounds.ts";

// The loop of every element-wise loss, here that of squared error in float32. The build copies what follows for each loss and
// dtype into src/generated/elementwise.ts, with the formula of src/descriptions/elementwise.ts in the lines that are marked.

const round = Math.fround;

/** Block sums, each loss, and the gradient, scale times the slope: whichever are asked for. */
export function elementwise(
  begin: number,
  end: number,
  predictions: Float32Array,
  targets: Float32Array,
  losses: Float32Array | null,
  grad: Float32Array | null,
  sums: Float64Array | null,
  count: number,
  scale: number,
  scratch: Scratch,
): void {
  const { round: values, lanes } = scratch.f32;
  const factor = round(scale); // options
  for (let block = begin; block < end; block++) {
    lanes.fill(0);
    const stop = Math.min((block + 1) * BLOCK_ELEMENTS, count); // check
    for (let first = block * BLOCK_ELEMENTS; first < stop; first += ROUND) {
      const n = Math.min(ROUND, stop - first);
      for (let i = 0; i < n; i++) {
        const p = predictions[first + i];
        const t = targets[first + i];
        const d = round(p - t); // terms
        const loss = round(d * d); // loss
        values[i] = loss;
        if (losses !== null) losses[first + i] = loss;
        if (grad !== null) grad[first + i] = round(d * factor); // slope
      }
      for (let i = n; i < ROUND; i++) values[i] = 0;
      addRoundF32(lanes, values);
    }
    if (sums !== null) sums[block] = laneSumF32(lanes); // report
  }
}
