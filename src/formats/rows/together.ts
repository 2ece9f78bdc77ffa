import { FormatError } from "../error.ts";
import { arrayOf, type Tensor, type TensorArray } from "../tensor.ts";

/** One of the files that are read together. */
export interface Input {
  readonly tensor: Tensor;
  /** Elements a row. */
  readonly perRow: number;
}

export interface Rows {
  readonly rows: number;
  /** One array an input. */
  readonly arrays: readonly TensorArray[];
}

/**
 * Bytes of the widest input read at once: of 2^19 to 2^24, 2^22 was the fastest for rows of 10 and of 50257 classes. With two
 * threads on 1 GiB, 2^21 took a tenth more processor time.
 */
const BATCH_BYTES = 2 ** 22;

/** Arrays that batches are read to, one an input, in sets that take turns. */
export type Room = readonly (readonly TensorArray[])[];

/** Rows of a batch of so many bytes, but of no more than the longest input has. */
export function batchRows(inputs: readonly Input[], bytes = BATCH_BYTES): number {
  const rowBytes = Math.max(...inputs.map(({ tensor, perRow }) => perRow * arrayOf(tensor.dtype).BYTES_PER_ELEMENT));
  const most = Math.max(1, ...inputs.map(({ tensor, perRow }) => (tensor.length ?? Number.MAX_VALUE) / perRow));
  return Math.min(Math.max(1, Math.floor(bytes / rowBytes)), most);
}

/** Reads as many rows as there is room for; how many there were, 0 at the end of all inputs. */
async function fill(inputs: readonly Input[], arrays: readonly TensorArray[]): Promise<Rows> {
  const counts: number[] = [];
  const reads = inputs.map(({ tensor }, k) => tensor.read(arrays[k]));
  // all are under way, and awaited in order: of several errors the first one's file is named
  await Promise.allSettled(reads);
  for (let k = 0; k < inputs.length; k++) {
    const { tensor, perRow } = inputs[k];
    const elements = await reads[k];
    if (elements % perRow !== 0) {
      throw new FormatError(`${tensor.path}: the last row has ${elements % perRow} elements, but ${perRow} are needed`);
    }
    counts.push(elements / perRow);
  }
  const rows = Math.min(...counts);
  const longer = counts.findIndex((n) => n > rows);
  if (longer >= 0) {
    const shorter = inputs[counts.indexOf(rows)].tensor.path;
    throw new FormatError(`${inputs[longer].tensor.path}: more rows than in ${shorter}`);
  }
  const views = arrays.map((array, k) => array.subarray(0, rows * inputs[k].perRow) as TensorArray);
  return { rows, arrays: views };
}

/**
 * Rows of several files, in batches. Of two sets of room one is filled while the other is used: an array is used again after two
 * batches; of one the next batch is read when this one is done with.
 */
export async function* readTogether(inputs: readonly Input[], room: Room): AsyncGenerator<Rows> {
  let next = fill(inputs, room[0]);
  for (let turn = 1; ; turn++) {
    const rows = await next;
    if (rows.rows === 0) return;
    if (room.length > 1) {
      next = fill(inputs, room[turn % room.length]);
      // nobody's where what was yielded fails: that is not held back until a pipe delivers
      next.catch(() => {});
      yield rows;
    } else {
      yield rows;
      next = fill(inputs, room[0]);
    }
  }
}
