/** Runs on several machines, played by processes: the state is that of one process byte for byte, whatever happens to them. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { workshop } from "../command.ts";
import { npy } from "../files.ts";
import { command, makeInputs, worker } from "./cluster.ts";
import { TestRedis } from "./redis.ts";

const { at, run } = workshop();
const inputs = makeInputs(at("data"));
let redis: TestRedis;
let client: Redis;
let wanted: Buffer;
let count = 0;
let name = "";

beforeAll(async () => {
  mkdirSync(at("redis"));
  redis = await TestRedis.start(at("redis"));
  client = redis.client();
  const parts = inputs.pairs.map(([logits, labels], i) => {
    expect(run("evaluate", logits, labels, "--state", `part${i}.acc`).code).toBe(0);
    return `part${i}.acc`;
  });
  expect(run("merge", ...parts, "--state", "wanted.acc").code).toBe(0);
  wanted = readFileSync(at("wanted.acc"));
});
afterAll(async () => {
  client.disconnect();
  await redis.kill();
});
beforeEach(async () => {
  await client.flushall();
  name = `run${++count}`;
});

const cluster = (...args: string[]) => command(["cluster", ...args, "--redis", redis.address]);
const submit = (...more: string[]) =>
  cluster("submit", inputs.logits, inputs.labels, "--run", name, "--shard-rows", "90", ...more);
const SHARDS = 8 + 12 + 5;

/** A worker that takes little of each shard, and soon misses one that is gone. */
const quick = (more: { before?: number; after?: number; stateVersion?: number } = {}) =>
  worker({ redis: redis.address, lockMilliseconds: 1000, before: 0, after: 0, ...more });

/** Waits until so many shards are done. */
async function untilDone(shards: number): Promise<void> {
  for (;;) {
    const { stdout } = await cluster("status", name, "--json").ended;
    const { done, state } = JSON.parse(stdout);
    if (done >= shards || state !== "running") return;
    await wait(50);
  }
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await wait(50);
}

async function expectSame(): Promise<void> {
  const waited = await submit("--wait", "--state", at(`${name}.acc`)).ended;
  expect(waited.code, waited.stderr).toBe(0);
  expect(readFileSync(at(`${name}.acc`)).equals(wanted)).toBe(true);
}

describe("the state of one process", () => {
  test("two workers", async () => {
    await Promise.all([quick(), quick()]);
    await expectSame();
    const { stdout } = await cluster("status", name, "--json").ended;
    expect(JSON.parse(stdout)).toEqual({ run: name, state: "done", shards: SHARDS, done: SHARDS, rows: inputs.rows });
    const { stdout: result } = await cluster("result", name).ended;
    expect(result).toBe(run("merge", "wanted.acc").stdout);
  });

  test("the command line's own worker, with states in a folder", async () => {
    const it = command(["cluster", "work", "--redis", redis.address, "--files", at("data"), "--files", at("states")]);
    const waited = await submit("--wait", "--state-dir", at("states"), "--state", at("own.acc")).ended;
    expect(waited, it.stderr()).toMatchObject({ code: 0, stderr: "" });
    expect(readFileSync(at("own.acc")).equals(wanted)).toBe(true);
    it.child.kill("SIGTERM");
    expect((await it.ended).code).toBe(0);
  });

  test.each(["before", "after"] as const)("workers are killed %s the work of a shard", async (phase) => {
    expect((await submit().ended).code).toBe(0);
    for (let k = 0; k < 3; k++) {
      const doomed = await quick({ [phase]: 400 });
      await untilDone(2 * k + 1);
      await wait(200);
      doomed.child.kill("SIGKILL");
      await doomed.ended;
    }
    await Promise.all([quick(), quick()]);
    await expectSame();
  });

  test("a worker is stopped for longer than its lock, and goes on", async () => {
    const sleeper = await quick({ after: 300 });
    expect((await submit().ended).code).toBe(0);
    await untilDone(1);
    sleeper.child.kill("SIGSTOP");
    await quick({ before: 20 });
    await wait(4000);
    sleeper.child.kill("SIGCONT");
    await expectSame();
  });

  test("Redis is killed, and started again", async () => {
    await Promise.all([quick({ before: 100 }), quick({ before: 100 })]);
    expect((await submit().ended).code).toBe(0);
    await untilDone(4);
    await redis.kill();
    await wait(1500);
    await redis.start();
    await expectSame();
  });

  test("two submit at once, and both wait", async () => {
    await quick({ before: 20 });
    const both = await Promise.all([submit("--wait").ended, submit("--wait").ended]);
    const refused = both.filter(({ code }) => code !== 0);
    expect(refused.length).toBeLessThan(2);
    for (const { stderr } of refused) expect(stderr).toContain("is being submitted by somebody else");
    await expectSame();
  });

  test("a run that is submitted again runs nothing again", async () => {
    const once = await quick();
    await expectSame();
    once.child.kill("SIGKILL");
    await once.ended;
    // nobody works any more
    await expectSame();
  });

  test("a worker of another version leaves a run to others", async () => {
    const other = await quick({ stateVersion: 99 });
    expect((await submit().ended).code).toBe(0);
    await wait(1000);
    expect(other.stderr()).toBe(`${name} is left to other workers: is of state version 2, this worker of 99\n`);
    await quick();
    await expectSame();
  });

  test("a run is cancelled, and submitted again: what was done is not done again", async () => {
    const slow = await quick({ before: 100 });
    expect((await submit().ended).code).toBe(0);
    await untilDone(3);
    expect((await cluster("cancel", name).ended).stdout).toBe(`${name}: cancelled\n`);
    const { stderr } = await submit("--wait").ended.catch(() => ({ stderr: "" }));
    expect(stderr === "" || stderr.includes("still at work") || stderr.includes("cancelled")).toBe(true);
    await wait(2500);
    slow.child.kill("SIGKILL");
    await slow.ended;
    await quick();
    await expectSame();
  });
});

