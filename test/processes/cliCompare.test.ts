/** The command line's comparisons: each kind of file, what rows come with, and what is refused. */
import { writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Comparison } from "../../src/evaluate/comparison/comparison.ts";
import { figures, workshop } from "../command.ts";
import * as oracle from "../comparisonOracle.ts";
import { bytesOf, npy, safetensors, zip } from "../files.ts";
import { labelsOf, mulberry32, normal } from "../inputs.ts";

// Every run starts a process.
vi.setConfig({ testTimeout: 300_000 });

const { at, run, json } = workshop();
const [rows, classes] = [210, 7];
const random = mulberry32(5);
const base = Float32Array.from({ length: rows * classes }, () => 3 * normal(random));
const other = base.map((x) => x + 0.1 * normal(random));
const labels = labelsOf(random, rows, classes) as Int32Array;

function softmax(x: Float32Array): Float64Array {
  const p = Float64Array.from(x, (it) => Math.exp(it));
  for (let begin = 0; begin < p.length; begin += classes) {
    const row = p.subarray(begin, begin + classes);
    const sum = row.reduce((a, b) => a + b);
    for (let i = 0; i < classes; i++) row[i] /= sum;
  }
  return p;
}

const rowsOf = (x: ArrayLike<number>) =>
  Array.from({ length: rows }, (_, i) => Array.from(x).slice(i * classes, (i + 1) * classes));

/** A table of columns called `name_0` and on, and of the labels. */
function table(name: string, x: ArrayLike<number>, label = "label"): string {
  const head = [...Array.from({ length: classes }, (_, i) => `${name}_${i}`), label].join();
  return `${[head, ...rowsOf(x).map((row, i) => [...row, labels[i]].join())].join("\n")}\n`;
}

const wanted = oracle.compare(oracle.comparedRows(base, other, labels, classes));

/** What is printed is what the oracle says of the logits. */
function expectWanted(found: Comparison): void {
  expect(found.divergence.mean.value).toBeCloseTo(wanted.divergence.mean.value, 7);
  expect(found.divergence.mean.error).toBeCloseTo(wanted.divergence.mean.error, 7);
  expect(found.base?.loss.value).toBeCloseTo(wanted.base.loss.value, 5);
  expect(found.logPerplexityRatio?.value).toBeCloseTo(wanted.logPerplexityRatio.value, 5);
  expect(found.agreement).toEqual(wanted.agreement);
}

/** The figures of a run that prints lines on standard error, and these. */
function told(...args: string[]): { found: Comparison & Record<string, unknown>; lines: string[] } {
  const { code, stdout, stderr } = run("compare", ...args, "--json");
  expect(code, stderr).toBe(0);
  return { found: JSON.parse(stdout), lines: stderr.split("\n").slice(0, -1) };
}

beforeAll(() => {
  const [p, q] = [softmax(base), softmax(other)];
  writeFileSync(at("b.npy"), npy(base, [rows, classes]));
  writeFileSync(at("o.npy"), npy(other, [rows, classes]));
  writeFileSync(at("y.npy"), npy(labels, [rows]));
  writeFileSync(at("p.npy"), npy(p, [rows, classes]));
  writeFileSync(at("q.npy"), npy(q, [rows, classes]));
  writeFileSync(at("p.csv"), table("prob", p));
  writeFileSync(at("q.csv"), table("prob", q));
  writeFileSync(at("b.csv"), table("logit", base));
  writeFileSync(at("o.csv"), table("logit", other));
  writeFileSync(at("lb.csv"), table("logprob", p.map(Math.log)));
  writeFileSync(at("lo.csv"), table("logprob", q.map(Math.log)));
  writeFileSync(at("odd.csv"), table("c", base, "answer"));
  writeFileSync(at("odder.csv"), table("c", other, "answer"));
  const oneHot = Int32Array.from(
    { length: rows * classes },
    (_, i) => +(labels[Math.floor(i / classes)] === i % classes),
  );
  writeFileSync(at("oneHot.npy"), npy(oneHot, [rows, classes]));
  const members = { base: npy(base, [rows, classes]), other: npy(other, [rows, classes]), labels: npy(labels, [rows]) };
  writeFileSync(at("all.npz"), zip(Object.entries(members).map(([name, data]) => ({ name: `${name}.npy`, data }))));
});

