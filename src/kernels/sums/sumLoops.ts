import { count, EXACT, input, kernel, output } from "../../descriptions/kernel.ts";
import { extractSums as loop, PARTS } from "../../numeric/extraction.ts";
import { addRangeToBins } from "../../numeric/loops.ts";

export const addExactly = kernel({
  name: "addExactly",
  formula: "Σ x, exact",
  unit: "row",
  dtypes: null,
  parameters: [input("values", "unit", "f64"), output("bins", "call", "f64")],
  splits: false,
  tolerance: EXACT,
  loop: addRangeToBins,
});

export const extractSums = kernel({
  name: "extractSums",
  formula: "Σ x of three parts, exact",
  unit: "block",
  dtypes: null,
  parameters: [input("values", "block", "f64"), { ...output("sums", "unit", "f64"), values: PARTS }, count],
  splits: false,
  tolerance: EXACT,
  loop,
});
