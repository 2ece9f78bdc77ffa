import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect } from "vitest";

/** The command line as it is built. */
export const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

/** A folder for the files of the calling suite, gone after it, and the command line run in it. */
export function workshop() {
  const folder = mkdtempSync(join(tmpdir(), "wasm-loss-command-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  const runWith = (input: Buffer | undefined, ...args: string[]) => {
    const options = { cwd: folder, encoding: "utf8" as const, input: input as never };
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], options);
    return { code: status, stdout, stderr };
  };
  const run = (...args: string[]) => runWith(undefined, ...args);
  /** What `--json` prints, parsed; the command must succeed. */
  const json = (...args: string[]) => {
    const { code, stdout, stderr } = run(...args, "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return JSON.parse(stdout);
  };
  return { folder, at: (name: string) => join(folder, name), run, runWith, json };
}

/** What does not depend on the run. */
export function figures<T extends Record<string, unknown>>(it: T): Partial<T> {
  const { logitsPerSecond, elementsPerSecond, backend, threads, relaxed, notes, ...rest } = it;
  return rest as Partial<T>;
}
