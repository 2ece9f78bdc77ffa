import type { Regression } from "../../evaluate/regression.ts";
import { floatsOf } from "../../formats/rows/floats.ts";
import { type Room, readTogether } from "../../formats/rows/together.ts";
import type { Tensor } from "../../formats/tensor.ts";
import type { Losses } from "../../inlinedLosses.ts";
import { logitsOf, releaseRoom, roomFor } from "../batches.ts";
import type { Pairs } from "../report/pairs.ts";
import type { Adder, Column, Told } from "./adder.ts";

/** Predictions and targets, which the inputs are: a row is an element. */
export interface ElementsTask {
  readonly loss: "mse";
  readonly columns: readonly Column[];
}

/** `sets` of batches are read to: one is read while another is used. `pairs` gets all of them, in order. */
export function createElementsAdder(losses: Losses, sets: number, pairs?: Pairs): Adder<Regression> {
  const evaluator = losses.regressionEvaluator();
  let room: Room | undefined;

  async function add(tensors: readonly Tensor[], told: Told): Promise<void> {
    const inputs = tensors.map((tensor) => ({ tensor, perRow: 1 }));
    room ??= roomFor(losses, inputs, sets);
    for await (const { rows, arrays } of readTogether(inputs, room)) {
      const [p, t] = arrays.map((array, i) => logitsOf(tensors[i], array));
      evaluator.add(p, t);
      pairs?.add(floatsOf(tensors[0].dtype, arrays[0]), floatsOf(tensors[1].dtype, arrays[1]));
      if (!(await told(rows))) return;
    }
  }

  return {
    add,
    suspicion: undefined,
    result: () => evaluator.result(),
    state: () => evaluator.state(),
    release: () => releaseRoom(losses, room),
  };
}
