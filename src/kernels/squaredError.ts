import { BOTH, count, input, kernel, output, partials, scalar, scratch } from "../descriptions/kernel.ts";
import { BLOCK_ELEMENTS } from "../descriptions/thresholds.ts";
import type { FloatArray } from "../dtype.ts";
import { lanesOf, type Scratch } from "./scratch.ts";

/** Block sums of (p - t)^2 in sixteen float64 lanes; grad = scale (p - t) where one is asked. */
function blocks(
  begin: number,
  end: number,
  predictions: FloatArray,
  targets: FloatArray,
  grad: FloatArray | null,
  sums: Float64Array,
  count: number,
  scale: number,
  work: Scratch,
): void {
  const { narrow } = lanesOf(work, predictions);
  const s = narrow(scale);
  const a = work.f64.accumulators;
  for (let block = begin; block < end; block++) {
    a.fill(0);
    const stop = Math.min((block + 1) * BLOCK_ELEMENTS, count);
    for (let j = block * BLOCK_ELEMENTS; j < stop; j++) {
      const d = narrow(predictions[j] - targets[j]);
      if (grad) grad[j] = d * s;
      a[j & 15] += narrow(d * d);
    }
    // eight vectors of two lanes, then the two
    for (let k = 0; k < 16; k += 4) {
      a[k] += a[k + 2];
      a[k + 1] += a[k + 3];
    }
    sums[block] = a[0] + a[4] + (a[8] + a[12]) + (a[1] + a[5] + (a[9] + a[13]));
  }
}

export const squaredError = kernel({
  name: "squaredError",
  formula: "Σ (p - t)^2",
  unit: "block",
  dtypes: BOTH,
  parameters: [input("predictions", "block"), input("targets", "block"), partials("sums"), count, scratch],
  tolerance: { f32: "1e-7 of the mean", f64: "1e-14" },
  loop(
    begin: number,
    end: number,
    predictions: FloatArray,
    targets: FloatArray,
    sums: Float64Array,
    count: number,
    work: Scratch,
  ) {
    blocks(begin, end, predictions, targets, null, sums, count, 1, work);
  },
});

export const squaredErrorGradient = kernel({
  name: "squaredErrorGradient",
  formula: "(p - t) scale",
  unit: "block",
  dtypes: BOTH,
  parameters: [
    input("predictions", "block"),
    input("targets", "block"),
    output("grad", "block"),
    partials("sums"),
    count,
    scalar("scale"),
    scratch,
  ],
  tolerance: { f32: "3 x 2^-24", f64: "3 x 2^-53" },
  loop: blocks,
});

export const squaredErrors = kernel({
  name: "squaredErrors",
  formula: "(p - t)^2",
  unit: "block",
  dtypes: BOTH,
  parameters: [input("predictions", "block"), input("targets", "block"), output("out", "block"), count],
  tolerance: { f32: "3 x 2^-24", f64: "3 x 2^-53" },
  loop(begin: number, end: number, predictions: FloatArray, targets: FloatArray, out: FloatArray, count: number) {
    const narrow = predictions instanceof Float32Array ? Math.fround : Number;
    const stop = Math.min(end * BLOCK_ELEMENTS, count);
    for (let j = begin * BLOCK_ELEMENTS; j < stop; j++) {
      const d = narrow(predictions[j] - targets[j]);
      out[j] = d * d;
    }
  },
});