describe("what rows hold", () => {
  const columns = (file: string, name: string, kind: string) =>
    `wasm-loss: ${file}: columns "${name}_0" to "${name}_6" (7) as ${kind}`;
  const label = (file: string) => `wasm-loss: ${file}: column "label" as labels`;

  test.each([
    ["probabilities", "p.csv", "q.csv", "prob"],
    ["logits", "b.csv", "o.csv", "logit"],
    ["log-probabilities", "lb.csv", "lo.csv", "logprob"],
  ])("%s, as the columns of tables are called, which is told", (kind, b, o, name) => {
    const { found, lines } = told(b, o, b);
    expectWanted(found);
    expect(lines).toEqual([columns(b, name, kind), columns(o, name, kind), label(b)]);
    expect(figures(told(b, o, b, "--input", kind).found)).toEqual(figures(found));
  });

  test("columns are named", () => {
    const { found } = told("odd.csv", "odder.csv", "odd.csv", "--columns", "1-7", "--label-column", "answer");
    expectWanted(found);
  });

  test("logits go with log-probabilities, which are logits; not with probabilities, unless it is said what both are", () => {
    for (const files of [
      ["b.npy", "lo.csv"],
      ["lb.csv", "o.csv"],
    ]) {
      expectWanted(told(...files, "y.npy").found);
    }
    for (const [b, o, message] of [
      ["b.npy", "q.csv", "q.csv: holds probabilities, but b.npy does not say what it holds"],
      ["p.csv", "q.npy", "q.npy: does not say what it holds, but p.csv holds probabilities"],
      ["lb.csv", "q.csv", "q.csv: holds probabilities, but lb.csv holds log-probabilities"],
    ]) {
      const { code, stderr } = run("compare", b, o, "y.npy");
      expect([code, stderr.split("\n").at(-2)]).toEqual([1, `wasm-loss: ${message}: --input says what both hold`]);
    }
    expectWanted(told("p.csv", "q.npy", "y.npy", "--input", "probabilities").found);
  });

  test("probabilities that are taken for logits are told of", () => {
    const { found, lines } = told("p.npy", "q.npy", "y.npy");
    expect(lines.map((line) => line.split(",")[0])).toEqual(
      ["p.npy", "q.npy"].map((name) => `wasm-loss: ${name}: rows lie in [0`),
    );
    expect(found.notes).toEqual(lines.map((line) => line.replace("wasm-loss: ", "")));
    expect(told("p.npy", "q.npy", "y.npy", "--input", "logits").lines).toEqual([]);
    expectWanted(json("compare", "p.npy", "q.npy", "y.npy", "--input", "probabilities"));
  });

  test("labels may be one-hot, and all three in one file", () => {
    const { found, lines } = told("b.npy", "o.npy", "oneHot.npy");
    expectWanted(found);
    expect(lines).toEqual(["wasm-loss: oneHot.npy: labels are one-hot; taken as the classes of their ones"]);
    const all = json("compare", "all.npz", "all.npz", "all.npz", "--tensor", "base", "--other-tensor", "other");
    expect(figures(all)).toEqual(figures(found));
    const parts = [1, 2, 3].map((i) => {
      expect(run("compare", "b.npy", "o.npy", "oneHot.npy", "--shard", `${i}/3`, "--state", `${i}.acc`).code).toBe(0);
      return `${i}.acc`;
    });
    const { coverage, ...merged } = json("merge", ...parts);
    expect(merged).toEqual(figures(found));
  });
});

describe.each([
  ["evaluate", ["b.npy", "y.npy"]],
  ["compare", ["b.npy", "o.npy", "y.npy"]],
])("%s", (command, files) => {
  test("a mask and groups are one number a row, also where a shard reads a part of them", () => {
    for (const [n, option, what] of [
      [209, "--mask", "a mask of"],
      [211, "--groups", "groups of"],
    ] as const) {
      // behind it other numbers, which are no one's
      const data = bytesOf(new Int32Array(n).fill(1));
      const more = { dtype: "F32", shape: [9], data: bytesOf(new Float32Array(9)) };
      const own = { [option.slice(2)]: { dtype: "I32", shape: [n], data } };
      writeFileSync(at("beside.safetensors"), safetensors({ ...own, more }));
      for (const shard of [[], ["--shard", "2/2", "--state", "part.acc"]]) {
        const { code, stderr } = run(command, ...files, option, "beside.safetensors", ...shard);
        const message = `wasm-loss: beside.safetensors: ${what} ${n} rows, but there are 210 in b.npy\n`;
        expect([code, stderr]).toEqual([1, message]);
      }
    }
  });
});
