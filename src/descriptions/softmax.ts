import { BOTH, type Description, input, integer, output, scratch } from "./kernel.ts";

const parameters = [input("logits", "classes"), output("out", "classes"), integer("classes"), scratch];

export const softmax: Description = {
  name: "softmax",
  formula: "exp(x - max x) / Σ exp(x - max x)",
  unit: "row",
  dtypes: BOTH,
  parameters,
  tolerance: { f32: "2^-22 + |x - m| 2^-23", f64: "2^-48 + |x - m| 2^-51" },
  module: "rows/softmax",
};

export const logSoftmax: Description = {
  name: "logSoftmax",
  formula: "(x - max x) - ln Σ exp(x - max x)",
  unit: "row",
  dtypes: BOTH,
  parameters,
  tolerance: { f32: "2^-23 (4 + max(0, -ln |y|))", f64: "2^-51 (4 + max(0, -ln |y|))" },
  module: "rows/softmax",
};

export const logSumExp: Description = {
  name: "logSumExp",
  formula: "max x + ln Σ exp(x - max x)",
  unit: "row",
  dtypes: BOTH,
  parameters: [input("logits", "classes"), output("out", "unit", "f64"), integer("classes"), scratch],
  tolerance: { f32: "4 x 2^-23 + 2^-52 |y|, absolute", f64: "4 x 2^-51 + 2^-52 |y|, absolute" },
  module: "rows/softmax",
};
