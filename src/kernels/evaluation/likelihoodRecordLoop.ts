import {
  ARGMAX,
  BRIER,
  CONFIDENCE,
  ENTROPY,
  LOG_SUM_EXP,
  LOSS,
  RANK,
  RECORD,
  WEIGHT,
} from "../../descriptions/record.ts";
import { HIGHEST_LOG, LIKELIHOOD_BLOCK } from "../../descriptions/thresholds.ts";
import type { FloatArray } from "../../dtype.ts";
import { exp64 } from "../functions/exp64.ts";
import { log } from "../functions/log.ts";
import { type Carried, carry } from "../rows/passes.ts";
import { ignoreRow } from "./recordLoop.ts";

const probability = (x: number) => exp64(HIGHEST_LOG < x ? HIGHEST_LOG : x);

const sumOf = ({ sum, error }: Carried) => (Math.abs(sum) === Number.POSITIVE_INFINITY ? sum : sum + error);

/** The record of one row that counts; it is of probabilities, or of their logarithms. */
function evaluateRow(
  x: FloatArray,
  at: number,
  label: number,
  classes: number,
  w: number,
  logarithms: boolean,
  rows: Float64Array,
  to: number,
): void {
  const own = x[at + label];
  const terms: Carried = { sum: 0, error: 0 };
  const squares: Carried = { sum: 0, error: 0 };
  let top = Number.NEGATIVE_INFINITY;
  let hasNaN = false;
  let above = 0;
  for (let block = 0; block < classes; block += LIKELIHOOD_BLOCK) {
    const stop = Math.min(block + LIKELIHOOD_BLOCK, classes);
    let term0 = 0;
    let term1 = 0;
    let square0 = 0;
    let square1 = 0;
    for (let j = block; j < stop; j++) {
      const value = x[at + j];
      const q = logarithms ? probability(value) : value;
      const term = q === 0 ? 0 : q * (logarithms ? value : log(q));
      const square = j === label ? 0 : q * q;
      if ((j & 1) === 0) {
        term0 += term;
        square0 += square;
      } else {
        term1 += term;
        square1 += square;
      }
      if (value > own || (value === own && j < label)) above++;
      if (value > top) top = value;
      if (Number.isNaN(value)) hasNaN = true;
    }
    carry(terms, term0 + term1);
    carry(squares, square0 + square1);
  }
  const isOdd = hasNaN || top === Number.POSITIVE_INFINITY;
  const share = 1 - (logarithms ? probability(own) : own);
  const entropy = 0 - sumOf(terms);
  const confidence = Math.min(1, Math.max(0, logarithms ? probability(top) : top));
  let first = label;
  if (above > 0) for (first = 0; first < classes && x[at + first] !== top; ) first++;
  rows[to + LOSS] = 0 - (logarithms ? own : log(own));
  rows[to + WEIGHT] = w;
  rows[to + ENTROPY] = isOdd ? Number.NaN : entropy < 0 ? 0 : entropy;
  rows[to + BRIER] = isOdd ? Number.NaN : share * share + sumOf(squares);
  rows[to + CONFIDENCE] = isOdd ? Number.NaN : confidence + 1 - 1;
  rows[to + RANK] = hasNaN ? 0 : above + 1;
  rows[to + ARGMAX] = hasNaN ? -1 : first;
  rows[to + LOG_SUM_EXP] = hasNaN ? Number.NaN : isOdd ? Number.POSITIVE_INFINITY : 0;
}

export function evaluateLikelihoods(
  begin: number,
  end: number,
  input: FloatArray,
  labels: Int32Array,
  weights: FloatArray | null,
  rows: Float64Array,
  classes: number,
  ignoreIndex: number,
  logarithms: number,
): void {
  for (let i = begin; i < end; i++) {
    const label = labels[i];
    const to = i * RECORD;
    if (label === ignoreIndex) ignoreRow(rows, to);
    else evaluateRow(input, i * classes, label, classes, weights ? weights[label] : 1, logarithms !== 0, rows, to);
  }
}
