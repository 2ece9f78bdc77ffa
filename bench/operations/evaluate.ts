import { type Evaluation, float16 } from "wasm-loss";
import * as oracle from "../../test/evaluateOracle.ts";
import { type Dtype, labelsOf, type Random } from "../../test/inputs.ts";
import * as plain from "../plain.ts";
import { crossEntropyOperations } from "./crossEntropy.ts";
import type { Inputs, Operation, Shape } from "./operation.ts";
import { logitsOf } from "./softmax.ts";

type Figures = Pick<
  Evaluation,
  "loss" | "accuracy" | "topK" | "meanReciprocalRank" | "entropy" | "brier" | "calibration"
>;

function figuresOf({ loss, accuracy, topK, meanReciprocalRank, entropy, brier, calibration }: Figures): number[] {
  return [
    loss.mean,
    loss.standardError,
    accuracy,
    topK[5],
    meanReciprocalRank,
    entropy,
    brier,
    calibration.expectedError,
  ];
}

function inputsOf(random: Random, dtype: Dtype, shape: Shape): Inputs {
  const values = logitsOf(random, dtype, shape);
  return { dtype, shape, values, targets: labelsOf(random, shape.rows, shape.classes), weight: null };
}

const words = new DataView(new ArrayBuffer(4));

/** The nearest float16 of a number that is neither large nor NaN, as bits. */
function float16Bits(x: number): number {
  words.setFloat32(0, x);
  const bits = words.getInt32(0);
  const sign = (bits >>> 16) & 0x8000;
  const size = bits & 0x7fffffff;
  if (Math.abs(x) < 2 ** -14) return sign | Math.round(Math.abs(x) * 2 ** 24);
  return sign | ((size + 0xfff + ((size >> 13) & 1) - (112 << 23)) >> 13);
}

function float16Value(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const size = exponent === 0 ? (bits & 1023) * 2 ** -24 : (1 + (bits & 1023) / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -size : size;
}

const evaluate: Operation = {
  name: "evaluate",
  family: "rows",
  kernels: ["evaluate", "tally"],
  inputs: inputsOf,
  call(losses, { values, bits, targets, shape: { classes } }) {
    const logits = bits ? float16(bits) : values;
    return () => figuresOf(losses.evaluate(logits, targets as Int32Array, { classes }));
  },
  plain: ({ values, targets, shape: { classes } }) => plain.evaluate.bind(null, values, targets as Int32Array, classes),
  wanted({ values, targets, shape: { classes } }) {
    const figures = figuresOf(oracle.evaluation(values, targets as Int32Array, { classes }));
    // of shares the error is that of 1
    return [{ values: figures, scale: figures.map((figure) => Math.max(1, Math.abs(figure))) }];
  },
  other: (inputs) => ({
    name: "wasm, crossEntropy",
    operation: crossEntropyOperations.find(({ name }) => name === "crossEntropy")!,
    inputs,
  }),
};

export const evaluateOperations: readonly Operation[] = [
  evaluate,
  {
    ...evaluate,
    name: "evaluate, float16",
    kernels: ["evaluate", "tally", "widenFloat16"],
    inputs(random, dtype, shape) {
      const inputs = inputsOf(random, dtype, shape);
      const bits = Uint16Array.from(inputs.values, float16Bits);
      inputs.values.set(Array.from(bits, float16Value));
      return { ...inputs, bits };
    },
    other: (inputs) => ({ name: "wasm, float32", operation: evaluate, inputs: { ...inputs, bits: undefined } }),
  },
];
