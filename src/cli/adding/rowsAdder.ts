import type { LabelArray } from "../../dtype.ts";
import type { Evaluation } from "../../evaluate/evaluation.ts";
import type { EvaluatedRows, EvaluatorOptions } from "../../evaluate/evaluatorOptions.ts";
import { isFloat, type Tensor, type TensorArray } from "../../formats/tensor.ts";
import type { Losses } from "../../inlinedLosses.ts";
import { logitsOf, type Room, readTogether, releaseRoom, roomFor } from "../batches.ts";
import { floatsOf } from "../floats.ts";
import { integralLabels } from "../integralLabels.ts";
import { areLikeProbabilities } from "../likeProbabilities.ts";
import { oneHotLabels } from "../oneHotLabels.ts";
import { type RecordFile, recordWriter } from "../rowsOut/records.ts";
import type { LogitsShape } from "../shapes.ts";
import { type RowRange, shifted } from "../shift.ts";
import { Worst } from "../worst.ts";
import type { Adder, Column, Told } from "./adder.ts";

/** Rows of logits and their labels, which the inputs are; groups, too, where there is a third one. */
export interface RowsTask {
  readonly loss: "cross-entropy";
  readonly evaluator: Omit<EvaluatorOptions, "onRows"> & { readonly ignoreIndex: number };
  readonly shape: LogitsShape;
  readonly columns: readonly Column[];
  /** How the labels are made of what the file holds. */
  readonly isOneHot: boolean;
  readonly shift: boolean;
  /** Whether it was said what the logits are. */
  readonly isInputGiven: boolean;
  readonly worst: number | undefined;
  /** Where a record of each row goes. */
  readonly records?: RecordFile | undefined;
  /** What the whole text takes: they go with the first row. */
  readonly bytes: number | undefined;
  readonly words: number | undefined;
}

/** Labels as the evaluator takes them, of what a file holds for the rows of `range`. */
function labelsOf(tensor: Tensor, task: RowsTask, range: RowRange | undefined): Tensor {
  const { isOneHot, shape, shift } = task;
  const { ignoreIndex } = task.evaluator;
  const indices = isOneHot ? oneHotLabels(tensor, range?.first) : tensor;
  const integral = isFloat(indices.dtype) ? integralLabels(indices, shape.classes, ignoreIndex, range?.first) : indices;
  return shift ? shifted(integral, shape, ignoreIndex, range) : integral;
}

/** That the first rows of logits are probabilities, which is easily missed; undefined where they are none. */
function suspicionOf({ path, dtype }: Tensor, rows: TensorArray, classes: number): string | undefined {
  const isHalf = dtype === "f16" || dtype === "bf16";
  if (!areLikeProbabilities(floatsOf(dtype, rows), classes, isHalf)) return undefined;
  return `${path}: rows lie in [0, 1] and add up to 1, but are taken for logits; for probabilities there is --input probabilities (--input logits says that they are logits)`;
}

/** `sets` of batches of `batchBytes` are read to: one is read while another is used. */
export function createRowsAdder(losses: Losses, task: RowsTask, sets: number, batchBytes?: number): Adder<Evaluation> {
  const worst = task.worst === undefined ? undefined : new Worst(task.worst);
  const write = task.records && recordWriter(task.records);
  const onRows = (rows: EvaluatedRows) => {
    worst?.add(rows);
    write?.(rows);
  };
  const evaluator = losses.evaluator({ ...task.evaluator, ...((worst || write) && { onRows }) });
  let room: Room | undefined;
  let suspicion: string | undefined;

  async function add([logits, tensor, groups]: readonly Tensor[], told: Told, range?: RowRange): Promise<void> {
    const { classes } = task.shape;
    const labels = labelsOf(tensor, task, range);
    const inputs = [
      { tensor: logits, perRow: classes },
      { tensor: labels, perRow: 1 },
      ...(groups ? [{ tensor: groups, perRow: 1 }] : []),
    ];
    room ??= roomFor(losses, inputs, sets, batchBytes);
    let firstRow = range?.first ?? 0;
    const addBatch = (x: TensorArray, y: TensorArray, ids: TensorArray, rows: number) => {
      const isFirst = firstRow === 0 && rows > 0;
      if (isFirst && !task.isInputGiven) suspicion = suspicionOf(logits, x, classes);
      evaluator.add(logitsOf(logits, x), y as LabelArray, {
        source: labels.path,
        firstRow,
        ...(groups && { groups: ids as LabelArray }),
        ...(task.bytes === undefined ? {} : { bytes: isFirst ? task.bytes : 0 }),
        ...(task.words === undefined ? {} : { words: isFirst ? task.words : 0 }),
      });
      firstRow += rows;
    };
    for await (const { arrays, rows } of readTogether(inputs, room)) {
      const [x, y, ids] = arrays;
      addBatch(x, y, ids, rows);
      if (!(await told(rows))) return;
    }
    // of no rows, too, a state says which figures there are
    if (range && firstRow === range.first) {
      const [x, y, ids] = room[0].map((array) => array.subarray(0, 0) as TensorArray);
      addBatch(x, y, ids, 0);
    }
  }

  return {
    add,
    get suspicion() {
      return suspicion;
    },
    result: () => evaluator.result(),
    state: () => evaluator.state(),
    worst: () => worst?.sorted(),
    release: () => releaseRoom(losses, room),
  };
}
