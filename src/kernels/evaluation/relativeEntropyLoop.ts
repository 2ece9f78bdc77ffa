import { LIKELIHOOD_BLOCK } from "../../descriptions/thresholds.ts";
import type { FloatArray } from "../../dtype.ts";
import * as places from "../../generated/table.ts";
import { constant, constantsFrom } from "../constant.ts";
import { exp64 } from "../functions/exp64.ts";
import { type Carried, carry, totalOf } from "../rows/passes.ts";
import { type Lanes, lanesOf, type Scratch } from "../scratch.ts";

/** 1/10! down to 1/2!. */
const SERIES = [...constantsFrom(places.I3, 8).reverse(), constant(places.HALF)];
const SERIES_32 = SERIES.map(({ f32 }) => f32);
const SERIES_64 = SERIES.map(({ f64 }) => f64);
const SERIES_END = constant(places.SERIES_END);

/** Σ p φ(d) of one row: the lanes are those of assembly/evaluation/relativeEntropy.ts. */
function divergenceOf(
  { dtype, exp, more, narrow, values, width }: Lanes,
  base: FloatArray,
  other: FloatArray,
  at: number,
  classes: number,
  sum: number,
  otherSum: number,
): number {
  const total: Carried = { sum: 0, error: 0 };
  const [shift, otherShift] = [narrow(sum), narrow(otherSum)];
  // the dtype rounded the log-sum-exps
  const factor = exp64(shift - sum);
  const ratio = exp64(otherShift - otherSum) / factor;
  const distance = sum - otherSum;
  const series = dtype === "f32" ? SERIES_32 : SERIES_64;
  const limit = SERIES_END[dtype];
  const end = at + classes;
  const lane = new Float64Array(4);
  for (let block = at; block < end; block += LIKELIHOOD_BLOCK) {
    const stop = Math.min(block + LIKELIHOOD_BLOCK, end);
    exp(base, block, stop, shift, values, 0);
    let isKnown = false;
    lane.fill(0);
    for (let j = 0; j < stop - block; j++) {
      const p = values[j];
      const d = base[block + j] - other[block + j] - distance;
      const e = -narrow(d);
      let term: number;
      if (Math.abs(e) < limit) {
        let t = series[0];
        for (let i = 1; i < series.length; i++) t = narrow(narrow(t * e) + series[i]);
        term = narrow(p * narrow(narrow(e * e) * t));
      } else {
        if (!isKnown) exp(other, block, stop, otherShift, more, 0);
        isKnown = true;
        term = more[j] * ratio + (p === 0 ? 0 : p * (d - 1));
      }
      lane[j & (width - 1)] += term;
    }
    // of float64 the last two are 0
    carry(total, lane[0] + lane[2] + (lane[1] + lane[3]));
  }
  return factor * totalOf(total);
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
    const [sum, otherSum] = [baseSums[i], otherSums[i]];
    const areNumbers = sum - sum === 0 && otherSum - otherSum === 0;
    divergences[i] = areNumbers ? divergenceOf(lanes, base, other, i * classes, classes, sum, otherSum) : Number.NaN;
  }
}
