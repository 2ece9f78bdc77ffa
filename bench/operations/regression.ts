import type { Regression } from "wasm-loss";
import type { FloatArray } from "../../test/inputs.ts";
import * as oracle from "../../test/oracle.ts";
import * as plain from "../plain.ts";
import type { Inputs, Operation } from "./operation.ts";
import { squaredErrorOperations } from "./squaredError.ts";

const mse = squaredErrorOperations.find(({ name }) => name === "mse")!;

const figuresOf = ({ mse, rmse, mae, maximumError, r2 }: Regression) => [mse, rmse, mae, maximumError, r2];

function wantedOf({ values, targets, dtype }: Inputs): number[] {
  const t = Array.from(targets!);
  const round = dtype === "float32" ? Math.fround : Number;
  const errors = Array.from(values, (p, i) => Math.abs(round(p - t[i])));
  const mean = oracle.exactSum(t) / t.length;
  const mse = oracle.mse(values, t);
  const variance = oracle.exactSum(t.map((x) => (x - mean) ** 2)) / t.length;
  const largest = errors.reduce((a, b) => Math.max(a, b), 0);
  return [mse, Math.sqrt(mse), oracle.exactSum(errors) / t.length, largest, 1 - mse / variance];
}

export const regressionOperations: readonly Operation[] = [
  {
    name: "regressionEvaluator",
    family: "elements",
    kernels: ["regression"],
    inputs: mse.inputs,
    call: (losses, { values, targets }) => {
      return () => {
        const evaluator = losses.regressionEvaluator();
        evaluator.add(values, targets as FloatArray);
        return figuresOf(evaluator.result());
      };
    },
    plain: ({ values, targets }) => plain.regression.bind(null, values, targets as FloatArray),
    wanted: (inputs) => [{ values: wantedOf(inputs) }],
    other: (inputs) => ({ name: "wasm, mse", operation: mse, inputs }),
  },
];
