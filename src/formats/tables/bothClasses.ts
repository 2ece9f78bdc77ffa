import type { InputKind } from "../tensor.ts";

/** The values of class 1 as those of both classes: logits beside 0, probabilities beside what they lack to 1. `values` may be the second half of `out`. */
export function fillBothClasses(
  out: { [i: number]: number | bigint },
  values: ArrayLike<number>,
  rows: number,
  input: InputKind | undefined,
): void {
  for (let row = 0; row < rows; row++) {
    const value = values[row];
    out[2 * row] = input === "probabilities" ? 1 - value : 0;
    out[2 * row + 1] = value;
  }
}
