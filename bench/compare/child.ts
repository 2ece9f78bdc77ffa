// A process of one case: loads the packages in the order it is told, checks that they agree, and times them in turn.
import type { Losses, LossesOptions } from "wasm-loss";
import { mulberry32 } from "../../test/inputs.ts";
import { ARENA_SPARE, bytesOf, type Candidate, outOf } from "../candidates.ts";
import { elsewhere } from "../elsewhere.ts";
import type { Call, Inputs, Result } from "../operations/operation.ts";
import { resident, residentInputs } from "../residentInputs.ts";
import { keep, sunk, warmUp } from "../sampling.ts";
import { spreadOf } from "../statistics.ts";
import { type ComparedCase, comparedCases } from "./cases.ts";

/** One of the built packages: what it is called here, and its dist/index.js as a URL. */
export interface Package {
  readonly name: string;
  readonly url: string;
}

/** What a process is started for. */
export interface Request {
  readonly id: string;
  /** The first one's results are what the others' are compared with. */
  readonly packages: readonly Package[];
}

/** What it answers. */
export interface Reply {
  /** ms a call, by package: the median of each round. */
  readonly rounds: Readonly<Record<string, number[]>>;
  /** The largest relative difference between results. */
  readonly difference: number;
  readonly sunk: number;
}

const ROUNDS = 11;
const SLICE_MS = 6;
const SLICE_SAMPLES = 3;
/** Times what warmUp() takes for a sample: reading processor time costs 1.3 us. */
const SAMPLE = 4;
/** Sums of float32 may be rounded otherwise on purpose. */
const TOLERANCE = 1e-6;
/** Values this small beside the largest of their array may be what is left of a difference. */
const NEGLIGIBLE = 1e-6;

async function candidateOf({ name, url }: Package, chosen: ComparedCase, inputs: Inputs): Promise<Candidate> {
  const { operation, input } = chosen;
  const { createLosses }: { createLosses(options: LossesOptions): Promise<Losses> } = await import(url);
  const out = outOf(operation, inputs);
  const arenaBytes = bytesOf(inputs) + out.byteLength + ARENA_SPARE;
  const losses = await createLosses({ backend: "wasm", arenaBytes });
  const call =
    input === "resident"
      ? operation.call(losses, residentInputs(losses, inputs), resident(losses, out))
      : operation.call(losses, inputs, out);
  return { name, input, own: true, call };
}

const piecesOf = (result: Result): ArrayLike<number>[] =>
  typeof result === "number" ? [[result]] : "loss" in result ? [[result.loss], result.grad] : [result];

function differenceOf(one: ArrayLike<number>, other: ArrayLike<number>): number {
  if (one.length !== other.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < one.length; i++) largest = Math.max(largest, Math.abs(one[i]));
  let difference = 0;
  for (let i = 0; i < one.length; i++) {
    if (Object.is(one[i], other[i])) continue;
    const size = Math.max(Math.abs(one[i]), Math.abs(other[i]), NEGLIGIBLE * largest);
    // not below: NaN where the other has none
    const relative = one[i] === other[i] ? 0 : Math.abs(one[i] - other[i]) / size;
    if (!(relative <= difference)) difference = Number.isNaN(relative) ? Number.POSITIVE_INFINITY : relative;
  }
  return difference;
}

function largestDifference(candidates: readonly Candidate[]): number {
  const [first, ...others] = candidates.map(({ call }) => piecesOf((call as Call)()));
  return Math.max(...others.flatMap((other) => other.map((piece, k) => differenceOf(first[k], piece))));
}

/** Processor time of this process, ms: what the machine's other processes take is no part of it. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Processor time of a call, the median of a stretch of samples, ms. */
function sliceOf(call: Call, calls: number): number {
  const samples: number[] = [];
  for (const end = processorTime() + SLICE_MS; samples.length < SLICE_SAMPLES || processorTime() < end; ) {
    const begin = processorTime();
    for (let i = 0; i < calls; i++) keep(call());
    samples.push((processorTime() - begin) / calls);
  }
  return spreadOf(samples).median;
}

/** Warm first, then in turn: each round begins with another one. */
async function timeInTurn(candidates: readonly Candidate[]): Promise<Record<string, number[]>> {
  const calls = new Map<Candidate, number>();
  for (const each of candidates) calls.set(each, SAMPLE * (await warmUp(each)));
  const rounds: Record<string, number[]> = Object.fromEntries(candidates.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (let k = 0; k < candidates.length; k++) {
      const each = candidates[(round + k) % candidates.length];
      rounds[each.name].push(elsewhere(() => sliceOf(each.call as Call, calls.get(each)!)));
    }
  }
  return rounds;
}

async function serve({ id, packages }: Request): Promise<Reply> {
  const chosen = comparedCases.find((each) => each.id === id)!;
  const inputs = chosen.operation.inputs(mulberry32(1), chosen.dtype, chosen.shape);
  const candidates: Candidate[] = [];
  for (const each of packages) candidates.push(await candidateOf(each, chosen, inputs));
  const difference = largestDifference(candidates);
  if (!(difference <= TOLERANCE)) throw new Error(`${id}: the results differ by ${difference}, relative to their size`);
  return { rounds: await timeInTurn(candidates), difference, sunk: sunk() };
}

process.on("disconnect", () => process.exit(0));
process.send!(await serve(JSON.parse(process.argv[2])), () => process.exit(0));
