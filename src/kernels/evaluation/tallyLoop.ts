import { COUNTERS_A_BIN, countersOf, FIRST_LOSS_BIN, LOSS_BINS, SUM_BINS, SUMS } from "../../descriptions/counters.ts";
import { BRIER, CONFIDENCE, ENTROPY, LOG_SUM_EXP, LOSS, RANK, RECORD, SQUARE } from "../../descriptions/record.ts";
import { C26 } from "../../descriptions/thresholds.ts";
import { highWord } from "../../numeric/bits.ts";
import { addToBins } from "../../numeric/exactSum.ts";
import { LARGEST, SMALLEST } from "../../numeric/extraction.ts";

function isUsual(rows: Float64Array, row: number): boolean {
  const [loss, square, entropy, brier] = [rows[row + LOSS], rows[row + SQUARE], rows[row + ENTROPY], rows[row + BRIER]];
  return Math.min(loss, square, entropy, brier) >= SMALLEST && Math.max(loss, square, entropy, brier) < LARGEST;
}

function lossBin(loss: number): number {
  const bin = (highWord(loss) >> 18) - FIRST_LOSS_BIN + 1;
  return Math.max(0, Math.min(LOSS_BINS - 1, bin));
}

/** Adds records of rows to sums and counters. */
export function tally(
  begin: number,
  end: number,
  rows: Float64Array,
  sums: Float64Array,
  counters: Float64Array,
  ranks: number,
  bins: number,
): void {
  const at = countersOf(ranks, bins);
  const binsOf = SUMS.map((_, i) => sums.subarray(i * SUM_BINS, (i + 1) * SUM_BINS));
  for (let row = begin * RECORD; row < end * RECORD; row += RECORD) {
    const rank = rows[row + RANK];
    if (rank < 0) continue;
    counters[at.counted]++;
    addToBins(binsOf[0], rows[row + LOSS]);
    addToBins(binsOf[1], rows[row + SQUARE]);
    addToBins(binsOf[2], rows[row + ENTROPY]);
    addToBins(binsOf[3], rows[row + BRIER]);
    if (!isUsual(rows, row)) counters[at.scattered]++;
    counters[at.ranks + Math.min(rank, ranks + 1)]++;
    if (rank > ranks) addToBins(binsOf[4], 1 / rank);
    const confidence = rows[row + CONFIDENCE];
    if (!Number.isNaN(confidence)) {
      const bin = at.calibration + COUNTERS_A_BIN * Math.max(0, Math.ceil(confidence * bins) - 1);
      const upper = confidence + C26 - C26;
      counters[bin]++;
      counters[bin + 1] += rank === 1 ? 1 : 0;
      counters[bin + 2] += upper;
      counters[bin + 3] += confidence - upper;
    } else {
      const lse = rows[row + LOG_SUM_EXP];
      counters[Number.isNaN(lse) ? at.nan : lse > 0 ? at.positiveInfinity : at.allNegativeInfinity]++;
    }
    const loss = rows[row + LOSS];
    if (!Number.isNaN(loss)) counters[at.losses + lossBin(loss)]++;
  }
}
