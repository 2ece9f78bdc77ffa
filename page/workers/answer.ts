// The digest workload in this browser: every public function in every backend, its bits compared with those of other engines.
import type { Reached } from "../../src/cli/pace.ts";
import { type Line, RUNS, runWorkload } from "../../test/engines/workload.ts";
import { answer, turn } from "../job.ts";

/** A line of docs/accuracy.md's table. */
export interface KnownEngine {
  readonly engine: string;
  readonly runs: string;
  readonly digest: string;
}

/** The workload when the page was built, in Node. */
interface Reference {
  readonly engine: string;
  readonly entries: Line["entries"];
  readonly digest: string;
  readonly known: readonly KnownEngine[];
}

/** The build puts it in. */
declare const REFERENCE: Reference;

export interface Answered {
  readonly lines: readonly Line[];
  readonly reference: Reference;
}

answer(async (_: null, tell: (reached: Reached) => void): Promise<Answered> => {
  const lines: Line[] = [];
  const functions = Object.keys(REFERENCE.entries).length;
  for (const [i, options] of RUNS.entries()) {
    const onEntry = async (done: number) => {
      tell({ done: i * functions + done, total: RUNS.length * functions, unit: "functions" });
      await turn();
    };
    lines.push(await runWorkload(options, onEntry));
  }
  return { lines, reference: REFERENCE };
});
