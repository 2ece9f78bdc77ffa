import type { FloatArray, LabelArray } from "../../dtype.ts";
import type { BinaryEvaluation } from "../../evaluate/binary/binary.ts";
import { floatsOf } from "../../formats/rows/floats.ts";
import { type Room, readTogether } from "../../formats/rows/together.ts";
import { isFloat, type Tensor, type TensorArray } from "../../formats/tensor.ts";
import type { Losses } from "../../inlinedLosses.ts";
import { logitsOf, releaseRoom, roomFor } from "../batches.ts";
import type { Adder, Column, Told } from "./adder.ts";

/** One logit or probability a row, and its target, which the inputs are. */
export interface BinaryTask {
  readonly loss: "binary";
  readonly input: "logits" | "probabilities";
  readonly columns: readonly Column[];
}

function targetsOf({ dtype }: Tensor, array: TensorArray): LabelArray | FloatArray {
  return isFloat(dtype) ? floatsOf(dtype, array) : (array as LabelArray);
}

/** `sets` of batches are read to: one is read while another is used. */
export function createBinaryAdder(losses: Losses, { input }: BinaryTask, sets: number): Adder<BinaryEvaluation> {
  const evaluator = losses.binaryEvaluator({ input });
  let room: Room | undefined;
  return {
    async add([predictions, targets], told: Told, range) {
      const inputs = [predictions, targets].map((tensor) => ({ tensor, perRow: 1 }));
      room ??= roomFor(losses, inputs, sets);
      let firstRow = range?.first ?? 0;
      for await (const { rows, arrays } of readTogether(inputs, room)) {
        const [x, y] = arrays;
        evaluator.add(logitsOf(predictions, x), targetsOf(targets, y), { source: targets.path, firstRow });
        firstRow += rows;
        if (!(await told(rows))) return;
      }
    },
    suspicion: undefined,
    result: () => evaluator.result(),
    state: () => evaluator.state(),
    release: () => releaseRoom(losses, room),
  };
}
