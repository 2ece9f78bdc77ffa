import { type ChildProcess, execFile, execFileSync, fork } from "node:child_process";
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
import type { Outcome, Request } from "./runner.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What the build makes. */
const BUILT = ["assembly/generated", "src/generated", "build", "dist"];
/** Nothing that is run here takes a tenth of it on a quiet machine. */
const PATIENCE_MILLISECONDS = 300_000;

interface Ended {
  readonly output: string;
  readonly failed: boolean;
}

/** A copy of the working tree, in which one mutant at a time stands. */
export class Tree {
  readonly #root = mkdtempSync(join(tmpdir(), "mutants-of-wasm-loss-"));
  #runner: ChildProcess | undefined;

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
    this.#endRunner();
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
      return await this.run({ file: mutant.test, name: mutant.name });
    } finally {
      writeFileSync(path, text);
      if (rebuilt !== undefined) this.#restore(true);
    }
  }

  /** Runs the tests of a file, those whose names match. */
  run(request: Request): Promise<Outcome> {
    // a group of its own: with it what it has started ends, whatever that does
    this.#runner ??= fork("test/mutants/runner.ts", {
      cwd: this.#root,
      execArgv: ["--import", "tsx"],
      detached: true,
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const runner = this.#runner;
    return new Promise((resolve) => {
      const end = (outcome: Outcome) => {
        clearTimeout(timer);
        for (const event of ["message", "exit"]) runner.removeAllListeners(event);
        resolve(outcome);
      };
      const without = (broken: string) => {
        this.#endRunner();
        end({ passed: 0, broken });
      };
      const timer = setTimeout(() => without(`no end in ${PATIENCE_MILLISECONDS / 1000} s`), PATIENCE_MILLISECONDS);
      runner.once("message", (outcome: Outcome) => end(outcome));
      runner.once("exit", (code) => without(`what runs the tests ended with ${code}`));
      runner.send(request);
    });
  }

  #endRunner(): void {
    const runner = this.#runner;
    this.#runner = undefined;
    if (runner?.pid !== undefined && runner.exitCode === null) process.kill(-runner.pid, "SIGKILL");
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
        resolve({ output: stdout + stderr, failed: error !== null }),
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
    const options = { recursive: true, preserveTimestamps: true, force, filter };
    cpSync(join(ROOT, path), join(this.#root, path), options);
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
