import type { EvaluatedRows } from "../evaluate/evaluatorOptions.ts";

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

/** Whether a loss is worse than another one: NaN is worse than anything. */
export const worse = (a: number, b: number) => (Number.isNaN(a) ? !Number.isNaN(b) : a > b);

/** Keeps the rows of the highest loss, the highest first. */
export class Worst {
  readonly rows: WorstRow[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(batch: EvaluatedRows): void {
    const { rows } = this;
    if (this.#most === 0) return;
    for (let i = 0; i < batch.count; i++) {
      const loss = batch.loss(i);
      const rank = batch.rank(i);
      if (rank < 0 || (rows.length === this.#most && !worse(loss, rows[rows.length - 1].loss))) continue;
      let place = rows.length;
      while (place > 0 && worse(loss, rows[place - 1].loss)) place--;
      const predicted = batch.predicted(i);
      rows.splice(place, 0, {
        row: batch.first + i,
        label: batch.label(i),
        predicted: predicted < 0 ? null : predicted,
        rank: rank === 0 ? null : rank,
        loss,
      });
      if (rows.length > this.#most) rows.pop();
    }
  }
}
