import { stat } from "node:fs/promises";
import type { PlannedInput, PlannedShard, RunPlan } from "../../cluster/plan.ts";
import { FormatError } from "../../formats/error.ts";
import { openTensor } from "../../formats/openTensor.ts";
import { arrayOf, type Tensor } from "../../formats/tensor.ts";
import type { Task } from "../adding/plan.ts";
import { addUp, rowsOf } from "../addUp.ts";
import { stateOf } from "../evaluateCommand.ts";
import { type EvaluateOptions, evaluateOptions } from "../evaluateOptions.ts";
import { sourceOf } from "../sourceOf.ts";
import { elementsTask, rowsTask } from "../tasks.ts";

interface Opened {
  readonly logits: Tensor;
  readonly labels: Tensor;
  readonly task: Task;
}

/** Opens what options name, for as long as `use` takes. */
async function withInputs<R>(options: EvaluateOptions, use: (opened: Opened) => Promise<R>): Promise<R> {
  const logits = await openTensor(options.logits.path, options.logits);
  try {
    const labels = await openTensor(options.labels.path, options.labels);
    try {
      // all classes, as of evaluate --state
      const task =
        options.loss === "mse"
          ? elementsTask(logits, labels)
          : rowsTask(logits, labels, undefined, { ...options, state: "" });
      return await use({ logits, labels, task });
    } finally {
      await labels.close();
    }
  } finally {
    await logits.close();
  }
}

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
  return withInputs(options, async ({ logits: x, labels: y, task }) => {
    const rows = rowsOf([x, y], task);
    if (rows === undefined) throw new FormatError(`${logits}: cluster needs to know how many rows there are`);
    const source = await sourceOf(
      [
        { tensor: x, path: logits, name: options.logits.tensor },
        { tensor: y, path: labels, name: options.labels.tensor },
      ],
      { first: 0, end: rows },
      rows,
    );
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
  });
}

/** The state of a shard, as evaluate --shard writes it; refuses files that are not those that were planned with. */
export async function shardState(
  { options: optionArgs }: RunPlan,
  { input, index }: PlannedShard,
  engineArgs: readonly string[],
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { logits, labels, identity, rows, shards } = input;
  if ((await identityOf([logits, labels])) !== identity) {
    throw new FormatError(`${logits} or ${labels} has changed since the run was submitted`);
  }
  const given = evaluateOptions([...optionArgs, ...engineArgs, "--", logits, labels]);
  const options = { ...given, shard: { index, count: shards } };
  return withInputs(options, async ({ logits: x, labels: y, task }) => {
    const sums = await addUp(task, [x, y], options, { signal });
    if (sums.rows !== rows) throw new FormatError(`${logits}: has ${sums.rows} rows, but ${rows} were planned`);
    return stateOf(sums, x, y, options);
  });
}
