import type { CrossEntropyInput } from "../api/crossEntropyOptions.ts";
import { RANK, RECORD } from "../descriptions/record.ts";
import { type FloatArray, HalfBits, type IntegerArray } from "../dtype.ts";
import { log } from "../kernels/functions/log.ts";
import { widened } from "../kernels/widenLoops.ts";
import type { Ranking } from "./ranking.ts";

/** Adds n rows of two classes, the first one's number being `first`, by their records and what they hold: log-odds of class 1. */
export function rankRows(
  ranking: Ranking,
  records: Float64Array,
  n: number,
  rows: FloatArray | HalfBits,
  input: CrossEntropyInput,
  labels: IntegerArray,
  first: number,
): void {
  const part = rows.subarray(2 * first, 2 * (first + n));
  const x = part instanceof HalfBits ? widened(part.bits, part.format) : part;
  for (let i = 0; i < n; i++) {
    if (records[RECORD * i + RANK] < 0) continue;
    const [a, b] = [x[2 * i], x[2 * i + 1]];
    ranking.add(input === "probabilities" ? log(b) - log(a) : b - a, Number(labels[first + i]) === 1);
  }
}
