import { ARGMAX, RANK, RECORD } from "../descriptions/record.ts";
import { withRoot } from "../numeric/ratio.ts";
import type { Writer } from "./stateBytes.ts";

/** Rows by label and prediction: the first maximum, or -1 of a row that holds a NaN. */
export interface Cell {
  label: number;
  predicted: number;
  count: number;
}

/** Figures of a class, or means of them. */
export interface Average {
  precision: number;
  recall: number;
  f1: number;
}

/** What a classifier is worth by its predictions alone; 0/0 is 0, as in scikit-learn. */
export interface Classification {
  /** Cells that are not empty, rising by label, then by prediction. */
  confusion: Cell[];
  /** Classes that occur as labels or predictions; f1 = 2 precision recall / (precision + recall). */
  perClass: ({ label: number; support: number } & Average)[];
  /** Plain means over those classes, and means weighted by their rows. */
  macro: Average;
  weighted: Average;
  /** Mean recall of the classes that occur as labels. */
  balancedAccuracy: number;
  /** Matthews' correlation coefficient, 0 where it is none; and Cohen's kappa, NaN where there is but one class. */
  matthews: number;
  kappa: number;
}

/** Up to so many classes every cell has a place of its own. */
const DENSE = 512;

/** Counts of rows by label and prediction. */
export class Confusion {
  readonly #classes: number;
  readonly #dense: Float64Array | undefined;
  readonly #sparse = new Map<number, number>();

  constructor(classes: number) {
    this.#classes = classes;
    if (classes <= DENSE) this.#dense = new Float64Array(classes * (classes + 1));
  }

  add(label: number, predicted: number, count = 1): void {
    const key = label * (this.#classes + 1) + predicted + 1;
    if (this.#dense) this.#dense[key] += count;
    else this.#sparse.set(key, (this.#sparse.get(key) ?? 0) + count);
  }

  /** Takes n records and their labels. */
  addRecords(records: Float64Array, n: number, labelOf: (i: number) => number): void {
    for (let i = 0, at = 0; i < n; i++, at += RECORD) {
      if (records[at + RANK] >= 0) this.add(labelOf(i), records[at + ARGMAX]);
    }
  }

  merge(other: Confusion): void {
    for (const { label, predicted, count } of other.cells()) this.add(label, predicted, count);
  }

  cells(): Cell[] {
    const width = this.#classes + 1;
    const cellOf = (key: number, count: number): Cell => {
      const label = Math.floor(key / width);
      return { label, predicted: key - label * width - 1, count };
    };
    if (!this.#dense) return [...this.#sparse].sort(([a], [b]) => a - b).map(([key, count]) => cellOf(key, count));
    const cells: Cell[] = [];
    this.#dense.forEach((count, key) => {
      if (count > 0) cells.push(cellOf(key, count));
    });
    return cells;
  }

  write(to: Writer): void {
    const cells = this.cells();
    to.count(cells.length);
    for (const { label, predicted, count } of cells) {
      to.count(label);
      to.count(predicted + 1);
      to.count(count);
    }
  }
}

const quotient = (a: number, b: number) => (b === 0 ? 0 : a / b);

/**
 * The figures of a confusion matrix.
 *
 * @see scikit-learn, classification_report, balanced_accuracy_score, matthews_corrcoef and cohen_kappa_score
 */
export function classificationOf(confusion: Cell[]): Classification {
  const classes = new Map<number, { support: number; predicted: number; right: number }>();
  const classOf = (label: number) => {
    const it = classes.get(label) ?? { support: 0, predicted: 0, right: 0 };
    classes.set(label, it);
    return it;
  };
  let rows = 0;
  for (const { label, predicted, count } of confusion) {
    classOf(label).support += count;
    classOf(predicted).predicted += count;
    if (label === predicted) classOf(label).right += count;
    rows += count;
  }
  const all = [...classes].sort(([a], [b]) => a - b);
  const perClass = all.flatMap(([label, { support, predicted, right }]) => {
    const figures = { precision: quotient(right, predicted), recall: quotient(right, support) };
    return label < 0 ? [] : [{ label, support, ...figures, f1: quotient(2 * right, support + predicted) }];
  });
  const mean = (weightOf: (it: (typeof perClass)[0]) => number, key: keyof Average) =>
    perClass.reduce((sum, it) => sum + weightOf(it) * it[key], 0) / perClass.reduce((sum, it) => sum + weightOf(it), 0);
  const average = (weightOf: (it: (typeof perClass)[0]) => number): Average => ({
    precision: mean(weightOf, "precision"),
    recall: mean(weightOf, "recall"),
    f1: mean(weightOf, "f1"),
  });
  // in integers: rows^2 may be beyond 2^53
  const s = BigInt(rows);
  const sum = (f: (it: { support: bigint; predicted: bigint; right: bigint }) => bigint) =>
    all.reduce(
      (total, [, { support, predicted, right }]) =>
        total + f({ support: BigInt(support), predicted: BigInt(predicted), right: BigInt(right) }),
      0n,
    );
  const chance = sum(({ support, predicted }) => support * predicted);
  const over = s * sum(({ right }) => right) - chance;
  const spread =
    (s * s - sum(({ predicted }) => predicted * predicted)) * (s * s - sum(({ support }) => support * support));
  return {
    confusion,
    perClass,
    macro: average(() => 1),
    weighted: average(({ support }) => support),
    balancedAccuracy: mean(({ support }) => (support > 0 ? 1 : 0), "recall"),
    matthews: rows === 0 ? Number.NaN : spread === 0n ? 0 : withRoot(over, spread),
    kappa: s * s === chance ? Number.NaN : Number(over) / Number(s * s - chance),
  };
}
