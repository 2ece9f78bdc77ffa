/**
 * Random faults at random times: a dozen of them, or SCHEDULES=100. Each prints what came of it; SEED=17 begins with that one.
 * One takes 4 to 10 seconds on a quiet machine, most of it in waiting.
 */
import { mkdirSync, readFileSync, writeSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { workshop } from "../command.ts";
import { mulberry32 } from "../inputs.ts";
import { command, makeInputs, worker } from "./cluster.ts";
import { TestRedis } from "./redis.ts";

const { at, run } = workshop();
const inputs = makeInputs(at("data"));
const first = Number(process.env.SEED ?? 1);
const seeds = Array.from({ length: Number(process.env.SCHEDULES ?? 12) }, (_, i) => first + i);
let redis: TestRedis;
let wanted: Buffer;

beforeAll(async () => {
  mkdirSync(at("redis"));
  redis = await TestRedis.start(at("redis"));
  const parts = inputs.pairs.map(([logits, labels], i) => {
    expect(run("evaluate", logits, labels, "--state", `part${i}.acc`).code).toBe(0);
    return `part${i}.acc`;
  });
  expect(run("merge", ...parts, "--state", "wanted.acc").code).toBe(0);
  wanted = readFileSync(at("wanted.acc"));
});
afterAll(() => redis.kill());

/** What is done to workers and Redis, as text; throws where the run doesn't end in the wanted state. */
async function schedule(seed: number, said: string[]): Promise<void> {
  const client = redis.client();
  await client.flushall();
  client.disconnect();
  const random = mulberry32(seed);
  const upTo = (most: number) => Math.floor(most * random());
  const shardRows = String(40 + upTo(200));
  const submit = (...more: string[]) => {
    const args = ["cluster", "submit", inputs.logits, inputs.labels, "--run", "faults", "--shard-rows", shardRows];
    return command([...args, "--redis", redis.address, ...more]).ended;
  };
  const start = () => worker({ redis: redis.address, lockMilliseconds: 1000, before: upTo(150), after: upTo(150) });
  const submitted = await submit();
  expect(submitted.code, submitted.stderr).toBe(0);
  const workers = await Promise.all([start(), start()]);
  for (let faults = 1 + upTo(4); faults > 0; faults--) {
    await wait(upTo(800));
    const k = upTo(workers.length);
    const kind = ["kill", "stop", "redis", "submit"][upTo(4)];
    said.push(kind === "kill" || kind === "stop" ? `${kind} worker ${k + 1}` : kind);
    if (kind === "redis") {
      await redis.kill();
      await wait(upTo(1000));
      await redis.start();
    } else if (kind === "submit") {
      const { code, stderr } = await submit();
      expect(code, stderr).toBe(0);
    } else {
      const { child } = workers[k];
      child.kill(kind === "kill" ? "SIGKILL" : "SIGSTOP");
      workers[k] = await start();
      if (kind === "stop") setTimeout(() => child.kill("SIGCONT"), 1500 + upTo(1500));
    }
  }
  await start();
  const { code, stderr } = await submit("--wait", "--state", at("got.acc"));
  expect(code, stderr).toBe(0);
  expect(readFileSync(at("got.acc")).equals(wanted)).toBe(true);
}

test.each(seeds)("faults of seed %i", async (seed) => {
  const said: string[] = [];
  const begin = performance.now();
  let verdict = "FAILED";
  try {
    await schedule(seed, said);
    verdict = "the same state";
  } finally {
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    // at once, as a hundred take a while: console.log waits for the end of the file
    writeSync(2, `seed ${seed}: ${verdict} after ${seconds} s: ${said.join(", ")}\n`);
  }
});
