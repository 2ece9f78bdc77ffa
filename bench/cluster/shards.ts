/**
 * `tsx bench/cluster/shards.ts [SHARDS]`: what a small shard costs, of the built command line, with a Redis of its own: shards
 * of a row each, all that a worker does for them, and what Redis holds at most. `--cpu-prof` writes a profile of the worker. On a
 * machine that has other things to do the best tenth says more than the whole.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { loadPeers } from "../../src/cluster/peers.ts";
import { statusOf } from "../../src/cluster/watch.ts";
import { BenchWorker, command } from "./commands.ts";
import { writeInputs } from "./files.ts";
import { BenchRedis } from "./redis.ts";

const CLASSES = 10;
const POLL_MILLISECONDS = 100;

const isProfiled = process.argv.includes("--cpu-prof");
const shards = Number(process.argv.slice(2).find((argument) => !argument.startsWith("-")) ?? 10_000);
const folder = mkdtempSync(join(tmpdir(), "wasm-loss-"));
const at = (name: string) => join(folder, name);
const peers = await loadPeers();
writeInputs(at("logits.npy"), at("labels.npy"), shards, CLASSES);
/** Milliseconds since the first shard. */
interface Sample {
  readonly done: number;
  readonly elapsed: number;
  readonly processor: number;
}

/** What a shard took between two samples. */
function perShard(from: Sample, to: Sample): Omit<Sample, "done"> {
  const done = to.done - from.done;
  return { elapsed: (to.elapsed - from.elapsed) / done, processor: (to.processor - from.processor) / done };
}

/** The least that a shard took over so many of them. */
function best(samples: readonly Sample[], least: number): Omit<Sample, "done"> {
  const stretches = samples.flatMap((from) => {
    const to = samples.find(({ done }) => done >= from.done + least);
    return to ? perShard(from, to) : [];
  });
  const leastOf = (of: "elapsed" | "processor") => Math.min(...stretches.map((it) => it[of]));
  return { elapsed: leastOf("elapsed"), processor: leastOf("processor") };
}

const redis = await BenchRedis.start(folder);
try {
  const before = await redis.info("used_memory");
  const node = isProfiled ? ["--cpu-prof", `--cpu-prof-dir=${process.cwd()}`] : [];
  const worker = await BenchWorker.start(["--redis", redis.address, "--files", folder, "--backend", "js"], node);
  const args = ["--run", "shards", "--shard-rows", "1", "--redis", redis.address];
  const used = await worker.processor();
  const submitting = performance.now();
  await command(["cluster", "submit", at("logits.npy"), at("labels.npy"), ...args]);
  const begin = performance.now();
  let peak = 0;
  const samples: Sample[] = [];
  for (;;) {
    const { state, error, done } = await statusOf(peers, redis.client, "shards");
    samples.push({ done, elapsed: performance.now() - begin, processor: (await worker.processor()) - used });
    peak = Math.max(peak, await redis.info("used_memory"));
    if (state === "failed") throw new Error(error);
    if (state === "done") break;
    await wait(POLL_MILLISECONDS);
  }
  await worker.end();
  console.log(`${shards} shards of a row, one worker; load ${loadavg()[0].toFixed(1)}`);
  console.log(`submit               ${((begin - submitting) / 1000).toFixed(1)} s`);
  const begun = { done: 0, elapsed: 0, processor: 0 };
  const figures = { all: perShard(begun, samples.at(-1)!), "best tenth": best(samples, shards / 10) };
  for (const [name, { processor, elapsed }] of Object.entries(figures)) {
    const each = `${processor.toFixed(2)} ms of the worker's processor, ${elapsed.toFixed(2)} ms with waiting`;
    console.log(`a shard, ${name.padEnd(11)} ${each}`);
  }
  console.log(`Redis                ${((peak - before) / 2 ** 20).toFixed(1)} MiB at most`);
} finally {
  redis.end();
  rmSync(folder, { recursive: true, force: true });
}
