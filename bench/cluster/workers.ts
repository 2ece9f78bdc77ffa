/**
 * `tsx bench/cluster/workers.ts [--backend B] [--rounds N] [--shard-rows N]`: what two workers gain over one, of the built command
 * line, with a Redis of its own, on 1.5 GB of logits in shards of 64 MB unless it is said otherwise. From before `submit --wait`
 * begins to its end; workers wait for jobs by then. One and two in turns; the best of each counts. On a machine that has other things
 * to do the processor's time says more: all that one worker took, over what the busier of the two took.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BenchWorker, command } from "./commands.ts";
import { writeInputs } from "./files.ts";
import { BenchRedis } from "./redis.ts";

const CLASSES = 1000;
const { values } = parseArgs({
  options: {
    backend: { type: "string", default: "wasm" },
    rounds: { type: "string", default: "5" },
    rows: { type: "string", default: "384000" },
    "shard-rows": { type: "string", default: "16000" },
  },
});
const folder = mkdtempSync(join(tmpdir(), "wasm-loss-"));
const [logits, labels] = ["logits.npy", "labels.npy"].map((name) => join(folder, name));
writeInputs(logits, labels, Number(values.rows), CLASSES);
const redis = await BenchRedis.start(folder);

/** Seconds, and what each worker took of the processor. */
async function run(count: number): Promise<{ seconds: number; processors: number[] }> {
  const args = ["--redis", redis.address, "--files", folder, "--backend", values.backend];
  const workers = await Promise.all(Array.from({ length: count }, () => BenchWorker.start(args)));
  const before = await Promise.all(workers.map((worker) => worker.processor()));
  const begin = performance.now();
  const submit = ["submit", logits, labels, "--run", "workers", "--shard-rows", values["shard-rows"], "--wait"];
  await command(["cluster", ...submit, "--redis", redis.address]);
  const seconds = (performance.now() - begin) / 1000;
  const after = await Promise.all(workers.map((worker) => worker.processor()));
  await Promise.all(workers.map((worker) => worker.end()));
  await redis.client.flushall();
  return { seconds, processors: after.map((ms, i) => (ms - before[i]) / 1000) };
}

const best = [0, 1].map(() => ({ seconds: Number.POSITIVE_INFINITY, processor: Number.POSITIVE_INFINITY }));
try {
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [i, it] of best.entries()) {
      const { seconds, processors } = await run(i + 1);
      it.seconds = Math.min(it.seconds, seconds);
      it.processor = Math.min(it.processor, Math.max(...processors));
      const shown = processors.map((s) => s.toFixed(2)).join(" and ");
      console.log(`${i + 1}: ${seconds.toFixed(2)} s, processor ${shown} s, load ${loadavg()[0].toFixed(1)}`);
    }
  }
  const [one, two] = best;
  const ratio = (a: number, b: number) => (a / b).toFixed(2);
  console.log(
    `two workers over one, ${values.backend}, ${availableParallelism()} cores: ${ratio(one.seconds, two.seconds)} times`,
  );
  console.log(`by the processor's time of the busier one: ${ratio(one.processor, two.processor)} times`);
} finally {
  redis.end();
  rmSync(folder, { recursive: true, force: true });
}
