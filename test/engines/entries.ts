import { ELEMENTWISE } from "../../src/descriptions/elementwise.ts";
import type { ElementwiseLoss as ElementwiseLossDescription } from "../../src/descriptions/elementwiseLoss.ts";
import type { NumericOption } from "../../src/descriptions/options.ts";
import { fitting, titleOf } from "../domains.ts";
import { labelArrays } from "../inputs.ts";
import { type ElementwiseLoss, elementwise } from "./elementwise.ts";
import type { Entry } from "./entry.ts";
import { EVALUATION } from "./evaluation.ts";
import { gaussian } from "./gaussian.ts";
import { OPTIMIZERS } from "./optimizers.ts";
import { pairsOf } from "./pairs.ts";
import { bytesOf } from "./places.ts";
import { ROWS } from "./rows.ts";

/** The defaults, and of each number one between its default and a bound. */
function optionsOf({ input, options }: ElementwiseLossDescription): readonly object[] {
  const given = input === undefined ? {} : { input };
  const other = ({ name, default: usual, above, atLeast = above ?? 0, flag }: NumericOption) => ({
    [name]: flag ? true : usual === atLeast ? usual + 0.3 : (usual + atLeast) / 2,
  });
  return [given, ...options.map((option) => ({ ...given, ...other(option) }))];
}

/** Pairs that a loss takes. */
function arraysOf(loss: ElementwiseLossDescription): typeof pairsOf {
  const { predictions, targets } = fitting(loss);
  return function* (random, dtype, elements) {
    for (const [p, t] of pairsOf(random, dtype, elements)) yield [predictions(p), targets(t)];
  };
}

/** Every public function that computes something has an entry. */
export const ENTRIES: readonly Entry[] = [
  ...ELEMENTWISE.flatMap((loss) =>
    elementwise(loss.name as ElementwiseLoss, optionsOf(loss), { title: titleOf(loss), arrays: arraysOf(loss) }),
  ),
  ...elementwise("rmse", [{}], { isRoot: true }),
  gaussian,
  ...ROWS,
  ...EVALUATION,
  ...OPTIMIZERS,
  {
    name: "alloc and free",
    functions: ["alloc", "free"],
    run(losses, digest) {
      for (const type of [Float32Array, Float64Array, ...labelArrays]) {
        for (const length of [0, 1, 15, 16, 4097]) {
          // memory that was used and given back is zeroed
          for (let i = 0; i < 2; i++) {
            const array = losses.alloc(type, length);
            const bytes = bytesOf(array);
            digest.add(bytes);
            bytes.fill(255);
            losses.free(array);
          }
        }
      }
    },
  },
];
