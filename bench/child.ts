// The process of one case and some of its candidates: reads the inputs, checks every result against the oracle's, and times
// a slice of a candidate whenever the process that started it says so.
import { type Dtype, mulberry32 } from "../test/inputs.ts";
import { type Candidate, type Candidates, javascriptCandidates, pairCandidates, wasmCandidates } from "./candidates.ts";
import { cases } from "./cases.ts";
import { type Piece, relativeError, tolerance } from "./check.ts";
import { type Material, readMaterial } from "./material.ts";
import type { Inputs, Operation, Shape } from "./operations/operation.ts";
import { peerCandidates } from "./peers/index.ts";
import type { Command, Replies, Request } from "./process.ts";
import type { Outcome } from "./results.ts";
import { sunk, timeSlice, warmUp } from "./sampling.ts";
import type { Prepared } from "./side.ts";

/** Samples that decide which of several compositions is the fastest. */
const TRIALS = 5;

/** A candidate, what became of its check, and the calls a sample is made of. */
interface Checked {
  readonly candidate: Candidate;
  readonly outcome: Outcome;
  calls: number;
}

async function check(candidate: Candidate, wanted: readonly Piece[], dtype: Dtype): Promise<Checked> {
  const { name, input, composition } = candidate;
  const common = { name, input, composition };
  try {
    const error = relativeError(await (candidate.result ?? candidate.call)(), wanted);
    const right = error <= tolerance[candidate.own ? "own" : "other"][dtype];
    return { candidate, outcome: { ...common, status: right ? "right" : "wrong", error }, calls: 0 };
  } catch (error) {
    return { candidate, outcome: { ...common, status: "failed", reason: (error as Error).message }, calls: 0 };
  }
}

/** One for each name and input: of several compositions the fastest that is right, else the least wrong. All warm. */
async function chosen(checked: readonly Checked[]): Promise<Checked[]> {
  const groups = new Map<string, Checked[]>();
  for (const each of checked) {
    const key = `${each.candidate.name}, ${each.candidate.input}`;
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  const best: Checked[] = [];
  for (const group of groups.values()) {
    const times = new Map<Checked, number>();
    for (const each of group) {
      if (each.outcome.status !== "right") continue;
      each.calls = await warmUp(each.candidate);
      const alone = group.length === 1;
      times.set(each, alone ? 0 : (await timeSlice(each.candidate, each.calls, 0, TRIALS)).minimum);
    }
    const rank = (each: Checked) => times.get(each) ?? 1e9 + (each.outcome.error ?? 1e9);
    best.push(group.toSorted((a, b) => rank(a) - rank(b))[0]);
  }
  return best;
}

/** A few rows whose length is no multiple of four. */
const SMALL: Shape = { name: "small", rows: 7, classes: 9 };

/**
 * Runs the loops on a small case. A loop that has never been left knows nothing of what comes after it: V8 then threw its
 * optimised code away at the end of each call, up to 259 times, and a loop took three times as long in one run as in another.
 */
async function rehearse(operation: Operation, dtype: Dtype, peers: boolean): Promise<void> {
  const shape = operation.family === "rows" ? SMALL : { ...SMALL, classes: 1 };
  const inputs = operation.inputs(mulberry32(1), dtype, shape);
  const { candidates } = await javascriptCandidates(operation, inputs, peers);
  for (let i = 0; i < 10; i++) for (const { call } of candidates) call();
}

async function fieldOf({ field, peers }: Request, operation: Operation, inputs: Inputs): Promise<Candidates> {
  if (field === "peers") return peerCandidates(operation.name, inputs);
  if (field === "newer engine") return pairCandidates(operation, inputs);
  if (field === "wasm") return wasmCandidates(operation, inputs, peers);
  await rehearse(operation, inputs.dtype, peers);
  return javascriptCandidates(operation, inputs, peers);
}

async function checkAll(candidates: readonly Candidate[], operation: Operation, material: Material) {
  const { inputs, wanted, otherWanted } = material;
  const otherDtype = operation.other?.(inputs)?.inputs.dtype ?? inputs.dtype;
  const checked: Checked[] = [];
  for (const candidate of candidates) {
    const { other } = candidate;
    checked.push(await check(candidate, other ? otherWanted! : wanted, other ? otherDtype : inputs.dtype));
  }
  return checked;
}

async function serve(request: Request): Promise<void> {
  const reply = <K extends keyof Replies>(to: K, what: Replies[K]) => process.send!({ to, what });

  const { operation } = cases.find((each) => each.id === request.id)!;
  const material = readMaterial(request.folder);
  const { candidates, notes } = await fieldOf(request, operation, material.inputs);
  const checked = await checkAll(candidates, operation, material);
  reply("check", null);

  let field: Checked[] = [];
  const prepare = async (): Promise<Prepared> => {
    field = await chosen(checked);
    return { outcomes: field.map(({ outcome }) => outcome), notes };
  };
  process.on("message", async (command: Command) => {
    if (command.do === "prepare") return reply("prepare", await prepare());
    const { candidate, calls } = field[command.candidate];
    reply("slice", { ...(await timeSlice(candidate, calls, command.time)), sunk: sunk() });
  });
}

process.on("disconnect", () => process.exit(0));
await serve(JSON.parse(process.argv[2]));
