import { arrayOf, type InputKind, type Tensor, type TensorArray, type TensorDtype } from "./tensor.ts";

/** One of the arrays that each row of a file holds a piece of. */
export interface RowPart {
  readonly dtype: TensorDtype;
  /** Elements a row. */
  readonly perRow: number;
}

/** Rows that are read once, from front to end. */
export interface RowStream {
  readonly path: string;
  readonly parts: readonly RowPart[];
  /** How many rows there are; undefined where that is not known before the end. */
  readonly rows?: number | undefined;
  /** What the first part is, where it holds logits and the file says so. */
  readonly input?: InputKind | undefined;
  /** For people, which parts of the rows were taken. */
  readonly note?: string | undefined;
  /** The next rows, an array a part; undefined at the end. */
  next(): Promise<readonly TensorArray[] | undefined>;
  close(): Promise<void>;
}

/** A tensor a part. One that is read ahead of the others has their rows kept, so memory is bounded by how far that is. */
export function tensorsOf(stream: RowStream): Tensor[] {
  const { path, parts, rows } = stream;
  const queues = parts.map((): TensorArray[] => []);
  let ended = false;
  let advancing: Promise<void> | undefined;
  const advance = async () => {
    const arrays = await stream.next();
    if (arrays === undefined) ended = true;
    else arrays.forEach((array, k) => void queues[k].push(array));
    advancing = undefined;
  };
  let isOpen = true;
  return parts.map(({ dtype, perRow }, k) => ({
    path,
    dtype,
    shape: rows === undefined ? undefined : perRow === 1 ? [rows] : [rows, perRow],
    length: rows === undefined ? undefined : rows * perRow,
    perRow,
    ...(k === 0 && { note: stream.note, input: stream.input }),
    async read(into) {
      const queue = queues[k];
      let done = 0;
      while (done < into.length) {
        if (queue.length === 0) {
          if (ended) break;
          // after an error it stays as it is, so that every part's reader is told
          advancing ??= advance();
          await advancing;
          continue;
        }
        const part = queue[0].subarray(0, into.length - done) as TensorArray;
        into.set(part as never, done);
        done += part.length;
        if (part.length === queue[0].length) queue.shift();
        else queue[0] = queue[0].subarray(part.length) as TensorArray;
      }
      return done;
    },
    async close() {
      if (isOpen) await stream.close();
      isOpen = false;
    },
  }));
}

/** Room for the elements of so many rows, an array a part. */
export function roomOf({ parts }: Pick<RowStream, "parts">, rows: number): TensorArray[] {
  return parts.map(({ dtype, perRow }) => new (arrayOf(dtype))(rows * perRow));
}
