// npm run bench: times every public operation against a plain JavaScript loop, or beside the peers.
import { readFileSync, writeFileSync } from "node:fs";
import { SingleBar } from "cli-progress";
import { KERNELS } from "../src/kernels/index.ts";
import { help, type Options, parseOptions } from "./arguments.ts";
import { type Case, cases, selectCases } from "./cases.ts";
import { chartOf } from "./peers/chart.ts";
import { peers as everyPeer } from "./peers/index.ts";
import { installedVersion, installPeers, reasonOf } from "./peers/install.ts";
import { type CaseResult, describeMachine, type Run, toJson } from "./results.ts";
import { runCase } from "./runner.ts";
import { heading, ownTable, peerTable, targetTable } from "./table.ts";

/** A bar on standard error, where that is a terminal. */
function progressOver(total: number) {
  if (!process.stderr.isTTY) return { next(_id: string) {}, stop() {} };
  const bar = new SingleBar({ format: "{bar} {value}/{total} | {eta_formatted} left | {id}", clearOnComplete: true });
  bar.start(total, 0, { id: "" });
  let done = 0;
  return {
    next: (id: string) => bar.update(done++, { id }),
    stop: () => bar.stop(),
  };
}

async function runCases(selected: readonly Case[], { peers, time }: Options) {
  const results: CaseResult[] = [];
  const notes: string[] = [];
  const progress = progressOver(selected.length);
  for (const { id } of selected) {
    progress.next(id);
    try {
      const report = await runCase(id, peers, time);
      results.push(report.result);
      notes.push(...report.notes);
    } catch (error) {
      notes.push((error as Error).message);
    }
  }
  progress.stop();
  return { results, notes: [...new Set(notes)] };
}

/** Kernels that work for others, and are timed with them. */
const HELPERS = ["exp", "logarithm", "checkLabels", "labelWeights", "addExactly"];

/** A sentence on the kernels that were added and are in no case. */
function untimedKernels(): string[] {
  const timed = new Set(cases.map(({ operation }) => operation.kernel));
  const untimed = KERNELS.map(({ name }) => name).filter((name) => !timed.has(name) && !HELPERS.includes(name));
  return untimed.length === 0 ? [] : [`No case runs these kernels: ${untimed.join(", ")}.`];
}

function versionsOf(peers: boolean): Record<string, string> {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const versions: Record<string, string> = { "wasm-loss": version };
  if (!peers) return versions;
  for (const { name, package: package_ } of everyPeer) versions[name] = installedVersion(package_) ?? "(not installed)";
  return versions;
}

function textOf(run: Run): string {
  const tables = run.peers ? [peerTable(run), targetTable(run)] : [ownTable(run)];
  return `${[heading(run), ...tables, ...run.notes].join("\n\n")}\n`;
}

/** Without the library that draws it there are still the tables. */
async function writeChart(file: string, run: Run): Promise<void> {
  try {
    writeFileSync(file, await chartOf(run));
  } catch (error) {
    process.stderr.write(`bench: no chart was drawn: ${reasonOf(error)}\n`);
    process.exitCode = 1;
  }
}

async function main(options: Options): Promise<void> {
  const { peers, json, chart, filter } = options;
  const selected = selectCases(options);
  if (selected.length === 0) throw new RangeError(`no case matches ${filter}`);
  const machine = describeMachine();
  const lack = peers ? installPeers() : undefined;
  const { results, notes } = await runCases(selected, options);
  const run: Run = {
    date: new Date().toISOString(),
    peers,
    machine,
    versions: versionsOf(peers),
    cases: results,
    notes: [...(lack ? [lack] : []), ...notes, ...untimedKernels()],
  };
  process.stdout.write(json === "-" ? toJson(run) : textOf(run));
  if (json !== undefined && json !== "-") writeFileSync(json, toJson(run));
  if (chart !== undefined) await writeChart(chart, run);
  const own = ["wasm", "wasm relaxed", "js", "plain loop", "good loop"];
  const bad = results.some(({ outcomes }) =>
    outcomes.some(({ status, name }) => status !== "right" && own.includes(name)),
  );
  if (bad || results.length < selected.length) process.exitCode = 1;
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options) await main(options);
  else process.stdout.write(help);
} catch (error) {
  process.stderr.write(`bench: ${(error as Error).message}\n`);
  process.exitCode = 2;
}
