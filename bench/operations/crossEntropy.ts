import type { CrossEntropy } from "wasm-loss";
import {
  type Dtype,
  type FloatArray,
  floats,
  labelsOf,
  probabilitiesOf,
  type Random,
  weightsOf,
} from "../../test/inputs.ts";
import * as oracle from "../../test/oracle.ts";
import * as plain from "../plain.ts";
import { asManyBytes, type Call, type Inputs, type Operation, type Other, type Shape } from "./operation.ts";
import { logitsOf } from "./softmax.ts";

/** One set of options. */
interface Variant {
  /** What the operation's name says of it. */
  readonly says: string;
  readonly kernel: string;
  readonly targets: "labels" | "probabilities";
  readonly input?: "probabilities" | "logProbabilities";
  readonly weighted?: boolean;
  readonly labelSmoothing?: number;
  readonly temperature?: number;
  /** All rows have a weight of a half: the loops that know no weights give the same. */
  readonly sampleWeight?: true;
}

/** Those that run another kernel, or take another path through one. */
const variants: readonly Variant[] = [
  { says: "", kernel: "crossEntropy", targets: "labels" },
  { says: ", weight", kernel: "crossEntropy", targets: "labels", weighted: true },
  { says: ", labelSmoothing", kernel: "crossEntropy", targets: "labels", labelSmoothing: 0.1 },
  { says: ", sampleWeight", kernel: "crossEntropy", targets: "labels", sampleWeight: true },
  { says: ", temperature", kernel: "generalCrossEntropy", targets: "labels", temperature: 2 },
  { says: " of probabilities", kernel: "crossEntropyProbabilities", targets: "probabilities" },
  { says: ", input probabilities", kernel: "likelihood", targets: "labels", input: "probabilities" },
  { says: ", input logProbabilities", kernel: "likelihood", targets: "labels", input: "logProbabilities" },
  {
    says: " of probabilities, input probabilities",
    kernel: "likelihoodProbabilities",
    targets: "probabilities",
    input: "probabilities",
  },
  {
    says: " of probabilities, input logProbabilities",
    kernel: "likelihoodProbabilities",
    targets: "probabilities",
    input: "logProbabilities",
  },
];

/** Smaller probabilities would make the losses of a few rows most of their sum. */
const LEAST_PROBABILITY = 1e-30;

function inputsOf({ targets, input, weighted }: Variant) {
  return (random: Random, dtype: Dtype, shape: Shape): Inputs => {
    const { rows, classes } = shape;
    const values = logitsOf(random, dtype, shape);
    if (input === "logProbabilities") plain.logSoftmax(values, classes, values);
    if (input === "probabilities") plain.softmax(values, classes, values);
    return {
      dtype,
      shape,
      values: input === "probabilities" ? (values.map((q) => Math.max(q, LEAST_PROBABILITY)) as FloatArray) : values,
      targets: targets === "labels" ? labelsOf(random, rows, classes) : probabilitiesOf(random, dtype, rows, classes),
      weight: weighted ? weightsOf(random, dtype, classes) : null,
    };
  };
}

function optionsOf(
  { input, labelSmoothing, temperature, sampleWeight }: Variant,
  { shape, weight, dtype }: Inputs,
): CrossEntropy {
  const { classes, rows } = shape;
  return {
    classes,
    input,
    labelSmoothing,
    temperature,
    weight: weight ?? undefined,
    sampleWeight: sampleWeight && floats(dtype, new Array<number>(rows).fill(0.5)),
  };
}

/** The gradient by logits of a loss of these over a temperature. */
function divided<A extends ArrayLike<number> & { fill(x: number, from: number, to: number): unknown }>(
  gradient: A,
  temperature: number,
): A {
  for (let i = 0; i < gradient.length; i++) gradient.fill(gradient[i] / temperature, i, i + 1);
  return gradient;
}

function wantedOf(variant: Variant, inputs: Inputs): oracle.CrossEntropyResult {
  const options = optionsOf(variant, inputs);
  const { temperature } = variant;
  if (temperature !== undefined) {
    const values = Float64Array.from(inputs.values, (x) => x / temperature);
    const wanted = oracle.crossEntropyOfLabels(values, inputs.targets as Int32Array, options);
    divided(wanted.gradient, temperature);
    divided(wanted.gradientTerms, temperature);
    return wanted;
  }
  return variant.targets === "labels"
    ? oracle.crossEntropyOfLabels(inputs.values, inputs.targets as Int32Array, options)
    : oracle.crossEntropyOfProbabilities(inputs.values, inputs.targets as FloatArray, options);
}

function plainOf({ targets: kind, input, labelSmoothing = 0, temperature }: Variant) {
  return ({ values, targets, weight, shape: { classes } }: Inputs, grad: FloatArray | null): Call => {
    const logarithms = input === "logProbabilities";
    if (temperature !== undefined) {
      return () => {
        const u = values.map((x) => x / temperature) as FloatArray;
        const result = plain.crossEntropy(u, targets as Int32Array, classes, weight, labelSmoothing, grad);
        if (grad !== null) divided(grad, temperature);
        return result;
      };
    }
    if (kind === "labels") {
      const labels = targets as Int32Array;
      if (input) return plain.likelihood.bind(null, values, labels, classes, logarithms, grad);
      return plain.crossEntropy.bind(null, values, labels, classes, weight, labelSmoothing, grad);
    }
    const p = targets as FloatArray;
    if (input) return plain.likelihoodOfProbabilities.bind(null, values, p, classes, logarithms, grad);
    return plain.crossEntropyOfProbabilities.bind(null, values, p, classes, grad);
  };
}

/** What float64 is compared with: the same logits in float32. */
function inFloat32(operation: Operation, inputs: Inputs): Other | undefined {
  if (inputs.dtype === "float32") return undefined;
  const values = Float32Array.from(inputs.values);
  return { name: "wasm, float32", operation, inputs: { ...inputs, dtype: "float32", values } };
}

export const crossEntropyOperations: readonly Operation[] = variants.flatMap((variant): Operation[] => {
  const { says, kernel, input, targets } = variant;
  const plainLoop = plainOf(variant);
  const common = {
    family: "rows" as const,
    inputs: inputsOf(variant),
    // of probabilities and their logarithms, the label's alone
    read: ({ shape, values }: Inputs) => (input && targets === "labels" ? shape.rows : values.length),
  };
  const loss: Operation = {
    ...common,
    name: `crossEntropy${says}`,
    kernels: [kernel],
    call(losses, inputs) {
      const options = optionsOf(variant, inputs);
      return () => losses.crossEntropy(inputs.values, inputs.targets!, options) as number;
    },
    plain: (inputs) => plainLoop(inputs, null),
    wanted: (inputs) => [{ values: [wantedOf(variant, inputs).loss] }],
    other: (inputs) => (says === "" ? inFloat32(loss, inputs) : undefined),
  };
  return [
    loss,
    {
      ...common,
      name: `crossEntropyWithGrad${says}`,
      kernels: variant.sampleWeight ? [kernel, "weighRows"] : [kernel],
      call(losses, inputs, out) {
        const options = { ...optionsOf(variant, inputs), out };
        return () =>
          losses.crossEntropyWithGrad(inputs.values, inputs.targets!, options) as { loss: number; grad: FloatArray };
      },
      plain: plainLoop,
      wanted: (inputs) => {
        const { loss, gradient, gradientTerms } = wantedOf(variant, inputs);
        return [{ values: [loss] }, { values: gradient, scale: gradientTerms }];
      },
      written: asManyBytes,
    },
  ];
});
