import { FormatError } from "./error.ts";
import { longAxes } from "./npyHeader.ts";
import { arrayOf, type Tensor, type TensorArray } from "./tensor.ts";

/** So many elements are held in memory at most. */
const MOST_ELEMENTS = 2 ** 27;

/** A table that stands column by column in its file (Fortran order), read row by row: all of it at the first read. */
export function rowByRow(table: Tensor): Tensor {
  const { path, shape = [], length = 0 } = table;
  const [rows, columns] = longAxes(shape);
  if (length > MOST_ELEMENTS) {
    throw new FormatError(
      `${path}: ${length} elements in Fortran order, but at most ${MOST_ELEMENTS} are put in C order; save it with np.ascontiguousarray(...)`,
    );
  }
  const type = arrayOf(table.dtype);
  let inOrder: TensorArray | undefined;
  let position = 0;
  return {
    ...table,
    stretch: undefined,
    async read(into) {
      if (inOrder === undefined) {
        const byColumn = new type(length);
        await table.read(byColumn);
        inOrder = new type(length);
        for (let row = 0, i = 0; row < rows; row++) {
          for (let column = 0; column < columns; column++, i++) inOrder[i] = byColumn[column * rows + row];
        }
      }
      const part = inOrder.subarray(position, position + into.length);
      into.set(part as never);
      position += part.length;
      return part.length;
    },
  };
}
