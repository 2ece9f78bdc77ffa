import type { Redis } from "ioredis";
import { doneOfRun } from "./keys.ts";

/** Notes which shards are done: small ones by the hundred in one request. */
export interface DoneShards {
  add(run: string, shard: number): void;
  /** Tells Redis of those that it was not told of. */
  flush(): Promise<void>;
}

const PAUSE_MILLISECONDS = 100;

/** Bits of runs in Redis, of which status counts those that are set: a worker that is killed takes the last few with it. */
export function doneShards(redis: Redis): DoneShards {
  let waiting = new Map<string, number[]>();
  let timer: NodeJS.Timeout | undefined;

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const all = waiting;
    waiting = new Map();
    for (const [run, shards] of all) {
      await redis.call("BITFIELD", doneOfRun(run), ...shards.flatMap((shard) => ["SET", "u1", shard, 1]));
    }
  }

  return {
    add(run, shard) {
      const shards = waiting.get(run) ?? [];
      if (shards.push(shard) === 1) waiting.set(run, shards);
      timer ??= setTimeout(() => flush().catch(() => {}), PAUSE_MILLISECONDS);
    },
    flush,
  };
}
