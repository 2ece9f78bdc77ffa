import type { FlowJob } from "bullmq";
import { mergeJob, QUEUE, rootJob, shardJob } from "./keys.ts";
import { countShards, planKey, type RunPlan } from "./plan.ts";

/** What every job says of itself. */
export interface RunData {
  readonly run: string;
  /** The plan that it is of: planKey. */
  readonly plan: string;
}

/** Of a job that adds up a shard. */
export interface ShardData extends RunData {
  readonly shard: number;
}

/** Of a job that merges what its children give; the last one looks whether all rows are there. */
export interface MergeData extends RunData {
  readonly last: boolean;
}

/** States that one job merges. */
const FAN_IN = 64;

/** A shard that fails is tried again, twice, after 1 and 2 seconds. */
const OPTIONS = {
  attempts: 3,
  backoff: { type: "exponential", delay: 1000 },
  failParentOnFailure: true,
} as const;

/** The jobs of a run: shards below merges below a last merge. */
export function flowOf(run: string, plan: RunPlan): FlowJob {
  const data = { run, plan: planKey(plan) };
  let jobs: FlowJob[] = Array.from({ length: countShards(plan) }, (_, shard) => ({
    name: "shard",
    queueName: QUEUE,
    data: { ...data, shard } satisfies ShardData,
    opts: { ...OPTIONS, jobId: shardJob(run, shard) },
  }));
  for (let level = 1; jobs.length > FAN_IN; level++) {
    jobs = Array.from({ length: Math.ceil(jobs.length / FAN_IN) }, (_, i) => ({
      name: "merge",
      queueName: QUEUE,
      data: { ...data, last: false } satisfies MergeData,
      opts: { ...OPTIONS, jobId: mergeJob(run, level, i) },
      children: jobs.slice(i * FAN_IN, (i + 1) * FAN_IN) as never,
    }));
  }
  return {
    name: "merge",
    queueName: QUEUE,
    data: { ...data, last: true } satisfies MergeData,
    opts: { attempts: OPTIONS.attempts, backoff: OPTIONS.backoff, jobId: rootJob(run) },
    children: jobs as never,
  };
}
