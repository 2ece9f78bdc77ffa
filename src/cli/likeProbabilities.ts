import type { FloatArray } from "../dtype.ts";
import { floatsOf } from "../formats/rows/floats.ts";
import type { Tensor, TensorArray } from "../formats/tensor.ts";

/** What a row of probabilities may add up to: by how much rounding each to float32, or to half precision, moves the sum. */
const SLACK = { whole: 1e-4, half: 1e-2 };

/** Whether rows of two classes or more lie in [0, 1] and add up to 1, each of them. Logits are done with at the first that does not. */
export function areLikeProbabilities(rows: FloatArray, classes: number, isHalf: boolean): boolean {
  if (classes < 2 || rows.length === 0) return false;
  const slack = isHalf ? SLACK.half : SLACK.whole;
  for (let begin = 0; begin < rows.length; begin += classes) {
    let sum = 0;
    for (let i = begin; i < begin + classes; i++) {
      if (!(rows[i] >= 0 && rows[i] <= 1 + slack)) return false;
      sum += rows[i];
    }
    if (Math.abs(sum - 1) > slack) return false;
  }
  return true;
}

/** That the first rows of logits are probabilities, which is easily missed; undefined where they are none. */
export function suspicionOf({ path, dtype }: Tensor, rows: TensorArray, classes: number): string | undefined {
  const isHalf = dtype === "f16" || dtype === "bf16";
  if (!areLikeProbabilities(floatsOf(dtype, rows), classes, isHalf)) return undefined;
  return `${path}: rows lie in [0, 1] and add up to 1, but are taken for logits; for probabilities there is --input probabilities (--input logits says that they are logits)`;
}
