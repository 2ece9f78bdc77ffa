import { BLOCK_ELEMENTS } from "../../descriptions/thresholds.ts";
import type { FloatArray } from "../../dtype.ts";
import { lnF32, lnF64 } from "../functions/naturalLog.ts";
import type { Scratch } from "../scratch.ts";
import { blockSum, timesF32, timesF64 } from "./rounds.ts";
import { report } from "./weigh.ts";

const identity = (x: number) => x;

/** As in assembly/elementwise/gaussian.ts: losses (ln v + d^2 / v) / 2, d = p - t, and both gradients, times the weights. */
export function gaussianNll(
  begin: number,
  end: number,
  predictions: FloatArray,
  targets: FloatArray,
  variance: FloatArray,
  sampleWeight: FloatArray | null,
  losses: FloatArray | null,
  grad: FloatArray | null,
  gradVariance: FloatArray | null,
  sums: Float64Array | null,
  count: number,
  scale: number,
  full: number,
  scratch: Scratch,
): void {
  const isSingle = predictions instanceof Float32Array;
  const [round, ln, times] = isSingle ? [Math.fround, lnF32, timesF32] : [identity, lnF64, timesF64];
  const lanes = isSingle ? scratch.f32 : scratch.f64;
  const { each } = lanes;
  const factor = round(scale);
  const added = round(full * 0.9189385332046727);
  for (let block = begin; block < end; block++) {
    const first = block * BLOCK_ELEMENTS;
    const stop = Math.min(first + BLOCK_ELEMENTS, count);
    let refused = -1;
    for (let i = first; i < stop; i++) {
      const v = variance[i];
      const s = sampleWeight === null ? 1 : sampleWeight[i];
      if (v <= 0 && s !== 0 && refused < 0) refused = i;
      const d = round(predictions[i] - targets[i]);
      const q = round(d / v);
      const share = round(d * q);
      const loss = times(s, round(round(0.5 * round(ln(v) + share)) + added));
      each[i - first] = loss;
      if (losses !== null) losses[i] = loss;
      // neither before both are computed: they may overwrite what they are made of
      const rest = round(0.5 * round(1 - share));
      if (grad !== null) grad[i] = times(s, round(q * factor));
      if (gradVariance !== null) gradVariance[i] = times(s, round(round(rest / v) * factor));
    }
    if (sums !== null) report(sums, block, blockSum(each, 0, stop - first, lanes), refused);
  }
}
