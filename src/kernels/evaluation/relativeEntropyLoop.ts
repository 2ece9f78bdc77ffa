import { LIKELIHOOD_BLOCK } from "../../descriptions/thresholds.ts";
import type { FloatArray } from "../../dtype.ts";
import { exp64 } from "../functions/exp64.ts";
import { type Carried, carry, totalOf } from "../rows/passes.ts";
import { type Lanes, lanesOf, type Scratch } from "../scratch.ts";

/** KL(base | other) of one row: the lanes are those of assembly/evaluation/relativeEntropy.ts. */
function divergenceOf(
  { exp, narrow, values, width }: Lanes,
  base: FloatArray,
  other: FloatArray,
  at: number,
  classes: number,
  sum: number,
  distance: number,
): number {
  const total: Carried = { sum: 0, error: 0 };
  const shift = narrow(sum);
  const end = at + classes;
  const lane = new Float64Array(4);
  for (let block = at; block < end; block += LIKELIHOOD_BLOCK) {
    const stop = Math.min(block + LIKELIHOOD_BLOCK, end);
    exp(base, block, stop, shift, values, 0);
    lane.fill(0);
    for (let j = 0; j < stop - block; j++) {
      const e = values[j];
      if (e !== 0) lane[j & (width - 1)] += e * (base[block + j] - other[block + j] - distance);
    }
    // of float64 the last two are 0
    carry(total, lane[0] + lane[2] + (lane[1] + lane[3]));
  }
  // the dtype rounded the log-sum-exp
  return exp64(shift - sum) * totalOf(total);
}

export function relativeEntropy(
  begin: number,
  end: number,
  base: FloatArray,
  other: FloatArray,
  baseSums: Float64Array,
  otherSums: Float64Array,
  divergences: Float64Array,
  classes: number,
  work: Scratch,
): void {
  const lanes = lanesOf(work, base);
  for (let i = begin; i < end; i++) {
    const sum = baseSums[i];
    const distance = sum - otherSums[i];
    const isUsual = distance - distance === 0;
    divergences[i] = isUsual ? divergenceOf(lanes, base, other, i * classes, classes, sum, distance) : Number.NaN;
  }
}
