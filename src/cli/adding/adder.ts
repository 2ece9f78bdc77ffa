import type { BinaryEvaluation } from "../../evaluate/binary/binary.ts";
import type { Evaluation } from "../../evaluate/evaluation.ts";
import type { Regression } from "../../evaluate/regression.ts";
import type { RowRange } from "../../formats/rows/shift.ts";
import type { Tensor } from "../../formats/tensor.ts";

/** How the elements of an input lie beside rows. */
export interface Column {
  /** Elements a row. */
  readonly perRow: number;
  /** Rows of it that are needed behind the last one: the next token is a label. */
  readonly ahead: number;
}

/** Is told of rows that were added since it was told last; false of it ends the adding. */
export type Told = (rows: number) => boolean | Promise<boolean>;

/** Adds up rows of files: all of them in order, or ranges of them, one after the other. */
export interface Adder<R = Evaluation | Regression | BinaryEvaluation> {
  /** Adds the rows of `range`, of which each input holds what its column says; all that there are where none is given. */
  add(tensors: readonly Tensor[], told: Told, range?: RowRange): Promise<void>;
  /** Why the first rows are most likely not what they are taken for. */
  readonly suspicion: string | undefined;
  result(): R;
  state(): Uint8Array;
  /** Gives the engine's memory back; nothing is added any more. */
  release(): void;
}

/** Elements [begin, end) of an input of so many rows that a range of them needs. */
export function elementsOf(
  { perRow, ahead }: Column,
  { first, end }: RowRange,
  rows: number,
): [begin: number, end: number] {
  return [first * perRow, Math.min(end + ahead, rows) * perRow];
}
