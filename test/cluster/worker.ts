// A worker whose shards take as long as is wanted before and after the work, so that it can be stopped in either.

import { openShards } from "../../src/cli/cluster/shardState.ts";
import { loadPeers } from "../../src/cluster/peers.ts";
import { startWorker } from "../../src/cluster/work.ts";
import { FormatError } from "../../src/formats/error.ts";

export interface WorkerArguments {
  readonly redis: string;
  readonly lockMilliseconds: number;
  readonly before: number;
  readonly after: number;
  readonly stateVersion?: number;
}

const { redis, lockMilliseconds, before, after, stateVersion }: WorkerArguments = JSON.parse(process.argv[2]);
const shards = await openShards([]);
const wait = (milliseconds: number) => new Promise((later) => setTimeout(later, milliseconds));

await startWorker({
  peers: await loadPeers(),
  redis,
  lockMilliseconds,
  ...(stateVersion === undefined ? {} : { stateVersion }),
  isLasting: (error) => error instanceof FormatError,
  tell: (line) => process.stderr.write(`${line}\n`),
  async evaluate(plan, shard, signal) {
    await wait(before);
    const state = await shards.state(plan, shard, signal);
    await wait(after);
    return state;
  },
});
process.stdout.write("ready\n");
