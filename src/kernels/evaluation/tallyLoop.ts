import {
  COUNTERS_A_BIN,
  countersOf,
  FIRST_LOSS_BIN,
  LOSS_BINS,
  PRODUCTS,
  SUM_BINS,
  SUMS,
} from "../../descriptions/counters.ts";
import { BRIER, CONFIDENCE, ENTROPY, LOG_SUM_EXP, LOSS, RANK, RECORD, WEIGHT } from "../../descriptions/record.ts";
import { C26 } from "../../descriptions/thresholds.ts";
import { highWord } from "../../numeric/bits.ts";
import { addToBins } from "../../numeric/exactSum.ts";
import { LARGEST, SMALLEST } from "../../numeric/extraction.ts";
import { isExtreme, productError, weightedLoss } from "../../numeric/products.ts";

const isUsual = (x: number) => x >= SMALLEST && x < LARGEST;

function lossBin(loss: number): number {
  const bin = (highWord(loss) >> 18) - FIRST_LOSS_BIN + 1;
  return Math.max(0, Math.min(LOSS_BINS - 1, bin));
}

/** Adds x y in two parts; returns whether it is extreme, and is left out. */
function addProduct(bins: Float64Array, x: number, y: number): boolean {
  const product = x * y;
  if (isExtreme(x, y)) return true;
  addToBins(bins, product);
  if (product - product === 0) addToBins(bins, productError(x, y, product));
  return false;
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
  weighted: number,
): void {
  const at = countersOf(ranks, bins);
  const names = [...SUMS, ...PRODUCTS];
  const binsOf = (name: (typeof names)[number]) => {
    const i = names.indexOf(name);
    return sums.subarray(i * SUM_BINS, (i + 1) * SUM_BINS);
  };
  const [losses, lossSquares, entropies, briers] = [
    binsOf("loss"),
    binsOf("lossSquare"),
    binsOf("entropy"),
    binsOf("brier"),
  ];
  const [weights, weightLosses, weightSquares] = [binsOf("weight"), binsOf("weightLoss"), binsOf("weightSquare")];
  const reciprocalRanks = binsOf("reciprocalRank");
  for (let row = begin * RECORD; row < end * RECORD; row += RECORD) {
    const rank = rows[row + RANK];
    if (rank < 0) continue;
    counters[at.counted]++;
    const w = rows[row + WEIGHT];
    const loss = weighted ? weightedLoss(rows[row + LOSS], w) : rows[row + LOSS];
    const [entropy, brier] = [rows[row + ENTROPY], rows[row + BRIER]];
    addToBins(losses, loss);
    addToBins(entropies, entropy);
    addToBins(briers, brier);
    if (addProduct(lossSquares, loss, loss)) counters[at.extreme]++;
    let usual = (loss === 0 || isUsual(loss * loss)) && isUsual(entropy) && isUsual(brier);
    if (weighted) {
      if (w !== 0) counters[at.weighing]++;
      addToBins(weights, w);
      if (addProduct(weightLosses, w, loss)) counters[at.extreme]++;
      if (addProduct(weightSquares, w, w)) counters[at.extreme]++;
      usual &&= w === 0 || (isUsual(w * w) && isUsual(w * loss));
    }
    if (!usual) counters[at.scattered] = 1;
    counters[at.ranks + Math.min(rank, ranks + 1)]++;
    if (rank > ranks) addToBins(reciprocalRanks, 1 / rank);
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
    if (!Number.isNaN(loss)) counters[at.losses + lossBin(loss)]++;
  }
}
