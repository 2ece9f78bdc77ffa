import { fstatSync } from "node:fs";
import type { Worker } from "node:worker_threads";
import { type BinaryEvaluation, binaryOfTotals } from "../../evaluate/binary/binary.ts";
import { encodeBinary } from "../../evaluate/binary/binaryState.ts";
import { type Evaluation, evaluationOfTotals } from "../../evaluate/evaluation.ts";
import { encodeRegression, type Regression, regressionOfTotals } from "../../evaluate/regression.ts";
import { encode, mergeBinaries, mergeRegressions, mergeTotals } from "../../evaluate/state.ts";
import { joinedChecksum } from "../../formats/checksum.ts";
import { FormatError } from "../../formats/error.ts";
import { alteredData } from "../../formats/npz.ts";
import type { RowRange } from "../../formats/rows/shift.ts";
import type { Stretch } from "../../formats/tensor.ts";
import type { LossesOptions } from "../../losses.ts";
import type { Losses } from "../ownLosses.ts";
import type { Task } from "./createAdder.ts";
import { takeWorker } from "./helpers.ts";
import { createPartWords, Parts } from "./parts.ts";
import { type Failure, type Helped, PartAdder, type Plan, partRowsOf } from "./plan.ts";
import { errorOf, type Report, reportOf } from "./report.ts";

/** What is shared out. */
export interface Work {
  readonly task: Task;
  readonly stretches: readonly Stretch[];
  readonly rows: number;
  readonly range: RowRange;
  readonly engine: LossesOptions;
}

export interface Sharing {
  /** Opens the engine of this thread. */
  readonly open: () => Promise<Losses>;
  /** Closes it, unless somebody keeps it. */
  readonly close?: (losses: Losses) => void;
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
  readonly result: Evaluation | Regression | BinaryEvaluation;
  state(): Uint8Array;
  readonly suspicion: string | undefined;
  readonly backend: Losses["backend"];
  readonly relaxed: boolean;
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
export async function shareOut(work: Work, sharing: Sharing): Promise<Outcome> {
  const { task, stretches, range } = work;
  const { told, partRows = partRowsOf(stretches, task), close = (it: Losses) => it.close() } = sharing;
  const parts = countParts(range, partRows);
  const threads = Math.min(sharing.threads, parts);
  const plan: Plan = { ...work, partRows, words: createPartWords(parts, threads) };
  const own = new Parts(plan.words, 0);
  const before = stretches.map(versionOf);
  // the first part is this thread's: what is told once is told here
  const first = own.take();
  const helpers = Array.from({ length: threads - 1 }, (_, i) => start(plan, 1 + i, own, sharing.started));
  const watch = setInterval(() => told(own.done), PROGRESS_MILLISECONDS);
  let losses: Losses | undefined;
  let adding: PartAdder | undefined;
  try {
    // while the others start
    losses = await sharing.open();
    adding = new PartAdder(losses, plan, 0, async () => {
      told(own.done);
      await turn();
      sharing.signal?.throwIfAborted();
    });
    const failures = [await adding.addAll(first)];
    const reports: Report[] = [];
    const notes = new Set(losses.notes);
    for (const helper of helpers) {
      const report = await helper.report;
      if (typeof report === "string") notes.add(`threads: one ended early (${report}); its rows were done again.`);
      else reports.push(report);
      // what it left
      failures.push(await adding.addAll());
    }
    throwFirst([...failures, ...reports.map(({ failure }) => failure)]);
    stretches.forEach(({ path }, i) => {
      if (versionOf(stretches[i]) !== before[i]) throw new FormatError(`${path}: changed while it was read`);
    });
    const all = [reportOf(adding, [], undefined), ...reports];
    if (range.end - range.first === work.rows) checkSums(stretches, all);
    for (const report of reports) for (const note of report.notes) notes.add(note);
    return {
      ...merged(task, all),
      suspicion: adding.adder.suspicion,
      backend: losses.backend,
      relaxed: losses.relaxed,
      threads,
      notes: [...notes],
    };
  } finally {
    clearInterval(watch);
    await Promise.all(helpers.map(({ worker }) => worker.terminate()));
    adding?.adder.release();
    if (losses) close(losses);
  }
}

/** Throws what went wrong in the part of the lowest number. */
function throwFirst(failures: readonly (Failure | undefined)[]): void {
  const all = failures.filter((it) => it !== undefined);
  if (all.length > 0) throw errorOf(all.reduce((a, b) => (b.part < a.part ? b : a)));
}

/** A worker, and what it reports: a string is why it did not. */
function start(plan: Plan, thread: number, words: Parts, started: Sharing["started"]) {
  const worker = takeWorker();
  const task: Helped = { plan, thread };
  worker.postMessage(task);
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

/** Compares the checksum of each input that has one: that of its parts, one behind the other. */
function checkSums(stretches: readonly Stretch[], reports: readonly Report[]): void {
  const sums = reports.flatMap(({ checksums }) => checksums);
  stretches.forEach(({ path, checksum }, i) => {
    if (checksum === undefined) return;
    const parts = sums.filter(({ input }) => input === i).sort((a, b) => a.part - b.part);
    const found = parts.reduce((sum, part) => joinedChecksum(sum, part.sum, part.bytes), checksum.before);
    if (found !== checksum.expected) throw alteredData(path, found, checksum.expected);
  });
}

function merged({ loss }: Task, reports: readonly Report[]): Pick<Outcome, "result" | "state"> {
  const states = reports.flatMap(({ state }) => state ?? []);
  if (loss === "mse") {
    const { totals } = mergeRegressions("evaluate", states);
    return { result: regressionOfTotals(totals), state: () => encodeRegression(totals) };
  }
  if (loss === "binary") {
    const { totals } = mergeBinaries("evaluate", states);
    return { result: binaryOfTotals(totals), state: () => encodeBinary(totals) };
  }
  const { totals } = mergeTotals("evaluate", states);
  return { result: evaluationOfTotals(totals), state: () => encode(totals) };
}
