import type { Losses, Optimizer } from "wasm-loss";
import * as rules from "../../src/api/optimizers/rules.ts";
import { OPTIMIZERS } from "../../src/descriptions/optimizers.ts";
import { type Dtype, type FloatArray, type Random, values } from "../../test/inputs.ts";
import * as oracle from "../../test/oracle.ts";
import { bareOther } from "../native/bare.ts";
import * as plain from "../plain.ts";
import { asManyBytes, type Inputs, type Operation, type Shape } from "./operation.ts";

// A step of every optimizer of the list, with momentum where it is an option, and clipping by the norm. `values` are the parameters
// (of clipGradNorm: what the gradients are set to), `targets` the gradients.

const LEARNING_RATE = 0.001;

function inputs(random: Random, dtype: Dtype, shape: Shape): Inputs {
  const make = () => values(random, dtype, shape.rows, 3);
  return { dtype, shape, values: make(), targets: make(), weight: null };
}

/** What each optimizer is timed with beside its defaults. */
const VARIANTS: readonly { name: string; optimizer: string; options: Readonly<Record<string, number>> }[] = [
  ...OPTIMIZERS.map(({ name }) => ({ name, optimizer: name, options: {} })),
  ...["sgd", "rmsProp"].map((optimizer) => ({
    name: `${optimizer}, momentum`,
    optimizer,
    options: { momentum: 0.9 },
  })),
];

function operationOf({ name, optimizer, options }: (typeof VARIANTS)[number]): Operation {
  const { kernel, ...description } = OPTIMIZERS.find((each) => each.name === optimizer)!;
  const given = { learningRate: LEARNING_RATE, ...options };
  const defaults = description.options.map((option) => [option.name, option.default]);
  const all: Record<string, number> = { ...Object.fromEntries(defaults), nesterov: 0, ...given };
  const { moments } = Object.values(rules).find(({ call }) => call.name === optimizer)!;
  return {
    name,
    family: "elements",
    kernels: [kernel],
    inputs,
    call(losses, { values, targets }, out) {
      const make = losses[optimizer as "sgd"] as (parameters: FloatArray, options: object) => Optimizer;
      out.set(values);
      const it = make(out, given);
      return () => {
        it.step(targets as never);
        return out;
      };
    },
    plain({ values, targets }) {
      const [parameters, first, second] = [values.slice(), values.slice().fill(0), values.slice().fill(0)];
      return plain.optimizers[kernel].bind(null, parameters, targets as FloatArray, first, second, all, { t: 0 });
    },
    wanted({ values, targets }) {
      const [wanted] = oracle.optimize(optimizer, values, [{ gradients: targets as FloatArray, options: all }]);
      // a step may cancel its parameter
      return [{ values: wanted, scale: wanted.map((p, i) => Math.abs(values[i]) + Math.abs(p - values[i])) }];
    },
    written: asManyBytes,
    kept: ({ values }) => 2 * values.byteLength,
    other: (inputs) => bareOther(inputs, moments(all)),
  };
}

const clipGradNorm: Operation = {
  name: "clipGradNorm",
  family: "elements",
  kernels: ["sumOfSquares", "rescale"],
  inputs,
  // only measures: clipping again and again would make all gradients 0
  call: (losses: Losses, { targets }) =>
    losses.clipGradNorm.bind(null, targets as FloatArray, Number.POSITIVE_INFINITY),
  plain: ({ targets }) => plain.norm.bind(null, targets as FloatArray),
  wanted: ({ targets }) => [{ values: [Math.sqrt(oracle.exactSum(Array.from(targets!, (x) => x * x)))] }],
};

/** Steps, which a bare loop is timed beside. */
export const steps: readonly Operation[] = VARIANTS.map(operationOf);

export const optimizerOperations: readonly Operation[] = [...steps, clipGradNorm];
