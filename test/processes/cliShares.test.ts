/** The command line on several threads, and in shards. */
import { spawn } from "node:child_process";
import {
  closeSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { formatNpyHeader } from "../../src/formats/npyHeader.ts";
import { figures, main, workshop } from "../command.ts";
import { npy } from "../files.ts";
import { labelsOf, logitsOf, mulberry32 } from "../inputs.ts";

// Every run starts a process.
vi.setConfig({ testTimeout: 300_000 });

const { at, run, json, folder } = workshop();
/** 24 MiB: three parts and some rows. */
const [rows, classes] = [6301, 1000];
const files = ["x.npy", "y.npy"];

/** Zeros that take no room on the disk. */
function zeros(name: string, many: number): void {
  const file = openSync(at(name), "w");
  const header = formatNpyHeader(Float32Array, [many, 1000]);
  writeSync(file, header);
  ftruncateSync(file, header.length + 4 * many * 1000);
  closeSync(file);
}

beforeAll(() => {
  const random = mulberry32(3);
  writeFileSync(at("x.npy"), npy(logitsOf(random, "float32", rows, classes), [rows, classes]));
  writeFileSync(at("y.npy"), npy(labelsOf(random, rows, classes), [rows]));
  writeFileSync(
    at("ids.npy"),
    npy(
      Int32Array.from({ length: rows }, (_, i) => i % 100),
      [rows],
    ),
  );
  writeFileSync(
    at("mask.npy"),
    npy(
      Uint8Array.from({ length: rows }, () => Number(random() < 0.8)),
      [rows],
    ),
  );
});

test.each([[[]], [["--mask", "mask.npy", "--groups", "ids.npy"]]])(
  "%j: states, figures and worst rows are the same on any number of threads",
  (more) => {
    const outputs = ["1", "2", "3", "7", "auto"].map((threads) => {
      const printed = json("evaluate", ...files, ...more, "--threads", threads, "--worst", "20", "--state", "all.acc");
      return { figures: figures(printed), state: readFileSync(at("all.acc")) };
    });
    for (const output of outputs) expect(output).toEqual(outputs[0]);
    const { threads } = json("evaluate", ...files, "--threads", "2");
    expect(threads).toBe(2);
    expect(json("evaluate", "x.npy", "x.npy", "--loss", "mse", "--threads", "3")).toMatchObject({ mse: 0, threads: 3 });
  },
);

test("files above 64 MiB have all cores, others one", () => {
  zeros("large.npy", 17_000);
  writeFileSync(at("largeLabels.npy"), npy(new Uint8Array(17_000), [17_000]));
  expect(json("evaluate", ...files).threads).toBe(1);
  const { threads } = json("info");
  expect(json("evaluate", "large.npy", "largeLabels.npy").threads).toBe(threads ?? 1);
  // a worker that has started is not waited for
  const { code, stderr } = run("evaluate", "large.npy", "nothing.npy");
  expect([code, stderr]).toEqual([1, "wasm-loss: nothing.npy: no such file or directory\n"]);
});

describe("shards", () => {
  const more = ["--groups", "ids.npy", "--mask", "mask.npy", "--bytes", "99999", "--worst", "3"];

  test.each([1, 2, 5])("of %i the states merge to that of all", (count) => {
    rmSync(at("parts"), { recursive: true, force: true });
    for (let i = 1; i <= count; i++) {
      const { rows: held } = json("evaluate", ...files, ...more, "--shard", `${i}/${count}`, "--state-dir", "parts");
      expect(Math.abs(held - rows / count)).toBeLessThan(1);
    }
    expect(readdirSync(at("parts")).sort()).toEqual(
      Array.from({ length: count }, (_, i) => `part-${i + 1}-of-${count}.acc`),
    );
    json("evaluate", ...files, ...more, "--state", "all.acc");
    const merged = json("merge", "parts", "--state", "merged.acc");
    expect(readFileSync(at("merged.acc"))).toEqual(readFileSync(at("all.acc")));
    expect(merged.coverage).toEqual([{ source: "x.npy", rows: [[0, rows - 1]] }]);
  });

  test("more of them than rows: some are empty", () => {
    writeFileSync(at("few.npy"), npy(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2]));
    writeFileSync(at("fewLabels.npy"), npy(Int32Array.of(0, 1, 0), [3]));
    writeFileSync(at("fewIds.npy"), npy(Int32Array.of(5, 6, 5), [3]));
    const few = ["few.npy", "fewLabels.npy", "--groups", "fewIds.npy", "--bytes", "10"];
    for (let i = 1; i <= 5; i++) json("evaluate", ...few, "--shard", `${i}/5`, "--state-dir", "fewParts");
    json("evaluate", ...few, "--state", "few.acc");
    json("merge", "fewParts", "--state", "fewMerged.acc");
    expect(readFileSync(at("fewMerged.acc"))).toEqual(readFileSync(at("few.acc")));
  });

  test("that are missing are told", () => {
    json("evaluate", ...files, "--shard", "2/3", "--state-dir", "some");
    const { code, stdout, stderr } = run("merge", "some");
    expect(code).toBe(0);
    expect(stderr).toBe("wasm-loss: some: 2 of 3 shards are missing (1, 3)\n");
    expect(stdout).toContain("rows");
  });

  test.each([
    [["--shard", "0/3", "--state", "a.acc"], '--shard is "0/3", but must be I/N, I an integer from 1 to N'],
    [["--shard", "4/3", "--state", "a.acc"], '--shard is "4/3", but must be I/N, I an integer from 1 to N'],
    [["--shard", "1/3"], "--shard needs --state-dir DIR, or --state FILE"],
    [["--state-dir", "a"], "--state-dir is for --shard I/N"],
    [
      ["--shard", "1/3", "--state-dir", "a", "--state", "b.acc"],
      "--state and --state-dir are given, but one state is written",
    ],
  ])("%s", (options, message) => {
    expect(run("evaluate", ...files, ...options)).toMatchObject({
      code: 2,
      stderr: `wasm-loss: ${message} (see wasm-loss --help)\n`,
    });
  });
});

test.each(["SIGINT", "SIGTERM"] as const)("%s ends all threads, and leaves nothing", async (signal) => {
  zeros("endless.npy", 400_000);
  writeFileSync(at("endlessLabels.npy"), npy(new Uint8Array(400_000), [400_000]));
  const before = readdirSync(folder).sort();
  const args = [
    "evaluate",
    "endless.npy",
    "endlessLabels.npy",
    "--backend",
    "js",
    "--threads",
    "3",
    "--state",
    "end.acc",
  ];
  const child = spawn(process.execPath, [main, ...args], { cwd: folder, stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", (code, by) => resolve({ code, by })));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  child.kill(signal);
  expect(await ended).toEqual({ code: null, by: signal });
  expect(readdirSync(folder).sort()).toEqual(before);
});
