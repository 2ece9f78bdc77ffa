import type { FloatArray } from "../dtype.ts";
import { FormatError } from "../formats/error.ts";
import { openTensor } from "../formats/openTensor.ts";
import { floatsOf } from "../formats/rows/floats.ts";
import { arrayOf, type Tensor } from "../formats/tensor.ts";
import type { EvaluateOptions } from "./evaluateOptions.ts";
import { warn } from "./warn.ts";

/** Numbers read at once, of a file that does not say how many it holds. */
const PIECE = 2 ** 16;

/** What --weight names: one number a class, in the precision of the logits; undefined without it. */
export async function classWeights(
  { weight }: Pick<EvaluateOptions, "weight">,
  logits: Pick<Tensor, "dtype">,
): Promise<FloatArray | undefined> {
  if (weight === undefined) return undefined;
  const tensor = await openTensor(weight.path, weight);
  try {
    if (tensor.note !== undefined) warn(tensor.note);
    const numbers: number[] = [];
    for (;;) {
      const piece = new (arrayOf(tensor.dtype))(PIECE);
      const found = await tensor.read(piece);
      for (const it of floatsOf(tensor.dtype, piece).subarray(0, found)) numbers.push(Number(it));
      if (found < PIECE) break;
    }
    const wrong = numbers.findIndex((it) => !(it >= 0));
    if (wrong < 0) return logits.dtype === "f64" ? Float64Array.from(numbers) : Float32Array.from(numbers);
    throw new FormatError(`${tensor.path}: weight ${wrong} is ${numbers[wrong]}, but must be 0 or more`);
  } finally {
    await tensor.close();
  }
}

/** Refuses weights that are not one a class. */
export function checkClassWeights(weights: FloatArray, classes: number, path: string | undefined): void {
  if (weights.length === classes) return;
  throw new FormatError(`${path}: ${weights.length} weights, one a class, but there are ${classes} classes`);
}