describe("a worker that may not read a run's files", () => {
  const work = (...more: string[]) => command(["cluster", "work", "--redis", redis.address, ...more]);

  test("leaves it to one that may, and goes on with others", async () => {
    const without = work();
    await until(() => without.stderr().includes("works for"));
    expect((await submit().ended).code).toBe(0);
    await until(() => without.stderr().includes("was started without --files DIR"));
    const { stdout } = await cluster("status", name).ended;
    expect(stdout).toContain(`${name}: running, 0 of ${SHARDS} shards (0.0%) of ${inputs.rows} rows\n`);
    expect(stdout).toContain("a worker leaves it to others: ");
    work("--files", at("data"));
    await expectSame();
    // in one line, however many shards it had
    expect(without.stderr().trim().split("\n")).toHaveLength(2);
    without.child.kill("SIGTERM");
    expect((await without.ended).code).toBe(0);
  });

  test("--wait says that it waits for one that may", async () => {
    mkdirSync(at("elsewhere"), { recursive: true });
    work("--files", at("elsewhere"));
    const waiting = submit("--wait");
    await until(() => waiting.stderr() !== "");
    const reason = `logits-0.npy is not in ${at("elsewhere")}, which the worker may use`;
    expect(waiting.stderr()).toBe(`wasm-loss: ${name}: a worker leaves it to others: ${at("data")}/${reason}\n`);
    await cluster("cancel", name).ended;
    expect(await waiting.ended).toMatchObject({ code: 1, stdout: "" });
    // what was cancelled holds up nobody
    await until(async () => (await client.llen("bull:wasm-loss:wait")) === 0);
  });
});

describe("a run that fails says why", () => {
  const broken = (label: number) => {
    const data = new Int32Array(300).fill(1);
    data[250] = label;
    return npy(data, [300]);
  };
  const logits = npy(new Float32Array(2100), [300, 7]);

  test("a shard that always fails", async () => {
    writeFileSync(at("bad-logits.npy"), logits);
    writeFileSync(at("bad-labels.npy"), broken(7));
    await quick();
    const waited = await cluster(
      ...["submit", at("bad-logits.npy"), at("bad-labels.npy"), "--run", name, "--shard-rows", "100", "--wait"],
    ).ended;
    expect(waited.code).toBe(1);
    expect(waited.stderr.trim().split("\n")).toHaveLength(1);
    expect(waited.stderr).toContain("bad-logits.npy, shard 3 of 3: ");
    expect(waited.stderr).toContain("labels[250] is 7, but classes is 7");
    const { code, stderr } = await cluster("result", name).ended;
    expect({ code, stderr }).toEqual({ code: 1, stderr: waited.stderr });
    // mended, it goes on
    writeFileSync(at("bad-labels.npy"), broken(6));
    await wait(1000);
    const again = await cluster(
      ...["submit", at("bad-logits.npy"), at("bad-labels.npy"), "--run", `${name}b`, "--shard-rows", "100", "--wait"],
    ).ended;
    expect(again).toMatchObject({ code: 0, stderr: "" });
  });

  test("a file that changes after it was submitted", async () => {
    cpSync(at("data"), at("changing"), { recursive: true });
    const [x, y] = [at("changing/logits-0.npy"), at("changing/labels-0.npy")];
    expect((await cluster("submit", x, y, "--run", name).ended).code).toBe(0);
    writeFileSync(y, readFileSync(y));
    await quick();
    const { code, stderr } = await cluster("submit", x, y, "--run", `${name}b`, "--wait").ended;
    expect(code, stderr).toBe(0);
    await untilDone(1);
    const { stderr: why } = await cluster("result", name).ended;
    expect(why).toContain("has changed since the run was submitted");
  });

  test("a folder for states that can't be written", async () => {
    writeFileSync(at("no-folder"), "");
    await quick();
    const { code, stderr } = await submit("--wait", "--state-dir", at("no-folder")).ended;
    expect(code).toBe(1);
    expect(stderr).toContain("no-folder");
  });
});

