import { ELEMENTWISE, type ElementwiseLoss } from "../../src/descriptions/elementwise.ts";
import { facesOf } from "../../test/faces.ts";
import { type Dtype, type FloatArray, type Random, values } from "../../test/inputs.ts";
import * as oracle from "../../test/oracle.ts";
import * as plain from "../plain.ts";
import { asManyBytes, type Inputs, type Operation, type Other, type Shape } from "./operation.ts";

// Every element-wise loss of the list with its gradient, options as they are by default; and rmse.

function inputs(random: Random, dtype: Dtype, shape: Shape): Inputs {
  const make = () => values(random, dtype, shape.rows, 3);
  return { dtype, shape, values: make(), targets: make(), weight: null };
}

/** Predictions and targets. */
const both = (inputs: Inputs) => [inputs.values, inputs.targets as FloatArray] as const;

/** A gradient, whose errors are relative to its largest value: terms of some may cancel. */
function pieceOf(gradient: readonly number[]) {
  const largest = gradient.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  return { values: gradient, scale: gradient.map(() => largest) };
}

function operationsOf(description: ElementwiseLoss): Operation[] {
  const { name, kernel, options } = description;
  const defaults = Object.fromEntries(options.map((option) => [option.name, option.default]));
  const wanted = (inputs: Inputs) => oracle.elementwise(name, ...both(inputs), defaults);
  const loops = plain.elementwise(description);
  const numbers = Object.values(defaults);
  // what the others are compared with
  const other = (inputs: Inputs): Other | undefined =>
    name === "mse" ? undefined : { name: "wasm, mse", operation: elementwiseOperations[0], inputs };
  const common = { family: "elements", kernels: [kernel], inputs } as const;
  const each: Operation = {
    ...common,
    name: `${name}, reduction none`,
    call(losses, inputs) {
      const { loss } = facesOf(losses, name);
      const [p, t] = both(inputs);
      return () => loss(p, t, { reduction: "none" });
    },
    plain: (inputs, out) => loops.each.bind(null, out, ...both(inputs), ...numbers),
    wanted: (inputs) => [{ values: wanted(inputs).losses }],
    written: asManyBytes,
  };
  return [
    {
      ...common,
      name,
      call(losses, inputs) {
        const { loss } = facesOf(losses, name);
        const [p, t] = both(inputs);
        return () => loss(p, t);
      },
      plain: (inputs) => loops.mean.bind(null, ...both(inputs), ...numbers),
      wanted: (inputs) => [{ values: [wanted(inputs).mean] }],
      other,
    },
    ...(name === "mse" ? [each] : []),
    {
      ...common,
      name: `${name}WithGrad`,
      call(losses, inputs, out) {
        const { withGrad } = facesOf(losses, name);
        const [p, t] = both(inputs);
        return () => withGrad(p, t, { out }) as { loss: number; grad: FloatArray };
      },
      plain: (inputs, out) => loops.withGrad.bind(null, out, ...both(inputs), ...numbers),
      wanted(inputs) {
        const { mean, slopes } = wanted(inputs);
        return [{ values: [mean] }, pieceOf(slopes.map((slope) => slope / slopes.length))];
      },
      written: asManyBytes,
      other: (inputs) => ({ name: "wasm, mse", operation: elementwiseOperations[0], inputs }),
    },
  ];
}

const rmse: readonly Operation[] = [
  {
    family: "elements",
    kernels: ["squaredError"],
    inputs,
    name: "rmse",
    call: (losses, inputs) => losses.rmse.bind(null, ...both(inputs)),
    plain: (inputs) => plain.rmse.bind(null, ...both(inputs)),
    wanted: (inputs) => [{ values: [oracle.rmse(...both(inputs)).loss] }],
  },
  {
    family: "elements",
    kernels: ["squaredError"],
    inputs,
    name: "rmseWithGrad",
    call(losses, inputs, out) {
      const [p, t] = both(inputs);
      return () => losses.rmseWithGrad(p, t, { out });
    },
    plain: (inputs, out) => plain.rmseWithGrad.bind(null, ...both(inputs), out),
    wanted(inputs) {
      const { loss, gradient } = oracle.rmse(...both(inputs));
      return [{ values: [loss] }, pieceOf(gradient)];
    },
    written: asManyBytes,
  },
];

/** mse is the first. */
export const elementwiseOperations: readonly Operation[] = [...ELEMENTWISE.flatMap(operationsOf), ...rmse];
