/** What --rows writes: every row, in each format, the same whatever computes it. */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { openNpy } from "../../src/formats/npy.ts";
import { openTensor } from "../../src/formats/openTensor.ts";
import type { TensorArray } from "../../src/formats/tensor.ts";
import { createLosses } from "../../src/index.node.ts";
import { main, workshop } from "../command.ts";
import { npy } from "../files.ts";
import { labelsOf, logitsOf, mulberry32 } from "../inputs.ts";

// Every run starts a process.
vi.setConfig({ testTimeout: 300_000 });

const { at, run, runWith, json, folder } = workshop();
/** 24 MiB: parts for several threads. */
const [rows, classes] = [63_001, 100];
const random = mulberry32(3);
const logits = logitsOf(random, "float32", rows, classes) as Float32Array;
const labels = labelsOf(random, rows, classes, -100) as Int32Array;
const files = ["x.npy", "y.npy"];
const FIGURES = ["loss", "label", "predicted", "rank", "logProbability"] as const;

let wanted: Record<(typeof FIGURES)[number], number[]>;

beforeAll(async () => {
  // a NaN, and a row of nothing
  logits[5 * classes + 3] = Number.NaN;
  logits.fill(Number.NEGATIVE_INFINITY, 7 * classes, 8 * classes);
  writeFileSync(at("x.npy"), npy(logits, [rows, classes]));
  writeFileSync(at("y.npy"), npy(labels, [rows]));
  const losses = await createLosses({ backend: "js" });
  wanted = { loss: [], label: [], predicted: [], rank: [], logProbability: [] };
  const evaluator = losses.evaluator({
    classes,
    onRows(it) {
      for (let i = 0; i < it.count; i++) for (const figure of FIGURES) wanted[figure].push(it[figure](i));
    },
  });
  evaluator.add(logits, labels);
  losses.close();
});

async function arrayIn(path: string, tensor: string): Promise<number[]> {
  const it = await openTensor(path, { tensor, role: "labels", floats: true });
  const into = it.dtype === "f64" ? new Float64Array(rows) : new Int32Array(rows);
  const found = await it.read(into as TensorArray);
  await it.close();
  return [...into.subarray(0, found)];
}

test("an array of each figure, what a listener is told, the same bytes on any number of threads", async () => {
  const outputs = ["1", "2", "3"].map((threads) => {
    json("evaluate", ...files, "--threads", threads, "--rows", "rows.npz");
    return readFileSync(at("rows.npz"));
  });
  for (const bytes of outputs) expect(Buffer.compare(bytes, outputs[0])).toBe(0);
  for (const figure of FIGURES) expect(await arrayIn(at("rows.npz"), figure), figure).toEqual(wanted[figure]);
  expect(wanted.rank.filter((rank) => rank < 0).length).toBe(labels.filter((label) => label === -100).length);
  expect(wanted.logProbability).toEqual(wanted.loss.map((loss) => 0 - loss));
});

test("with --shift also sequence, position and the perplexity of the sequence", async () => {
  const [few, positions] = [63 * 7, 7];
  const tokens = labels.subarray(0, few).map((label) => Math.max(0, label));
  const tail = logits.subarray(100 * classes, (100 + few) * classes);
  const shape = [few / positions, positions];
  writeFileSync(at("x3.npy"), npy(tail, [...shape, classes]));
  writeFileSync(at("tokens.npy"), npy(tokens, shape));
  // of a whole sequence nothing counts; two positions of another one don't
  const mask = Uint8Array.from({ length: few }, (_, i) =>
    Number(Math.floor(i / positions) !== 4 && ![16, 18].includes(i)),
  );
  writeFileSync(at("mask.npy"), npy(mask, shape, "|b1"));
  const scored = tokens.map((_, i) => ((i + 1) % positions === 0 || mask[i + 1] === 0 ? -100 : tokens[i + 1]));
  const losses = await createLosses({ backend: "js" });
  const each = losses.crossEntropy(tail, scored, { classes, reduction: "none" });
  losses.close();
  const perplexities = Array.from({ length: few / positions }, (_, sequence) => {
    const inside = [...each.keys()].filter((row) => Math.floor(row / positions) === sequence && scored[row] !== -100);
    return Math.exp(inside.reduce((sum, row) => sum + each[row], 0) / inside.length);
  });
  const given = ["x3.npy", "tokens.npy", "--shift", "--mask", "mask.npy"];
  json("evaluate", ...given, "--rows", "rows.npz");
  const found = await arrayIn(at("rows.npz"), "sequencePerplexity");
  expect(await arrayIn(at("rows.npz"), "sequence")).toEqual(Array.from(each, (_, row) => Math.floor(row / positions)));
  expect(await arrayIn(at("rows.npz"), "position")).toEqual(Array.from(each, (_, row) => row % positions));
  expect(found[4 * positions]).toBeNaN();
  found.forEach((perplexity, row) => {
    const right = perplexities[Math.floor(row / positions)];
    if (Math.floor(row / positions) !== 4) expect(Math.abs(perplexity / right - 1), `row ${row}`).toBeLessThan(1e-13);
  });
  // a shard has the perplexities of its own rows: this one begins in a sequence
  json("evaluate", ...given, "--rows", "shard.csv", "--shard", "2/2", "--state", "shard.acc");
  const lines = readFileSync(at("shard.csv"), "utf8").trim().split("\n");
  expect(lines[0]).toBe("row,loss,label,predicted,rank,logProbability,sequence,position,sequencePerplexity");
  const [first, last] = [lines[1].split(","), lines.at(-1)!.split(",")];
  expect([first[0], first[6], first[7]]).toEqual([String(few >> 1), "31", "3"]);
  const rest = [220, 221, 222].map((row) => each[row]);
  expect(Math.abs(Number(first[8]) / Math.exp(rest.reduce((a, b) => a + b) / 3) - 1)).toBeLessThan(1e-13);
  expect(Number(last[8])).toBe(found[few - 1]);
});

