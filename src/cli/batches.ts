import { bfloat16, float16, type LogitsArray } from "../dtype.ts";
import { FormatError } from "../formats/error.ts";
import { arrayOf, type Tensor, type TensorArray } from "../formats/tensor.ts";
import type { Losses } from "../inlinedLosses.ts";

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

/** Bytes of the widest input read at once: of 2^19 to 2^24, 2^22 was the fastest for rows of 10 and of 50257 classes. */
const BATCH_BYTES = 2 ** 22;

/** Arrays that batches are read to, one an input, in sets that take turns. */
export type Room = readonly (readonly TensorArray[])[];

/** Bytes that a row takes in the input where it takes most. */
export function rowBytesOf(inputs: readonly Input[]): number {
  return Math.max(...inputs.map(({ tensor, perRow }) => perRow * arrayOf(tensor.dtype).BYTES_PER_ELEMENT));
}

/** Room in the arena for so many sets of batches, none of more rows than the longest input has. */
export function roomFor(losses: Losses, inputs: readonly Input[], sets: number, bytes = BATCH_BYTES): Room {
  const most = Math.max(1, ...inputs.map(({ tensor, perRow }) => (tensor.length ?? Number.MAX_VALUE) / perRow));
  const rows = Math.min(Math.max(1, Math.floor(bytes / rowBytesOf(inputs))), most);
  return Array.from({ length: sets }, () => inputs.map((input) => allocate(losses, input, rows)));
}

/** Arrays that are in an arena. */
const inArena = new WeakSet<TensorArray>();

/** Frees what is in the arena of a room that nobody reads to any more. */
export function releaseRoom(losses: Losses, room: Room | undefined): void {
  for (const array of room?.flat() ?? []) if (inArena.delete(array)) losses.free(array);
}

/** An array in the arena, so that rows are read to where they are used; an ordinary one where there is no room. */
function allocate(losses: Losses, { tensor, perRow }: Input, rows: number): TensorArray {
  const type = arrayOf(tensor.dtype);
  try {
    const array = losses.alloc(type as never, rows * perRow) as TensorArray;
    inArena.add(array);
    return array;
  } catch (error) {
    if (error instanceof RangeError) return new type(rows * perRow);
    throw error;
  }
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

/** Floats as the library takes them. */
export function logitsOf(tensor: Tensor, array: TensorArray): LogitsArray {
  if (tensor.dtype === "f16") return float16(array as Uint16Array);
  return tensor.dtype === "bf16" ? bfloat16(array as Uint16Array) : (array as Float32Array);
}
