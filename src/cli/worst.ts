import type { Evaluation } from "../evaluate/evaluation.ts";

type Listed = NonNullable<Evaluation["worst"]>[0];

/** A row of the highest loss as it is printed. */
export interface WorstRow extends Omit<Listed, "predicted" | "rank"> {
  /** The first maximum; null in a row that holds a NaN. */
  readonly predicted: number | null;
  /** Of the label; null in a row that holds a NaN. */
  readonly rank: number | null;
}

/** Rows as they are printed. */
export function printedWorst(worst: readonly Listed[]): WorstRow[] {
  return worst.map(({ predicted, rank, ...row }) => ({
    ...row,
    predicted: predicted < 0 ? null : predicted,
    rank: rank === 0 ? null : rank,
  }));
}
