import { createHash } from "node:crypto";

/** One input of a run: files that go together. */
export interface PlannedInput {
  /** As they follow the command: logits and labels; or base, other and labels. */
  readonly files: readonly string[];
  /** Options of the command that this input alone has: --mask=FILE. */
  readonly options: readonly string[];
  /** What their rows are known by in a state's coverage, and how they are called there. */
  readonly source: string;
  readonly name: string;
  readonly rows: number;
  /** How many shards the rows are cut into. */
  readonly shards: number;
  /** Of each file that is read, in the order of the command line, what changes when somebody writes to it. */
  readonly identities: readonly string[];
}

/** All that is to be done, the same for all who read it. */
export interface RunPlan {
  /** The version of states: who writes others does not take part. */
  readonly stateVersion: number;
  readonly command: "evaluate" | "compare";
  /** Options of the command. */
  readonly options: readonly string[];
  readonly inputs: readonly PlannedInput[];
  /** A folder that all machines share, or a bucket, for states; else they are kept in Redis. */
  readonly stateDir?: string;
}

/** A shard: the `index`-th (from 1) of the shards of an input. */
export interface PlannedShard {
  readonly input: PlannedInput;
  readonly index: number;
}

export const countShards = ({ inputs }: RunPlan): number => inputs.reduce((sum, { shards }) => sum + shards, 0);
export const countRows = ({ inputs }: RunPlan): number => inputs.reduce((sum, { rows }) => sum + rows, 0);

export const hashOf = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("hex");

/** What two plans are compared by. */
export const planKey = (plan: RunPlan): string => hashOf(plan);

/** The `k`-th shard of a run, from 0. */
export function shardAt({ inputs }: RunPlan, k: number): PlannedShard {
  let before = 0;
  for (const input of inputs) {
    if (k < before + input.shards) return { input, index: k - before + 1 };
    before += input.shards;
  }
  throw new RangeError(`there is no shard ${k}`);
}

/** What a shard's state depends on: the same key, the same bytes. */
export function shardKey({ stateVersion, command, options }: RunPlan, { input, index }: PlannedShard): string {
  return hashOf([stateVersion, command, options, input, index]);
}

/** What people call a shard. */
export function shardName({ input, index }: PlannedShard): string {
  return `${input.files[0]}, shard ${index} of ${input.shards}`;
}
