import { FormatError } from "../formats/error.ts";
import { arrayOf, type Tensor } from "../formats/tensor.ts";

/** Tokens as labels of the position before them: the logits at t score token t + 1; a sequence's last position none. */
export function shifted(tokens: Tensor, sequence: number | undefined, classes: number, ignoreIndex: number): Tensor {
  const { length, path } = tokens;
  if (sequence === undefined || length === undefined || length % sequence !== 0) {
    throw new FormatError(`${path}: --shift needs sequences: logits of shape (batch, sequence, classes)`);
  }
  const type = arrayOf(tokens.dtype);
  let row = 0;
  return {
    ...tokens,
    dtype: "i32",
    async read(into) {
      const n = Math.min(into.length, length - row);
      // the first token is nobody's label
      if (row === 0) await tokens.read(new type(Math.min(1, length)));
      const next = new type(n);
      await tokens.read(next);
      for (let i = 0; i < n; i++, row++) {
        const last = (row + 1) % sequence === 0;
        into[i] = last ? ignoreIndex : checked(path, row + 1, next[i], classes, ignoreIndex);
      }
      return n;
    },
  };
}

function checked(path: string, at: number, token: number | bigint, classes: number, ignoreIndex: number): number {
  const value = Number(token);
  if (value === ignoreIndex || (value >= 0 && value < classes)) return value;
  throw new FormatError(
    `${path}: labels[${at}] is ${token}, but classes is ${classes} (allowed 0..${classes - 1}, or ignoreIndex ${ignoreIndex})`,
  );
}
