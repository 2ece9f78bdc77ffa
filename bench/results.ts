import { readFileSync } from "node:fs";
import os from "node:os";
import type { Dtype } from "../test/inputs.ts";
import type { Spread } from "./statistics.ts";

/** What a run of the bench came to: what --json writes, and tables, chart and README are made from. Times are ms a call. */
export interface Run {
  readonly date: string;
  readonly peers: boolean;
  readonly machine: Machine;
  /** Of this package and of each peer. */
  readonly versions: Readonly<Record<string, string>>;
  readonly cases: readonly CaseResult[];
  /** A sentence each on what was asked for and not run. */
  readonly notes: readonly string[];
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly platform: string;
  readonly engine: string;
  /** Runnable processes a core, when the run began: beyond a few tenths others were at work. */
  readonly load: number;
}

export interface CaseResult {
  readonly id: string;
  readonly operation: string;
  readonly dtype: Dtype;
  readonly shape: string;
  /** Pairs of an element-wise loss, logits (or what stands for them) of the others. */
  readonly elements: number;
  /** Inputs read and outputs written, by whoever does it in one pass. */
  readonly bytes: number;
  readonly outcomes: readonly Outcome[];
}

/**
 * Where the data is: in the candidate's own memory (`resident`), in ordinary arrays that it copies from and to
 * (`copied`), or in ordinary arrays that it computes on (`ordinary`).
 */
export type Input = "resident" | "copied" | "ordinary";

/** What one candidate did in one case. */
export interface Outcome {
  readonly name: string;
  readonly input: Input;
  /** Wrong results are not timed; `failed` says why. */
  readonly status: "right" | "wrong" | "failed";
  readonly reason?: string;
  /** Largest relative error against the float64 oracle. */
  readonly error?: number;
  /** The engine, where that is not the one of the run. */
  readonly engine?: string;
  /** The operations that a peer's result is put together from. */
  readonly composition?: string;
  readonly timing?: Timing;
}

export interface Timing extends Spread {
  readonly minimum: number;
  /** The median of each round; rounds of one case with the same index were run next to each other. */
  readonly rounds: readonly number[];
}

/** The outcome of a candidate on one kind of input, in the run's engine unless another is named. */
export function find(result: CaseResult, name: string, input: Input, engine?: string): Outcome | undefined {
  return result.outcomes.find((it) => it.name === name && it.input === input && it.engine === engine);
}

export function describeMachine(): Machine {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? "unknown",
    cores: cpus.length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    platform: `${os.platform()} ${os.arch()}`,
    engine: `Node.js ${process.versions.node}, V8 ${process.versions.v8}`,
    load: os.loadavg()[0] / cpus.length,
  };
}

/** JSON has no numbers for NaN and the infinities: they are written as the strings that Number() reads. */
export function toJson(run: Run): string {
  const finite = (_key: string, it: unknown) => (typeof it === "number" && !Number.isFinite(it) ? String(it) : it);
  return `${JSON.stringify(run, finite)}\n`;
}

export function readRun(file: string): Run {
  const nonFinite = ["NaN", "Infinity", "-Infinity"];
  return JSON.parse(readFileSync(file, "utf8"), (_key, it) => (nonFinite.includes(it) ? Number(it) : it)) as Run;
}
