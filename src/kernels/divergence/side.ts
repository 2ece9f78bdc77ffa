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
  /** Of a row of logits: its maximum over the temperature, and ln Σ exp(x / temperature - top). */
  top: number;
  lnSum: number;
}

/** Looks at the row at[0..classes). */
export function readRow(side: Side, at: number, classes: number): void {
  const { values, kind, temperature } = side;
  if (kind !== LOGITS) return;
  const top = maximum(values, at, at + classes, Number.NEGATIVE_INFINITY) / temperature;
  const total: Carried = { sum: 0, error: 0 };
  for (let block = 0; block < classes; block += LIKELIHOOD_BLOCK) {
    const stop = Math.min(block + LIKELIHOOD_BLOCK, classes);
    let even = 0;
    let odd = 0;
    for (let j = block; j < stop; j += 2) even += exp64(values[at + j] / temperature - top);
    for (let j = block + 1; j < stop; j += 2) odd += exp64(values[at + j] / temperature - top);
    carry(total, even + odd);
  }
  side.top = top;
  side.lnSum = log(totalOf(total));
}

/** ln of the probability of what stands there. */
export function logarithmOf({ values, kind, temperature, top, lnSum }: Side, at: number): number {
  if (kind === LOGITS) return values[at] / temperature - top - lnSum;
  return kind === PROBABILITIES ? log(values[at]) : values[at];
}

/** The probability of what stands there, of which `logarithm` is the logarithm. */
export function probabilityOf({ values, kind }: Side, at: number, logarithm: number): number {
  if (kind === PROBABILITIES) return values[at];
  return logarithm >= highest ? Number.POSITIVE_INFINITY : exp64(logarithm);
}
