/** What others wrote, beside ours: the S3 server s3rver, and the dashboard of docs/cluster.md. Both are installed for this alone. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { workshop } from "../command.ts";
import { command, makeInputs } from "./cluster.ts";
import { freePort, TestRedis } from "./redis.ts";

const PACKAGES = ["s3rver@3.7", "express@5", "@bull-board/api", "@bull-board/express", "bullmq@6.7", "ioredis@6"];
const { at, run } = workshop();
const [[logits, labels]] = makeInputs(at("data")).pairs;
let redis: TestRedis;
let wanted: Buffer;

beforeAll(async () => {
  mkdirSync(at("redis"));
  redis = await TestRedis.start(at("redis"));
  mkdirSync(at("packages"));
  writeFileSync(at("packages/package.json"), '{ "private": true, "type": "module" }\n');
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  execFileSync("npm", ["install", ...flags, ...PACKAGES], { cwd: at("packages"), stdio: "pipe" });
  expect(run("evaluate", logits, labels, "--state", "wanted.acc").code).toBe(0);
  wanted = readFileSync(at("wanted.acc"));
}, 300_000);
afterAll(() => redis.kill());

/** Runs a module beside the packages while `use` is under way. */
async function beside(text: string, env: Readonly<Record<string, string>>, use: () => Promise<void>): Promise<void> {
  writeFileSync(at("packages/program.mjs"), text);
  const child = spawn(process.execPath, ["program.mjs"], {
    cwd: at("packages"),
    env: { ...process.env, ...env },
    stdio: "ignore",
  });
  try {
    await use();
  } finally {
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
}

/** Waits until a server answers. */
async function answers(url: string): Promise<Response> {
  for (let tries = 0; ; tries++) {
    try {
      return await fetch(url);
    } catch (error) {
      if (tries > 100) throw error;
      await wait(200);
    }
  }
}

test("s3rver: inputs and states in a bucket", async () => {
  const port = await freePort();
  const server = `import S3rver from "s3rver";
    const options = { address: "127.0.0.1", port: ${port}, silent: true, directory: ${JSON.stringify(at("s3"))} };
    await new S3rver({ ...options, configureBuckets: [{ name: "evals" }] }).run();`;
  const env = {
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: "S3RVER",
    AWS_SECRET_ACCESS_KEY: "S3RVER",
  };
  await beside(server, {}, async () => {
    await answers(env.AWS_ENDPOINT_URL_S3);
    for (const [name, file] of [
      ["logits", logits],
      ["labels", labels],
    ]) {
      const body = readFileSync(file);
      expect((await fetch(`${env.AWS_ENDPOINT_URL_S3}/evals/${name}-0.npy`, { method: "PUT", body })).status).toBe(200);
    }
    command(["cluster", "work", "--redis", redis.address], env);
    const dir = ["--state-dir", "s3://evals/states", "--state", at("got.acc")];
    const files = ["s3://evals/logits-*.npy", "s3://evals/labels-*.npy"];
    const args = ["cluster", "submit", ...files, "--run", "s3", "--shard-rows", "100", "--wait", ...dir];
    const { code, stderr } = await command([...args, "--redis", redis.address], env).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(readFileSync(at("got.acc")).equals(wanted)).toBe(true);
    for (const i of [1, 2, 3]) {
      const shard = ["--shard", `${i}/3`, "--state-dir", "s3://evals/parts"];
      const done = await command(["evaluate", logits, labels, ...shard], env).ended;
      expect(done).toMatchObject({ code: 0, stderr: "" });
    }
    const merged = await command(["merge", "s3://evals/parts", "--state", at("merged.acc")], env).ended;
    expect(merged).toMatchObject({ code: 0, stderr: "" });
    expect(readFileSync(at("merged.acc")).equals(wanted)).toBe(true);
  });
});

test("the dashboard shows the queue", async () => {
  const page = readFileSync(new URL("../../docs/cluster.md", import.meta.url), "utf8");
  const [, block] = /```js\n([^`]+createBullBoard[^`]+)```/.exec(page) ?? [];
  expect(block.trim().split("\n").length).toBeLessThanOrEqual(12);
  const port = await freePort();
  const args = ["cluster", "submit", logits, labels, "--run", "shown", "--shard-rows", "300", "--redis", redis.address];
  expect((await command(args).ended).code).toBe(0);
  await beside(block.replace("3000", String(port)), { REDIS_URL: redis.address }, async () => {
    expect(await (await answers(`http://127.0.0.1:${port}/`)).text()).toContain("<html");
    const { queues } = await (await fetch(`http://127.0.0.1:${port}/api/queues?activeQueue=wasm-loss&page=1`)).json();
    expect(queues[0]).toMatchObject({ name: "wasm-loss", counts: { waiting: 3 } });
  });
});
