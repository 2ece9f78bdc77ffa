import { BOTH, EXACT, input, kernel, partials, scalar } from "../../descriptions/kernel.ts";
import type { FloatArray } from "../../dtype.ts";

export const checkLabels = kernel({
  name: "checkLabels",
  formula: "first bad label, rows counted",
  unit: "row",
  dtypes: null,
  parameters: [input("labels", "unit", "i32"), partials("report"), scalar("classes"), scalar("ignoreIndex")],
  splits: false,
  tolerance: EXACT,
  loop(begin: number, end: number, labels: Int32Array, report: Float64Array, classes: number, ignoreIndex: number) {
    let first = -1;
    let counted = 0;
    for (let i = end - 1; i >= begin; i--) {
      const label = labels[i];
      if (label === ignoreIndex) continue;
      counted++;
      if (label < 0 || label >= classes) first = i;
    }
    report[0] = first;
    report[1] = counted;
  },
});

export const labelWeights = kernel({
  name: "labelWeights",
  formula: "w[y], 0 where ignored",
  unit: "row",
  dtypes: BOTH,
  parameters: [input("labels", "unit", "i32"), input("weights", "call"), partials("out"), scalar("ignoreIndex")],
  tolerance: EXACT,
  loop(begin: number, end: number, labels: Int32Array, weights: FloatArray, out: Float64Array, ignoreIndex: number) {
    for (let i = begin; i < end; i++) out[i] = labels[i] === ignoreIndex ? 0 : weights[labels[i]];
  },
});
