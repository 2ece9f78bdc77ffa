/** What else goes wrong: full disks, copies of a job, TLS, ways out of the folder that a worker may use. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { main, workshop } from "../command.ts";
import { command, makeInputs, worker } from "./cluster.ts";
import { TestRedis } from "./redis.ts";

const { at, run } = workshop();
const inputs = makeInputs(at("data"));
const [logits, labels] = inputs.pairs[2];
let redis: TestRedis;
let wanted: Buffer;
let count = 0;
let name = "";

beforeAll(async () => {
  mkdirSync(at("redis"));
  redis = await TestRedis.start(at("redis"));
  expect(run("evaluate", logits, labels, "--state", "wanted.acc").code).toBe(0);
  wanted = readFileSync(at("wanted.acc"));
});
afterAll(() => redis.kill());
beforeEach(async () => {
  const client = redis.client();
  await client.flushall();
  client.disconnect();
  name = `run${++count}`;
});

const submit = (files: readonly string[], ...more: string[]) => {
  const args = ["cluster", "submit", ...files, "--run", name, "--shard-rows", "60", "--redis", redis.address, ...more];
  return command(args).ended;
};
const quick = () => worker({ redis: redis.address, lockMilliseconds: 1000, before: 0, after: 0 });
const work = (...more: string[]) => command(["cluster", "work", "--redis", redis.address, ...more]);

async function expectSame(...more: string[]): Promise<void> {
  const { code, stderr } = await submit([logits, labels], "--wait", "--state", at("got.acc"), ...more);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(readFileSync(at("got.acc")).equals(wanted)).toBe(true);
}

async function expectFailed(text: string, files: readonly string[], ...more: string[]): Promise<void> {
  const { code, stderr, stdout } = await submit(files, "--wait", ...more);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stderr).toContain(text);
}

test("a disk for states that is full fails the run in a line; with room again it goes on", async () => {
  // a worker whose files may have no byte, as on a full disk
  const limited = ["-c", 'ulimit -f 0; trap "" XFSZ; exec "$@"', "sh", process.execPath, main];
  const args = ["cluster", "work", "--redis", redis.address, "--files", at("")];
  const full = command([...limited, ...args], {}, { program: "bash" });
  await expectFailed("file too large", [logits, labels], "--state-dir", at("states"));
  full.child.kill("SIGKILL");
  await full.ended;
  work("--files", at("data"), "--files", at("states"));
  await expectSame("--state-dir", at("states"));
});

test("a run that is left while a worker dies goes on when what that held is free", async () => {
  const dying = await worker({ redis: redis.address, lockMilliseconds: 15_000, before: 60_000, after: 0 });
  expect((await submit([logits, labels])).code).toBe(0);
  await new Promise((later) => setTimeout(later, 1000));
  dying.child.kill("SIGKILL");
  expect((await command(["cluster", "cancel", name, "--redis", redis.address]).ended).code).toBe(0);
  await quick();
  await expectSame();
});

test("a job that is done twice, by a worker that was stopped and one that took over, counts once", async () => {
  const sleeper = await worker({ redis: redis.address, lockMilliseconds: 1000, before: 600, after: 0 });
  expect((await submit([logits, labels])).code).toBe(0);
  await new Promise((later) => setTimeout(later, 300));
  sleeper.child.kill("SIGSTOP");
  await quick();
  await new Promise((later) => setTimeout(later, 3000));
  sleeper.child.kill("SIGCONT");
  await expectSame();
  await new Promise((later) => setTimeout(later, 1000));
  await expectSame();
});

test("a run that failed runs no shards that are left, and starts again when it is submitted again", async () => {
  const hidden = readFileSync(labels);
  const broken = Buffer.from(hidden);
  broken.writeInt32LE(99, broken.length - 4);
  mkdirSync(at("mended"), { recursive: true });
  writeFileSync(at("mended/labels-2.npy"), broken);
  await quick();
  await expectFailed("shard 7 of 7: ", [logits, at("mended/labels-2.npy")]);
  const { stdout } = await command(["cluster", "status", name, "--json", "--redis", redis.address]).ended;
  expect(JSON.parse(stdout)).toMatchObject({ state: "failed", shards: 7 });
  await expectFailed("shard 7 of 7: ", [logits, at("mended/labels-2.npy")]);
});

describe("what a worker may use", () => {
  test.each(["link out of the folder", "..", "no --files"])("%s", async (way) => {
    mkdirSync(at("inside"), { recursive: true });
    const path = way === "link out of the folder" ? at("inside/link.npy") : `${at("inside")}/../data/logits-2.npy`;
    if (way === "link out of the folder") symlinkSync(logits, path);
    const it = way === "no --files" ? work() : work("--files", at("inside"));
    expect((await submit([path, labels])).code).toBe(0);
    const reason = way === "no --files" ? "was started without --files DIR" : "is not in";
    while (!it.stderr().includes("left to other workers")) await new Promise((later) => setTimeout(later, 50));
    const { stdout } = await command(["cluster", "status", name, "--json", "--redis", redis.address]).ended;
    expect(JSON.parse(stdout)).toMatchObject({ state: "running", done: 0, left: expect.stringContaining(reason) });
    expect(it.child.exitCode).toBe(null);
  });

  test("an option that no run has, put into a job by hand", async () => {
    expect((await submit([logits, labels])).code).toBe(0);
    const client = redis.client();
    const key = `wasm-loss:run:${name}:plan`;
    const plan = JSON.parse((await client.get(key))!);
    await client.flushall();
    client.disconnect();
    // a plan of its own, as somebody could write it who may write to Redis
    const forged = { ...plan, options: [...plan.options, `--state=${at("forged.acc")}`] };
    const script = at("forge.mts");
    const root = new URL("../../src/cluster/", import.meta.url).pathname;
    writeFileSync(
      script,
      `import { loadPeers, connect, ASKING } from "${root}peers.ts";
       import { submitRun } from "${root}submit.ts";
       const peers = await loadPeers();
       const redis = await connect(peers, ${JSON.stringify(redis.address)}, ASKING);
       await submitRun(peers, redis, ${JSON.stringify(name)}, ${JSON.stringify(forged)});
       redis.disconnect();`,
    );
    execFileSync(process.execPath, ["--import", "tsx", script], { cwd: new URL("../..", import.meta.url) });
    work("--files", at(""));
    let stderr = "";
    for (let tries = 0; tries < 60 && !stderr.includes("failed"); tries++) {
      await new Promise((later) => setTimeout(later, 250));
      stderr = (await command(["cluster", "result", name, "--redis", redis.address]).ended).stderr;
    }
    expect(stderr).toContain("is no option of a run");
  });
});

describe("Redis with TLS and a password", () => {
  test("by rediss://, its certificate checked", async () => {
    mkdirSync(at("tls"));
    const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-nodes"];
    const files = ["-keyout", at("tls/key.pem"), "-out", at("tls/cert.pem")];
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", ...subject, ...files], { stdio: "pipe" });
    const tls = { key: at("tls/key.pem"), cert: at("tls/cert.pem") };
    const guarded = await TestRedis.start(at("tls"), "hunter2", tls);
    try {
      const env = { NODE_EXTRA_CA_CERTS: tls.cert, REDIS_URL: guarded.address };
      expect(guarded.address).toMatch(/^rediss:\/\/:hunter2@/);
      const it = command(["cluster", "work", "--files", at("data")], env);
      const args = ["cluster", "submit", logits, labels, "--run", "tls", "--wait", "--state", at("tls.acc")];
      const { code, stderr } = await command(args, env).ended;
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(readFileSync(at("tls.acc")).equals(wanted)).toBe(true);
      expect(it.stderr()).not.toContain("hunter2");
      const untrusted = await command(["cluster", "status", "tls"], { REDIS_URL: guarded.address }).ended;
      expect(untrusted.code).toBe(1);
      expect(untrusted.stderr).toMatch(/^wasm-loss: Redis at rediss:\/\/127.0.0.1:\d+: self-signed certificate\n$/);
    } finally {
      await guarded.kill();
    }
  });
});
