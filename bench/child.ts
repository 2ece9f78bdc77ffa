// The process of one case and some of its candidates: makes the inputs, checks every result against the oracle, and times
// a slice of a candidate whenever the process that started it says so.
import { type Dtype, mulberry32 } from "../test/inputs.ts";
import { type Candidate, type Field, ownCandidates } from "./candidates.ts";
import { cases } from "./cases.ts";
import { type Piece, relativeError, tolerance } from "./check.ts";
import type { Inputs, Operation, Shape } from "./operations/operation.ts";
import { peerCandidates } from "./peers/index.ts";
import type { Command, Prepared, Replies, Request } from "./process.ts";
import type { CaseResult, Outcome } from "./results.ts";
import { sunk, timeSlice, warmUp } from "./sampling.ts";

const SEED = 20260801;
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

/** What a case reads and writes. */
function sizeOf(operation: Operation, inputs: Inputs): Pick<CaseResult, "elements" | "bytes"> {
  const { values, targets, weight } = inputs;
  const elements = operation.read?.(inputs) ?? values.length;
  const read = elements * values.BYTES_PER_ELEMENT + (targets?.byteLength ?? 0) + (weight?.byteLength ?? 0);
  return { elements, bytes: read + (operation.written?.(inputs) ?? 0) };
}

/** A few rows whose length is no multiple of four. */
const SMALL: Shape = { name: "small", rows: 7, classes: 9 };

/**
 * Runs this package's candidates and the loops on a small case. A loop that has never been left knows nothing of what comes
 * after it: V8 then threw its optimised code away at the end of each call, up to 259 times, and a loop took three times as
 * long in one run as in another.
 */
async function rehearse({ field }: Request, operation: Operation, dtype: Dtype): Promise<void> {
  if (field === "peers") return;
  const shape = operation.family === "rows" ? SMALL : { ...SMALL, classes: 1 };
  const inputs = operation.inputs(mulberry32(SEED), dtype, shape);
  const { candidates } = await ownCandidates(operation, inputs, field === "own and good loops");
  for (let i = 0; i < 10; i++) for (const { call } of candidates) call();
}

function fieldOf({ field }: Request, operation: Operation, inputs: Inputs): Promise<Field> {
  if (field === "peers") return peerCandidates(operation.name, inputs);
  return ownCandidates(operation, inputs, field === "own and good loops");
}

async function serve(request: Request): Promise<void> {
  const reply = <K extends keyof Replies>(to: K, what: Replies[K]) => process.send!({ to, what });

  const { id, operation, dtype, shape } = cases.find((each) => each.id === request.id)!;
  const inputs = operation.inputs(mulberry32(SEED), dtype, shape);
  await rehearse(request, operation, dtype);
  const { candidates, notes } = await fieldOf(request, operation, inputs);
  const wanted = operation.wanted(inputs);
  const checked: Checked[] = [];
  for (const candidate of candidates) checked.push(await check(candidate, wanted, dtype));
  reply("check", null);

  let field: Checked[] = [];
  const prepare = async (): Promise<Prepared> => {
    field = await chosen(checked);
    const outcomes = field.map(({ outcome }) => outcome);
    const result = { id, operation: operation.name, dtype, shape: shape.name, ...sizeOf(operation, inputs), outcomes };
    return { result, notes };
  };
  process.on("message", async (command: Command) => {
    if (command.do === "prepare") return reply("prepare", await prepare());
    const { candidate, calls } = field[command.candidate];
    reply("slice", { ...(await timeSlice(candidate, calls, command.time)), sunk: sunk() });
  });
}

process.on("disconnect", () => process.exit(0));
await serve(JSON.parse(process.argv[2]));
