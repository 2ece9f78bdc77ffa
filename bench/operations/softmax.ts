import { type Dtype, type FloatArray, type Random, values } from "../../test/inputs.ts";
import * as oracle from "../../test/oracle.ts";
import * as plain from "../plain/softmax.ts";
import { asManyBytes, type Inputs, type Operation, type Shape } from "./operation.ts";

/** Their deviation: the winner of a row has from a few percent to most of the probability. */
const DEVIATION = 3;

export function logitsOf(random: Random, dtype: Dtype, { rows, classes }: Shape): FloatArray {
  return values(random, dtype, rows * classes, DEVIATION);
}

const common = {
  family: "rows" as const,
  inputs: (random: Random, dtype: Dtype, shape: Shape): Inputs => ({
    dtype,
    shape,
    values: logitsOf(random, dtype, shape),
    targets: null,
    weight: null,
  }),
};

/** Logarithms, whose absolute error is the relative error of what they are the logarithms of. */
const logarithms = (values: number[]) => [{ values, scale: values.map((y) => 1 + Math.abs(y)) }];

export const softmaxOperations: readonly Operation[] = [
  {
    ...common,
    name: "softmax",
    kernels: ["softmax"],
    call(losses, { values, shape: { classes } }, out) {
      return () => losses.softmax(values, { classes, out });
    },
    plain({ values, shape: { classes } }, out) {
      return plain.softmax.bind(null, values, classes, out);
    },
    wanted: ({ values, shape }) => [{ values: oracle.softmax(values, shape.classes) }],
    written: asManyBytes,
  },
  {
    ...common,
    name: "logSoftmax",
    kernels: ["logSoftmax"],
    call(losses, { values, shape: { classes } }, out) {
      return () => losses.logSoftmax(values, { classes, out });
    },
    plain({ values, shape: { classes } }, out) {
      return plain.logSoftmax.bind(null, values, classes, out);
    },
    wanted: ({ values, shape }) => logarithms(oracle.logSoftmax(values, shape.classes)),
    written: asManyBytes,
  },
  {
    ...common,
    name: "logSumExp",
    kernels: ["logSumExp"],
    call(losses, { values, shape: { classes } }) {
      return () => losses.logSumExp(values, { classes });
    },
    plain({ values, shape: { classes } }) {
      return plain.logSumExp.bind(null, values, classes);
    },
    wanted: ({ values, shape }) => logarithms(oracle.logSumExp(values, shape.classes)),
    written: ({ shape }) => 8 * shape.rows,
  },
];
