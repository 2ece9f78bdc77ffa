import type { Redis } from "ioredis";
import { cancelOfRun, doneOfRun, errorOfRun, leftOfRun, planOfRun, QUEUE, rootJob } from "./keys.ts";
import type { Peers } from "./peers.ts";
import { countRows, countShards, type RunPlan } from "./plan.ts";
import { storeOf } from "./store.ts";

/** How far a run is. */
export interface RunStatus {
  readonly run: string;
  readonly state: "running" | "done" | "failed" | "cancelled";
  readonly shards: number;
  readonly done: number;
  readonly rows: number;
  /** Why it failed, with the shard's name. */
  readonly error?: string;
  /** Why a worker left it to others lately, while it runs. */
  readonly left?: string;
}

/** The plan of a run that was submitted. */
export async function readPlan(redis: Redis, run: string): Promise<RunPlan> {
  const text = await redis.get(planOfRun(run));
  if (text === null) throw new Error(`there is no run ${run}`);
  return JSON.parse(text);
}

export async function statusOf(peers: Peers, redis: Redis, run: string): Promise<RunStatus> {
  const plan = await readPlan(redis, run);
  const queue = new peers.bullmq.Queue(QUEUE, { connection: redis });
  try {
    const root = await queue.getJob(rootJob(run));
    const state = await root?.getState();
    const isCancelled = (await redis.exists(cancelOfRun(run))) === 1;
    const common = {
      run,
      shards: countShards(plan),
      done: await redis.bitcount(doneOfRun(run)),
      rows: countRows(plan),
    };
    if (state === "completed") return { ...common, done: common.shards, state: "done" };
    if (isCancelled) return { ...common, state: "cancelled" };
    if (root && state === "failed") {
      return { ...common, state: "failed", error: (await redis.get(errorOfRun(run))) ?? root.failedReason };
    }
    const left = await redis.get(leftOfRun(run));
    return { ...common, state: "running", ...(left === null ? {} : { left }) };
  } finally {
    await queue.close();
  }
}

/** The state of a run that is done. */
export async function resultOf(peers: Peers, redis: Redis, run: string): Promise<Uint8Array> {
  const plan = await readPlan(redis, run);
  const queue = new peers.bullmq.Queue(QUEUE, { connection: redis });
  try {
    const root = await queue.getJob(rootJob(run));
    const hash: unknown = root?.returnvalue;
    if (typeof hash !== "string") throw new Error(`${run} is not done`);
    const state = await storeOf(redis, plan.stateDir).get(hash);
    if (state === undefined) throw new Error(`the result of ${run} is not kept any more: submit the run again`);
    return state;
  } finally {
    await queue.close();
  }
}

/** Has workers leave a run at their next batch. */
export async function cancelRun(redis: Redis, run: string): Promise<void> {
  await readPlan(redis, run);
  await redis.set(cancelOfRun(run), "1");
}
