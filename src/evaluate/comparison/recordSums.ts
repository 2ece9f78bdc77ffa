import { SUM_BINS } from "../../descriptions/counters.ts";
import { EXTRACTED } from "../../numeric/extraction.ts";
import { addMoments } from "../../numeric/moments.ts";
import { COMPARED_PRODUCTS, COMPARED_SUMS, type ComparisonTotals, each } from "./comparisonTotals.ts";

/** Bins are exact for 2^20 values: so many rows are added to them, each at most two values to one, and the sums of their parts. */
const PENDING = 2 ** 18;

const NAMES = [...COMPARED_SUMS, ...COMPARED_PRODUCTS] as const;

/** Sums and sizes of what is kept of rows: a block of rows at a time, as that takes a third of the time. */
export class RecordSums {
  readonly #totals: ComparisonTotals;
  /** Values of rows, which wait for a block to be full. Without labels there are divergences alone. */
  readonly values = each(COMPARED_SUMS, () => new Float64Array(EXTRACTED));
  /** Squares of their changes; differences of their losses. */
  readonly #made = new Float64Array(EXTRACTED);
  readonly #bins = each(NAMES, () => new Float64Array(SUM_BINS));
  /** Rows that wait, and those in the bins. */
  #rows = 0;
  #pending = 0;

  constructor(totals: ComparisonTotals) {
    this.#totals = totals;
  }

  /** The place of the next row among the values. */
  next(): number {
    if (this.#rows === EXTRACTED) this.#flush();
    return this.#rows++;
  }

  #flush(): void {
    const n = this.#rows;
    const totals = this.#totals;
    const bins = this.#bins;
    const values = this.values;
    const made = this.#made;
    for (const name of totals.labelled > 0 ? COMPARED_SUMS : (["divergence"] as const)) {
      const [x, product] = [values[name], `${name}Square`] as const;
      addMoments(n, x, x, bins[name], bins[product], totals[product]);
    }
    totals.divergences.addAll(values.divergence, n);
    if (totals.labelled > 0) {
      const { base, other, change } = values;
      addMoments(n, base, other, null, bins.baseOther, totals.baseOther);
      totals.changes.addAll(change, n);
      for (let i = 0; i < n; i++) made[i] = change[i] * change[i];
      addMoments(n, made, made, null, bins.changeFourth, totals.changeFourth);
      for (let i = 0; i < n; i++) made[i] = other[i] - base[i];
      totals.differences.addAll(made, n);
    }
    this.#rows = 0;
    this.#pending += n;
    if (this.#pending > PENDING) this.#empty();
  }

  /** Adds everything to the totals. */
  drain(): void {
    if (this.#rows > 0) this.#flush();
    this.#empty();
  }

  #empty(): void {
    if (this.#pending === 0) return;
    for (const name of NAMES) this.#totals[name].addBins(this.#bins[name]);
    this.#pending = 0;
  }
}
