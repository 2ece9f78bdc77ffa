import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Redis } from "ioredis";
import { ASKING, connect, loadPeers, type Peers, shownAddress } from "../../cluster/peers.ts";
import type { PlannedInput, RunPlan } from "../../cluster/plan.ts";
import { redisWarnings, submitRun } from "../../cluster/submit.ts";
import { cancelRun, type RunStatus, resultOf, statusOf } from "../../cluster/watch.ts";
import { startWorker } from "../../cluster/work.ts";
import { VERSION } from "../../evaluate/stateBytes.ts";
import { holdsSecrets, withoutSecrets } from "../../formats/addresses/address.ts";
import { isAddress, isInBucket } from "../../formats/addresses/schemes.ts";
import { FormatError } from "../../formats/error.ts";
import { nearest } from "../../nearest.ts";
import { UsageError } from "../arguments.ts";
import { merge } from "../mergeCommand.ts";
import { progressBar } from "../progress.ts";
import { SIGNALS } from "../signals.ts";
import { json } from "../text.ts";
import { warn } from "../warn.ts";
import { checkAllowed } from "./allowed.ts";
import { checkRunOptions, parseRun, parseSubmit, parseWork } from "./clusterOptions.ts";
import { togetherOf } from "./pairs.ts";
import { openShards, planInput } from "./shardState.ts";

export const clusterHelp = `wasm-loss cluster submit LOGITS [LABELS] --run NAME [--shard-rows N] [--state-dir DIR] [--wait] [options of evaluate]
wasm-loss cluster submit --compare BASE OTHER [LABELS] --run NAME ... [options of compare]
wasm-loss cluster work [--files DIR] [--threads N|auto] [--backend B]
wasm-loss cluster status|result|cancel NAME [--json] [--report FILE] [--state FILE]

  Evaluates files on several machines, with BullMQ and Redis: npm install bullmq ioredis

  --redis ADDRESS      redis://, or rediss:// with TLS; default: the variable REDIS_URL, else redis://127.0.0.1:6379
  LOGITS, LABELS       files and addresses as of evaluate, or quoted patterns with * and ? in names of files, * in keys of s3://,
                       which pair up in order; --mask and --groups are patterns, too
  --run NAME           what the run is called; submitting it again goes on with it
  --shard-rows N       rows that one worker adds up at a time (default: 128 MiB of logits)
  --state-dir DIR      a folder of all machines, or s3://BUCKET/PREFIX, for states; else they are kept in Redis, for a week
  --wait               wait for the result, with a progress bar, and print it
  --files DIR          a worker uses files of this folder only, and without it none; it may be given several times

  Keys and tokens are of each machine's environment (AWS_*, HF_TOKEN); they are in no job.
  SIGTERM or Ctrl-C ends a worker after the shard in hand; a second one gives the shard back.

  Example: wasm-loss cluster submit '/data/logits-*.npy' '/data/labels-*.npy' --run run7 --wait
`;

const COMMANDS = { submit, work, status, result, cancel };

/** The command `cluster`: returns what is to be printed. */
export async function cluster([name, ...args]: readonly string[]): Promise<string> {
  const names = Object.keys(COMMANDS);
  if (name === undefined) throw new UsageError(`cluster needs one of ${names.join(", ")}`);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name as keyof typeof COMMANDS] : undefined;
  if (command) return command(args);
  const meant = nearest(name, names);
  throw new UsageError(`cluster has no command ${JSON.stringify(name)}${meant ? ` (${meant}?)` : ""}`);
}

/** Asks Redis, and leaves it. */
async function asking<R>(address: string, ask: (redis: Redis, peers: Peers) => Promise<R>): Promise<R> {
  const peers = await loadPeers();
  const redis = await connect(peers, address, ASKING);
  try {
    return await ask(redis, peers);
  } finally {
    redis.disconnect();
  }
}

async function submit(args: readonly string[]): Promise<string> {
  const options = parseSubmit(args);
  const { run } = options;
  return asking(options.redis, async (redis, peers) => {
    for (const warning of await redisWarnings(redis)) warn(warning);
    const plan = await planOf(options);
    const submitted = await submitRun(peers, redis, run, plan);
    if (!options.wait) return printedStatus(await statusOf(peers, redis, run), options.json, submitted);
    await waitFor(peers, redis, run);
    return printedResult(await resultOf(peers, redis, run), run, options.result);
  });
}

type SubmitOptions = ReturnType<typeof parseSubmit>;

/** Where states are kept, as any machine may be told. */
function stateDirOf(text: string): string {
  if (!isAddress(text)) return resolve(text);
  if (isInBucket(text) && !holdsSecrets(text)) return text;
  throw new UsageError(`--state-dir is ${withoutSecrets(text)}, but must be a folder or s3://BUCKET/PREFIX`);
}

/** Inputs whose headers are read at once. */
const AT_ONCE = 8;

