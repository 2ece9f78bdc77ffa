import type { FloatArray, LabelArray } from "../../dtype.ts";
import type { BinaryEvaluation } from "../../evaluate/binary/binary.ts";
import { floatsOf } from "../../formats/rows/floats.ts";
import type { Room } from "../../formats/rows/together.ts";
import { isFloat, type Tensor, type TensorArray } from "../../formats/tensor.ts";
import { logitsOf, releaseRoom, roomFor } from "../batches.ts";
import type { Losses } from "../ownLosses.ts";
import { type Adder, type Beside, batchesOf, besideOf, type Column, type Told } from "./adder.ts";

/** One logit or probability a row, and its target, which the inputs are, and what `beside` says. */
export interface BinaryTask {
  readonly loss: "binary";
  readonly input: "logits" | "probabilities";
  readonly columns: readonly Column[];
  /** What the inputs behind the targets are. */
  readonly beside: readonly Beside[];
}

function targetsOf({ dtype }: Tensor, array: TensorArray): LabelArray | FloatArray {
  return isFloat(dtype) ? floatsOf(dtype, array) : (array as LabelArray);
}

/** `sets` of batches are read to: one is read while another is used. */
export function createBinaryAdder(
  losses: Losses,
  { input, beside }: BinaryTask,
  sets: number,
): Adder<BinaryEvaluation> {
  const evaluator = losses.binaryEvaluator({ input });
  let room: Room | undefined;
  return {
    async add(tensors, told: Told, range) {
      const [predictions, targets] = tensors;
      const inputs = tensors.map((tensor) => ({ tensor, perRow: 1 }));
      room ??= roomFor(losses, inputs, sets);
      let firstRow = range?.first ?? 0;
      for await (const { rows, arrays } of batchesOf(inputs, room, range)) {
        const [x, y, ...rest] = arrays;
        evaluator.add(logitsOf(predictions, x), targetsOf(targets, y), {
          source: targets.path,
          firstRow,
          ...besideOf(beside, rest),
        });
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
