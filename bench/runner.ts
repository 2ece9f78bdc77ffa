import { CaseProcess, type Prepared } from "./process.ts";
import type { Outcome } from "./results.ts";
import { spreadOf } from "./statistics.ts";

/** Short slices in turn, so that a slow stretch of the machine meets every candidate. */
const ROUNDS = 11;

/** Runs a case: this package's candidates, and in a process of their own the peers'; each is timed for `time` ms in all. */
export async function runCase(id: string, peers: boolean, time: number): Promise<Prepared> {
  const own = new CaseProcess({ id, field: peers ? "own and good loops" : "own" });
  const others = peers ? new CaseProcess({ id, field: "peers" }) : undefined;
  try {
    // Both check at once, but nothing else runs while one of them warms up or times.
    const gone = await Promise.all([own.checked(), others?.checked().catch((error: Error) => error)]);
    const { result, notes } = await own.prepare();
    const theirs = gone[1] ? undefined : await others?.prepare();
    const entries = [...entriesOf(own, result.outcomes), ...(theirs ? entriesOf(others!, theirs.result.outcomes) : [])];
    return {
      result: { ...result, outcomes: await timeInTurn(entries, time / ROUNDS) },
      notes: [...notes, ...(theirs?.notes ?? []), ...(gone[1] ? [gone[1].message] : [])],
    };
  } finally {
    own.end();
    others?.end();
  }
}

function entriesOf(process: CaseProcess, outcomes: readonly Outcome[]): Entry[] {
  return outcomes.map((outcome, candidate) => ({ process, candidate, outcome }));
}

interface Entry {
  readonly process: CaseProcess;
  /** Its number there. */
  readonly candidate: number;
  readonly outcome: Outcome;
}

/** Times those that are right in turn, forwards and backwards. */
async function timeInTurn(entries: readonly Entry[], time: number): Promise<Outcome[]> {
  const measured = entries
    .filter(({ outcome }) => outcome.status === "right")
    .map((entry) => ({ entry, rounds: [] as number[], minimum: Number.POSITIVE_INFINITY }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const each of round % 2 === 0 ? measured : measured.toReversed()) {
      const slice = await each.entry.process.slice(each.entry.candidate, time);
      each.rounds.push(slice.median);
      each.minimum = Math.min(each.minimum, slice.minimum);
    }
  }
  return entries.map((entry) => {
    const found = measured.find((each) => each.entry === entry);
    if (!found) return entry.outcome;
    return { ...entry.outcome, timing: { ...spreadOf(found.rounds), minimum: found.minimum, rounds: found.rounds } };
  });
}
