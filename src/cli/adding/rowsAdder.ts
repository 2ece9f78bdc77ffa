import type { LabelArray } from "../../dtype.ts";
import type { Evaluation } from "../../evaluate/evaluation.ts";
import type { EvaluatorOptions } from "../../evaluate/evaluatorOptions.ts";
import { classLabels } from "../../formats/rows/classLabels.ts";
import type { LogitsShape } from "../../formats/rows/shapes.ts";
import { type RowRange, shiftedMask } from "../../formats/rows/shift.ts";
import type { Room } from "../../formats/rows/together.ts";
import type { Tensor } from "../../formats/tensor.ts";
import { logitsOf, releaseRoom, roomFor } from "../batches.ts";
import { suspicionOf } from "../likeProbabilities.ts";
import type { Losses } from "../ownLosses.ts";
import { type RecordFile, recordWriter } from "../rowsOut/records.ts";
import { warn } from "../warn.ts";
import { type Adder, type Beside, batchesOf, besideOf, type Column, type Told } from "./adder.ts";

export type { Beside } from "./adder.ts";

/** Rows of logits and their labels, which the inputs are, and what `beside` says. */
export interface RowsTask {
  readonly loss: "cross-entropy";
  readonly evaluator: Omit<EvaluatorOptions, "onRows"> & { readonly ignoreIndex: number };
  readonly shape: LogitsShape;
  readonly columns: readonly Column[];
  /** What the inputs behind the labels are. */
  readonly beside: readonly Beside[];
  /** How the labels are made of what the file holds. */
  readonly isOneHot: boolean;
  readonly shift: boolean;
  /** Whether it was said what the logits are. */
  readonly isInputGiven: boolean;
  /** Where a record of each row goes. */
  readonly records?: RecordFile | undefined;
  /** What the whole text takes: they go with the first row. */
  readonly bytes: number | undefined;
  readonly words: number | undefined;
}

/** `sets` of batches are read to: one is read while another is used. */
export function createRowsAdder(losses: Losses, task: RowsTask, sets: number): Adder<Evaluation> {
  const onRows = task.records && recordWriter(task.records);
  const evaluator = losses.evaluator({ ...task.evaluator, ...(onRows && { onRows }) });
  let room: Room | undefined;
  let suspicion: string | undefined;

  async function add([logits, tensor, ...others]: readonly Tensor[], told: Told, range?: RowRange): Promise<void> {
    const { classes, sequence } = task.shape;
    const labels = classLabels(tensor, { ...task, ignoreIndex: task.evaluator.ignoreIndex, tell: warn }, range);
    const inputs = [
      { tensor: logits, perRow: classes },
      { tensor: labels, perRow: 1 },
      ...others.map((other, i) => ({
        tensor: task.shift && task.beside[i] === "mask" ? shiftedMask(other, task.shape, range) : other,
        perRow: 1,
      })),
    ];
    room ??= roomFor(losses, inputs, sets);
    let firstRow = range?.first ?? 0;
    for await (const { arrays, rows } of batchesOf(inputs, room, range)) {
      const [x, y, ...rest] = arrays;
      const isFirst = firstRow === 0 && rows > 0;
      if (isFirst && !task.isInputGiven) suspicion = suspicionOf(logits, x, classes);
      evaluator.add(logitsOf(logits, x), y as LabelArray, {
        source: labels.path,
        firstRow,
        ...(task.shift ? { positions: sequence } : {}),
        ...besideOf(task.beside, rest),
        ...(task.bytes === undefined ? {} : { bytes: isFirst ? task.bytes : 0 }),
        ...(task.words === undefined ? {} : { words: isFirst ? task.words : 0 }),
      });
      firstRow += rows;
      if (!(await told(rows))) return;
    }
  }

  return {
    add,
    get suspicion() {
      return suspicion;
    },
    result: () => evaluator.result(),
    state: () => evaluator.state(),
    release: () => releaseRoom(losses, room),
  };
}
