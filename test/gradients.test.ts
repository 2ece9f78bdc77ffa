import { describe, test } from "vitest";
import { openWithRelaxed } from "./backends.ts";
import {
  type Dtype,
  differences,
  dtypes,
  expectClose,
  type FloatArray,
  labelsOf,
  mulberry32,
  probabilitiesOf,
  values,
  weightsOf,
} from "./inputs.ts";
import * as oracle from "./oracle.ts";

const reductions = ["mean", "sum", "none"] as const;

/** Of the differences themselves and of the dtype the gradient is in. */
const tolerance = { float32: 1e-6, float64: 2e-10 };

function expectDerivative(dtype: Dtype, gradient: ArrayLike<number>, derivative: number[], where: string): void {
  expectClose(gradient, derivative, (i) => tolerance[dtype] * Math.max(1, Math.abs(derivative[i])), where);
}

interface Case {
  group: string;
  title: string;
  dtype: Dtype;
  logits: FloatArray;
  targets: Int32Array | FloatArray;
  options: oracle.CrossEntropyOptions & { reduction: oracle.Reduction; weight?: FloatArray };
  derivative: number[];
}

function crossEntropyOf(logits: FloatArray, targets: Int32Array | FloatArray, options: oracle.CrossEntropyOptions) {
  return targets instanceof Int32Array
    ? oracle.crossEntropyOfLabels(logits, targets, options)
    : oracle.crossEntropyOfProbabilities(logits, targets, options);
}

/** Every combination of the options, on rows of 1, 3 and 10 classes. */
function crossEntropyCases(dtype: Dtype): Case[] {
  const random = mulberry32(4);
  const cases: Case[] = [];
  const inputs = ["logits", "probabilities", "logProbabilities"] as const;
  for (const kind of ["labels", "probabilities"] as const)
    for (const input of inputs)
      for (const weighted of [false, true])
        for (const labelSmoothing of [0, 0.3, 1])
          for (const ignoreIndex of kind === "labels" ? [undefined, -7, 0] : [undefined])
            for (const reduction of reductions) {
              const classes = [10, 3, 1][cases.length % 3];
              const rows = 4;
              const logits =
                input === "probabilities"
                  ? probabilitiesOf(random, dtype, rows, classes, 0)
                  : values(random, dtype, rows * classes, 2);
              const targets =
                kind === "labels"
                  ? labelsOf(random, rows, classes, ignoreIndex)
                  : probabilitiesOf(random, dtype, rows, classes);
              // One row of each batch is ignored where rows can be, one never is.
              if (targets instanceof Int32Array && ignoreIndex !== undefined) targets[1] = ignoreIndex;
              if (targets instanceof Int32Array) targets[2] = classes - 1;
              const options = {
                classes,
                input,
                labelSmoothing,
                reduction,
                ...(weighted && { weight: weightsOf(random, dtype, classes) }),
                ...(ignoreIndex !== undefined && { ignoreIndex }),
              };
              // A batch whose counted targets all weigh nothing has no mean.
              if (options.weight) options.weight[classes - 1] = 0.75;
              cases.push({
                group: `${kind}, input ${input}`,
                title: `[${rows}, ${classes}], weight ${weighted}, labelSmoothing ${labelSmoothing}, ignoreIndex ${ignoreIndex}, ${reduction}`,
                dtype,
                logits,
                targets,
                options,
                derivative: differences(
                  (x) => crossEntropyOf(x, targets, options).loss,
                  logits,
                  (x) => 2 ** -9 * (input === "probabilities" ? x : 1),
                ),
              });
            }
  return cases;
}

/** Title and cases of each kind of targets and input, the rows of test.each. */
function grouped(cases: Case[]): [string, Case[]][] {
  const groups = [...new Set(cases.map(({ group }) => group))];
  return groups.map((title) => [title, cases.filter(({ group }) => group === title)]);
}

const prepared = dtypes.map((dtype) => ({
  dtype,
  crossEntropy: grouped(crossEntropyCases(dtype)),
}));

describe.each(prepared)("the oracle's gradients, $dtype", ({ crossEntropy }) => {
  test.each(crossEntropy)("crossEntropy of %s", (_, cases) => {
    for (const { title, logits, targets, options, derivative } of cases) {
      expectDerivative("float64", crossEntropyOf(logits, targets, options).gradient, derivative, title);
    }
  });
});

for (const { name, losses } of await openWithRelaxed()) {
  describe.each(prepared)(`${name}'s gradients, $dtype`, ({ dtype, crossEntropy }) => {
    test.each(crossEntropy)("crossEntropyWithGrad of %s", (_, cases) => {
      for (const { title, logits, targets, options, derivative } of cases) {
        const { grad } = losses.crossEntropyWithGrad(
          logits,
          targets,
          options as typeof options & { reduction: "mean" },
        );
        expectDerivative(dtype, grad, derivative, title);
      }
    });
  });
}
