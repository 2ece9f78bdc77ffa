import { facesOf } from "../../test/faces.ts";
import { type Dtype, type FloatArray, probabilitiesOf, type Random } from "../../test/inputs.ts";
import * as oracle from "../../test/oracle.ts";
import * as plain from "../plain/divergence.ts";
import { asManyBytes, type Inputs, type Operation, type Shape } from "./operation.ts";
import { logitsOf } from "./softmax.ts";

/** Logits, and probabilities as targets. */
function inputs(random: Random, dtype: Dtype, shape: Shape): Inputs {
  const { rows, classes } = shape;
  const values = logitsOf(random, dtype, shape);
  return { dtype, shape, values, targets: probabilitiesOf(random, dtype, rows, classes), weight: null };
}

const LOOPS = { klDivergence: plain.klDivergence, jensenShannon: plain.jensenShannon };
type Name = keyof typeof LOOPS;

function wantedOf(name: Name, { values, targets, shape: { classes } }: Inputs): oracle.DivergenceResult {
  const measure = name === "klDivergence" ? "forward" : 0.5;
  return oracle.divergence(values, targets as FloatArray, { classes, measure });
}

function operationsOf(name: Name): Operation[] {
  const common = { family: "rows" as const, kernels: ["divergence"], inputs };
  const loop = LOOPS[name];
  return [
    {
      ...common,
      name,
      call(losses, { values, targets, shape: { classes } }) {
        const { loss } = facesOf(losses, name);
        return () => loss(values, targets as FloatArray, { classes });
      },
      plain: ({ values, targets, shape }) => loop.bind(null, values, targets as FloatArray, shape.classes, null),
      wanted: (inputs) => [{ values: [wantedOf(name, inputs).loss] }],
    },
    {
      ...common,
      name: `${name}WithGrad`,
      call(losses, { values, targets, shape: { classes } }, out) {
        const { withGrad } = facesOf(losses, name);
        return () => withGrad(values, targets as FloatArray, { classes, out }) as { loss: number; grad: FloatArray };
      },
      plain: ({ values, targets, shape }, out) => loop.bind(null, values, targets as FloatArray, shape.classes, out),
      wanted(inputs) {
        const { loss, gradient, gradientTerms } = wantedOf(name, inputs);
        return [{ values: [loss] }, { values: gradient, scale: gradientTerms }];
      },
      written: asManyBytes,
    },
  ];
}

export const divergenceOperations: readonly Operation[] = (["klDivergence", "jensenShannon"] as const).flatMap(
  operationsOf,
);