async function planOf({
  command,
  options,
  files,
  beside,
  ofAll,
  lengths,
  shardRows,
  stateDir,
}: SubmitOptions): Promise<RunPlan> {
  const shared = await togetherOf(ofAll.map(({ path }) => path));
  const common = { command, options: [...options, ...ofAll.map(({ name }, i) => `--${name}=${shared[0][i]}`)] };
  const together = await togetherOf([...files, ...beside.map(({ pattern }) => pattern)]);
  const inputs: PlannedInput[] = [];
  for (let begin = 0; begin < together.length; begin += AT_ONCE) {
    const some = together.slice(begin, begin + AT_ONCE).map((paths, i) => {
      const own = [
        ...beside.map(({ name }, k) => `--${name}=${paths[files.length + k]}`),
        // of the whole text: the first row of all has them
        ...lengths.map(({ name, length }) => `--${name}=${begin + i === 0 ? length : 0}`),
      ];
      return planInput(common, { files: paths.slice(0, files.length), options: own }, shardRows);
    });
    inputs.push(...(await Promise.all(some)));
  }
  const dir = stateDir === undefined ? {} : { stateDir: stateDirOf(stateDir) };
  return { stateVersion: VERSION, ...common, inputs, ...dir };
}

/** A run is asked after when it has taken a twentieth longer: its end is known soon, and Redis is asked little. */
const POLL_SHARE = 1 / 20;
const LEAST_POLL_MILLISECONDS = 50;
const MOST_POLL_MILLISECONDS = 500;

async function waitFor(peers: Peers, redis: Redis, run: string): Promise<void> {
  let status = await statusOf(peers, redis, run);
  const progress = await progressBar(status.shards, "shards");
  const begin = performance.now();
  const lefts = new Set<string | undefined>();
  try {
    while (status.state === "running") {
      progress.update(status.done);
      if (status.left !== undefined && !lefts.has(status.left)) warn(`${run}: ${leftLine(status.left)}`);
      lefts.add(status.left);
      const pause = Math.min(POLL_SHARE * (performance.now() - begin), MOST_POLL_MILLISECONDS);
      await new Promise((later) => setTimeout(later, Math.max(pause, LEAST_POLL_MILLISECONDS)));
      status = await statusOf(peers, redis, run);
    }
  } finally {
    progress.stop();
  }
  if (status.state === "failed") throw new Error(`${run} failed: ${status.error}`);
  if (status.state === "cancelled") throw new Error(`${run} was cancelled`);
}

const leftLine = (reason: string) => `a worker leaves it to others: ${reason}`;

function printedStatus(status: RunStatus, asJson: boolean, submitted?: string): string {
  const { run, state, shards, done, rows, error, left } = status;
  if (asJson) return json({ ...(submitted === undefined ? {} : { submitted }), ...status });
  const share = ((100 * done) / shards).toFixed(1);
  const line = `${run}: ${state}, ${done} of ${shards} shards (${share}%) of ${rows} rows`;
  const lines = [line, error, left === undefined ? undefined : leftLine(left)];
  return lines.flatMap((it) => (it === undefined ? [] : `${it}\n`)).join("");
}

/** What merge prints of the state. */
async function printedResult(state: Uint8Array, run: string, options: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "wasm-loss-"));
  try {
    const path = join(folder, `${run}.acc`);
    await writeFile(path, state);
    return await merge([...options, "--", path]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function status(args: readonly string[]): Promise<string> {
  const { run, redis: address, asJson } = parseRun(args);
  return asking(address, async (redis, peers) => printedStatus(await statusOf(peers, redis, run), asJson));
}

async function result(args: readonly string[]): Promise<string> {
  const { run, redis: address, printing } = parseRun(args);
  return asking(address, async (redis, peers) => {
    const found = await statusOf(peers, redis, run);
    if (found.state === "failed") throw new Error(`${run} failed: ${found.error}`);
    if (found.state !== "done")
      throw new Error(`${run} is ${found.state}: ${found.done} of ${found.shards} shards are done`);
    return printedResult(await resultOf(peers, redis, run), run, printing);
  });
}

async function cancel(args: readonly string[]): Promise<string> {
  const { run, redis: address } = parseRun(args);
  return asking(address, async (redis) => {
    await cancelRun(redis, run);
    return `${run}: cancelled\n`;
  });
}

async function work(args: readonly string[]): Promise<string> {
  const options = parseWork(args);
  const peers = await loadPeers();
  const check = (path: string) => checkAllowed(path, options.files);
  const shards = await openShards(options.engine, check);
  const worker = await startWorker({
    peers,
    redis: options.redis,
    tell: warn,
    isLasting: (error) => error instanceof FormatError || error instanceof UsageError,
    evaluate: shards.state,
    async check(plan) {
      checkRunOptions(plan);
      if (plan.stateDir !== undefined) await check(plan.stateDir);
    },
  });
  process.stderr.write(`wasm-loss: works for Redis at ${shownAddress(options.redis)}\n`);
  await new Promise<void>((resolve) => {
    let isFirst = true;
    for (const signal of SIGNALS) {
      process.removeAllListeners(signal);
      process.on(signal, () => {
        if (!isFirst) worker.giveBack();
        isFirst = false;
        resolve();
      });
    }
  });
  await worker.finish();
  await shards.close();
  return "";
}
