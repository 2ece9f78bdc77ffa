import { BOTH, type Description, input, integer, output, real } from "./kernel.ts";

export const weighRows: Description = {
  name: "weighRows",
  formula: "v s / unit, of a row's values and its weight; 0 where s is 0",
  unit: "row",
  dtypes: BOTH,
  parameters: [
    input("values", "classes"),
    input("sampleWeight", "unit"),
    output("out", "classes"),
    integer("classes"),
    real("unit"),
  ],
  tolerance: { f32: "2^-23", f64: "2^-52" },
  module: "rows/weighRows",
};
