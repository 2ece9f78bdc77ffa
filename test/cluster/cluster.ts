import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, expect } from "vitest";
import { main } from "../command.ts";
import { npy } from "../files.ts";
import { labelsOf, logitsOf, mulberry32 } from "../inputs.ts";
import type { WorkerArguments } from "./worker.ts";

const script = fileURLToPath(new URL("worker.ts", import.meta.url));
const children = new Set<ChildProcess>();
/** Those that stay for all tests of a file. */
const kept = new Set<ChildProcess>();

const stopAll = (of: Set<ChildProcess>) => Promise.all([...of].map(stop));
afterEach(() => stopAll(children));
afterAll(() => stopAll(kept));

async function stop(child: ChildProcess): Promise<void> {
  children.delete(child);
  kept.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

interface Started {
  /** Until the last test of the file has ended. */
  readonly kept?: boolean;
  /** What runs it, in place of Node. */
  readonly program?: string;
}

function started(args: readonly string[], env: Readonly<Record<string, string>> = {}, how: Started = {}) {
  const child = spawn(how.program ?? process.execPath, args, { env: { ...process.env, ...env } });
  (how.kept ? kept : children).add(child);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (text) => {
    stdout += text;
  });
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return { child, ended, stderr: () => stderr };
}

/** The command line, started; `env` goes beside this process's. */
export const command = (args: readonly string[], env?: Readonly<Record<string, string>>, how?: Started) =>
  started(how?.program ? args : [main, ...args], env, how);

/** A worker that is ready to take jobs. */
export async function worker(args: WorkerArguments) {
  const it = started(["--import", "tsx", script, JSON.stringify(args)]);
  await Promise.race([once(it.child.stdout, "data"), it.ended]);
  expect(it.child.exitCode, it.stderr()).toBe(null);
  return it;
}

/** Inputs of a run: three pairs of files of odd numbers of rows. */
export function makeInputs(folder: string): {
  logits: string;
  labels: string;
  pairs: [string, string][];
  rows: number;
} {
  mkdirSync(folder, { recursive: true });
  const random = mulberry32(11);
  const counts = [701, 1003, 420];
  const classes = 7;
  const pairs = counts.map((rows, i): [string, string] => {
    const names: [string, string] = [join(folder, `logits-${i}.npy`), join(folder, `labels-${i}.npy`)];
    writeFileSync(names[0], npy(logitsOf(random, "float32", rows, classes) as Float32Array, [rows, classes]));
    writeFileSync(names[1], npy(labelsOf(random, rows, classes), [rows]));
    return names;
  });
  const rows = counts.reduce((a, b) => a + b);
  return { logits: join(folder, "logits-*.npy"), labels: join(folder, "labels-*.npy"), pairs, rows };
}
