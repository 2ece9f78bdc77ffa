// npx tsx bench/compare.ts OTHER: times this checkout's built package against another's, before and after a change.
import { fork } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { type ComparedCase, comparedCases } from "./compare/cases.ts";
import type { Package, Reply, Request } from "./compare/child.ts";
import { ratioOf, spreadOf } from "./statistics.ts";
import { table, timeText } from "./table.ts";

const help = `npx tsx bench/compare.ts OTHER [--processes N] [--cases RE] [--markdown]

  Compares dist/ of this checkout ("after") with OTHER ("before"): the dist folder of another checkout, or the checkout.
  Both run in turn in the same process, in several fresh processes a case, loaded in another order each. A second copy of
  this package runs along: what it is off by is noise. A kernel can take up to twice its time in one process and not in
  the next (bench/elsewhere.ts), so a package's time is that of its best process, of each process the median. Processor
  time, so that the machine's other work does not count.

  --processes N  a case (default 5)
  --cases RE     those whose name matches: "^crossEntropy 1000x1000 float32"
  --markdown     the table in Markdown
  --help

  after / before  of the best processes' medians
  A/A             the same of the two copies
  paired          the median of after / before within rounds, and the processes' range of it
  SLOWER          after / before is beyond 1.02 times the A/A ratio (or its inverse), and paired beyond 1.02; slower? where
                  only the first is: run the case again
`;

const SLOWER = 1.02;
const HEAD = ["case", "before ms", "after ms", "after / before", "A/A", "paired", "results", ""];
const BEFORE = "before";
const AFTER = "after";
const AGAIN = "after again";

interface Options {
  readonly other: string;
  readonly processes: number;
  readonly cases: RegExp;
  readonly markdown: boolean;
}

/** What the command line says; undefined where it asks for help. */
function parseOptions(args: string[]): Options | undefined {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      processes: { type: "string", default: "5" },
      cases: { type: "string", default: "" },
      markdown: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  if (positionals.length !== 1) {
    throw new RangeError(`needs the dist folder of one other checkout, but got ${positionals.length} arguments`);
  }
  const processes = Number(values.processes);
  if (!(Number.isInteger(processes) && processes >= 1 && processes <= 100)) {
    throw new RangeError(`--processes is ${values.processes}, but must be 1 to 100`);
  }
  return { other: positionals[0], processes, cases: new RegExp(values.cases), markdown: values.markdown };
}

/** The folder that index.js is in. */
function distOf(path: string): string {
  const found = [path, join(path, "dist")].find((folder) => existsSync(join(folder, "index.js")));
  if (!found) throw new RangeError(`${path} holds no index.js and no dist/index.js: build it first`);
  return found;
}

/** A custom section right behind the header: of two modules with the same bytes V8 makes one machine code. */
function markModules(folder: string): void {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".wasm"))) {
    const path = join(folder, file);
    const module = readFileSync(path);
    // id 0, its size, a name of one letter
    writeFileSync(path, Buffer.concat([module.subarray(0, 8), Buffer.of(0, 2, 1, 0x61), module.subarray(8)]));
  }
}

/** Copies, so that the two of one package are modules of their own, and a build in the meantime changes nothing. */
function copyPackages(folder: string, other: string): Package[] {
  const own = fileURLToPath(new URL("..", import.meta.url));
  const sources = { [BEFORE]: distOf(resolve(other)), [AFTER]: distOf(own), [AGAIN]: distOf(own) };
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  return Object.entries(sources).map(([name, source], k) => {
    const to = join(folder, String(k));
    cpSync(source, to, { recursive: true });
    if (name === AGAIN) markModules(to);
    return { name, url: pathToFileURL(join(to, "index.js")).href };
  });
}

