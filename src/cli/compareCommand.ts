import { withCoverage } from "../evaluate/state.ts";
import { withoutSecrets } from "../formats/addresses/address.ts";
import { FormatError } from "../formats/error.ts";
import { textOf } from "../formats/rows/shapes.ts";
import { openLosses } from "./addUp.ts";
import { type CompareOptions, compareOptions } from "./compareOptions.ts";
import { type Compared, compareRows, openCompared, sourceOfCompared } from "./comparing.ts";
import { comparisonTable } from "./comparisonTable.ts";
import { type Output, writeOutputs } from "./files.ts";
import type { Losses } from "./ownLosses.ts";
import { progressBar } from "./progress.ts";
import { comparisonReport } from "./report/comparisonReport.ts";
import { rowsOfShard } from "./shard.ts";
import { json } from "./text.ts";
import { warn } from "./warn.ts";

/** The command `compare`: returns what is to be printed. */
export async function compare(args: readonly string[]): Promise<string> {
  const options = compareOptions(args);
  const open: { close(): unknown }[] = [];
  try {
    const compared = await openCompared(options, open, warn);
    const losses = await openLosses(options.engine, options.threads ?? 1);
    open.push(losses);
    return await compareTensors(losses, compared, options, args);
  } finally {
    for (const it of open.reverse()) await it.close();
  }
}

async function compareTensors(
  losses: Losses,
  compared: Compared,
  options: CompareOptions,
  args: readonly string[],
): Promise<string> {
  const { base, other, labels, shape } = compared;
  if (options.shard && compared.rows === undefined) {
    throw new FormatError(`${base.path}: --shard needs to know how many rows there are`);
  }
  const range = options.shard && rowsOfShard(options.shard, compared.rows!);
  const count = range ? range.end - range.first : (compared.rows ?? 0);
  const progress = await progressBar(2 * count * shape.classes, "logits");
  const begin = performance.now();
  const told = (rows: number) => progress.update(2 * rows * shape.classes);
  const { comparison, done, suspicions } = await compareRows(losses, compared, options, { range, told }).finally(
    progress.stop,
  );
  for (const suspicion of suspicions) warn(suspicion);
  const result = comparison.result();
  const { backend, threads, relaxed } = losses;
  const notes = [...losses.notes, ...suspicions];
  const perSecond = (2 * done * shape.classes) / ((performance.now() - begin) / 1000);
  const run = { backend, threads, relaxed, notes, perSecond };
  const outputs: Output[] = [];
  if (options.state !== undefined) {
    const first = range?.first ?? 0;
    const source = await sourceOfCompared(compared, options, { first, end: first + done }, compared.rows ?? done);
    const state = comparison.state();
    outputs.push([options.state, source === null ? state : withCoverage(state, [source])]);
  }
  if (options.report !== undefined) {
    const tensors = [base, other, ...(labels ? [labels] : [])];
    const making = {
      args: ["compare", ...args.map(withoutSecrets)],
      inputs: tensors.map(
        (it, i) => [["base", "other", "labels"][i], `${it.path}: ${it.dtype} ${textOf(it)}`] as const,
      ),
    };
    const subject = { of: other.path, against: `the base ${base.path}` };
    outputs.push([options.report, comparisonReport({ subject, making, comparison: result, run })]);
  }
  const text = options.json
    ? json({ ...result, backend, threads, relaxed, notes, logitsPerSecond: perSecond })
    : comparisonTable(result, run);
  await writeOutputs(outputs, text);
  return text;
}
