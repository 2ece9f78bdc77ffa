import type { Job } from "bullmq";
import type { Redis } from "ioredis";
import { flowOf } from "./flow.ts";
import { cancelOfRun, doneOfRun, errorOfRun, leftOfRun, lockOfRun, planOfRun, QUEUE, rootJob } from "./keys.ts";
import type { Peers } from "./peers.ts";
import { planKey, type RunPlan } from "./plan.ts";

/** What became of a run that was submitted. */
export type Submitted = "new" | "resumed" | "running" | "done";

/** So long one that submits may take before another one thinks it is gone. */
const LOCK_SECONDS = 120;

/** Workers see within a second that a run was left, and finish the batch in hand; what one held that died is free after 30 s. */
const STOPPING_MILLISECONDS = 45_000;
const PAUSE_MILLISECONDS = 200;

/** Takes the jobs of a run that was left out of the queue, once nobody is at work on them. */
async function removed(root: Job, run: string): Promise<void> {
  for (const end = Date.now() + STOPPING_MILLISECONDS; ; ) {
    try {
      return await root.remove({ removeChildren: true });
    } catch {
      if (Date.now() > end) throw new Error(`shards of ${run} are still at work: try again when they have stopped`);
      await new Promise((later) => setTimeout(later, PAUSE_MILLISECONDS));
    }
  }
}

/** What Redis must be told to keep; a sentence for each that it is not. A Redis that does not say is trusted. */
export async function redisWarnings(redis: Redis): Promise<string[]> {
  const setting = async (name: string) => {
    try {
      return ((await redis.config("GET", name)) as string[])[1];
    } catch {
      return undefined;
    }
  };
  const warnings: string[] = [];
  const policy = await setting("maxmemory-policy");
  if (policy !== undefined && policy !== "noeviction") {
    warnings.push(`Redis may drop jobs: its maxmemory-policy is ${policy}, but should be noeviction`);
  }
  if ((await setting("appendonly")) === "no") {
    warnings.push("Redis forgets runs when it is restarted: it should keep an append-only file (appendonly yes)");
  }
  return warnings;
}

/**
 * Puts a run's jobs into the queue. A run that is there already goes on as it is; one that failed or was cancelled starts again, and
 * shards that were done are not done again.
 *
 * @throws Error where a run of that name has other inputs or options, or shards of it are still at work
 */
export async function submitRun(peers: Peers, redis: Redis, run: string, plan: RunPlan): Promise<Submitted> {
  if ((await redis.set(lockOfRun(run), "1", "EX", LOCK_SECONDS, "NX")) === null) {
    throw new Error(`${run} is being submitted by somebody else`);
  }
  const queue = new peers.bullmq.Queue(QUEUE, { connection: redis });
  const flows = new peers.bullmq.FlowProducer({ connection: redis });
  try {
    const before = await redis.get(planOfRun(run));
    const root = await queue.getJob(rootJob(run));
    if (root && before !== null && planKey(JSON.parse(before)) !== planKey(plan)) {
      throw new Error(`there is a run ${run} of other inputs or options: choose another name, or cancel it first`);
    }
    const state = await root?.getState();
    if (root && state !== "failed") {
      if (state === "completed") return "done";
      if ((await redis.exists(cancelOfRun(run))) === 0) return "running";
    }
    if (root) {
      await removed(root, run);
    }
    await redis.del(cancelOfRun(run), doneOfRun(run), errorOfRun(run), leftOfRun(run));
    await redis.set(planOfRun(run), JSON.stringify(plan));
    await flows.add(flowOf(run, plan));
    return root ? "resumed" : "new";
  } finally {
    await redis.del(lockOfRun(run));
    await flows.close();
    await queue.close();
  }
}
