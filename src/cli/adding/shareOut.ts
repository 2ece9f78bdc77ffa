import { fstatSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { type Evaluation, evaluationOfTotals } from "../../evaluate/evaluation.ts";
import { encodeRegression, type Regression, regressionOfTotals } from "../../evaluate/regression.ts";
import { encode, mergeRegressions, mergeTotals } from "../../evaluate/state.ts";
import { FormatError } from "../../formats/error.ts";
import type { Stretch } from "../../formats/tensor.ts";
import type { Losses, LossesOptions } from "../../inlinedLosses.ts";
import { partScript } from "../partScript.ts";
import type { RowRange } from "../shift.ts";
import { Worst, type WorstRow } from "../worst.ts";
import { createPartWords, Parts } from "./parts.ts";
import { type Failure, PartAdder, type Plan, partRowsOf, type Task } from "./plan.ts";
import { errorOf, type Report } from "./report.ts";

/** What is shared out. */
export interface Work {
  readonly task: Task;
  readonly stretches: readonly Stretch[];
  readonly rows: number;
  readonly range: RowRange;
  readonly engine: LossesOptions;
}

export interface Sharing {
  /** Threads at most, this one too. */
  readonly threads: number;
  /** Is told how many rows are done by all of them. */
  readonly told: (done: number) => void;
  /** Rows of a part, where they are not to be as many as usual. */
  readonly partRows?: number;
  /** Stops all of them after a batch, with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Is told of each worker when it is started. */
  readonly started?: (worker: Worker) => void;
}

/** What all threads added up. */
export interface Outcome {
  readonly result: Evaluation | Regression;
  state(): Uint8Array;
  readonly worst: readonly WorstRow[] | undefined;
  readonly suspicion: string | undefined;
  /** Threads that ran. */
  readonly threads: number;
  readonly notes: readonly string[];
}

const PROGRESS_MILLISECONDS = 100;

/** In how many parts the rows of a range are done. */
export const countParts = ({ first, end }: RowRange, partRows: number) => Math.ceil((end - first) / partRows);

/** A turn of the event loop, in which messages arrive and signals are heard. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * Adds up rows of files on several threads, each with an engine of its own that reads into its memory. Threads take parts of the
 * rows as they go; what one does not finish the others do again. Sums merge exactly, so that nothing depends on the threads. Of
 * several failures that of the first row is thrown, as one thread would.
 */
export async function shareOut(losses: Losses, work: Work, sharing: Sharing): Promise<Outcome> {
  const { task, stretches, range } = work;
  const partRows = sharing.partRows ?? partRowsOf(stretches, task);
  const parts = countParts(range, partRows);
  const threads = Math.min(sharing.threads, parts);
  const plan: Plan = { ...work, partRows, words: createPartWords(parts, threads) };
  const words = new Parts(plan.words, 0);
  const before = stretches.map(versionOf);
  const { told } = sharing;
  const own = new PartAdder(losses, plan, 0, async () => {
    told(words.done);
    await turn();
    sharing.signal?.throwIfAborted();
  });
  // the first part is this thread's: what is told once is told here
  const failures: Failure[] = [];
  const addOwn = async () => {
    const failure = await own.addAll();
    if (failure) failures.push(failure);
  };
  const first = addOwn();
  const helpers = Array.from({ length: threads - 1 }, (_, i) => start(plan, 1 + i, words, sharing.started));
  const watch = setInterval(() => told(words.done), PROGRESS_MILLISECONDS);
  const reports: Report[] = [];
  const notes = new Set<string>();
  try {
    await first;
    for (const helper of helpers) {
      const report = await helper.report;
      if (typeof report === "string") notes.add(`threads: one ended early (${report}); its rows were done again.`);
      else reports.push(report);
      // what it left
      await addOwn();
    }
  } finally {
    clearInterval(watch);
    await Promise.all(helpers.map(({ worker }) => worker.terminate()));
  }
  failures.push(...reports.flatMap(({ failure }) => failure ?? []));
  if (failures.length > 0) throw errorOf(failures.reduce((a, b) => (b.part < a.part ? b : a)));
  stretches.forEach(({ path }, i) => {
    if (versionOf(stretches[i]) !== before[i]) throw new FormatError(`${path}: changed while it was read`);
  });
  for (const report of reports) for (const note of report.notes) notes.add(note);
  const { adder } = own;
  const states = [adder.state(), ...reports.flatMap(({ state }) => state ?? [])];
  return {
    ...merged(task, states),
    worst: task.loss === "mse" || task.worst === undefined ? undefined : worstOf(task.worst, own, reports),
    suspicion: adder.suspicion,
    threads,
    notes: [...notes],
  };
}

/** A worker, and what it reports: a string is why it did not. */
function start(plan: Plan, thread: number, words: Parts, started: Sharing["started"]) {
  const worker = new Worker(partScript, { workerData: { plan, thread }, execArgv: [] });
  started?.(worker);
  const report = new Promise<Report | string>((resolve) => {
    let reason: string | undefined;
    worker.once("message", resolve);
    worker.once("error", (error) => {
      reason = error.message;
    });
    worker.once("exit", (code) => {
      resolve(reason ?? `exit code ${code}`);
    });
  });
  // at once, so that others find them
  const released = report.then((it) => {
    if (typeof it === "string") words.release(thread);
    return it;
  });
  return { worker, report: released };
}

/** What changes when somebody writes to a file. */
function versionOf({ descriptor }: Stretch): string {
  const { size, mtimeNs } = fstatSync(descriptor, { bigint: true });
  return `${size} ${mtimeNs}`;
}

function merged({ loss }: Task, states: readonly Uint8Array[]): Pick<Outcome, "result" | "state"> {
  if (loss === "mse") {
    const { totals } = mergeRegressions("evaluate", states);
    return { result: regressionOfTotals(totals), state: () => encodeRegression(totals) };
  }
  const { totals } = mergeTotals("evaluate", states);
  return { result: evaluationOfTotals(totals), state: () => encode(totals) };
}

function worstOf(most: number, own: PartAdder, reports: readonly Report[]): readonly WorstRow[] {
  const all = new Worst(most);
  all.addRows(own.adder.worst() ?? []);
  for (const { worst } of reports) all.addRows(worst);
  return all.sorted();
}
