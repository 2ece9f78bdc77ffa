import { type Dtype, type FloatArray, type Random, values } from "../../test/inputs.ts";
import * as oracle from "../../test/oracle.ts";
import * as plain from "../plain.ts";
import { asManyBytes, type Inputs, type Operation, type Shape } from "./operation.ts";

const common = {
  family: "elements" as const,
  kernels: ["squaredError"],
  inputs(random: Random, dtype: Dtype, shape: Shape): Inputs {
    const make = () => values(random, dtype, shape.rows, 3);
    return { dtype, shape, values: make(), targets: make(), weight: null };
  },
};

/** Predictions and targets. */
const both = (inputs: Inputs) => [inputs.values, inputs.targets as FloatArray] as const;

export const squaredErrorOperations: readonly Operation[] = [
  {
    ...common,
    name: "mse",
    call(losses, inputs) {
      const [p, t] = both(inputs);
      return () => losses.mse(p, t);
    },
    plain(inputs) {
      const [p, t] = both(inputs);
      return plain.mse.bind(null, p, t);
    },
    wanted: (inputs) => [{ values: [oracle.mse(...both(inputs))] }],
  },
  {
    ...common,
    name: "mse, reduction none",
    kernels: ["squaredErrors"],
    call(losses, inputs) {
      const [p, t] = both(inputs);
      return () => losses.mse(p, t, { reduction: "none" });
    },
    plain(inputs) {
      const [p, t] = both(inputs);
      return plain.squares.bind(null, p, t);
    },
    wanted: (inputs) => [{ values: oracle.squaredErrors(...both(inputs)) }],
    written: asManyBytes,
  },
  {
    ...common,
    name: "mseWithGrad",
    kernels: ["squaredErrorGradient"],
    call(losses, inputs, out) {
      const [p, t] = both(inputs);
      return () => losses.mseWithGrad(p, t, { out });
    },
    plain(inputs, out) {
      const [p, t] = both(inputs);
      return plain.mseWithGrad.bind(null, p, t, out);
    },
    wanted: (inputs) => [
      { values: [oracle.mse(...both(inputs))] },
      { values: oracle.mseGradient(...both(inputs)), scale: terms(inputs, 2 / inputs.values.length) },
    ],
    written: asManyBytes,
  },
  {
    ...common,
    name: "rmse",
    call(losses, inputs) {
      const [p, t] = both(inputs);
      return () => losses.rmse(p, t);
    },
    plain(inputs) {
      const [p, t] = both(inputs);
      return plain.rmse.bind(null, p, t);
    },
    wanted: (inputs) => [{ values: [oracle.rmse(...both(inputs))] }],
  },
  {
    ...common,
    name: "rmseWithGrad",
    kernels: ["squaredErrorGradient"],
    call(losses, inputs, out) {
      const [p, t] = both(inputs);
      return () => losses.rmseWithGrad(p, t, { out });
    },
    plain(inputs, out) {
      const [p, t] = both(inputs);
      return plain.rmseWithGrad.bind(null, p, t, out);
    },
    wanted: (inputs) => {
      const root = oracle.rmse(...both(inputs));
      const scale = terms(inputs, 1 / (inputs.values.length * root));
      return [{ values: [root] }, { values: oracle.rmseGradient(...both(inputs)), scale }];
    },
    written: asManyBytes,
  },
];

/** (|p| + |t|) by: what the rounding of a difference is relative to. */
function terms(inputs: Inputs, by: number): number[] {
  const [p, t] = both(inputs);
  return Array.from(p, (value, i) => (Math.abs(value) + Math.abs(t[i])) * by);
}
