import { execFile, execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Mutant } from "./mutants.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What the build makes. */
const BUILT = ["assembly/generated", "src/generated", "build", "dist"];
/** Nothing that is run here takes a tenth of it on a quiet machine. */
const PATIENCE_MILLISECONDS = 300_000;

/** What runs of tests came to. */
export interface Outcome {
  readonly passed: number;
  /** The first test that failed, and how. */
  readonly failed?: string;
  /** Why no test could say anything. */
  readonly broken?: string;
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { status: string; fullName: string; failureMessages: readonly string[] }[];
  }[];
}

interface Ended {
  readonly output: string;
  readonly late: boolean;
  readonly failed: boolean;
}

/** A copy of the working tree, in which one mutant at a time stands. */
export class Tree {
  readonly #root = mkdtempSync(join(tmpdir(), "mutants-of-wasm-loss-"));

  constructor() {
    const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    const files = execFileSync("git", list, { cwd: ROOT, encoding: "utf8" }).split("\0");
    for (const file of [...files, ...BUILT]) {
      // a link named node_modules is no ignored folder
      if (file === "" || file === "node_modules" || !existsSync(join(ROOT, file))) continue;
      this.#copy(file, true);
    }
    symlinkSync(realpathSync(join(ROOT, "node_modules")), join(this.#root, "node_modules"), "junction");
  }

  remove(): void {
    rmSync(this.#root, { recursive: true });
  }

  /** Runs tests with the mutant in its place. */
  async outcomeOf(mutant: Mutant): Promise<Outcome> {
    const path = join(this.#root, mutant.file);
    const text = readFileSync(path, "utf8");
    const rebuilt = rebuiltBy(mutant.file);
    try {
      writeFileSync(
        path,
        text.replace(mutant.from, () => mutant.to),
      );
      if (rebuilt !== undefined) {
        const module = mutant.test === "elementary" ? "functions" : "strict";
        const { output, failed } = await this.#node("--import", "tsx", "test/mutants/rebuild.ts", rebuilt, module);
        // the folders of sources are emptied first
        this.#restore(false);
        if (failed) return { passed: 0, broken: errorIn(output) };
      }
      return await this.run([mutant.test], mutant.name);
    } finally {
      writeFileSync(path, text);
      if (rebuilt !== undefined) this.#restore(true);
    }
  }

  /** Runs the tests of some files, those whose names match. */
  async run(files: readonly string[], name?: string): Promise<Outcome> {
    const report = join(this.#root, "build", "report.json");
    rmSync(report, { force: true });
    const { output, late } = await this.#node(
      "node_modules/vitest/vitest.mjs",
      ...["run", "--bail=1", "--cache=false", "--reporter=json", `--outputFile=${report}`],
      ...(name === undefined ? [] : ["-t", name]),
      ...files.map((file) => `test/${file}.test.ts`),
    );
    if (late) return { passed: 0, broken: `no end in ${PATIENCE_MILLISECONDS / 1000} s` };
    if (!existsSync(report)) return { passed: 0, broken: errorIn(output) };
    const { numPassedTests: passed, testResults }: Report = JSON.parse(readFileSync(report, "utf8"));
    const results = testResults.flatMap(({ assertionResults }) => assertionResults);
    const failed = results.find(({ status }) => status === "failed");
    if (failed) return { passed, failed: `${failed.fullName}: ${failed.failureMessages[0].split("\n")[0]}` };
    const broken = testResults.find(({ message }) => message !== "");
    return broken ? { passed, broken: broken.message.split("\n")[0] } : { passed };
  }

  #node(...args: string[]): Promise<Ended> {
    const options = {
      cwd: this.#root,
      timeout: PATIENCE_MILLISECONDS,
      killSignal: "SIGKILL",
      maxBuffer: 2 ** 26,
    } as const;
    return new Promise((resolve) => {
      execFile(process.execPath, args, options, (error, stdout, stderr) =>
        resolve({ output: stdout + stderr, late: error?.killed === true, failed: error !== null }),
      );
    });
  }

  /** Puts what the build made back; `all`: not only what is missing. */
  #restore(all: boolean): void {
    for (const folder of BUILT) {
      this.#copy(folder, all);
    }
  }

  /** What other suites have installed below build/ stays where it is. */
  #copy(path: string, force: boolean): void {
    const filter = (from: string) => !/[\\/]node_modules$/.test(from);
    cpSync(join(ROOT, path), join(this.#root, path), { recursive: true, force, filter });
  }
}

/** What follows from a file. */
function rebuiltBy(file: string): "sources" | "module" | "command" | "worker" | undefined {
  if (file.startsWith("src/descriptions/")) return "sources";
  if (file === "src/kernels/elementwise/template.ts") return "sources";
  if (file.startsWith("assembly/")) return "module";
  if (/^src\/(cli|formats)\//.test(file)) return "command";
  return /^src\/backends\/threads\/(worker|protocol)\.ts$/.test(file) ? "worker" : undefined;
}

/** What went wrong, of all that was printed. */
function errorIn(output: string): string {
  const lines = output.trim().split("\n");
  return lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? "";
}

/** Why a mutant can't be put in: its text must stand in its file once. */
export function whyNot({ file, from, to }: Mutant): string | undefined {
  const path = join(ROOT, file);
  if (!existsSync(path)) return "there is no such file";
  const times = readFileSync(path, "utf8").split(from).length - 1;
  if (times !== 1) return `its text stands in the file ${times} times`;
  return from === to ? "it changes nothing" : undefined;
}
