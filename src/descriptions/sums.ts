import { PARTS } from "../numeric/extraction.ts";
import { accumulated, count, type Description, EXACT, input, output } from "./kernel.ts";

export const addExactly: Description = {
  name: "addExactly",
  formula: "Σ x, exact",
  unit: "row",
  dtypes: null,
  parameters: [input("values", "unit", "f64"), accumulated("bins")],
  splits: false,
  tolerance: EXACT,
  module: "sums/exactSum",
};

export const extractSums: Description = {
  name: "extractSums",
  formula: "Σ x of three parts, exact",
  unit: "block",
  dtypes: null,
  parameters: [input("values", "block", "f64"), { ...output("sums", "unit", "f64"), values: PARTS }, count],
  splits: false,
  tolerance: EXACT,
  module: "sums/exactSum",
};
