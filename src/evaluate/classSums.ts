import { LOSS, RANK, RECORD } from "../descriptions/record.ts";
import type { IntegerArray } from "../dtype.ts";
import { copyLabels } from "../memory/copyLabels.ts";
import { ExactTotal } from "../numeric/exactTotal.ts";
import { C1, C2, EXTRACTED, LARGEST, SMALLEST } from "../numeric/extraction.ts";
import { classOf, type Totals } from "./totals.ts";

/** Values of a class: rows, right ones, the three parts of the sum of losses, and how many rows are in those. */
const STRIDE = 6;

/** Rows, right ones and the exact sum of losses of each class that occurs; 12 ns a row. */
export class ClassSums {
  /** One more than where a label's values begin; 0 where it did not occur. */
  readonly #places: Int32Array;
  /** By place: labels, and what their three parts don't hold. */
  readonly #labels: number[] = [];
  readonly #losses: ExactTotal[] = [];
  #values = new Float64Array(64 * STRIDE);
  #copied = new Int32Array(0);

  constructor(classes: number) {
    this.#places = new Int32Array(classes);
  }

  /** Takes n records, whose labels are labels[first..first + n). */
  add(records: Float64Array, n: number, labels: IntegerArray, first: number, ignoreIndex: number): void {
    const targets = this.#integers(labels, first, n, ignoreIndex);
    const places = this.#places;
    let values = this.#values;
    for (let i = 0, record = 0; i < n; i++, record += RECORD) {
      const rank = records[record + RANK];
      if (rank < 0) continue;
      let at = places[targets[i]] - 1;
      if (at < 0) {
        at = this.#open(targets[i]);
        values = this.#values;
      }
      values[at]++;
      if (rank === 1) values[at + 1]++;
      const loss = records[record + LOSS];
      if (!(loss >= SMALLEST && loss < LARGEST)) {
        if (loss !== 0) this.#losses[at / STRIDE].add(loss);
        continue;
      }
      const h1 = loss + C1 - C1;
      const rest = loss - h1;
      const h2 = rest + C2 - C2;
      values[at + 2] += h1;
      values[at + 3] += h2;
      values[at + 4] += rest - h2;
      if (++values[at + 5] === EXTRACTED) this.#gather(at);
    }
  }

  /** Empties all into totals. */
  drain(totals: Totals): void {
    this.#labels.forEach((label, i) => {
      const at = i * STRIDE;
      const rows = this.#values[at];
      if (rows === 0) return;
      const it = classOf(totals, label);
      it.count += rows;
      it.correct += this.#values[at + 1];
      this.#gather(at);
      it.loss.addTotal(this.#losses[i]);
      this.#losses[i] = new ExactTotal();
    });
    this.#values.fill(0);
  }

  #open(label: number): number {
    const at = this.#labels.length * STRIDE;
    if (at === this.#values.length) {
      const grown = new Float64Array(2 * at);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#labels.push(label);
    this.#losses.push(new ExactTotal());
    this.#places[label] = at + 1;
    return at;
  }

  /** Adds the three parts of one class to its exact sum. */
  #gather(at: number): void {
    const values = this.#values;
    for (let part = at + 2; part < at + 5; part++) this.#losses[at / STRIDE].add(values[part]);
    values.fill(0, at + 2, at + 6);
  }

  /** Labels as numbers of 32 bits, from place 0. */
  #integers(labels: IntegerArray, first: number, n: number, ignoreIndex: number): Int32Array {
    if (labels instanceof Int32Array) return labels.subarray(first, first + n);
    if (this.#copied.length < n) this.#copied = new Int32Array(n);
    copyLabels(labels, first, n, this.#copied, ignoreIndex);
    return this.#copied;
  }
}
