import type { Dtype } from "../../test/inputs.ts";
import { operations } from "../operations/index.ts";
import type { Operation, Shape } from "../operations/operation.ts";
import type { Input } from "../results.ts";

/** What two packages are compared on. */
export interface ComparedCase {
  readonly id: string;
  readonly operation: Operation;
  readonly dtype: Dtype;
  readonly shape: Shape;
  readonly input: Input;
}

const ROWS = ["1000x1000", "32x50257", "64x128256", "100000x10", "100000x2"];
const loss = "crossEntropy";
const gradient = "crossEntropyWithGrad";
const rowOperations = ["softmax", "logSoftmax", "logSumExp", loss, gradient];
const variants = [", weight", ", labelSmoothing", " of probabilities", ", input probabilities"];

/** Operations, and the sizes of each. */
type Plan = readonly [operations: readonly string[], sizes: readonly string[], dtype: Dtype, input: Input];

const plans: readonly Plan[] = [
  [rowOperations, ROWS, "float32", "resident"],
  [rowOperations, ["1000x1000", "100000x10"], "float64", "resident"],
  [variants.flatMap((variant) => [loss + variant, gradient + variant]), ["1000x1000"], "float32", "resident"],
  [["evaluate"], ["1000x1000", "32x50257", "100000x10"], "float32", "resident"],
  [["comparison"], ["1000x1000", "32x50257", "2000x100", "100000x10"], "float32", "resident"],
  [["regressionEvaluator"], ["1e6"], "float32", "resident"],
  [["mse", "mseWithGrad"], ["1e3", "1e5", "1e7"], "float32", "resident"],
  [["softmax", loss, gradient], ["1000x1000"], "float32", "copied"],
  [[loss], ["100000x10"], "float32", "copied"],
  [["mse"], ["1e3", "1e7"], "float32", "copied"],
];

/** "32x50257": rows and classes; "1e5": elements. */
function shapeOf(name: string): Shape {
  const [rows, classes = 1] = name.split("x").map(Number);
  return { name, rows, classes };
}

function operationOf(name: string): Operation {
  const found = operations.find((each) => each.name === name);
  if (!found) throw new Error(`there is no operation ${name} in bench/operations`);
  return found;
}

/** Every case there is. */
export const comparedCases: readonly ComparedCase[] = plans.flatMap(([names, sizes, dtype, input]) =>
  sizes.flatMap((size) =>
    names.map((name) => ({
      id: `${name} ${size} ${dtype} ${input}`,
      operation: operationOf(name),
      dtype,
      shape: shapeOf(size),
      input,
    })),
  ),
);
