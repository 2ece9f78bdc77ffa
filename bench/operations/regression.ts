import type { Regression } from "wasm-loss";
import type { FloatArray } from "../../test/inputs.ts";
import * as oracle from "../../test/oracle.ts";
import * as plain from "../plain/regression.ts";
import { elementwiseOperations } from "./elementwise.ts";
import type { Inputs, Operation } from "./operation.ts";

const [mse] = elementwiseOperations;

const figuresOf = ({ mse, rmse, mae, maximumError, r2 }: Regression) => [mse, rmse, mae, maximumError, r2];

function wantedOf({ values, targets }: Inputs): number[] {
  const t = Array.from(targets!);
  const errors = oracle.elementwise("mae", values, t);
  const mean = oracle.exactSum(t) / t.length;
  const mse = oracle.elementwise("mse", values, t).mean;
  const variance = oracle.exactSum(t.map((x) => (x - mean) ** 2)) / t.length;
  const largest = errors.losses.reduce((a, b) => Math.max(a, b), 0);
  return [mse, Math.sqrt(mse), errors.mean, largest, 1 - mse / variance];
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
