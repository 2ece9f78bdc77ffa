import { ARGMAX, LOSS, RANK, RECORD } from "../descriptions/record.ts";

export interface WorstRow {
  /** Its number, from 0. */
  readonly row: number;
  readonly label: number;
  /** The first maximum; null in a row that holds a NaN. */
  readonly predicted: number | null;
  /** Of the label; null in a row that holds a NaN. */
  readonly rank: number | null;
  readonly loss: number;
}

/** NaN is worse than anything; of equals the first row is the worse. */
const worse = (a: number, b: number) => (Number.isNaN(a) ? !Number.isNaN(b) : a > b);

/** Keeps the rows of the highest loss, the highest first. */
export class Worst {
  readonly rows: WorstRow[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** Takes n records of rows from number `first` on. */
  add(records: Float64Array, n: number, first: number, labels: ArrayLike<number | bigint>, at: number): void {
    const { rows } = this;
    if (this.#most === 0) return;
    for (let i = 0, record = 0; i < n; i++, record += RECORD) {
      const loss = records[record + LOSS];
      const rank = records[record + RANK];
      if (rank < 0 || (rows.length === this.#most && !worse(loss, rows[rows.length - 1].loss))) continue;
      let place = rows.length;
      while (place > 0 && worse(loss, rows[place - 1].loss)) place--;
      const predicted = records[record + ARGMAX];
      rows.splice(place, 0, {
        row: first + i,
        label: Number(labels[at + i]),
        predicted: predicted < 0 ? null : predicted,
        rank: rank === 0 ? null : rank,
        loss,
      });
      if (rows.length > this.#most) rows.pop();
    }
  }
}
