import { ARGMAX, LOSS, RANK, RECORD, WEIGHT } from "../descriptions/record.ts";
import { weightedLoss } from "../numeric/products.ts";
import type { Highest, Placed } from "./highest.ts";
import { writeHighest } from "./placedRows.ts";
import type { Writer } from "./stateBytes.ts";

/** A row of the highest loss. */
export interface WorstRow extends Placed {
  /** Positions of a sequence, where labels are those of the next position; else 0. */
  readonly positions: number;
  readonly label: number;
  /** -1 in a row that holds a NaN. */
  readonly predicted: number;
  /** 0 in a row that holds a NaN. */
  readonly rank: number;
  readonly loss: number;
}

/** Takes n records of rows; the first one's number is `first`. */
export function addWorst(
  worst: Highest<WorstRow>,
  records: Float64Array,
  n: number,
  first: number,
  positions: number,
  labelOf: (i: number) => number,
): void {
  for (let i = 0, at = 0; i < n; i++, at += RECORD) {
    const rank = records[at + RANK];
    const loss = weightedLoss(records[at + LOSS], records[at + WEIGHT]);
    if (rank < 0 || !worst.wants(loss)) continue;
    const predicted = records[at + ARGMAX];
    worst.add({ source: "", row: first + i, positions, label: labelOf(i), predicted, rank, loss });
  }
}

export function writeWorst(to: Writer, worst: Highest<WorstRow>): void {
  writeHighest(to, worst, ({ positions, label, predicted, rank, loss }) => {
    to.count(positions);
    to.count(label);
    to.count(predicted + 1);
    to.count(rank);
    to.number(loss);
  });
}
