import type { Backend } from "../../backends/backend.ts";
import { SUM_BINS } from "../../descriptions/counters.ts";
import { addExactly } from "../../generated/kernels.ts";
import { addRangeToBins } from "../../numeric/loops.ts";
import { isExtreme, productError } from "../../numeric/products.ts";
import { COMPARED_PRODUCTS, COMPARED_SUMS, type ComparisonTotals } from "./comparisonTotals.ts";

type Sum = (typeof COMPARED_SUMS)[number];
type Product = (typeof COMPARED_PRODUCTS)[number];

/** So many rows are added to the bins at once, in the backend: 4 times as fast as one by one. */
const ROWS = 4096;
/** Products above this, and below its inverse, are not extreme. */
const PLAIN = 2 ** -900;
/** Bins are exact for 2^20 values, of which a row adds two to one. */
const PENDING = 2 ** 19;

/** A sum that is being added to: values of rows that are not in the bins yet (of products also what rounding took), and the bins. */
class Column {
  readonly values = new Float64Array(ROWS);
  readonly errors: Float64Array;
  readonly bins = new Float64Array(SUM_BINS);

  constructor(isProduct: boolean) {
    this.errors = new Float64Array(isProduct ? ROWS : 0);
  }
}

/** The sums of a comparison, to which values are added row by row. */
export class BufferedSums {
  readonly #totals: ComparisonTotals;
  readonly columns: Readonly<Record<Sum | Product, Column>>;
  /** Rows of the columns, and in the bins. */
  #rows = 0;
  #pending = 0;

  constructor(totals: ComparisonTotals) {
    this.#totals = totals;
    const columns = [
      ...COMPARED_SUMS.map((name) => [name, new Column(false)] as const),
      ...COMPARED_PRODUCTS.map((name) => [name, new Column(true)] as const),
    ];
    this.columns = Object.fromEntries(columns) as Record<Sum | Product, Column>;
  }

  /** Begins a row, all of whose sums are 0: returns its place in the columns. */
  next(backend: Backend): number {
    if (this.#rows === ROWS) this.#flush(backend);
    return this.#rows++;
  }

  /** Adds x y to a sum of products; the column is given, as looking it up takes longer. */
  addProduct(column: Column, name: Product, at: number, x: number, y: number): void {
    const product = x * y;
    const size = Math.abs(product);
    // whether it is extreme is asked where it may be
    if (size > PLAIN && size < 1 / PLAIN && Math.abs(x) < 1 / PLAIN && Math.abs(y) < 1 / PLAIN) {
      column.values[at] = product;
      column.errors[at] = productError(x, y, product);
    } else if (isExtreme(x, y)) this.#totals[name].addProduct(x, y);
    else {
      column.values[at] = product;
      column.errors[at] = product - product === 0 ? productError(x, y, product) : 0;
    }
  }

  /** Adds the columns to the bins; in JavaScript where no backend is given. */
  #flush(backend?: Backend): void {
    const n = this.#rows;
    if (n === 0) return;
    for (const { values, errors, bins } of Object.values(this.columns)) {
      for (const column of errors.length === 0 ? [values] : [values, errors]) {
        if (backend) backend.run(addExactly, "f64", n, { values: column.subarray(0, n), bins });
        else addRangeToBins(0, n, column, bins);
        column.fill(0, 0, n);
      }
    }
    this.#rows = 0;
    this.#pending += n;
    if (this.#pending > PENDING - ROWS) this.#empty();
  }

  /** Empties everything into the totals. */
  drain(): void {
    this.#flush();
    this.#empty();
  }

  #empty(): void {
    if (this.#pending === 0) return;
    this.#pending = 0;
    for (const name of [...COMPARED_SUMS, ...COMPARED_PRODUCTS]) {
      this.#totals[name].addBins(this.columns[name].bins);
    }
  }
}
