import { LOSS, RANK, RECORD, WEIGHT } from "../descriptions/record.ts";
import { larger } from "../descriptions/regressionSums.ts";
import { highWord, withHighWord } from "../numeric/bits.ts";
import { weightedLoss } from "../numeric/products.ts";
import { BinCounts } from "./binCounts.ts";
import type { Writer } from "./stateBytes.ts";

/** A percentile of the row losses, and how far it may be from the true one. */
export interface Percentile {
  value: number;
  bound: number;
}

/** Those of `percentiles: true`; 0 and 100 are the smallest and the largest loss. */
export const USUAL_PERCENTILES = [0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 99.9, 100] as const;

const SHIFT = 13;
export const SIZE_BINS = 2 ** (32 - SHIFT);

/** The bin of a loss: it holds those that have sign, exponent and the upper 7 bits of the significand in common. */
export const sizeOf = (value: number) => highWord(value) >>> SHIFT;

/** How many row losses there are of each size: bins of a relative width of at most 2^-7. Losses that are NaN are left out. */
export class LossSizes {
  readonly counts = new BinCounts(SIZE_BINS);
  /** The smallest and the largest value. */
  least = Number.POSITIVE_INFINITY;
  most = Number.NEGATIVE_INFINITY;

  addRecords(records: Float64Array, n: number): void {
    for (let at = 0; at < n * RECORD; at += RECORD) {
      const loss = weightedLoss(records[at + LOSS], records[at + WEIGHT]);
      if (records[at + RANK] >= 0) this.add(loss);
    }
  }

  /** Adds a value, unless it is NaN. */
  add(value: number): void {
    if (Number.isNaN(value)) return;
    const loss = value + 0;
    this.counts.add(sizeOf(loss));
    if (loss < this.least) this.least = loss;
    if (loss > this.most) this.most = loss;
  }

  /** Adds the first n values. */
  addAll(values: Float64Array, n: number): void {
    for (let i = 0; i < n; i++) this.add(values[i]);
  }

  get rows(): number {
    return this.counts.total;
  }

  /** Bins that are not empty, rising, each with its ends. */
  bins(): { from: number; to: number; count: number }[] {
    return this.sorted().map(([bin, count]) => {
      const [near, far] = [edgeOf(bin), edgeOf(bin + 1)];
      return near < far ? { from: near, to: far, count } : { from: far, to: near, count };
    });
  }

  merge(other: LossSizes): void {
    this.counts.merge(other.counts);
    this.least = -larger(-this.least, -other.least);
    this.most = larger(this.most, other.most);
  }

  /** By nearest rank: for each of `percents` the smallest loss that so many percent of all are not above. */
  percentiles(percents: readonly number[]): Record<number, Percentile> {
    const sorted = this.sorted();
    const rows = this.rows;
    return Object.fromEntries(percents.map((percent) => [percent, this.#percentile(percent, rows, sorted)]));
  }

  #percentile(percent: number, rows: number, sorted: readonly (readonly [bin: number, count: number])[]): Percentile {
    if (rows === 0) return { value: Number.NaN, bound: Number.NaN };
    const exact = (percent * rows) / 100;
    const near = Math.round(exact);
    const rank = Math.max(1, Math.abs(exact - near) <= 1e-12 * exact ? near : Math.ceil(exact));
    if (rank === 1) return { value: this.least, bound: 0 };
    if (rank === rows) return { value: this.most, bound: 0 };
    let before = 0;
    for (const [bin, n] of sorted) {
      before += n;
      if (before >= rank) return middleOf(bin);
    }
    throw new Error("ranks end where rows do");
  }

  /** Bins that are not empty, with their counts, by the size of what they hold. */
  sorted(): (readonly [bin: number, count: number])[] {
    const bins = this.counts.entries();
    // behind those of the others, and falling, stand bins of negative values
    const others = bins.filter(([bin]) => bin < SIZE_BINS / 2).length;
    return [...bins.slice(others).reverse(), ...bins.slice(0, others)];
  }

  write(to: Writer): void {
    const bins = this.counts.entries();
    to.count(bins.length);
    for (const [bin, n] of bins) {
      to.count(bin);
      to.count(n);
    }
    if (bins.length === 0) return;
    to.float64(this.least);
    to.float64(this.most);
  }
}

/** The end of a bin that is nearer to 0. */
const edgeOf = (bin: number) => withHighWord(0, bin << SHIFT);

function middleOf(bin: number): Percentile {
  const [from, to] = [edgeOf(bin), edgeOf(bin + 1)];
  if (!Number.isFinite(from)) return { value: from, bound: 0 };
  // next to 0, which is what most values there are: equal models differ by nothing in no row
  if (from === 0) return { value: 0, bound: Math.abs(to) };
  if (!Number.isFinite(to)) return { value: from, bound: Math.abs(from) / 128 };
  const bound = Math.abs(to - from) / 2;
  return { value: from + (to - from) / 2, bound };
}
