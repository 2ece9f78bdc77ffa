import type { Losses } from "wasm-loss";
import type { FloatArray } from "../test/inputs.ts";
import type { Inputs } from "./operations/operation.ts";

type Placed = FloatArray | Int32Array | Uint16Array;

/** An array in the engine's memory, with the same values. */
export function resident<A extends Placed>(losses: Losses, values: A): A {
  const view = losses.alloc(values.constructor as Float32ArrayConstructor, values.length) as unknown as A;
  view.set(values);
  return view;
}

export function residentInputs(losses: Losses, inputs: Inputs): Inputs {
  const { values, bits, targets, weight } = inputs;
  const place = <A extends Placed>(array: A | null) => array && resident(losses, array);
  return {
    ...inputs,
    // where bits are handed over nothing reads the values
    ...(bits ? { bits: resident(losses, bits) } : { values: resident(losses, values) }),
    targets: place(targets),
    weight: place(weight),
  };
}
