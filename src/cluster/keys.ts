// Names of what stands in Redis beside the queue.

/** The one queue of all runs. */
export const QUEUE = "wasm-loss";

const named = (...parts: string[]) => [QUEUE, ...parts].join(":");

export const stateKey = (key: string): string => named("state", key);
export const planOfRun = (run: string): string => named("run", run, "plan");
/** A bit a shard: whether it is done. */
export const doneOfRun = (run: string): string => named("run", run, "done");
/** There while a run is to be left. */
export const cancelOfRun = (run: string): string => named("run", run, "cancelled");
/** Why a run failed. */
export const errorOfRun = (run: string): string => named("run", run, "error");
/** Why a worker left a run to others, for a while. */
export const leftOfRun = (run: string): string => named("run", run, "left");
export const lockOfRun = (run: string): string => named("run", run, "submitting");

/** Job ids hold no colon, and are no numbers. */
export const rootJob = (run: string): string => `run-${run}`;
export const shardJob = (run: string, k: number): string => `run-${run}-shard-${k}`;
export const mergeJob = (run: string, level: number, i: number): string => `run-${run}-merge-${level}-${i}`;
