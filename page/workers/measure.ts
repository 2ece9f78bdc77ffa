// The bench in this browser: this package in each of its ways beside a good JavaScript loop, each result checked before it is timed.
import { createLosses, type Losses, type LossesOptions } from "wasm-loss";
import { relativeError, tolerance } from "../../bench/check.ts";
import { crossEntropyOperations } from "../../bench/operations/crossEntropy.ts";
import { elementwiseOperations } from "../../bench/operations/elementwise.ts";
import type { Call, Inputs, Operation, Result } from "../../bench/operations/operation.ts";
import { softmaxOperations } from "../../bench/operations/softmax.ts";
import { resident, residentInputs } from "../../bench/residentInputs.ts";
import { ratioOf, type Spread, spreadOf } from "../../bench/statistics.ts";
import { loopOf } from "../../bench/tuned.ts";
import type { Reached } from "../../src/cli/pace.ts";
import { mulberry32, zeros } from "../../test/inputs.ts";
import { answer, turn } from "../job.ts";
import { markdownOf } from "../measure/markdown.ts";

/** One way of computing a case. */
interface Candidate {
  readonly name: string;
  readonly call: Call;
}

/** What came of a way: its time, or why there is none. */
export interface Timed {
  readonly name: string;
  /** Of a call, ms. */
  readonly time?: Spread;
  /** The loop's time over it. */
  readonly ratio?: Spread;
  readonly missing?: string;
}

export interface MeasuredCase {
  readonly title: string;
  readonly ways: readonly Timed[];
}

export interface Measured {
  readonly cases: readonly MeasuredCase[];
  readonly notes: readonly string[];
  /** All of it, to be pasted. */
  readonly markdown: string;
}

const LOOP = "good loop";
const operations = [...elementwiseOperations, ...softmaxOperations, ...crossEntropyOperations];

const CASES = [
  ["mse", 1_000_000, 1],
  ["softmax", 1000, 1000],
  ["crossEntropy", 1000, 1000],
  ["crossEntropy", 32, 50257],
  ["crossEntropy", 100_000, 10],
  ["crossEntropyWithGrad", 1000, 1000],
] as const;

/** Clocks of browsers tick every 5 us to 1 ms: a sample lasts so many ms, that a tick is a hundredth of it or less. */
const SAMPLE_MILLISECONDS = 100;
const ROUNDS = 7;
const SEED = 20260801;

let sink = 0;

/** A number of each result, so that no engine leaves a call out. */
function keep(result: Result): void {
  sink += typeof result === "number" ? result : "loss" in result ? result.loss : result[0];
}

function timeOf(call: Call, calls: number): number {
  const begin = performance.now();
  for (let i = 0; i < calls; i++) keep(call());
  return performance.now() - begin;
}

/** Calls that last a sample; on the way the engine compiles them. */
function callsOf(call: Call): number {
  for (let calls = 1; ; calls *= 2) {
    const time = timeOf(call, calls);
    if (time >= SAMPLE_MILLISECONDS / 2) return Math.max(1, Math.round((calls * SAMPLE_MILLISECONDS) / time));
  }
}

/** The ways that there are here, and notes of those that are not. */
async function engines(): Promise<{ opened: [name: string, Losses][]; notes: string[] }> {
  const threads = navigator.hardwareConcurrency;
  const asked: [string, LossesOptions][] = [
    ["js", { backend: "js" }],
    ["wasm", { backend: "wasm" }],
    ["wasm, relaxed", { backend: "wasm", relaxed: true }],
    [`wasm, ${threads} threads`, { backend: "wasm", threads }],
  ];
  const opened: [string, Losses][] = [];
  const notes: string[] = [];
  for (const [name, options] of asked) {
    try {
      const losses = await createLosses(options);
      notes.push(...losses.notes);
      const isLess = losses.relaxed !== (options.relaxed ?? false) || losses.threads < Number(options.threads ?? 1);
      if (isLess || options.threads === 1) losses.close();
      else opened.push([name, losses]);
    } catch (error) {
      notes.push((error as Error).message);
    }
  }
  return { opened, notes };
}

async function measure(
  operation: Operation,
  inputs: Inputs,
  opened: readonly (readonly [string, Losses])[],
  onSample: () => Promise<void>,
): Promise<Timed[]> {
  const wanted = operation.wanted(inputs);
  const out = zeros(inputs.dtype, inputs.values.length);
  const candidates: Candidate[] = [{ name: LOOP, call: loopOf(operation.name, inputs, out)! }];
  const placed: (() => void)[] = [];
  for (const [name, losses] of opened) {
    const arrays = residentInputs(losses, inputs);
    const written = resident(losses, out);
    placed.push(() => {
      for (const it of [arrays.values, arrays.targets, arrays.weight, written]) if (it) losses.free(it);
    });
    candidates.push({ name, call: operation.call(losses, arrays, written) });
  }
  try {
    const wrong = new Map<string, string>();
    for (const { name, call } of candidates) {
      const error = relativeError(call(), wanted);
      const most = tolerance[name === LOOP ? "other" : "own"][inputs.dtype];
      if (!(error <= most)) wrong.set(name, `WRONG by ${error.toExponential(1)}`);
      await onSample();
    }
    const right = candidates.filter(({ name }) => !wrong.has(name));
    const calls = right.map(({ call }) => callsOf(call));
    const times = right.map((): number[] => []);
    // in turns, so that what slows one down slows down all
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, { call }] of right.entries()) {
        times[i].push(timeOf(call, calls[i]) / calls[i]);
        await onSample();
      }
    }
    const loop = right.findIndex(({ name }) => name === LOOP);
    return candidates.map(({ name }) => {
      const i = right.findIndex((it) => it.name === name);
      if (i < 0) return { name, missing: wrong.get(name)! };
      return { name, time: spreadOf(times[i]), ...(loop < 0 ? {} : { ratio: ratioOf(times[loop], times[i]) }) };
    });
  } finally {
    for (const free of placed) free();
  }
}

answer(async (_: null, tell: (reached: Reached) => void): Promise<Measured> => {
  const { opened, notes } = await engines();
  try {
    const cases: MeasuredCase[] = [];
    const samples = (opened.length + 1) * (ROUNDS + 1);
    const total = CASES.length * samples;
    let done = 0;
    for (const [name, rows, classes] of CASES) {
      const operation = operations.find((it) => it.name === name)!;
      const title = `${name} ${classes === 1 ? rows.toExponential().replace("+", "") : `${rows}x${classes}`}`;
      const inputs = operation.inputs(mulberry32(SEED), "float32", { name: title, rows, classes });
      const ways = await measure(operation, inputs, opened, async () => {
        tell({ done: ++done, total, unit: "samples" });
        await turn();
      });
      cases.push({ title, ways });
      done = cases.length * samples;
    }
    if (Number.isNaN(sink)) notes.push("A result was NaN.");
    const measured = { cases, notes: [...new Set(notes)] };
    return { ...measured, markdown: markdownOf(measured) };
  } finally {
    for (const [, losses] of opened) losses.close();
  }
});
