/** The recipes of docs/cluster.md for schedulers, run as these would run them: with 4 shards in place of 16. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { main, workshop } from "../command.ts";
import { makeInputs } from "./cluster.ts";

const { at, run } = workshop();
const page = readFileSync(new URL("../../docs/cluster.md", import.meta.url), "utf8").replaceAll("16", "4");
const SHARDS = [1, 2, 3, 4];
let wanted: Buffer;

/** The part of the page that a pattern finds. */
function found(pattern: RegExp): string {
  const [, text] = pattern.exec(page) ?? [];
  expect(text, `${pattern} is in docs/cluster.md`).toBeDefined();
  return text;
}

/** Runs a line of a shell beside the files, in which wasm-loss and npx are commands. */
function shell(line: string, env: Readonly<Record<string, string>> = {}): void {
  const PATH = `${at("bin")}:${process.env.PATH}`;
  const { status, stderr } = spawnSync("sh", ["-ec", line.replaceAll("/data/", `${at("")}/`)], {
    cwd: at(""),
    encoding: "utf8",
    env: { ...process.env, ...env, PATH },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
}

beforeAll(() => {
  const [[logits, labels]] = makeInputs(at("inputs")).pairs;
  writeFileSync(at("logits.npy"), readFileSync(logits));
  writeFileSync(at("labels.npy"), readFileSync(labels));
  mkdirSync(at("bin"));
  for (const [name, program] of [
    ["wasm-loss", `exec '${process.execPath}' '${main}' "$@"`],
    ["npx", 'exec "$@"'],
  ]) {
    writeFileSync(at(`bin/${name}`), `#!/bin/sh\n${program}\n`);
    chmodSync(at(`bin/${name}`), 0o755);
  }
  expect(run("evaluate", "logits.npy", "labels.npy", "--state", "wanted.acc").code).toBe(0);
  wanted = readFileSync(at("wanted.acc"));
});
beforeEach(() => rmSync(at("states"), { recursive: true, force: true }));

function expectMerged(): void {
  expect(run("merge", "states", "--state", "merged.acc")).toMatchObject({ code: 0, stderr: "" });
  expect(readFileSync(at("merged.acc")).equals(wanted)).toBe(true);
}

describe("numbered shards", () => {
  test("Slurm: an array of tasks, and the merge behind it", () => {
    const task = found(/--array=1-4 --job-name=shards --wrap '([^']+)'/);
    const after = found(/--dependency=singleton --job-name=shards --wrap '([^']+)'/);
    // a task that was put back into the queue runs again
    for (const i of [...SHARDS, 2]) shell(task, { SLURM_ARRAY_TASK_ID: String(i), SLURM_ARRAY_TASK_COUNT: "4" });
    shell(after);
    expect(readFileSync(at("report.html"), "utf8")).toContain("<html");
    expectMerged();
  });

  test("Kubernetes: an indexed job", () => {
    const args = found(/args: \["(.+)"\]/);
    for (const i of SHARDS) shell(args, { JOB_COMPLETION_INDEX: String(i - 1) });
    expectMerged();
  });

  const hasParallel = spawnSync("parallel", ["--version"]).status === 0;
  test.skipIf(!hasParallel)("GNU parallel", () => {
    // its request for citation is no error
    mkdirSync(at("home/.parallel"), { recursive: true });
    writeFileSync(at("home/.parallel/will-cite"), "");
    shell(found(/^(parallel wasm-loss .+)$/m), { HOME: at("home") });
    expectMerged();
  });
});
