import type { Losses } from "../ownLosses.ts";
import type { Pairs } from "../report/pairs.ts";
import type { Adder } from "./adder.ts";
import { type BinaryTask, createBinaryAdder } from "./binaryAdder.ts";
import { createElementsAdder, type ElementsTask } from "./elementsAdder.ts";
import { createRowsAdder, type RowsTask } from "./rowsAdder.ts";

/** What is to be added up, and how. */
export type Task = RowsTask | ElementsTask | BinaryTask;

/** What adds up the rows of a task; `pairs` gets all elements of regressions. */
export function createAdder(losses: Losses, task: Task, sets: number, pairs?: Pairs): Adder {
  if (task.loss === "mse") return createElementsAdder(losses, task, sets, pairs);
  if (task.loss === "binary") return createBinaryAdder(losses, task, sets);
  return createRowsAdder(losses, task, sets);
}
