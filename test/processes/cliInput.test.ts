/** --input, the warning where it is missing, further figures, and shapes and names that don't fit. */
import { mkdirSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { workshop } from "../command.ts";
import { evaluation } from "../evaluateOracle.ts";
import { npy, zip } from "../files.ts";

// Every run starts a process.
vi.setConfig({ testTimeout: 300_000 });

const { at, run, json } = workshop();
const rows = [
  [0.7, 0.2, 0.1],
  [0.1, 0.8, 0.1],
  [0.3, 0.3, 0.4],
  [0.25, 0.5, 0.25],
];
const labels = Int32Array.of(0, 1, 0, 2);
const q = Float32Array.from(rows.flat());

beforeAll(() => {
  writeFileSync(at("p.npy"), npy(q, [4, 3]));
  writeFileSync(at("log.npy"), npy(q.map(Math.log), [4, 3]));
  writeFileSync(
    at("logits.npy"),
    npy(
      q.map((x) => 5 * x),
      [4, 3],
    ),
  );
  writeFileSync(at("y.npy"), npy(labels, [4]));
});

const WARNING =
  /^wasm-loss: p\.npy: rows lie in \[0, 1\] and add up to 1, but are taken for logits; for probabilities there is --input probabilities .*\n$/;

describe("--input", () => {
  test.each([
    ["p.npy", "probabilities", q],
    ["log.npy", "log-probabilities", q.map(Math.log)],
  ] as const)("%s as %s, every figure", (file, input, x) => {
    const name = input === "probabilities" ? "probabilities" : "logProbabilities";
    const wanted = evaluation(x, labels, { classes: 3, input: name, topK: [1, 2] });
    for (const more of [[], ["--backend", "js"], ["--threads", "2"]]) {
      const it = json("evaluate", file, "y.npy", "--input", input, "--top-k", "1,2", ...more);
      expect(it).toMatchObject({ accuracy: wanted.accuracy, topK: wanted.topK, rows: 4 });
      for (const key of ["entropy", "brier", "perplexity"] as const) expect(it[key]).toBeCloseTo(wanted[key], 12);
      expect(it.loss.mean).toBeCloseTo(wanted.loss.mean, 12);
    }
    const { code, stdout } = run("evaluate", file, "y.npy", "--input", input, "--state", "i.acc");
    expect({ code, first: stdout.split("\n")[0] }).toEqual({
      code: 0,
      first: expect.stringContaining(`${Number(wanted.loss.mean.toPrecision(7))} nats`),
    });
    expect(json("merge", "i.acc").loss.mean).toBeCloseTo(wanted.loss.mean, 12);
  });

  test("without it probabilities are taken for logits, and it is told once, in notes too", () => {
    const { code, stdout, stderr } = run("evaluate", "p.npy", "y.npy", "--json");
    expect({ code, warning: WARNING.test(stderr), stderr }).toMatchObject({ code: 0, warning: true });
    expect(JSON.parse(stdout).notes.at(-1)).toContain("--input probabilities");
    expect(run("evaluate", "p.npy", "y.npy").stdout).toMatch(/^note .*--input probabilities/m);
    expect(run("evaluate", "p.npy", "y.npy", "--input", "logits")).toMatchObject({ code: 0, stderr: "" });
    expect(run("evaluate", "logits.npy", "y.npy")).toMatchObject({ code: 0, stderr: "" });
    expect(run("evaluate", "log.npy", "y.npy")).toMatchObject({ code: 0, stderr: "" });
  });

  test("what it is not, is refused", () => {
    expect(run("evaluate", "p.npy", "y.npy", "--input", "softmax")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        '--input is "softmax", but must be one of logits, probabilities, log-probabilities',
      ),
    });
    expect(run("evaluate", "p.npy", "p.npy", "--loss", "mse", "--input", "logits")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--input is not for --loss mse"),
    });
  });
});

