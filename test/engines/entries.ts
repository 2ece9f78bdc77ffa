import { ELEMENTWISE, type NumericOption } from "../../src/descriptions/elementwise.ts";
import { labelArrays } from "../inputs.ts";
import { type ElementwiseLoss, elementwise } from "./elementwise.ts";
import type { Entry } from "./entry.ts";
import { EVALUATION } from "./evaluation.ts";
import { OPTIMIZERS } from "./optimizers.ts";
import { bytesOf } from "./places.ts";
import { ROWS } from "./rows.ts";

/** The defaults, and half of each number. */
function optionsOf(options: readonly NumericOption[]): readonly object[] {
  return [{}, ...options.map((option) => ({ [option.name]: option.default / 2 }))];
}

/** Every public function that computes something has an entry. */
export const ENTRIES: readonly Entry[] = [
  ...ELEMENTWISE.flatMap(({ name, options }) => elementwise(name as ElementwiseLoss, optionsOf(options))),
  ...elementwise("rmse", [{}], { isRoot: true }),
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
