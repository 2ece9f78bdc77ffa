import { FormatError } from "../error.ts";
import { arrayOf, type Tensor } from "../tensor.ts";
import type { LogitsShape } from "./shapes.ts";

/** Rows that are read: all but the first and the ones behind the last are another thread's. */
export interface RowRange {
  readonly first: number;
  /** Behind the last one. */
  readonly end: number;
}

/**
 * Tokens as labels of the position before them: the logits at t score token t + 1; a sequence's last position none. Of a range of
 * the rows, `tokens` begins with its first one's and goes on to the one behind its last.
 */
export function shifted(tokens: Tensor, shape: LogitsShape, ignoreIndex: number, range?: RowRange): Tensor {
  const { path } = tokens;
  const label = (token: number | bigint, at: number) => checkedLabel(path, at, token, shape.classes, ignoreIndex);
  return movedUp(tokens, shape, range, ignoreIndex, label);
}

/** A mask of tokens, as one of the positions before them: 1 where the token counts, else 0. */
export function shiftedMask(mask: Tensor, shape: LogitsShape, range?: RowRange): Tensor {
  return movedUp(mask, shape, range, 0, (value) => (Number(value) === 0 ? 0 : 1));
}

/** What is of the next position: `numberOf` what is there and its number; at a sequence's last position `last`. */
function movedUp(
  tokens: Tensor,
  { rows, sequence }: LogitsShape,
  range: RowRange | undefined,
  last: number,
  numberOf: (token: number | bigint, at: number) => number,
): Tensor {
  const { path } = tokens;
  // a pipe does not say how many it holds
  const length = range ? rows : (tokens.length ?? rows);
  if (sequence === undefined || length === undefined || length % sequence !== 0) {
    throw new FormatError(`${path}: --shift needs sequences: logits of shape (batch, sequence, classes)`);
  }
  const type = arrayOf(tokens.dtype);
  const readUpTo = async (n: number) => {
    const array = new type(n);
    return array.subarray(0, await tokens.read(array));
  };
  const { first, end } = range ?? { first: 0, end: length };
  let row = first;
  return {
    ...tokens,
    stretch: undefined,
    part: undefined,
    dtype: "i32",
    async read(into) {
      const n = Math.min(into.length, end - row);
      // behind the last one: what a pipe has too many
      if (n === 0) return end < length ? 0 : (await readUpTo(1)).length;
      // the first token is nobody's label, or that of the row before
      if (row === first) await readUpTo(1);
      const wanted = Math.min(n, length - 1 - row);
      const next = await readUpTo(wanted);
      const found = next.length < wanted ? next.length : n;
      for (let i = 0; i < found; i++, row++) {
        const isLast = (row + 1) % sequence === 0;
        into[i] = isLast ? last : numberOf(next[i], row + 1);
      }
      return found;
    },
  };
}

/** A label as a number, if it can be one. */
export function checkedLabel(
  path: string,
  at: number,
  token: number | bigint,
  classes: number,
  ignoreIndex: number,
): number {
  const value = Number(token);
  if (value === ignoreIndex || (value >= 0 && value < classes)) return value;
  throw new FormatError(
    `${path}: labels[${at}] is ${token}, but classes is ${classes} (allowed 0..${classes - 1}, or ignoreIndex ${ignoreIndex})`,
  );
}
