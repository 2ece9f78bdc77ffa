import { ELEMENTWISE } from "../../src/descriptions/elementwise.ts";
import { weightedName } from "../../src/descriptions/elementwiseKernels.ts";
import type { ElementwiseLoss } from "../../src/descriptions/elementwiseLoss.ts";
import { facesOfLoss, fitting, titleOf } from "../../test/domains.ts";
import { type Dtype, type FloatArray, type Random, values } from "../../test/inputs.ts";
import * as oracle from "../../test/oracle.ts";
import * as plain from "../plain/elementwise.ts";
import { asManyBytes, type Inputs, type Operation, type Other, type Shape } from "./operation.ts";

// Every element-wise loss of the list with its gradient, options as they are by default; and rmse.

function inputsOf(loss: Pick<ElementwiseLoss, "domain">) {
  const { predictions, targets } = fitting(loss);
  return (random: Random, dtype: Dtype, shape: Shape): Inputs => {
    const make = () => values(random, dtype, shape.rows, 3);
    return { dtype, shape, values: predictions(make()), targets: targets(make()), weight: null };
  };
}

const inputs = inputsOf({});

/** Predictions and targets. */
const both = (inputs: Inputs) => [inputs.values, inputs.targets as FloatArray] as const;

/** A gradient or losses, whose errors are relative to the largest: terms of some may cancel. */
function pieceOf(gradient: readonly number[]) {
  const largest = gradient.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  return { values: gradient, scale: gradient.map(() => largest) };
}

/** A mean, whose error is relative to that of the sizes of losses. */
function meanOf({ mean, losses }: Pick<oracle.ElementwiseResult, "mean" | "losses">) {
  return { values: [mean], scale: [oracle.exactSum(losses.map(Math.abs)) / losses.length] };
}

function operationsOf(description: ElementwiseLoss): Operation[] {
  const { kernel, options } = description;
  const title = titleOf(description);
  const defaults = Object.fromEntries(options.map((option) => [option.name, option.default]));
  const wanted = (inputs: Inputs) => oracle.elementwise(title, ...both(inputs), defaults);
  // compiled when they are asked for: a page's policy may forbid it
  const loops = () => plain.elementwise(description);
  const numbers = Object.values(defaults);
  // what the others are compared with
  const other = (inputs: Inputs): Other | undefined =>
    title === "mse" ? undefined : { name: "wasm, mse", operation: elementwiseOperations[0], inputs };
  // the weighted kernel is this one and a loop over weights
  const kernels = [kernel, weightedName(kernel), "sampleWeights"];
  const common = { family: "elements", kernels, inputs: inputsOf(description) } as const;
  const each: Operation = {
    ...common,
    name: `${title}, reduction none`,
    call(losses, inputs) {
      const { loss } = facesOfLoss(losses, description);
      const [p, t] = both(inputs);
      return () => loss(p, t, { reduction: "none" });
    },
    plain: (inputs, out) => loops().each.bind(null, out, ...both(inputs), ...numbers),
    wanted: (inputs) => [pieceOf(wanted(inputs).losses)],
    written: asManyBytes,
  };
  return [
    {
      ...common,
      name: title,
      call(losses, inputs) {
        const { loss } = facesOfLoss(losses, description);
        const [p, t] = both(inputs);
        return () => loss(p, t);
      },
      plain: (inputs) => loops().mean.bind(null, ...both(inputs), ...numbers),
      wanted: (inputs) => [meanOf(wanted(inputs))],
      other,
    },
    ...(title === "mse" ? [each] : []),
    {
      ...common,
      name: `${description.name}WithGrad${title.slice(description.name.length)}`,
      call(losses, inputs, out) {
        const { withGrad } = facesOfLoss(losses, description);
        const [p, t] = both(inputs);
        return () => withGrad(p, t, { out }) as { loss: number; grad: FloatArray };
      },
      plain: (inputs, out) => loops().withGrad.bind(null, out, ...both(inputs), ...numbers),
      wanted(inputs) {
        const { slopes, ...result } = wanted(inputs);
        return [meanOf(result), pieceOf(slopes.map((slope) => slope / slopes.length))];
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

const gaussianInputs = (random: Random, dtype: Dtype, shape: Shape): Inputs => {
  const all = inputs(random, dtype, shape);
  return { ...all, weight: all.values.map((x) => 0.5 + Math.abs(x)) as FloatArray };
};
const gaussian: readonly Operation[] = [
  {
    family: "elements",
    kernels: ["gaussianNll"],
    inputs: gaussianInputs,
    name: "gaussianNll",
    call: (losses, inputs) => () => losses.gaussianNll(...both(inputs), { variance: inputs.weight! }),
    plain: (inputs) => plain.gaussianNll.bind(null, ...both(inputs), inputs.weight!),
    wanted: (inputs) => [{ values: [oracle.gaussianNll(...both(inputs), inputs.weight!, false).mean] }],
    other: (inputs) => ({ name: "wasm, mse", operation: elementwiseOperations[0], inputs }),
  },
];

/** mse is the first. */
export const elementwiseOperations: readonly Operation[] = [...ELEMENTWISE.flatMap(operationsOf), ...rmse, ...gaussian];
