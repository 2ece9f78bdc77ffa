import type { ByteSource } from "./bytes.ts";
import { FormatError } from "./error.ts";
import { longAxes } from "./npyHeader.ts";
import { swapBytes } from "./swapBytes.ts";
import { arrayOf, type Tensor, type TensorArray } from "./tensor.ts";

/** So many elements are held in memory at most, of what can't be read from anywhere. */
const MOST_ELEMENTS = 2 ** 27;
/** Bytes of rows that are put in order together: of each column so much is read at once as that leaves. */
const TILE_BYTES = 2 ** 25;
/** Reads that are under way at once. */
const READS = 16;

/** The data of an array in Fortran order. */
export interface ColumnData {
  readonly source: ByteSource;
  /** Where the data begins. */
  readonly offset: number;
  readonly bigEndian: boolean;
}

/**
 * An array that stands column by column in its file (Fortran order), read row by row: a stretch of rows at a time where the file
 * can be read from anywhere and two axes are longer than 1, else all of it at the first read.
 */
export function rowByRow(table: Tensor, data: ColumnData): Tensor {
  const axes = longAxes(table.shape!);
  const tiles = data.source.readAt && axes.length === 2 ? byTiles(table, data, axes) : atOnce(table, axes);
  let tile: TensorArray = new (arrayOf(table.dtype))(0);
  return {
    ...table,
    stretch: undefined,
    part: undefined,
    async read(into) {
      let done = 0;
      while (done < into.length) {
        if (tile.length === 0) {
          const { value } = await tiles.next();
          if (value === undefined) break;
          tile = value;
        }
        const part = tile.subarray(0, into.length - done) as TensorArray;
        into.set(part as never, done);
        done += part.length;
        tile = tile.subarray(part.length) as TensorArray;
      }
      return done;
    },
  };
}

async function* byTiles(
  { path, dtype, length }: Tensor,
  { source, offset, bigEndian }: ColumnData,
  [rows, columns]: readonly number[],
): AsyncGenerator<TensorArray> {
  const type = arrayOf(dtype);
  const size = type.BYTES_PER_ELEMENT;
  const most = Math.min(rows, Math.max(1, Math.floor(TILE_BYTES / (columns * size))));
  for (let first = 0; first < rows; first += most) {
    const count = Math.min(most, rows - first);
    const tile = new type(count * columns);
    const read = async (column: number) => {
      const part = new type(count);
      const bytes = new Uint8Array(part.buffer);
      const found = await source.readAt!(bytes, offset + (column * rows + first) * size);
      if (found < bytes.length) {
        throw new FormatError(`${path}: truncated data: ${length! * size} bytes expected, fewer found`);
      }
      if (bigEndian) swapBytes(bytes, size);
      for (let row = 0, i = column; row < count; row++, i += columns) tile[i] = part[row];
    };
    let next = 0;
    const reader = async () => {
      while (next < columns) await read(next++);
    };
    await Promise.all(Array.from({ length: READS }, reader));
    yield tile;
  }
}

async function* atOnce(table: Tensor, axes: readonly number[]): AsyncGenerator<TensorArray> {
  const { path, dtype, length = 0 } = table;
  if (length > MOST_ELEMENTS) {
    throw new FormatError(
      `${path}: ${length} elements in Fortran order, but at most ${MOST_ELEMENTS} are put in C order; save it with np.ascontiguousarray(...)`,
    );
  }
  const byColumn = new (arrayOf(dtype))(length);
  await table.read(byColumn);
  const strides = axes.map((_, k) => axes.slice(0, k).reduce((product, n) => product * n, 1));
  const inOrder = new (arrayOf(dtype))(length);
  // the place of each element of the last axis, counted up as a number whose digits are the axes
  const index = axes.map(() => 0);
  for (let i = 0, from = 0; i < length; i++) {
    inOrder[i] = byColumn[from];
    for (let k = axes.length - 1; k >= 0; k--) {
      from += strides[k];
      if (++index[k] < axes[k]) break;
      from -= strides[k] * axes[k];
      index[k] = 0;
    }
  }
  yield inOrder;
}
