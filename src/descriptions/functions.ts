import { BOTH, count, type Description, input, output, scratch } from "./kernel.ts";

// exp and ln as kernels of their own, element by element: so that every input can be tested.

const parameters = [input("x", "block"), output("out", "block"), count, scratch];

export const exp: Description = {
  name: "exp",
  formula: "e^x",
  unit: "block",
  dtypes: BOTH,
  parameters,
  tolerance: { f32: "2.3 ulp", f64: "1.1 ulp" },
  module: "functions/functionKernels",
};

export const logarithm: Description = {
  name: "logarithm",
  formula: "ln x",
  unit: "block",
  dtypes: BOTH,
  parameters,
  tolerance: { f32: "0.501 ulp", f64: "2^-52" },
  module: "functions/functionKernels",
};
