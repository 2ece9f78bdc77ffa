import { LIKELIHOOD_BLOCK, LOGITS, PROBABILITIES } from "../../descriptions/thresholds.ts";
import type { FloatArray } from "../../dtype.ts";
import * as places from "../../generated/table.ts";
import { constant } from "../constant.ts";
import { exp64 } from "../functions/exp64.ts";
import { log } from "../functions/log.ts";
import { maximum } from "../rows/maximum.ts";
import { type Carried, carry, totalOf } from "../rows/passes.ts";

const highest = constant(places.HIGHEST_EXPONENT).f64;

/** A side of a divergence: predictions or targets. */
export interface Side {
  values: FloatArray;
  /** LOGITS, PROBABILITIES or LOG_PROBABILITIES. */
  kind: number;
  temperature: number;
  /** Of a row of logits: its maximum, and ln Σ exp((x - top) / temperature). */
  top: number;
  lnSum: number;
}

/** (x - top) / temperature, and not x / temperature - top / temperature, which loses the digits of large logits. */
const distance = ({ values, temperature, top }: Side, at: number) => (values[at] - top) / temperature;

/** Looks at the row at[0..classes). */
export function readRow(side: Side, at: number, classes: number): void {
  if (side.kind !== LOGITS) return;
  side.top = maximum(side.values, at, at + classes, Number.NEGATIVE_INFINITY);
  const total: Carried = { sum: 0, error: 0 };
  for (let block = 0; block < classes; block += LIKELIHOOD_BLOCK) {
    const stop = Math.min(block + LIKELIHOOD_BLOCK, classes);
    let even = 0;
    let odd = 0;
    for (let j = block; j < stop; j += 2) even += exp64(distance(side, at + j));
    for (let j = block + 1; j < stop; j += 2) odd += exp64(distance(side, at + j));
    carry(total, even + odd);
  }
  side.lnSum = log(totalOf(total));
}

/** ln of the probability of what stands there. */
export function logarithmOf(side: Side, at: number): number {
  const { values, kind } = side;
  if (kind === LOGITS) return distance(side, at) - side.lnSum;
  return kind === PROBABILITIES ? log(values[at]) : values[at];
}

/** The probability of what stands there, of which `logarithm` is the logarithm. */
export function probabilityOf({ values, kind }: Side, at: number, logarithm: number): number {
  if (kind === PROBABILITIES) return values[at];
  return logarithm >= highest ? Number.POSITIVE_INFINITY : exp64(logarithm);
}