describe("what is wrong with a command", () => {
  const refused = async (status: number, text: string, ...args: string[]) => {
    const { code, stderr, stdout } = await cluster(...args).ended;
    expect({ code, stdout }).toEqual({ code: status, stdout: "" });
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain(text);
  };

  test("usage", async () => {
    await refused(2, 'cluster has no command "statsu" (status?)', "statsu");
    await refused(2, "needs --run NAME", "submit", "a", "b");
    await refused(2, "must be 1 to 100 letters", "submit", "a", "b", "--run", "a:b");
    await refused(2, "quote patterns", "submit", "a", "b", "c", "--run", "x");
    await refused(2, "no file is called so", "submit", at("data/none-*.npy"), "b", "--run", "x");
    await refused(2, "are 3 files, but", "submit", inputs.logits, at("data/labels-1.npy"), "--run", "x");
    await refused(1, "there is no run nobody", "status", "nobody");
    await refused(1, "there is no run nobody", "cancel", "nobody");
  });

  test("other options under the same name", async () => {
    expect((await submit().ended).code).toBe(0);
    const { code, stderr } = await submit("--confusion").ended;
    expect(code).toBe(1);
    expect(stderr).toContain(`there is a run ${name} of other inputs or options`);
    await cluster("cancel", name).ended;
  });

  test("Redis that is not there: one line, without the password", async () => {
    const args = ["cluster", "status", "nobody", "--redis", "redis://user:hunter2@127.0.0.1:1"];
    const { code, stderr } = await command(args).ended;
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "wasm-loss: Redis at redis://127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1\n",
    });
  });
});

test("without the two packages: one sentence that says how they are installed", () => {
  // the package as it is installed by somebody who has no use for them
  mkdirSync(at("without/node_modules"), { recursive: true });
  cpSync(fileURLToPath(new URL("../../dist", import.meta.url)), at("without/dist"), { recursive: true });
  cpSync(fileURLToPath(new URL("../../package.json", import.meta.url)), at("without/package.json"));
  const { dependencies } = JSON.parse(readFileSync(at("without/package.json"), "utf8"));
  for (const name of Object.keys(dependencies)) {
    symlinkSync(
      fileURLToPath(new URL(`../../node_modules/${name}`, import.meta.url)),
      at(`without/node_modules/${name}`),
    );
  }
  const args = [at("without/dist/cli/main.js"), "cluster", "status", "nobody"];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: "wasm-loss: cluster needs two packages that are not installed: npm install bullmq ioredis\n",
  });
});

test("a Redis with a password, whose name and keys are in no job", async () => {
  mkdirSync(at("guarded"));
  const guarded = await TestRedis.start(at("guarded"), "hunter2");
  const inside = guarded.client();
  try {
    await worker({ redis: guarded.address, lockMilliseconds: 1000, before: 0, after: 0 });
    const args = ["cluster", "submit", inputs.logits, inputs.labels, "--run", "guarded", "--wait"];
    const { code, stderr } = await command(args, { REDIS_URL: guarded.address }).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const wrong = guarded.address.replace("hunter2", "letmein");
    const refused = await command(["cluster", "status", "guarded", "--redis", wrong]).ended;
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^wasm-loss: Redis at redis:\/\/127.0.0.1:\d+: WRONGPASS .*\n$/);
    expect(refused.stderr).not.toContain("letmein");
    const keys = await inside.keys("*");
    for (const key of keys) {
      const dump = await inside.dumpBuffer(key);
      expect(dump!.includes("hunter2"), key).toBe(false);
    }
  } finally {
    inside.disconnect();
    await guarded.kill();
  }
});
