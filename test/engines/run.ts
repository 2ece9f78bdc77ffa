/**
 * `npm run test:engines`: one workload in every engine that can be had, and one digest of all its results' bits. Prints a
 * table, and the functions whose digests differ from those of the first line; fails where one does, or where an engine that
 * shares memory ran fewer threads than were asked for.
 */
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { bundle, pages } from "../browsers/bundle.ts";
import { BROWSERS } from "../browsers/launch.ts";
import { serve } from "../browsers/server.ts";
import { BUN, DENO, folder, installEngines, NODES } from "./packages.ts";
import type { Line } from "./workload.ts";

interface Engine {
  readonly name: string;
  readonly shares: boolean;
  run(): Promise<Line[]>;
}

const script = join(folder, "process.mjs");

function engine(name: string, command: string, ...args: string[]): Engine | undefined {
  if (!existsSync(command)) return undefined;
  const version = execFileSync(command, ["--version"], { encoding: "utf8" })
    .split("\n")[0]
    .replace(/^deno |^v| \(.*/g, "");
  return {
    name: `${name} ${version}`,
    shares: true,
    async run() {
      const { stdout } = await promisify(execFile)(command, [...args, script], { timeout: 600_000 });
      return JSON.parse(stdout);
    },
  };
}

async function inBrowser(index: number): Promise<Line[]> {
  const server = await serve(await pages("../engines/page.ts"));
  const reported = server.report("?digest");
  const close = BROWSERS[index].open(`${server.address}/isolated/main.html?digest`);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('{ "error": "no report in 600 s" }'), 600_000);
  });
  try {
    const outcome = JSON.parse(await Promise.race([reported, late]));
    if (outcome.error) throw new Error(outcome.error);
    return outcome;
  } finally {
    clearTimeout(timer);
    await close();
    server.close();
  }
}

installEngines();
mkdirSync(dirname(script), { recursive: true });
writeFileSync(script, await bundle("../engines/process.ts"));

const engines: (Engine | undefined)[] = [
  engine("Node", process.execPath),
  ...Object.values(NODES).map((command) => engine("Node", command)),
  engine("Bun", BUN),
  engine("Deno", DENO, "run", "-A"),
  ...BROWSERS.map(({ version, shares }, i) =>
    version === undefined ? undefined : { name: version.replace(/ built on.*/, ""), shares, run: () => inBrowser(i) },
  ),
];
const names = ["Node", ...Object.keys(NODES), "Bun", "Deno", ...BROWSERS.map(({ name }) => name)];

const seen = new Map<string, string>();
/** The entries of the first line: all others are compared with them. */
let first: Line["entries"] | undefined;
const differences: string[] = [];
let failures = 0;
console.log("| engine | backend | threads | digest |\n|---|---|---|---|");
for (const [i, it] of engines.entries()) {
  if (it === undefined) {
    console.log(`| ${names[i]} | | | skipped: it is not installed |`);
    continue;
  }
  try {
    for (const { backend, threads, got, digest, values, entries } of await it.run()) {
      const short = got < threads && it.shares;
      if (short) failures++;
      seen.set(`${digest} of ${values} values`, it.name);
      console.log(
        `| ${it.name} | ${backend} | ${got}${got < threads ? ` (of ${threads}${short ? ", FAIL" : ""})` : ""} | ${digest} |`,
      );
      first ??= entries;
      const different = Object.keys({ ...first, ...entries }).filter((name) => entries[name] !== first?.[name]);
      if (different.length > 0) differences.push(`${it.name}, ${backend}, ${got}: ${different.join("; ")}`);
    }
  } catch (error) {
    failures++;
    console.log(`| ${it.name} | | | FAIL: ${(error as Error).message.split("\n")[0]} |`);
  }
}
if (seen.size === 1) console.log(`\nOne digest, ${[...seen.keys()][0]}.`);
else {
  failures++;
  console.log(`\n${seen.size} digests: ${[...seen].map(([digest, name]) => `${digest} (last by ${name})`).join("; ")}`);
  console.log(["These functions differ from the first line's:", ...differences].join("\n"));
}
if (failures > 0) process.exitCode = 1;
