import { count, type Description, EXACT, input, output } from "./kernel.ts";

const parameters = [input("bits", "block", "u16"), output("out", "block", "f32"), count];

export const widenFloat16: Description = {
  name: "widenFloat16",
  formula: "float16 bits as float32",
  unit: "block",
  dtypes: null,
  parameters,
  tolerance: EXACT,
  module: "widen",
};

export const widenBfloat16: Description = {
  name: "widenBfloat16",
  formula: "bfloat16 bits as float32",
  unit: "block",
  dtypes: null,
  parameters,
  tolerance: EXACT,
  module: "widen",
};
