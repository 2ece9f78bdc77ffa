import { countShards, type RunPlan, shardAt, shardKey } from "./plan.ts";
import type { StateStore } from "./store.ts";

/** So many shards are asked for at once. */
const BLOCK = 64;
/** What was not kept is believed for so long: of what is put there by others in between the first one counts. */
const BELIEVED_MILLISECONDS = 1000;

/** Whether the state of a run's k-th shard may be kept already. */
export type LookAhead = (plan: RunPlan, store: StateStore, k: number) => Promise<boolean>;

/** Asks for a block of shards at once, as a worker takes one after the other. */
export function lookAhead(): LookAhead {
  let last: { plan?: RunPlan; block?: number; until: number; kept: Promise<boolean[]> } = {
    until: 0,
    kept: Promise.resolve([]),
  };
  return async (plan, store, k) => {
    const block = Math.floor(k / BLOCK);
    const first = block * BLOCK;
    const now = performance.now();
    if (last.plan !== plan || last.block !== block || now > last.until) {
      const count = Math.min(BLOCK, countShards(plan) - first);
      const keys = Array.from({ length: count }, (_, i) => shardKey(plan, shardAt(plan, first + i)));
      last = { plan, block, until: now + BELIEVED_MILLISECONDS, kept: store.mayHave(keys) };
    }
    return (await last.kept)[k - first];
  };
}