/** A process of one case. */
function runCase(id: string, packages: readonly Package[]): Promise<Reply> {
  const request: Request = { id, packages };
  const path = fileURLToPath(new URL("compare/child.ts", import.meta.url));
  return new Promise((resolve, reject) => {
    const child = fork(path, [JSON.stringify(request)], { serialization: "advanced" });
    const end = () => child.kill("SIGKILL");
    process.once("exit", end);
    child.once("exit", () => process.off("exit", end));
    child.once("message", (reply) => resolve(reply as Reply));
    child.once("error", reject);
    // an error that it threw stands on standard error
    child.once("exit", (code, signal) => reject(new Error(`${id}: its process ended with ${signal ?? code}`)));
  });
}

/** Another order each time: each package is loaded first, second and last. */
function turned<T>(list: readonly T[], by: number): T[] {
  const at = by % list.length;
  const order = [...list.slice(at), ...list.slice(0, at)];
  return Math.floor(by / list.length) % 2 === 0 ? order : order.toReversed();
}

const best = (replies: readonly Reply[], name: string): number =>
  Math.min(...replies.map(({ rounds }) => spreadOf(rounds[name]).median));

function verdictOn(ratio: number, control: number, paired: number): string {
  const limit = SLOWER * Math.max(control, 1 / control);
  if (!(ratio > limit)) return "";
  return paired > SLOWER ? "SLOWER" : "slower?";
}

function rowOf(id: string, replies: readonly Reply[]): string[] {
  const [before, after, again] = [BEFORE, AFTER, AGAIN].map((name) => best(replies, name));
  const ratio = after / before;
  const control = again / after;
  const paired = replies.map(({ rounds }) => ratioOf(rounds[AFTER], rounds[BEFORE]).median);
  const range = `${Math.min(...paired).toFixed(2)}–${Math.max(...paired).toFixed(2)}`;
  const difference = Math.max(...replies.map((reply) => reply.difference));
  return [
    id,
    timeText(before),
    timeText(after),
    ratio.toFixed(3),
    control.toFixed(3),
    `${spreadOf(paired).median.toFixed(3)} (${range})`,
    difference === 0 ? "same bits" : `within ${difference.toExponential(0)}`,
    verdictOn(ratio, control, spreadOf(paired).median),
  ];
}

/** Columns as wide as their longest cell. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, k) => Math.max(...rows.map((row) => row[k].length)));
  const line = (row: readonly string[]) =>
    row.map((cell, k) => (k === 0 ? cell.padEnd(widths[k]) : cell.padStart(widths[k]))).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}

/** Every case once, then again: a slow stretch of the machine meets one process of a case, not all of them. */
async function runAll(cases: readonly ComparedCase[], processes: number, packages: readonly Package[]) {
  const replies = new Map(cases.map(({ id }) => [id, [] as Reply[]]));
  const failures = new Map<string, string>();
  for (let process_ = 0; process_ < processes; process_++) {
    for (const [k, { id }] of cases.entries()) {
      if (process.stderr.isTTY)
        process.stderr.write(`\r\x1b[K${process_ + 1}/${processes} ${k + 1}/${cases.length} ${id}`);
      try {
        replies.get(id)!.push(await runCase(id, turned(packages, process_)));
      } catch (error) {
        failures.set(id, (error as Error).message);
      }
    }
  }
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  return { replies, failures };
}

async function main({ other, processes, cases, markdown }: Options): Promise<void> {
  const selected = comparedCases.filter(({ id }) => cases.test(id));
  if (selected.length === 0) throw new RangeError(`no case matches ${cases}`);
  const folder = mkdtempSync(join(tmpdir(), "wasm-loss-compare-"));
  // on a signal, too
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));
  const { replies, failures } = await runAll(selected, processes, copyPackages(folder, other));
  const rows = selected.filter(({ id }) => !failures.has(id)).map(({ id }) => rowOf(id, replies.get(id)!));
  console.log(markdown ? table(HEAD, rows, 1) : columns([HEAD, ...rows]));
  for (const failure of failures.values()) console.log(`failed: ${failure}`);
  if (failures.size > 0) process.exitCode = 1;
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options) await main(options);
  else process.stdout.write(help);
} catch (error) {
  process.stderr.write(`bench/compare: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
