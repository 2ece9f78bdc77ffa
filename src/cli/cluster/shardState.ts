import { statSync } from "node:fs";
import type { PlannedInput, PlannedShard, RunPlan } from "../../cluster/plan.ts";
import { withoutSecrets } from "../../formats/addresses/address.ts";
import { versionOf } from "../../formats/addresses/openAddress.ts";
import { isAddress } from "../../formats/addresses/schemes.ts";
import { FormatError } from "../../formats/error.ts";
import { openLosses } from "../addUp.ts";
import type { Losses } from "../ownLosses.ts";
import { type CommandInputs, commandInputs, type OpenInputs } from "./commandInputs.ts";

/** What changes when somebody writes to a file: size and time, of an address what its server says. */
async function identityOf(path: string): Promise<string> {
  if (isAddress(path)) {
    const version = await versionOf(path);
    if (version !== undefined) return version;
    throw new FormatError(`${withoutSecrets(path)}: shards are parts of files, but its server sends none`);
  }
  // it is looked at before each shard: a twentieth of the time that it takes by promises
  const { size, mtimeNs } = statSync(path, { bigint: true });
  return `${size} ${mtimeNs}`;
}

const identitiesOf = (paths: readonly string[]) => Promise.all(paths.map(identityOf));

/** Bytes of logits in a shard, unless rows are given: a second or two of work. */
const SHARD_BYTES = 2 ** 27;

/** The command line of an input. */
const argsOf = ({ options }: Pick<RunPlan, "options">, input: Pick<PlannedInput, "options" | "files">) => [
  ...options,
  ...input.options,
  "--",
  ...input.files,
];

/** Reads the headers of an input, and cuts its rows into shards. */
export async function planInput(
  plan: Pick<RunPlan, "command" | "options">,
  input: Pick<PlannedInput, "options" | "files">,
  shardRows: number | undefined,
): Promise<PlannedInput> {
  const inputs = commandInputs(plan.command, argsOf(plan, input));
  const [name] = input.files;
  // before they are opened: what changes in between is noticed
  const identities = await identitiesOf(inputs.paths);
  const open = await inputs.open();
  try {
    const { rows } = open;
    if (rows === undefined) throw new FormatError(`${name}: cluster needs to know how many rows there are`);
    const source = await open.sourceOf({ first: 0, end: rows }, rows);
    if (source === null) throw new FormatError(`${name}: cluster reads files, which this is not`);
    const perShard = shardRows ?? Math.max(1, Math.floor(SHARD_BYTES / open.rowBytes));
    const shards = Math.max(1, Math.ceil(rows / perShard));
    return { ...input, source: source.key, name: source.name, rows, shards, identities };
  } finally {
    await open.close();
  }
}

/** Adds up shards, one after the other, with one engine; what the last one was of stays open. */
export interface Shards {
  /** The state of a shard, as evaluate --shard writes it; refuses files that are not those that were planned with. */
  state(plan: RunPlan, shard: PlannedShard, signal: AbortSignal): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** `check` is told of every file before it is read, and throws of what may not be. */
export async function openShards(
  engineArgs: readonly string[],
  check: (path: string) => Promise<void> = async () => {},
): Promise<Shards> {
  let kept: { input: PlannedInput; inputs: CommandInputs; open: OpenInputs } | undefined;
  let losses: { key: string; engine: Losses } | undefined;

  async function close(): Promise<void> {
    const before = kept;
    kept = undefined;
    await before?.open.close();
  }

  async function checkUnchanged({ identities }: PlannedInput, { paths }: CommandInputs, of: (path: string) => boolean) {
    const looked = paths.map((path, i) => [path, identities[i]]).filter(([path]) => of(path));
    const found = await identitiesOf(looked.map(([path]) => path));
    const changed = looked.find(([, identity], i) => identity !== found[i]);
    if (changed) throw new FormatError(`${changed[0]} has changed since the run was submitted`);
  }

  /** What an input names, open. A plan's inputs are the same objects from shard to shard. */
  async function openedOf(plan: RunPlan, input: PlannedInput) {
    if (kept?.input === input) {
      // an address that is open is held to its version by each request
      await checkUnchanged(input, kept.inputs, (path) => !isAddress(path));
      return kept;
    }
    await close();
    const inputs = commandInputs(plan.command, [...engineArgs, ...argsOf(plan, input)]);
    for (const path of inputs.paths) await check(path);
    await checkUnchanged(input, inputs, () => true);
    const open = await inputs.open();
    const { rows, files } = input;
    if (open.rows !== rows || (await open.sourceOf({ first: 0, end: rows }, rows))?.key !== input.source) {
      await open.close();
      throw new FormatError(`${files.join(" or ")} is not what the run was submitted with`);
    }
    kept = { input, inputs, open };
    return kept;
  }

  async function engineOf({ engine, threads }: CommandInputs): Promise<Losses> {
    const key = JSON.stringify([engine, threads]);
    if (losses?.key !== key) {
      losses?.engine.close();
      losses = { key, engine: await openLosses(engine, threads ?? 1) };
    }
    return losses.engine;
  }

  return {
    async state(plan, { input, index }, signal) {
      const { inputs, open } = await openedOf(plan, input);
      const source = { key: input.source, name: input.name, total: input.rows, rows: [] };
      const shard = { index, count: input.shards };
      try {
        return await open.state(shard, source, () => engineOf(inputs), signal);
      } catch (error) {
        // a read that is under way would go on into what another one has taken of the engine's memory by then
        await close();
        losses?.engine.close();
        losses = undefined;
        throw error;
      } finally {
        if (!open.hasParts) await close();
      }
    },
    async close() {
      await close();
      losses?.engine.close();
    },
  };
}
