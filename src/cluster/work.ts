import { setTimeout as sleep } from "node:timers/promises";
import type { Job, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { mergeStates } from "../evaluate/state.ts";
import { VERSION } from "../evaluate/stateBytes.ts";
import { checkComplete } from "./complete.ts";
import { doneShards } from "./doneShards.ts";
import type { MergeData, RunData, ShardData } from "./flow.ts";
import { cancelOfRun, errorOfRun, leftOfRun, QUEUE } from "./keys.ts";
import { lookAhead } from "./lookAhead.ts";
import { connect, type Peers, STAYING } from "./peers.ts";
import { hashOf, type PlannedShard, planKey, type RunPlan, shardAt, shardKey, shardName } from "./plan.ts";
import { KEPT_SECONDS, storeOf } from "./store.ts";
import { readPlan } from "./watch.ts";

/** Adds up a shard, and stops where the signal says so. */
export type ShardFunction = (plan: RunPlan, shard: PlannedShard, signal: AbortSignal) => Promise<Uint8Array>;

export interface WorkOptions {
  readonly peers: Peers;
  readonly redis: string;
  readonly evaluate: ShardFunction;
  /** Throws of a plan that it does not take part in, `NotHere` of one that others may; called before anything is read or written for it. */
  readonly check?: (plan: RunPlan) => Promise<void>;
  /** Whether an error will be the same next time. */
  readonly isLasting: (error: unknown) => boolean;
  readonly tell: (line: string) => void;
  /** Who is not heard of for so long has lost its job; by default 30 s, longer than a batch takes by far. */
  readonly lockMilliseconds?: number;
  /** The version of the states it writes, where it is not to be its own. */
  readonly stateVersion?: number;
}

/** One that takes jobs until it is stopped. */
export interface RunningWorker {
  /** Takes no more, and ends when the job in hand is done. */
  finish(): Promise<void>;
  /** Gives the job in hand back, for another one. */
  giveBack(): void;
}

const LOCK_MILLISECONDS = 30_000;
/** Workers may be killed so often in one shard. */
const KILLS = 10;
/** So many runs at a time a worker remembers the plans of. */
const PLANS = 16;
const LOOK_MILLISECONDS = 1000;
/** A shard that takes less than this is small: a worker has so many of them in hand. */
const SMALL_MILLISECONDS = 20;
const AT_ONCE = 4;
/** A worker that left a job to others takes none for this share of the lock: it would be the same one again. */
const LEFT = 1 / 6;
/** So many times as long it is said of a run that it was left. */
const SAID = 6;

/** What a worker can't do, but another one may: that has other folders, or another version. */
export class NotHere extends Error {}

/** Of a run that was cancelled, or failed. */
class Cancelled extends Error {}
const LEFT_ALONE = "the run was cancelled, or failed";

export async function startWorker(options: WorkOptions): Promise<RunningWorker> {
  const { peers, tell, lockMilliseconds = LOCK_MILLISECONDS, stateVersion = VERSION } = options;
  const { UnrecoverableError, WaitingError, Worker } = peers.bullmq;
  const redis = await connect(peers, options.redis, STAYING);
  const back = new AbortController();
  const finishing = new AbortController();
  const plans = new Map<string, RunPlan>();
  const checked = new WeakSet<RunPlan>();
  async function planOf({ run, plan: key }: RunData): Promise<RunPlan> {
    const known = plans.get(key);
    if (known) return known;
    const plan = await readPlan(redis, run);
    if (planKey(plan) !== key) throw new UnrecoverableError(`${run} was submitted again with another plan`);
    plans.set(key, plan);
    if (plans.size > PLANS) plans.delete(plans.keys().next().value!);
    return plan;
  }

  let goesOn = { run: "", until: 0 };
  /** Whether a run was cancelled or failed; that it was not is believed for a second. */
  async function isLeft(run: string): Promise<boolean> {
    const now = performance.now();
    if (goesOn.run === run && now < goesOn.until) return false;
    if ((await redis.exists(cancelOfRun(run), errorOfRun(run))) > 0) return true;
    goesOn = { run, until: now + LOOK_MILLISECONDS };
    return false;
  }

  const mayBeKept = lookAhead();
  const done = doneShards(redis);
  let turn: Promise<unknown> = Promise.resolve();
  /** One shard after the other has the engine; where they are small the next ones are fetched, and the last ones put away, meanwhile. */
  function inTurn<R>(task: () => Promise<R>): Promise<R> {
    const timed = async () => {
      const begin = performance.now();
      try {
        return await task();
      } finally {
        worker.concurrency = performance.now() - begin < SMALL_MILLISECONDS ? AT_ONCE : 1;
      }
    };
    const result = turn.then(timed, timed);
    turn = result.catch(() => {});
    return result;
  }

  async function shard(job: Job<ShardData>): Promise<string> {
    const { run, shard: k } = job.data;
    const plan = await planOf(job.data);
    const planned = shardAt(plan, k);
    const key = shardKey(plan, planned);
    const store = storeOf(redis, plan.stateDir);
    let reference = (await mayBeKept(plan, store, k)) ? await store.find(key) : undefined;
    if (reference === undefined) {
      const evaluate = (signal: AbortSignal) => options.evaluate(plan, planned, signal);
      const state = await inTurn(() => untilCancelled(redis, run, back.signal, evaluate));
      reference = await store.put(key, state);
    }
    done.add(run, k);
    return reference;
  }

  async function merge(job: Job<MergeData>): Promise<string> {
    const plan = await planOf(job.data);
    const store = storeOf(redis, plan.stateDir);
    const references = Object.values(await job.getChildrenValues<string>()).sort();
    const states = await Promise.all(references.map((reference) => store.get(reference)));
    const lost = states.indexOf(undefined);
    if (lost >= 0) throw new Error(`the state ${references[lost].slice(0, 12)} is not kept any more`);
    const state = mergeStates(...(states as Uint8Array[]));
    if (job.data.last) checkComplete(state, plan);
    return store.put(hashOf(references), state);
  }

  async function process(job: Job, token?: string): Promise<string> {
    const { run }: RunData = job.data;
    try {
      const plan = await planOf(job.data);
      if (await isLeft(run)) throw new Cancelled();
      if (plan.stateVersion !== stateVersion) {
        throw new NotHere(`is of state version ${plan.stateVersion}, this worker of ${stateVersion}`);
      }
      if (!checked.has(plan)) await options.check?.(plan);
      checked.add(plan);
      return job.name === "shard" ? await shard(job) : await merge(job);
    } catch (error) {
      if (error instanceof Cancelled) throw new UnrecoverableError(LEFT_ALONE);
      if (back.signal.aborted) {
        await job.moveToWait(token);
        throw new WaitingError();
      }
      if (error instanceof NotHere) {
        await leave(job, error.message, token);
        throw new WaitingError();
      }
      const reason = nameOf(job, error);
      const isLast = job.attemptsMade + 1 >= (job.opts.attempts ?? 1) || options.isLasting(error);
      if (isLast && (await isHeld(job, token))) await redis.set(errorOfRun(run), reason, "EX", KEPT_SECONDS);
      throw options.isLasting(error) ? new UnrecoverableError(reason) : new Error(reason);
    }
  }

  const told = new Set<string>();
  /** Gives a job back for others at once, and takes none for a while. */
  async function leave(job: Job<RunData>, reason: string, token?: string): Promise<void> {
    const { run } = job.data;
    const line = `${run} is left to other workers: ${reason}`;
    if (!told.has(line)) tell(line);
    told.add(line);
    const pause = LEFT * lockMilliseconds;
    await redis.set(leftOfRun(run), reason, "PX", SAID * pause);
    await job.moveToWait(token);
    await sleep(pause, undefined, { signal: AbortSignal.any([back.signal, finishing.signal]) }).catch(() => {});
  }

  /** Whether a job is still this worker's: one that was stopped for long has lost it, and another one may have done it. */
  async function isHeld(job: Job, token = ""): Promise<boolean> {
    try {
      return (await job.extendLock(token, lockMilliseconds)) > 0;
    } catch {
      return false;
    }
  }

  /** What went wrong, and with which shard. */
  function nameOf(job: Job, error: unknown): string {
    const text = error instanceof Error ? error.message : String(error);
    const data: ShardData = job.data;
    const plan = plans.get(data.plan);
    return job.name === "shard" && plan ? `${shardName(shardAt(plan, data.shard))}: ${text}` : text;
  }

  const worker: Worker = new Worker(QUEUE, process, {
    connection: redis,
    lockDuration: lockMilliseconds,
    stalledInterval: lockMilliseconds,
    maxStalledCount: KILLS,
  });
  worker.on("error", (error) => tell(`Redis: ${error.message}`));
  worker.on("failed", (job, error) => {
    if (error.message !== LEFT_ALONE) tell(`${job?.id ?? "a job"} failed: ${error.message}`);
  });
  return {
    async finish() {
      finishing.abort();
      await worker.close();
      await done.flush();
      redis.disconnect();
    },
    giveBack: () => back.abort(),
  };
}

/** What a task gives, that is told to stop when its run is cancelled or it is given back. */
async function untilCancelled<R>(
  redis: Redis,
  run: string,
  back: AbortSignal,
  task: (signal: AbortSignal) => Promise<R>,
): Promise<R> {
  const cancelled = new AbortController();
  const look = setInterval(async () => {
    try {
      if ((await redis.exists(cancelOfRun(run), errorOfRun(run))) > 0) cancelled.abort();
    } catch {
      // Redis is away: the next look may find it
    }
  }, LOOK_MILLISECONDS);
  try {
    return await task(AbortSignal.any([cancelled.signal, back]));
  } catch (error) {
    throw cancelled.signal.aborted ? new Cancelled() : error;
  } finally {
    clearInterval(look);
  }
}
