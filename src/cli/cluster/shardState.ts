import { stat } from "node:fs/promises";
import type { PlannedInput, PlannedShard, RunPlan } from "../../cluster/plan.ts";
import { withCoverage } from "../../evaluate/state.ts";
import { FormatError } from "../../formats/error.ts";
import { openTensor } from "../../formats/openTensor.ts";
import { arrayOf, type Tensor } from "../../formats/tensor.ts";
import { createLosses, type Losses } from "../../inlinedLosses.ts";
import type { Task } from "../adding/createAdder.ts";
import { addUp, rowsOf } from "../addUp.ts";
import { type EvaluateOptions, evaluateOptions } from "../evaluateOptions.ts";
import { sourceOf } from "../sourceOf.ts";
import { taskOf } from "../tasks.ts";

interface Opened {
  readonly logits: Tensor;
  readonly labels: Tensor;
  readonly task: Task;
  close(): Promise<void>;
}

/** Opens what options name. */
async function openInputs(options: EvaluateOptions): Promise<Opened> {
  const logits = await openTensor(options.logits.path, options.logits);
  let labels: Tensor | undefined;
  const close = async () => {
    await labels?.close();
    await logits.close();
  };
  try {
    labels = await openTensor(options.labels.path, options.labels);
    // all classes, as of evaluate --state
    const task = taskOf(logits, labels, [], { ...options, state: "" });
    return { logits, labels, task, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What the inputs are known by in a state. */
const sourceOfInputs = ({ logits, labels }: Opened, options: EvaluateOptions, rows: number) =>
  sourceOf(
    [
      { tensor: logits, path: options.logits.path, name: options.logits.tensor },
      { tensor: labels, path: options.labels.path, name: options.labels.tensor },
    ],
    { first: 0, end: rows },
    rows,
  );

/** Size and time of files: what changes when somebody writes to them. */
async function identityOf(paths: readonly string[]): Promise<string> {
  const found = await Promise.all(paths.map((path) => stat(path, { bigint: true })));
  return found.map(({ size, mtimeNs }) => `${size} ${mtimeNs}`).join(" ");
}

/** Bytes of logits in a shard, unless rows are given: a second or two of work. */
const SHARD_BYTES = 2 ** 27;

/** Reads the headers of an input, and cuts its rows into shards. */
export async function planInput(
  logits: string,
  labels: string,
  optionArgs: readonly string[],
  shardRows: number | undefined,
): Promise<PlannedInput> {
  const options = evaluateOptions([...optionArgs, "--", logits, labels]);
  const opened = await openInputs(options);
  try {
    const { logits: x, labels: y, task } = opened;
    const rows = rowsOf([x, y], task);
    if (rows === undefined) throw new FormatError(`${logits}: cluster needs to know how many rows there are`);
    const source = await sourceOfInputs(opened, options, rows);
    if (source === null) throw new FormatError(`${logits}: cluster reads files, which this is not`);
    const rowBytes = task.columns[0].perRow * arrayOf(x.dtype).BYTES_PER_ELEMENT;
    const perShard = shardRows ?? Math.max(1, Math.floor(SHARD_BYTES / rowBytes));
    return {
      logits,
      labels,
      source: source.key,
      name: source.name,
      rows,
      shards: Math.max(1, Math.ceil(rows / perShard)),
      identity: await identityOf([logits, labels]),
    };
  } finally {
    await opened.close();
  }
}

/** Adds up shards, one after the other, with one engine; what the last one was of stays open. */
export interface Shards {
  /** The state of a shard, as evaluate --shard writes it; refuses files that are not those that were planned with. */
  state(plan: RunPlan, shard: PlannedShard, signal: AbortSignal): Promise<Uint8Array>;
  close(): Promise<void>;
}

export async function openShards(engineArgs: readonly string[]): Promise<Shards> {
  let kept: { key: string; opened: Opened } | undefined;
  let losses: { key: string; engine: Losses } | undefined;

  async function openedOf(key: string, input: PlannedInput, options: EvaluateOptions): Promise<Opened> {
    if (kept?.key === key) return kept.opened;
    const before = kept?.opened;
    kept = undefined;
    await before?.close();
    const opened = await openInputs(options);
    try {
      if ((await sourceOfInputs(opened, options, input.rows))?.key !== input.source) {
        throw new FormatError(`${input.logits} or ${input.labels} is not what the run was submitted with`);
      }
    } catch (error) {
      await opened.close();
      throw error;
    }
    // what is read from front to back is opened again
    kept = { key, opened };
    return opened;
  }

  async function engineOf({ engine }: EvaluateOptions): Promise<Losses> {
    const key = JSON.stringify(engine);
    if (losses?.key !== key) {
      losses?.engine.close();
      losses = { key, engine: await createLosses(engine) };
    }
    return losses.engine;
  }

  async function state({ options: optionArgs }: RunPlan, { input, index }: PlannedShard, signal: AbortSignal) {
    const { logits, labels, identity, rows, shards, source, name } = input;
    if ((await identityOf([logits, labels])) !== identity) {
      throw new FormatError(`${logits} or ${labels} has changed since the run was submitted`);
    }
    const key = JSON.stringify([optionArgs, input]);
    const given = evaluateOptions([...optionArgs, ...engineArgs, "--", logits, labels]);
    const options = { ...given, shard: { index, count: shards } };
    const { logits: x, labels: y, task, close } = await openedOf(key, input, options);
    try {
      const sums = await addUp(task, [x, y], options, { signal, losses: await engineOf(options) });
      const { first, end } = sums.range;
      const stretches: [number, number][] = end > first ? [[first, end - 1]] : [];
      return withCoverage(sums.state(), [{ key: source, name, total: rows, rows: stretches }]);
    } finally {
      if (!(x.stretch && y.stretch)) {
        kept = undefined;
        await close();
      }
    }
  }

  return {
    state,
    async close() {
      await kept?.opened.close();
      losses?.engine.close();
    },
  };
}
