import type { LabelArray } from "../../dtype.ts";
import type { BinaryEvaluation } from "../../evaluate/binary/binary.ts";
import type { Evaluation } from "../../evaluate/evaluation.ts";
import type { Regression } from "../../evaluate/regression.ts";
import type { RowRange } from "../../formats/rows/shift.ts";
import { type Input, type Room, type Rows, readTogether } from "../../formats/rows/together.ts";
import type { Tensor, TensorArray } from "../../formats/tensor.ts";

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

/** What rows may come with, each in a file of its own. */
export type Beside = "groups" | "mask";

/** What rows come with, as add() takes it. */
export const besideOf = (names: readonly Beside[], arrays: readonly TensorArray[]) =>
  Object.fromEntries(names.map((name, i) => [name, arrays[i] as LabelArray]));

/** Rows of inputs in batches. Of a range without rows there is one of none: its state, too, says which figures there are. */
export async function* batchesOf(
  inputs: readonly Input[],
  room: Room,
  range: RowRange | undefined,
): AsyncGenerator<Rows> {
  let count = 0;
  for await (const batch of readTogether(inputs, room)) {
    count += batch.rows;
    yield batch;
  }
  if (range && count === 0) yield { rows: 0, arrays: room[0].map((array) => array.subarray(0, 0) as TensorArray) };
}

/** Elements [begin, end) of an input of so many rows that a range of them needs. */
export function elementsOf(
  { perRow, ahead }: Column,
  { first, end }: RowRange,
  rows: number,
): [begin: number, end: number] {
  return [first * perRow, Math.min(end + ahead, rows) * perRow];
}
