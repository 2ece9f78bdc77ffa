import { bfloat16, type Evaluation, float16 } from "wasm-loss";
import * as oracle from "../../test/evaluateOracle.ts";
import { type Dtype, labelsOf, type Random } from "../../test/inputs.ts";
import * as plain from "../plain/evaluate.ts";
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

/** Upper bits of a float32 number, the lower ones rounded away, ties to even. */
function upperBits(x: number, dropped: number): number {
  words.setFloat32(0, x);
  const bits = words.getInt32(0) & 0x7fffffff;
  return (bits + (1 << (dropped - 1)) - 1 + ((bits >> dropped) & 1)) >> dropped;
}

const signBit = (x: number) => (x < 0 ? 0x8000 : 0);

/** Formats of two bytes: the nearest number's bits, of one that is neither large nor NaN, and what bits stand for. */
const halves = [
  {
    name: "float16",
    wrap: float16,
    kernel: "widenFloat16",
    bitsOf: (x: number) =>
      signBit(x) | (Math.abs(x) < 2 ** -14 ? Math.round(Math.abs(x) * 2 ** 24) : upperBits(x, 13) - (112 << 10)),
    numberOf(bits: number) {
      const exponent = (bits >> 10) & 31;
      const size = exponent === 0 ? (bits & 1023) * 2 ** -24 : (1 + (bits & 1023) / 1024) * 2 ** (exponent - 15);
      return bits & 0x8000 ? -size : size;
    },
  },
  {
    name: "bfloat16",
    wrap: bfloat16,
    kernel: "widenBfloat16",
    bitsOf: (x: number) => signBit(x) | upperBits(x, 16),
    numberOf(bits: number) {
      words.setUint32(0, bits << 16);
      return words.getFloat32(0);
    },
  },
];

const evaluate: Operation = {
  name: "evaluate",
  family: "rows",
  kernels: ["evaluate", "tally"],
  inputs: inputsOf,
  call:
    (losses, { values, targets, shape: { classes } }) =>
    () =>
      figuresOf(losses.evaluate(values, targets as Int32Array, { classes })),
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

/** Rows of probabilities, as softmax leaves them. */
const ofProbabilities: Operation = {
  ...evaluate,
  name: "evaluate, probabilities",
  kernels: ["evaluateLikelihoods"],
  inputs(random, dtype, shape) {
    const inputs = inputsOf(random, dtype, shape);
    const { classes } = shape;
    for (let begin = 0; begin < inputs.values.length; begin += classes) {
      const row = inputs.values.subarray(begin, begin + classes);
      const exponentials = Array.from(row, Math.exp);
      const sum = exponentials.reduce((a, b) => a + b, 0);
      row.set(exponentials.map((e) => e / sum));
    }
    return inputs;
  },
  call:
    (losses, { values, targets, shape: { classes } }) =>
    () =>
      figuresOf(losses.evaluate(values, targets as Int32Array, { classes, input: "probabilities" })),
  // the figures of their logarithms as logits
  plain: ({ values, targets, shape: { classes } }) =>
    plain.evaluate.bind(null, values.map(Math.log), targets as Int32Array, classes),
  wanted({ values, targets, shape: { classes } }) {
    const options = { classes, input: "probabilities" } as const;
    const figures = figuresOf(oracle.evaluation(values, targets as Int32Array, options));
    return [{ values: figures, scale: figures.map((figure) => Math.max(1, Math.abs(figure))) }];
  },
  other: (inputs) => ({ name: "wasm, logits", operation: evaluate, inputs }),
};

/** With the losses at 32 temperatures. */
const withTemperature: Operation = {
  ...evaluate,
  name: "evaluate, fitTemperature",
  kernels: ["temperatureCurve"],
  call:
    (losses, { values, targets, shape: { classes } }) =>
    () =>
      figuresOf(losses.evaluate(values, targets as Int32Array, { classes, fitTemperature: true })),
  other: (inputs) => ({ name: "wasm, evaluate", operation: evaluate, inputs }),
};

export const evaluateOperations: readonly Operation[] = [
  evaluate,
  ofProbabilities,
  withTemperature,
  ...halves.map(
    ({ name, wrap, kernel, bitsOf, numberOf }): Operation => ({
      ...evaluate,
      name: `evaluate, ${name}`,
      kernels: [kernel],
      // what the bits stand for
      dtypes: ["float32"],
      inputs(random, dtype, shape) {
        const inputs = inputsOf(random, dtype, shape);
        const bits = Uint16Array.from(inputs.values, bitsOf);
        inputs.values.set(Array.from(bits, numberOf));
        return { ...inputs, bits };
      },
      call:
        (losses, { bits, targets, shape: { classes } }) =>
        () =>
          figuresOf(losses.evaluate(wrap(bits!), targets as Int32Array, { classes })),
      other: (inputs) => ({ name: "wasm, float32", operation: evaluate, inputs: { ...inputs, bits: undefined } }),
    }),
  ),
];
