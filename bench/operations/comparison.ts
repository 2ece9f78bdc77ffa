import * as oracle from "../../test/comparisonOracle.ts";
import type { FloatArray } from "../../test/inputs.ts";
import * as plain from "../plain/evaluate.ts";
import { evaluateOperations } from "./evaluate.ts";
import type { Inputs, Operation } from "./operation.ts";

/** The same logits from a model of less digits: multiples of 1/16. */
const roundedOf = ({ values }: Inputs): FloatArray => values.map((x) => Math.round(16 * x) / 16);

/** Of a base, and of the same with its logits rounded. */
const comparison: Operation = {
  name: "comparison",
  family: "rows",
  kernels: ["comparedRows"],
  inputs: evaluateOperations[0].inputs,
  call(losses, inputs) {
    const { values, targets, shape } = inputs;
    const other = roundedOf(inputs);
    return () => {
      const comparison = losses.comparison({ classes: shape.classes });
      comparison.add(values, other, targets as Int32Array);
      const { divergence, perplexityRatio, sameTop } = comparison.result();
      return [divergence.mean.value, perplexityRatio?.value ?? 0, sameTop.value];
    };
  },
  plain: (inputs) =>
    plain.compare.bind(null, inputs.values, roundedOf(inputs), inputs.targets as Int32Array, inputs.shape.classes),
  wanted(inputs) {
    const { values, targets, shape } = inputs;
    const rows = oracle.comparedRows(values, roundedOf(inputs), targets as Int32Array, shape.classes);
    const { divergence, perplexityRatio, sameTop } = oracle.compare(rows);
    return [{ values: [divergence.mean.value, perplexityRatio.value, sameTop.value], scale: [1, 1, 1] }];
  },
  other: (inputs) => ({ name: "wasm, evaluate of one", operation: evaluateOperations[0], inputs }),
};

export const comparisonOperations: readonly Operation[] = [comparison];
