import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { transformSync } from "esbuild";
import type { Values } from "./program.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** What the projects of a run have in common. */
export interface Setting {
  /** The folder of all projects. */
  readonly work: string;
  /** The packed package. */
  readonly tarball: string;
  /** What program.ts must compute. */
  readonly wanted: Values;
}

/** A project of a user, with the packed package and whatever else it needs installed. */
export interface Project {
  readonly folder: string;
  /** Runs a command in it, and gives what it prints; throws what it prints where it fails. */
  run(command: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  /** A command of a package that is installed in it. */
  bin(name: string): string;
}

/** Packs the package into a new folder. dist/ is built: the package's scripts would build it again. */
export function pack(): Pick<Setting, "work" | "tarball"> {
  const work = mkdtempSync(join(tmpdir(), "wasm-loss-projects-"));
  const flags = ["--ignore-scripts", "--json", "--pack-destination", work, "--loglevel=error"];
  const [{ filename }] = JSON.parse(execFileSync("npm", ["pack", ...flags], { cwd: root, encoding: "utf8" }));
  return { work, tarball: join(work, filename) };
}

const QUIET = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];

/** Makes a project of ES modules with the tarball, other packages, and files by their paths; program.ts is among them. */
export async function createProject(
  { work, tarball, wanted }: Setting,
  name: string,
  packages: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<Project> {
  const folder = join(work, name);
  const all = {
    "package.json": '{ "private": true, "type": "module" }\n',
    "program.mjs": program(),
    "wanted.mjs": `export default ${JSON.stringify(wanted)};\n`,
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const project: Project = {
    folder,
    async run(command, args, env = {}) {
      try {
        const options = { cwd: folder, env: { ...process.env, ...env }, maxBuffer: 2 ** 26, timeout: 600_000 };
        return (await promisify(execFile)(command, args, options)).stdout;
      } catch (error) {
        const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
        throw new Error(`${(error as Error).message.split("\n")[0]}\n${stdout}${stderr}`.trim());
      }
    },
    bin: (command) => join(folder, "node_modules", ".bin", command),
  };
  await project.run("npm", ["install", ...QUIET, tarball, ...packages]);
  return project;
}

function program(): string {
  const source = fileURLToPath(new URL("program.ts", import.meta.url));
  return transformSync(readFileSync(source, "utf8"), { loader: "ts" }).code;
}

/** A module that prints the faults of what it computes, as JSON; `getLosses` has the line that gets createLosses. */
export const printing = (getLosses = 'import { createLosses } from "wasm-loss";') => `
${getLosses}
import { availableParallelism } from "node:os";
import { faultsOf } from "./program.mjs";
import wanted from "./wanted.mjs";
faultsOf(createLosses, wanted, availableParallelism()).then((faults) => console.log(JSON.stringify(faults)));
`;

/** Says how something went: `faults` are sentences. */
export type Tell = (name: string, faults: readonly string[], right?: string) => void;

/** Tells what a function finds or throws. */
export async function attempt(tell: Tell, name: string, find: () => Promise<readonly string[]>): Promise<void> {
  try {
    tell(name, await find());
  } catch (error) {
    tell(name, [(error as Error).message]);
  }
}
