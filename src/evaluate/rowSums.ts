import {
  type Counters,
  countersOf,
  EXPONENTS_USED,
  LOSS_BINS,
  PRODUCTS,
  SUM_BINS,
  SUMS,
} from "../descriptions/counters.ts";
import { LOSS, RANK, RECORD, WEIGHT } from "../descriptions/record.ts";
import type { IntegerArray } from "../dtype.ts";
import { addTimesToBins, EXPONENTS } from "../numeric/exactSum.ts";
import { isExtreme, weightedLoss } from "../numeric/products.ts";
import { ClassSums } from "./classSums.ts";
import type { Totals } from "./totals.ts";
import { type EvaluationDoor, RANKS } from "./workspace.ts";

/** So many rows are added before bins and counters are emptied: they are exact for 2^20. */
const PENDING_ROWS = 2 ** 19;

/** Sums that nothing is added to without weights. */
const OF_WEIGHTS: readonly string[] = ["weight", "weightLoss", "weightSquare"];

const EVERY_EXPONENT = { first: 0, last: EXPONENTS };

const UNIT_52 = 4503599627370496;

/** Adds records of rows up in the engine's workspace, and empties it into totals. */
export class RowSums {
  readonly #door: EvaluationDoor;
  readonly #totals: Totals;
  readonly #weighted: boolean;
  readonly #counters: Counters;
  readonly #ranks: number;
  readonly #classes: ClassSums | undefined;
  #pending = 0;

  constructor(door: EvaluationDoor, totals: Totals, weighted: boolean) {
    const { classes, bins, perClass } = totals.options;
    this.#door = door;
    this.#totals = totals;
    this.#weighted = weighted;
    this.#ranks = Math.min(classes, RANKS);
    this.#counters = countersOf(this.#ranks, bins);
    if (perClass) this.#classes = new ClassSums(classes);
  }

  /** Adds the first n records, whose labels are labels[first..first + n), to the workspace, which is this one's. */
  add(records: Float64Array, n: number, labels: IntegerArray, first: number): void {
    if (this.#pending + n > PENDING_ROWS) this.drain();
    this.#pending += n;
    const workspace = this.#door.workspace();
    const { bins, ignoreIndex } = this.#totals.options;
    workspace.add(records, n, this.#ranks, bins, this.#weighted ? 1 : 0);
    if (workspace.counters[this.#counters.extreme] > 0) this.#addExtremes(records, n);
    this.#countTops(records, n);
    this.#classes?.add(records, n, labels, first, ignoreIndex);
  }

  /** The totals of all that was added. */
  drained(): Totals {
    this.drain();
    this.#classes?.drain(this.#totals);
    return this.#totals;
  }

  /** Rows whose rank is beyond those that the workspace counts, but within one of topK. */
  #countTops(records: Float64Array, n: number): void {
    const { topK } = this.#totals.options;
    if (topK.length === 0 || topK[topK.length - 1] <= this.#ranks || this.#ranks < RANKS) return;
    const { tops } = this.#totals;
    for (let at = RANK; at < n * RECORD; at += RECORD) {
      const rank = records[at];
      if (rank <= this.#ranks) continue;
      topK.forEach((k, i) => {
        if (rank <= k) tops[i]++;
      });
    }
  }

  /** Adds the products that the tally only counted. */
  #addExtremes(records: Float64Array, n: number): void {
    const { lossSquare, weightLoss, weightSquare } = this.#totals;
    for (let at = 0; at < n * RECORD; at += RECORD) {
      const w = records[at + WEIGHT];
      const loss = weightedLoss(records[at + LOSS], w);
      if (isExtreme(loss, loss)) lossSquare.addProduct(loss, loss);
      if (!this.#weighted) continue;
      if (isExtreme(w, loss)) weightLoss.addProduct(w, loss);
      if (isExtreme(w, w)) weightSquare.addProduct(w, w);
    }
    this.#door.workspace().counters[this.#counters.extreme] = 0;
  }

  /** Takes what the workspace holds, if it is this one's. */
  drain(): void {
    if (this.#pending === 0) return;
    const { sums, counters } = this.#door.workspace();
    const totals = this.#totals;
    const binsAt = (i: number) => sums.subarray(i * SUM_BINS, (i + 1) * SUM_BINS);
    this.#drainCounters(counters, binsAt(SUMS.indexOf("reciprocalRank")));
    // most of the bins need not be looked at: an evaluation of one row takes 16 us instead of 41
    const { first, last } = counters[this.#counters.scattered] > 0 ? EVERY_EXPONENT : EXPONENTS_USED;
    [...SUMS, ...PRODUCTS].forEach((name, i) => {
      if (this.#weighted || !OF_WEIGHTS.includes(name)) totals[name].addBins(binsAt(i), first, last);
    });
    counters.fill(0, 0, this.#counters.length);
    this.#pending = 0;
  }

  #drainCounters(counters: Float64Array, reciprocalRanks: Float64Array): void {
    const totals = this.#totals;
    const at = this.#counters;
    const { topK, bins } = totals.options;
    totals.counted += counters[at.counted];
    totals.weighing += counters[at.weighing];
    totals.nan += counters[at.nan];
    totals.positiveInfinity += counters[at.positiveInfinity];
    totals.allNegativeInfinity += counters[at.allNegativeInfinity];
    totals.correct += counters[at.ranks + 1];
    for (let rank = 1; rank <= this.#ranks; rank++) {
      const n = counters[at.ranks + rank];
      if (n === 0) continue;
      addTimesToBins(reciprocalRanks, 1 / rank, n);
      for (let i = topK.length - 1; i >= 0 && rank <= topK[i]; i--) totals.tops[i] += n;
    }
    for (let i = 0; i < bins; i++) {
      const from = at.calibration + 4 * i;
      if (counters[from] === 0) continue;
      const bin = totals.calibration[i];
      bin.count += counters[from];
      bin.correct += counters[from + 1];
      bin.confidence += BigInt(counters[from + 2] * UNIT_52) + BigInt(counters[from + 3] * UNIT_52);
    }
    for (let bin = 0; bin < LOSS_BINS; bin++) totals.losses[bin] += counters[at.losses + bin];
  }
}