describe("further figures", () => {
  const files = ["logits.npy", "y.npy"];

  test("--confusion with --names prints scikit-learn's report and the matrix, from a state, too", () => {
    writeFileSync(at("names.txt"), "cat\ndog\nbird\n");
    const { code, stdout } = run("evaluate", ...files, "--confusion", "--names", "names.txt", "--state", "c.acc");
    expect(code).toBe(0);
    const lines = stdout.split("\n").map((line) => line.trim().split(/ {2,}/));
    expect(lines).toContainEqual(["precision", "recall", "f1-score", "support"]);
    // labels 0 1 0 2, predictions 0 1 2 1
    expect(lines).toContainEqual(["cat", "1.00", "0.50", "0.67", "2"]);
    expect(lines).toContainEqual(["dog", "0.50", "1.00", "0.67", "1"]);
    expect(lines).toContainEqual(["bird", "0.00", "0.00", "0.00", "1"]);
    expect(lines).toContainEqual(["cat", "1", "0", "1"]);
    const merged = run("merge", "c.acc", "--names", "names.txt").stdout;
    expect(merged.slice(merged.indexOf("precision"))).toBe(stdout.slice(stdout.indexOf("precision")));
    expect(json("evaluate", ...files, "--confusion").classification).toEqual(json("merge", "c.acc").classification);
    writeFileSync(at("two.txt"), "cat\ndog\n");
    expect(run("evaluate", ...files, "--confusion", "--names", "two.txt")).toMatchObject({
      code: 1,
      stderr: "wasm-loss: two.txt: 2 names, one a line, but there are 3 classes\n",
    });
  });

  test("--groups, --bytes, --words and --percentiles, from a state, too", () => {
    writeFileSync(at("g.npy"), npy(Int32Array.of(1, 1, 2, 3), [4]));
    const more = ["--groups", "g.npy", "--bytes", "20", "--words", "5", "--percentiles"];
    const it = json("evaluate", ...files, ...more, "--state", "g.acc");
    expect(it.bitsPerByte).toBeCloseTo(it.loss.sum / (20 * Math.LN2), 12);
    expect(it.wordPerplexity).toBeCloseTo(Math.exp(it.loss.sum / 5), 12);
    expect(it.loss.clusteredStandardError).toBeGreaterThan(0);
    expect(it.lossPercentiles[50].bound).toBeGreaterThan(0);
    const { loss, lossPercentiles, bytePerplexity } = json("merge", "g.acc");
    expect({ loss, lossPercentiles, bytePerplexity }).toEqual({
      loss: it.loss,
      lossPercentiles: it.lossPercentiles,
      bytePerplexity: it.bytePerplexity,
    });
    expect(run("evaluate", ...files, ...more).stdout).toMatch(/^clustered error .*\n(.*\n)*bits per byte /m);
    expect(run("evaluate", ...files, "--groups", "p.npy")).toMatchObject({
      code: 1,
      stderr: "wasm-loss: p.npy: groups are f32, but must be integers\n",
    });
  });
});

describe("shapes of --loss mse", () => {
  const shapes = (p: number[], t: number[]) => {
    const of = (shape: number[]) => npy(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
    writeFileSync(at("a.npy"), of(p));
    writeFileSync(at("b.npy"), of(t));
    return run("evaluate", "a.npy", "b.npy", "--loss", "mse");
  };
  test.each([
    [
      [2, 3, 4],
      [3, 2, 4],
    ],
    [[6], [2, 3]],
    [
      [2, 3],
      [3, 2],
    ],
    [
      [4, 1, 3],
      [4, 3],
    ],
  ])("%j and %j are refused", (p, t) => {
    expect(shapes(p, t)).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("does not fit") });
  });

  test.each([
    [[6], [6, 1]],
    [[1, 6], [6]],
    [
      [2, 3, 1],
      [1, 2, 3],
    ],
  ])("%j and %j are one", (p, t) => {
    expect(shapes(p, t)).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("names that stand twice", () => {
  test("in npz the last member counts, as in numpy, whichever file it is and however it is packed", () => {
    const [first, last] = [
      npy(
        q.map((x) => 5 * x),
        [4, 3],
      ),
      npy(
        q.map((x) => 9 * x),
        [4, 3],
      ),
    ];
    writeFileSync(at("last.npy"), last);
    const wanted = json("evaluate", "last.npy", "y.npy").loss;
    for (const deflate of [false, true]) {
      writeFileSync(
        at("twice.npz"),
        zip([
          { name: "x.npy", data: first, deflate },
          { name: "y.npy", data: npy(Int32Array.of(2, 2, 2, 2), [4]) },
          { name: "x.npy", data: last, deflate: !deflate },
          { name: "y.npy", data: npy(labels, [4]) },
        ]),
      );
      const tensors = ["--tensor", "x", "--labels-tensor", "y"];
      expect(json("evaluate", "twice.npz", "twice.npz", ...tensors).loss).toEqual(wanted);
    }
  });

  test("in safetensors a key that stands twice is refused, for labels as for logits", () => {
    mkdirSync(at("st"));
    const entry = (name: string, begin: number) =>
      `"${name}":{"dtype":"I32","shape":[4],"data_offsets":[${begin},${begin + 16}]}`;
    for (const names of [
      ["y", "y"],
      ["x", "y", "x"],
    ]) {
      const header = Buffer.from(`{${names.map((name, i) => entry(name, 16 * i)).join(",")}}`);
      const size = Buffer.alloc(8);
      size.writeBigUInt64LE(BigInt(header.length));
      writeFileSync(at("st/y.safetensors"), Buffer.concat([size, header, Buffer.alloc(16 * names.length)]));
      const { code, stderr } = run("evaluate", "logits.npy", "st/y.safetensors", "--labels-tensor", "y");
      expect({ code, named: stderr.includes(names[0]), twice: stderr.includes("twice") }).toEqual({
        code: 1,
        named: true,
        twice: true,
      });
    }
  });
});
