import type { Constant } from "../../src/descriptions/constants.ts";

/** The shortest decimal that is read as the float32 number x. */
function shortest(x: number): string {
  if (Object.is(x, -0)) return "-0";
  for (let digits = 1; digits < 9; digits++) {
    const text = String(Number(x.toPrecision(digits)));
    if (Math.fround(Number(text)) === x) return text;
  }
  return String(x);
}

/** The values of the constants, and their places by name: a bundler leaves the names out, which a page would load for nothing. */
export function tableOf(constants: readonly Constant[]): string {
  const values = constants.map(({ f32, f64 }) => {
    const double = Object.is(f64, -0) ? "-0" : f64;
    return Object.is(Math.fround(f64), Math.fround(f32)) ? `  ${double},` : `  [${shortest(f32)}, ${double}],`;
  });
  return [
    "/** The constants of src/descriptions/constants.ts in their order: for float32 (to be rounded) and float64, or for both. */",
    "export const CONSTANT_TABLE: readonly (number | readonly [f32: number, f64: number])[] = [",
    ...values,
    "];",
    "",
    "// Their places in it, for kernels/constant.ts.",
    ...constants.map(({ name }, i) => `export const ${name} = ${i};`),
    "",
  ].join("\n");
}
