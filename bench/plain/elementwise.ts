import type { ElementwiseLoss } from "../../src/descriptions/elementwiseLoss.ts";
import type { FloatArray } from "../../test/inputs.ts";

// What people write where they have no library: one loop after the other, Math.exp and Math.log, sums in plain numbers.
// [rows, classes] data throughout; `grad` is that of the mean, where it is not null.

/** Loops of an element-wise loss; what else they take are its options. */
interface ElementwiseLoops {
  mean(p: FloatArray, t: FloatArray, ...options: number[]): number;
  each(out: FloatArray, p: FloatArray, t: FloatArray, ...options: number[]): FloatArray;
  withGrad(grad: FloatArray, p: FloatArray, t: FloatArray, ...options: number[]): { loss: number; grad: FloatArray };
}

/** What formulas call, as everyone has it. */
const FUNCTIONS = `const fineExpF32 = Math.exp;
  const expm1F32 = Math.expm1;
  const lnF32 = Math.log;
  const log1pF32 = Math.log1p;
  const log1pUnitF32 = Math.log1p;
  const decayF32 = (x) => Math.exp(-Math.abs(x));
  const logisticOfF32 = (x) => 1 / (1 + Math.exp(-x));
  const timesF32 = (factor, x) => (factor === 0 ? 0 : factor * x);`;

/** Those of the formula in its description, which is JavaScript, without the rounding. */
export function elementwise({ options, slopeFactor, javascript }: ElementwiseLoss): ElementwiseLoops {
  const { constants = "", terms, loss, slope } = javascript;
  const loop = (parameters: string[], element: string, result: string) => {
    const given = options.map(({ name }) => `const ${name}Option = ${name};`).join(" ");
    const text = `${FUNCTIONS}
      ${given}
      ${constants}
      let sum = 0;
      const n = predictions.length;
      for (let i = 0; i < n; i++) {
        const p = predictions[i];
        const t = targets[i];
        ${terms}
        ${element}
      }
      return ${result};`;
    const names = [...parameters, "predictions", "targets", ...options.map(({ name }) => name)];
    return new Function(...names, text.replace(/\bround(?=\()/g, "")) as never;
  };
  return {
    mean: loop([], `sum += ${loss};`, "sum / n"),
    each: loop(["out"], `out[i] = ${loss};`, "out"),
    withGrad: loop(["grad"], `sum += ${loss}; grad[i] = (${slope} * ${slopeFactor}) / n;`, "{ loss: sum / n, grad }"),
  };
}

export function gaussianNll(predictions: FloatArray, targets: FloatArray, variance: FloatArray): number {
  let sum = 0;
  const n = predictions.length;
  for (let i = 0; i < n; i++) {
    const difference = predictions[i] - targets[i];
    sum += 0.5 * (Math.log(variance[i]) + (difference * difference) / variance[i]);
  }
  return sum / n;
}

export function rmse(predictions: FloatArray, targets: FloatArray): number {
  let sum = 0;
  for (let i = 0; i < predictions.length; i++) {
    const difference = predictions[i] - targets[i];
    sum += difference * difference;
  }
  return Math.sqrt(sum / predictions.length);
}

export function rmseWithGrad(predictions: FloatArray, targets: FloatArray, grad: FloatArray) {
  const n = predictions.length;
  const loss = rmse(predictions, targets);
  for (let i = 0; i < n; i++) grad[i] = (predictions[i] - targets[i]) / (n * loss);
  return { loss, grad };
}
