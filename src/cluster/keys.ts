// Names of what stands in Redis beside the queue.

/** The one queue of all runs. */
export const QUEUE = "wasm-loss";

const named = (...parts: string[]) => [QUEUE, ...parts].join(":");

export const stateKey = (hash: string): string => named("state", hash);
/** The hash of the state of a shard that was done. */
export const shardStateKey = (key: string): string => named("shard", key);
export const planOfRun = (run: string): string => named("run", run, "plan");
/** A bit a shard: whether it is done. */
export const doneOfRun = (run: string): string => named("run", run, "done");
/** There while a run is to be left. */
export const cancelOfRun = (run: string): string => named("run", run, "cancelled");
/** Why a run failed. */
export const errorOfRun = (run: string): string => named("run", run, "error");
export const lockOfRun = (run: string): string => named("run", run, "submitting");

/** Job ids hold no colon, and are no numbers. */
export const rootJob = (run: string): string => `run-${run}`;
export const shardJob = (run: string, k: number): string => `run-${run}-shard-${k}`;
export const mergeJob = (run: string, level: number, i: number): string => `run-${run}-merge-${level}-${i}`;
