import type { FloatArray } from "../../dtype.ts";
import type { Regression } from "../../evaluate/regression.ts";
import { floatsOf } from "../../formats/rows/floats.ts";
import type { RowRange } from "../../formats/rows/shift.ts";
import type { Room } from "../../formats/rows/together.ts";
import type { Tensor } from "../../formats/tensor.ts";
import { logitsOf, releaseRoom, roomFor } from "../batches.ts";
import type { Losses } from "../ownLosses.ts";
import type { Pairs } from "../report/pairs.ts";
import { type Adder, type Beside, batchesOf, besideOf, type Column, type Told } from "./adder.ts";

/** Predictions and targets, which the inputs are, and what `beside` says: a row is an element. */
export interface ElementsTask {
  readonly loss: "mse";
  readonly columns: readonly Column[];
  /** What the inputs behind the targets are. */
  readonly beside: readonly Beside[];
}

/** `sets` of batches are read to: one is read while another is used. `pairs` gets all of them, in order. */
export function createElementsAdder(
  losses: Losses,
  { beside }: ElementsTask,
  sets: number,
  pairs?: Pairs,
): Adder<Regression> {
  const evaluator = losses.regressionEvaluator();
  let room: Room | undefined;

  async function add(tensors: readonly Tensor[], told: Told, range?: RowRange): Promise<void> {
    const [predictions, targets] = tensors;
    const inputs = tensors.map((tensor) => ({ tensor, perRow: 1 }));
    room ??= roomFor(losses, inputs, sets);
    for await (const { rows, arrays } of batchesOf(inputs, room, range)) {
      const [p, t, ...rest] = arrays;
      const more = besideOf(beside, rest);
      evaluator.add(logitsOf(predictions, p), logitsOf(targets, t), { source: targets.path, ...more });
      const counted = (array: FloatArray) => (more.mask ? array.filter((_, i) => more.mask[i]) : array);
      pairs?.add(counted(floatsOf(predictions.dtype, p)), counted(floatsOf(targets.dtype, t)));
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