test("the losses alone, and a table", () => {
  json("evaluate", ...files, "--rows", "loss.npy", "--threads", "2");
  const file = openNpy(at("loss.npy"));
  const losses = new Float64Array(rows);
  expect(file.read(losses)).toBe(rows);
  file.close();
  expect([...losses]).toEqual(wanted.loss);
  json("evaluate", ...files, "--rows", "table.csv");
  const lines = readFileSync(at("table.csv"), "utf8").split("\n");
  expect(lines[0]).toBe("row,loss,label,predicted,rank,logProbability");
  expect(lines.length).toBe(rows + 2);
  lines.slice(1, -1).forEach((line, i) => {
    const cells = [i, ...FIGURES.map((figure) => wanted[figure][i])];
    if (line !== cells.join()) expect(line).toBe(cells.join());
  });
});

const numpy = spawnSync("python3", ["-c", "import numpy"]).status === 0 ? ["numpy"] : [];
test.each(numpy)("%s reads them", () => {
  json("evaluate", ...files, "--rows", "rows.npz");
  const script =
    "import numpy as np; d = np.load('rows.npz'); print(d.files, d['rank'].sum(), d['label'].dtype, d['loss'].shape)";
  const { stdout, stderr } = spawnSync("python3", ["-c", script], { cwd: folder, encoding: "utf8" });
  const sum = wanted.rank.reduce((a, b) => a + b);
  expect({ stdout, stderr }).toEqual({
    stdout: `['${FIGURES.join("', '")}'] ${sum} int32 (${rows},)\n`,
    stderr: "",
  });
});

test("of a pipe, of a shard, and of no rows", async () => {
  const { code } = runWith(readFileSync(at("x.npy")), "evaluate", "-", "y.npy", "--rows", "piped.npz");
  expect(code).toBe(0);
  json("evaluate", ...files, "--rows", "rows.npz");
  expect(Buffer.compare(readFileSync(at("piped.npz")), readFileSync(at("rows.npz")))).toBe(0);
  json("evaluate", ...files, "--shard", "2/3", "--state", "s.acc", "--rows", "shard.csv");
  const [first, end] = [Math.floor(rows / 3), Math.floor((2 * rows) / 3)];
  json("evaluate", ...files, "--rows", "table.csv");
  const lines = readFileSync(at("table.csv"), "utf8").split("\n");
  const own = readFileSync(at("shard.csv"), "utf8").split("\n");
  expect(own.join("\n")).toBe([lines[0], ...lines.slice(1 + first, 1 + end), ""].join("\n"));
  writeFileSync(at("none.npy"), npy(new Float32Array(0), [0, 3]));
  writeFileSync(at("noLabels.npy"), npy(new Int32Array(0), [0]));
  run("evaluate", "none.npy", "noLabels.npy", "--rows", "none.npz");
  expect(await arrayIn(at("none.npz"), "rank")).toEqual([]);
});

describe("the file", () => {
  test("takes the place of another one, with its mode, and leaves nothing else", () => {
    writeFileSync(at("before.csv"), "before");
    chmodSync(at("before.csv"), 0o640);
    const names = readdirSync(folder);
    json("evaluate", ...files, "--rows", "before.csv");
    expect(readFileSync(at("before.csv"), "utf8")).toMatch(/^row,loss/);
    expect(statSync(at("before.csv")).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(names);
  });

  test("stays as it was where the evaluation fails, or is ended", async () => {
    writeFileSync(at("kept.npz"), "kept");
    writeFileSync(
      at("wrong.npy"),
      npy(
        Int32Array.from(labels, (y, i) => (i === 60_000 ? 100 : y)),
        [rows],
      ),
    );
    const names = readdirSync(folder);
    const args = ["evaluate", "x.npy", "wrong.npy", "--rows", "kept.npz"];
    expect(run(...args)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("wrong.npy: labels[60000] is 100, but classes is 100"),
    });
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      const child = spawn(process.execPath, [main, "evaluate", "-", "y.npy", "--rows", "kept.npz"], {
        cwd: folder,
        stdio: ["pipe", "ignore", "ignore"],
      });
      child.stdin.on("error", () => {});
      child.stdin.write(readFileSync(at("x.npy")).subarray(0, 20_000_000));
      await new Promise((resolve) => setTimeout(resolve, 1500));
      child.kill(signal);
      await new Promise((resolve) => child.once("exit", resolve));
    }
    expect(readFileSync(at("kept.npz"), "utf8")).toBe("kept");
    expect(readdirSync(folder)).toEqual(names);
  });

  test.each([
    [["--rows", "rows.txt"], '--rows is "rows.txt", but must end in .npz, .npy or .csv'],
    [["--rows", "x.npy"], "--rows is x.npy: the same file as LOGITS x.npy"],
    [["--rows", "a.csv", "--state", "a.csv"], "--rows is a.csv: the same file as --state a.csv"],
    [["--rows", "a.csv", "--loss", "mse"], "--rows is not for --loss mse"],
  ])("%s", (options, message) => {
    expect(run("evaluate", ...files, ...options)).toMatchObject({
      code: 2,
      stderr: `wasm-loss: ${message} (see wasm-loss --help)\n`,
    });
  });
});
