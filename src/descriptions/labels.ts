import { BOTH, type Description, EXACT, input, integer, partials } from "./kernel.ts";

const labels = input("labels", "unit", "i32");

export const checkLabels: Description = {
  name: "checkLabels",
  formula: "first bad label, rows counted",
  unit: "row",
  dtypes: null,
  parameters: [labels, partials("report", 2), integer("classes"), integer("ignoreIndex")],
  splits: false,
  tolerance: EXACT,
  module: "crossEntropy/labels",
};

export const labelWeights: Description = {
  name: "labelWeights",
  formula: "w[y], 0 where ignored",
  unit: "row",
  dtypes: BOTH,
  parameters: [labels, input("weights", "call"), partials("out"), integer("ignoreIndex")],
  tolerance: EXACT,
  module: "crossEntropy/labels",
};
