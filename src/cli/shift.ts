import { FormatError } from "../formats/error.ts";
import { arrayOf, type Tensor } from "../formats/tensor.ts";
import type { LogitsShape } from "./shapes.ts";

/** Tokens as labels of the position before them: the logits at t score token t + 1; a sequence's last position none. */
export function shifted(tokens: Tensor, { rows, sequence, classes }: LogitsShape, ignoreIndex: number): Tensor {
  const { path } = tokens;
  // a pipe does not say how many it holds
  const length = tokens.length ?? rows;
  if (sequence === undefined || length === undefined || length % sequence !== 0) {
    throw new FormatError(`${path}: --shift needs sequences: logits of shape (batch, sequence, classes)`);
  }
  const type = arrayOf(tokens.dtype);
  const readUpTo = async (n: number) => {
    const array = new type(n);
    return array.subarray(0, await tokens.read(array));
  };
  let row = 0;
  return {
    ...tokens,
    dtype: "i32",
    async read(into) {
      const n = Math.min(into.length, length - row);
      // behind the last one: what a pipe has too many
      if (n === 0) return (await readUpTo(1)).length;
      // the first token is nobody's label
      if (row === 0) await readUpTo(1);
      const wanted = Math.min(n, length - 1 - row);
      const next = await readUpTo(wanted);
      const found = next.length < wanted ? next.length : n;
      for (let i = 0; i < found; i++, row++) {
        const last = (row + 1) % sequence === 0;
        into[i] = last ? ignoreIndex : checkedLabel(path, row + 1, next[i], classes, ignoreIndex);
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
