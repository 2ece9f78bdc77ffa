// npm run bench: times every public operation against a plain JavaScript loop, or beside the peers.
import { readFileSync, writeFileSync } from "node:fs";
import { SingleBar } from "cli-progress";
import { help, type Options, parseOptions } from "./arguments.ts";
import { type Case, selectCases, untimedKernels } from "./cases.ts";
import { compile } from "./native/compile.ts";
import { chartOf } from "./peers/chart.ts";
import { newerEngine } from "./peers/engine.ts";
import { peers as everyPeer } from "./peers/index.ts";
import { installedVersion, installPeers, reasonOf } from "./peers/install.ts";
import { Python } from "./python/python.ts";
import { type CaseResult, describeMachine, type Run, toJson } from "./results.ts";
import { type Plan, runCase } from "./runner.ts";
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

async function runCases(selected: readonly Case[], plan: Plan) {
  const results: CaseResult[] = [];
  const notes: string[] = [];
  const progress = progressOver(selected.length);
  for (const each of selected) {
    progress.next(each.id);
    try {
      const report = await runCase(each, plan);
      results.push(report.result);
      notes.push(...report.notes);
    } catch (error) {
      notes.push((error as Error).message);
    }
  }
  progress.stop();
  return { results, notes: [...new Set(notes)] };
}

/** All others that there are here: their versions, what runs them, and a sentence each on what is missing. */
async function othersOf() {
  const notes = [installPeers()];
  const versions: Record<string, string> = {};
  for (const { name, package: package_ } of everyPeer) versions[name] = installedVersion(package_) ?? "(not installed)";
  const llvm = compile();
  if (llvm.version) versions["LLVM wasm: clang"] = llvm.version;
  const { python, note: noPython } = await Python.find();
  Object.assign(versions, python?.versions);
  const { engine, note: noEngine } = newerEngine();
  notes.push(llvm.note, noPython, noEngine);
  return { versions, python, engine, notes: notes.filter((note) => note !== undefined) };
}

const ownVersion = (): string => JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;

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
  const { peers, json, chart, filter, time, rounds } = options;
  const selected = selectCases(options);
  if (selected.length === 0) throw new RangeError(`no case matches ${filter}`);
  const machine = describeMachine();
  const others = peers ? await othersOf() : undefined;
  const { engine, python } = others ?? {};
  const { results, notes } = await runCases(selected, { peers, engine, python, time, rounds });
  python?.end();
  const untimed = untimedKernels();
  if (untimed.length > 0) notes.push(`No case runs these kernels: ${untimed.join(", ")}.`);
  const run: Run = {
    date: new Date().toISOString(),
    peers,
    machine,
    versions: { "wasm-loss": ownVersion(), ...others?.versions },
    cases: results,
    notes: [...(others?.notes ?? []), ...notes],
  };
  process.stdout.write(json === "-" ? toJson(run) : textOf(run));
  if (json !== undefined && json !== "-") writeFileSync(json, toJson(run));
  if (chart !== undefined) await writeChart(chart, run);
  const own = ["wasm", "wasm relaxed", "js", "plain loop", "good loop", "LLVM wasm", "LLVM wasm relaxed"].flatMap(
    (name) => [name, `${name}, mse`],
  );
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
