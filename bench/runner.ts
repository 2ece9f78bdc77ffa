import type { Case } from "./cases.ts";
import { Folder } from "./material.ts";
import type { Engine } from "./peers/engine.ts";
import { CaseProcess, type Field } from "./process.ts";
import type { Python } from "./python/python.ts";
import type { CaseResult, Outcome } from "./results.ts";
import type { Side } from "./side.ts";
import { spreadOf } from "./statistics.ts";

/** How each case is run. */
export interface Plan {
  /** Beside the peers, those cases that they know. */
  readonly peers: boolean;
  /** Runs strict and relaxed kernels, where this engine has no relaxed SIMD. */
  readonly engine: Engine | undefined;
  readonly python: Python | undefined;
  /** ms of each candidate. */
  readonly time: number;
  /** Short slices in turn, so that a slow stretch of the machine meets every candidate. */
  readonly rounds: number;
}

export interface Report {
  readonly result: CaseResult;
  readonly notes: readonly string[];
}

/** Runs a case: the candidates of several processes, in turn. */
export async function runCase(chosen: Case, plan: Plan): Promise<Report> {
  const folder = new Folder(chosen);
  const peers = plan.peers && chosen.peers;
  const start = (field: Field, engine?: string) =>
    new CaseProcess({ id: chosen.id, field, folder: folder.path, peers }, engine);
  const sides: Side[] = [start("wasm"), start("javascript")];
  if (peers) sides.push(start("peers"));
  if (peers && plan.python) sides.push(plan.python.side(chosen, folder));
  const abroad = peers && plan.engine ? start("newer engine", plan.engine.command) : undefined;
  if (abroad) sides.push(abroad);
  try {
    // All check at once, but nothing else runs while one of them warms up or times.
    const checked = await Promise.allSettled(sides.map((side) => side.checked()));
    for (const own of checked.slice(0, 2)) if (own.status === "rejected") throw own.reason;
    const notes = checked.flatMap((each) => (each.status === "rejected" ? [(each.reason as Error).message] : []));
    const entries: Entry[] = [];
    for (const [i, side] of sides.entries()) {
      if (checked[i].status === "rejected") continue;
      const prepared = await side.prepare();
      notes.push(...prepared.notes);
      const engine = side === abroad ? plan.engine!.name : undefined;
      entries.push(...prepared.outcomes.map((outcome, at) => ({ side, at, outcome: { ...outcome, engine } })));
    }
    return { result: { ...folder.facts, outcomes: await timeInTurn(entries, plan) }, notes };
  } finally {
    for (const side of sides) side.end();
    folder.remove();
  }
}

interface Entry {
  readonly side: Side;
  /** Its number there. */
  readonly at: number;
  readonly outcome: Outcome;
}

/** Times those that are right in turn, forwards and backwards. */
async function timeInTurn(entries: readonly Entry[], { time, rounds }: Plan): Promise<Outcome[]> {
  const measured = entries
    .filter(({ outcome }) => outcome.status === "right")
    .map((entry) => ({ entry, rounds: [] as number[], minimum: Number.POSITIVE_INFINITY }));
  for (let round = 0; round < rounds; round++) {
    for (const each of round % 2 === 0 ? measured : measured.toReversed()) {
      const slice = await each.entry.side.slice(each.entry.at, time / rounds);
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
