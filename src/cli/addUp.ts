import { countCores } from "../backends/threads/cores.ts";
import type { BinaryEvaluation } from "../evaluate/binary/binary.ts";
import type { Evaluation } from "../evaluate/evaluation.ts";
import type { Regression } from "../evaluate/regression.ts";
import { FormatError } from "../formats/error.ts";
import type { RowRange } from "../formats/rows/shift.ts";
import { arrayOf, type Stretch, type Tensor } from "../formats/tensor.ts";
import { elementsOf } from "./adding/adder.ts";
import { createAdder, type Task } from "./adding/createAdder.ts";
import { LARGE_BYTES } from "./adding/large.ts";
import { partRowsOf } from "./adding/plan.ts";
import { countParts, type Outcome, shareOut } from "./adding/shareOut.ts";
import type { EvaluateOptions } from "./evaluateOptions.ts";
import { createLosses, type Losses } from "./ownLosses.ts";
import { progressBar } from "./progress.ts";
import { rangeOf } from "./rangeOf.ts";
import type { Pairs } from "./report/pairs.ts";
import { openRowsFile } from "./rowsOut/rowsFile.ts";
import { rowsOfShard } from "./shard.ts";
import type { Run } from "./tables.ts";

/** What was added up of files, and what did it. */
export interface AddedUp {
  readonly result: Evaluation | Regression | BinaryEvaluation;
  state(): Uint8Array;
  /** Which rows, and of how many. */
  readonly range: RowRange;
  readonly rows: number;
  readonly suspicion: string | undefined;
  readonly run: Run;
}

/** What progress is counted in. */
const UNITS = { mse: "elements", binary: "rows", "cross-entropy": "logits" } as const;

/** createLosses, its options called in messages as they are here. */
export async function openLosses(engine: EvaluateOptions["engine"], threads: number | "auto"): Promise<Losses> {
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

/** What is added up, once it is known which rows. */
interface Job {
  readonly task: Task;
  readonly tensors: readonly Tensor[];
  readonly options: EvaluateOptions;
  /** Where the inputs lie, if they do so row by row in files. */
  readonly files: { stretches: Stretch[]; rows: number } | undefined;
  readonly rows: number | undefined;
  readonly range: RowRange;
  readonly more: More;
}

/** What only some have. */
export interface More {
  /** Gets all elements. */
  readonly pairs?: Pairs | undefined;
  /** Stops it after a batch, with its reason. */
  readonly signal?: AbortSignal;
  /** An engine that is kept: else there is one of its own, for as long as this takes. */
  readonly losses?: Losses;
}

/** Adds up the rows of files, on several threads where they are large, or so many are asked for; writes what came of each row. */
export async function addUp(
  task: Task,
  tensors: readonly Tensor[],
  options: EvaluateOptions,
  more: More = {},
): Promise<AddedUp> {
  const files = stretchesOf(tensors, task);
  const rows = files?.rows ?? rowsOf(tensors, task);
  const { shard } = options;
  if (shard && rows === undefined) {
    throw new FormatError(`${tensors[0].path}: --shard needs to know how many rows there are`);
  }
  const range = shard ? rowsOfShard(shard, rows!) : { first: 0, end: rows ?? 0 };
  const job: Job = { task, tensors, options, files, rows, range, more };
  if (options.rows === undefined || task.loss !== "cross-entropy") return run(job);
  const rowsFile = openRowsFile(options.rows, range.first);
  try {
    const sums = await run({ ...job, task: { ...task, records: rowsFile.records } });
    rowsFile.finish(sums.range, task.shift ? task.shape.sequence : undefined);
    return sums;
  } finally {
    rowsFile.close();
  }
}

async function run(job: Job): Promise<AddedUp> {
  const { task, options, files, rows, range, more } = job;
  const { engine, threads } = options;
  const { signal } = more;
  signal?.throwIfAborted();
  const count = range.end - range.first;
  const bytes = files ? bytesOf(files.stretches) * (count / Math.max(1, files.rows)) : 0;
  const wanted = typeof threads === "number" ? threads : bytes > LARGE_BYTES ? countCores() : 1;
  const parts = files ? countParts(range, partRowsOf(files.stretches, task)) : 0;
  const isShared = files !== undefined && more.pairs === undefined && wanted > 1 && parts > 1;
  // what can't be shared out by rows is by the engine, launch by launch
  // a read that is under way when something fails would go on into what another one has taken by then
  const kept = files ? more.losses : undefined;
  const open = async () => kept ?? openLosses(engine, isShared ? 1 : files ? wanted : (threads ?? 1));
  const close = (losses: Losses) => {
    if (losses !== kept) losses.close();
  };
  const elementsPerRow = task.columns[0].perRow;
  const progress = await progressBar(count * elementsPerRow, UNITS[task.loss]);
  const told = (done: number) => progress.update(done * elementsPerRow);
  const begin = performance.now();
  try {
    const sums = isShared
      ? {
          ...(await shareOut({ task, ...files, range, engine }, { threads: wanted, open, close, told, signal })),
          range,
        }
      : await addAlone(await open(), close, job, told);
    const { suspicion, backend, relaxed, threads: ran } = sums;
    const done = sums.range.end - sums.range.first;
    const perSecond = (done * elementsPerRow) / ((performance.now() - begin) / 1000);
    const notes = suspicion === undefined ? sums.notes : [...sums.notes, suspicion];
    return { ...sums, rows: rows ?? done, run: { backend, threads: ran, relaxed, notes, perSecond } };
  } finally {
    progress.stop();
  }
}

/** One row after the other, by one engine. */
async function addAlone(
  losses: Losses,
  close: (losses: Losses) => void,
  job: Job,
  told: (done: number) => void,
): Promise<Outcome & { range: RowRange }> {
  const { task, tensors, options, rows, range, more } = job;
  const adder = createAdder(losses, task, 2, more.pairs);
  const shardOfInput = (tensor: Tensor, i: number) => rangeOf(tensor, ...elementsOf(task.columns[i], range, rows!));
  const inputs = options.shard ? tensors.map(shardOfInput) : tensors;
  // after it is closed it has none
  const { threads } = losses;
  let done = 0;
  const count = (n: number) => {
    done += n;
    told(done);
    more.signal?.throwIfAborted();
    return true;
  };
  try {
    await adder.add(inputs, count, options.shard && range);
  } finally {
    adder.release();
    close(losses);
  }
  return {
    result: adder.result(),
    state: adder.state,
    suspicion: adder.suspicion,
    backend: losses.backend,
    relaxed: losses.relaxed,
    threads,
    notes: losses.notes,
    range: { first: range.first, end: range.first + done },
  };
}
