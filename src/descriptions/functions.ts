import { BOTH, count, type Description, input, output, scratch } from "./kernel.ts";

// The elementary functions as kernels of their own, element by element: so that every input can be tested.

const parameters = [input("x", "block"), output("out", "block"), count, scratch];

export const exp: Description = {
  name: "exp",
  formula: "e^x",
  unit: "block",
  dtypes: BOTH,
  parameters,
  tolerance: { f32: "2.3 ulp", f64: "1.3 ulp" },
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

/** Of any x, and of the results that losses are made of. */
const elementary = (name: string, formula: string, f32: string, f64: string): Description => ({
  name,
  formula,
  unit: "block",
  dtypes: BOTH,
  parameters,
  tolerance: { f32: `${f32} ulp`, f64: `${f64} ulp` },
  module: "functions/functionKernels",
});

export const fineExp = elementary("fineExp", "e^x, with more digits", "1.1", "0.8");
export const expm1 = elementary("expm1", "e^x - 1", "1.7", "1.6");
export const ln = elementary("ln", "ln x, float32 in float32", "0.9", "0.8");
export const log1p = elementary("log1p", "ln(1 + x)", "1.4", "1.4");
export const logistic = elementary("logistic", "1 / (1 + e^-x)", "1.9", "1.9");
export const tanh = elementary("tanh", "tanh x", "1.5", "1.5");
export const softplusTail = elementary("softplusTail", "ln(1 + e^-|x|)", "1.9", "1.9");
