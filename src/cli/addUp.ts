import { countCores } from "../backends/threads/cores.ts";
import type { Evaluation } from "../evaluate/evaluation.ts";
import type { Regression } from "../evaluate/regression.ts";
import { FormatError } from "../formats/error.ts";
import { arrayOf, type Stretch, type Tensor } from "../formats/tensor.ts";
import { createLosses, type Losses } from "../inlinedLosses.ts";
import { elementsOf } from "./adding/adder.ts";
import { createElementsAdder } from "./adding/elementsAdder.ts";
import { partRowsOf, type Task } from "./adding/plan.ts";
import { createRowsAdder } from "./adding/rowsAdder.ts";
import { countParts, shareOut } from "./adding/shareOut.ts";
import type { EvaluateOptions, Shard } from "./evaluateOptions.ts";
import { progressBar } from "./progress.ts";
import { rangeOf } from "./rangeOf.ts";
import type { Pairs } from "./report/pairs.ts";
import type { RowRange } from "./shift.ts";
import type { Run } from "./tables.ts";
import type { WorstRow } from "./worst.ts";

/** What was added up of files, and what did it. */
export interface AddedUp {
  readonly result: Evaluation | Regression;
  state(): Uint8Array;
  /** Which rows, and of how many. */
  readonly range: RowRange;
  readonly rows: number;
  readonly worst: readonly WorstRow[] | undefined;
  readonly suspicion: string | undefined;
  readonly run: Run;
}

/** From so many bytes on files are shared out among all cores unless it is said how many. */
const LARGE_BYTES = 2 ** 26;

/** createLosses, its options called in messages as they are here. */
async function openLosses(engine: EvaluateOptions["engine"], threads: number | "auto"): Promise<Losses> {
  try {
    return await createLosses({ ...engine, threads });
  } catch (error) {
    if (error instanceof Error) error.message = error.message.replace(/^createLosses: /, "--");
    throw error;
  }
}

/** How many rows there are, as far as the inputs say. */
export function rowsOf(tensors: readonly Tensor[], { columns }: Task): number | undefined {
  const known = tensors.findIndex(({ length }) => length !== undefined);
  return known < 0 ? undefined : tensors[known].length! / columns[known].perRow;
}

/** Where all inputs lie in files, row by row, and how many rows there are; undefined where one of them does not. */
function stretchesOf(
  tensors: readonly Tensor[],
  { columns }: Task,
): { stretches: Stretch[]; rows: number } | undefined {
  const stretches = tensors.flatMap(({ stretch }) => stretch ?? []);
  const [rows, ...others] = stretches.map(({ length }, i) => length / columns[i].perRow);
  const isWhole = stretches.length === tensors.length && others.every((n) => n === rows) && Number.isInteger(rows);
  return isWhole ? { stretches, rows } : undefined;
}

const bytesOf = (stretches: readonly Stretch[]) =>
  stretches.reduce((sum, { length, dtype }) => sum + length * arrayOf(dtype).BYTES_PER_ELEMENT, 0);

/** Rows of the I-th of N shards, as even as they can be. */
function shardOf({ index, count }: Shard, rows: number): RowRange {
  const before = (shards: number) => Number((BigInt(rows) * BigInt(shards)) / BigInt(count));
  return { first: before(index - 1), end: before(index) };
}

/**
 * Adds up the rows of files, on several threads where they are large, or so many are asked for. `pairs` gets all elements; `signal`
 * stops it after a batch, with its reason.
 */
export async function addUp(
  task: Task,
  tensors: readonly Tensor[],
  { engine, threads, shard }: EvaluateOptions,
  { pairs, signal }: { pairs?: Pairs; signal?: AbortSignal } = {},
): Promise<AddedUp> {
  const files = stretchesOf(tensors, task);
  const rows = files?.rows ?? rowsOf(tensors, task);
  if (shard && rows === undefined) {
    throw new FormatError(`${tensors[0].path}: --shard needs to know how many rows there are`);
  }
  const range = shard ? shardOf(shard, rows!) : { first: 0, end: rows ?? 0 };
  const share = files && bytesOf(files.stretches) * ((range.end - range.first) / Math.max(1, rows!));
  const auto = share !== undefined && share > LARGE_BYTES ? countCores() : 1;
  const wanted = typeof threads === "number" ? threads : auto;
  const parts = files ? countParts(range, partRowsOf(files.stretches, task)) : 0;
  const isShared = files !== undefined && pairs === undefined && wanted > 1 && parts > 1;
  // what can't be shared out by rows is by the engine, launch by launch
  const losses = await openLosses(engine, isShared ? 1 : files ? wanted : (threads ?? 1));
  const elementsPerRow = task.columns[0].perRow;
  const progress = progressBar((range.end - range.first) * elementsPerRow, task.loss === "mse" ? "elements" : "logits");
  const begin = performance.now();
  const runOf = (elements: number, ran: number, notes: readonly string[], suspicion: string | undefined): Run => ({
    backend: losses.backend,
    threads: ran,
    relaxed: losses.relaxed,
    notes: suspicion === undefined ? notes : [...notes, suspicion],
    perSecond: elements / ((performance.now() - begin) / 1000),
  });
  try {
    const told = (done: number) => progress.update(done * elementsPerRow);
    signal?.throwIfAborted();
    if (isShared) {
      const work = { task, ...files, range, engine };
      const sums = await shareOut(losses, work, { threads: wanted, told, signal });
      const done = range.end - range.first;
      const notes = [...losses.notes, ...sums.notes];
      return { ...sums, range, rows: rows!, run: runOf(done * elementsPerRow, sums.threads, notes, sums.suspicion) };
    }
    const adder =
      task.loss === "mse" ? createElementsAdder(losses, 2, undefined, pairs) : createRowsAdder(losses, task, 2);
    let done = 0;
    const inputs = shard
      ? tensors.map((tensor, i) => rangeOf(tensor, ...elementsOf(task.columns[i], range, rows!)))
      : tensors;
    await adder.add(
      inputs,
      (n) => {
        done += n;
        told(done);
        signal?.throwIfAborted();
        return true;
      },
      shard && range,
    );
    const { suspicion } = adder;
    const run = runOf(done * elementsPerRow, losses.threads, losses.notes, suspicion);
    const seen = shard ? { range, rows: rows! } : { range: { first: 0, end: done }, rows: done };
    return { result: adder.result(), state: adder.state, worst: adder.worst(), suspicion, ...seen, run };
  } finally {
    progress.stop();
    losses.close();
  }
}
