/** Whatever evaluate and compare add up: the state of one process byte for byte. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { workshop } from "../command.ts";
import { bytesOf, npy, safetensors } from "../files.ts";
import { labelsOf, logitsOf, mulberry32 } from "../inputs.ts";
import { command } from "./cluster.ts";
import { TestRedis } from "./redis.ts";

const { at, run } = workshop();
const ROWS = [300, 210];
const CLASSES = 5;
const POSITIONS = 30;
let redis: TestRedis;

beforeAll(async () => {
  mkdirSync(at("redis"));
  mkdirSync(at("data"));
  const random = mulberry32(5);
  ROWS.forEach((rows, i) => {
    const file = (name: string, bytes: Buffer) => writeFileSync(at(`data/${name}-${i}`), bytes);
    const logits = logitsOf(random, "float32", rows, CLASSES) as Float32Array;
    const labels = labelsOf(random, rows, CLASSES) as Int32Array;
    const other = logits.map((x) => x + random() - 0.5);
    const pairs = Float32Array.from({ length: 2 * rows }, () => 4 * random() - 2);
    const zeroOrOne = () => Int32Array.from({ length: rows }, () => Math.round(random()));
    const shape = [rows, CLASSES];
    file("logits", npy(logits, shape));
    file("labels", npy(labels, [rows]));
    file("other", npy(other, shape));
    file("sequences", npy(logits, [rows / POSITIONS, POSITIONS, CLASSES]));
    file("otherSequences", npy(other, [rows / POSITIONS, POSITIONS, CLASSES]));
    file("tokens", npy(labels, [rows / POSITIONS, POSITIONS]));
    file("mask", npy(zeroOrOne(), [rows]));
    file(
      "groups",
      npy(
        Int32Array.from({ length: rows }, (_, row) => row >> 3),
        [rows],
      ),
    );
    file("pairs", npy(pairs, [rows, 2]));
    file("classes", npy(zeroOrOne(), [rows]));
    file("scores", npy(pairs.subarray(0, rows), [rows]));
    file("others", npy(pairs.subarray(rows), [rows]));
    file("predictions", npy(logits, shape));
    file("targets", npy(other, shape));
    file(
      "probabilities",
      npy(
        logits.map((_, k) => [0.5, 0.25, 0.125, 0.0625, 0.0625][k % CLASSES]),
        shape,
      ),
    );
    const tensors = {
      logits: { dtype: "F32", shape, data: bytesOf(logits) },
      labels: { dtype: "I32", shape: [rows], data: bytesOf(labels) },
    };
    file("both", safetensors(tensors));
  });
  writeFileSync(at("data/weight"), npy(Float64Array.of(1, 0.5, 2, 0, 1.25), [CLASSES]));
  redis = await TestRedis.start(at("redis"));
  for (const more of [[], ["--threads", "2"]]) {
    command(["cluster", "work", "--redis", redis.address, "--files", at("data"), ...more], {}, { kept: true });
  }
});
afterAll(() => redis.kill());

const ofAll = (option: string) => option.replace(/^--weight=(.*)/, (_all, file) => `--weight=${at(`data/${file}`)}`);

const cases: readonly (readonly [command: string, files: readonly string[], options: readonly string[]])[] = [
  ["evaluate", ["logits", "labels"], ["--top-k=1,3", "--per-class"]],
  ["evaluate", ["logits", "labels"], ["--confusion", "--percentiles", "--fit-temperature", "--worst=7"]],
  ["evaluate", ["logits", "labels"], ["--mask=mask", "--groups=groups", "--worst=3"]],
  ["evaluate", ["logits", "labels"], ["--weight=weight", "--per-class"]],
  ["evaluate", ["sequences", "tokens"], ["--shift", "--mask=mask", "--worst=5", "--ignore-index=2"]],
  ["evaluate", ["sequences", "tokens"], ["--bytes=1000", "--words=200"]],
  ["evaluate", ["pairs", "classes"], ["--ranking"]],
  ["evaluate", ["probabilities", "labels"], ["--input=probabilities", "--backend=js"]],
  ["evaluate", ["both"], []],
  ["evaluate", ["predictions", "targets"], ["--loss=mse"]],
  ["evaluate", ["scores", "classes"], ["--loss=binary"]],
  ["evaluate", ["scores", "classes"], ["--loss=binary", "--mask=mask", "--groups=groups"]],
  ["evaluate", ["scores", "others"], ["--loss=mse", "--mask=mask", "--groups=groups"]],
  ["compare", ["logits", "other", "labels"], ["--worst=4"]],
  ["compare", ["logits", "other", "labels"], ["--mask=mask", "--groups=groups"]],
  ["compare", ["logits", "other"], []],
  ["compare", ["sequences", "otherSequences", "tokens"], ["--shift"]],
];

test.each(cases)("%s of %j with %j", async (name, files, options) => {
  const id = `run-${cases.findIndex((it) => it[1] === files && it[2] === options)}`;
  const parts = ROWS.map((_, i) => {
    const own = options.map((option) => {
      if (/^--(mask|groups)=/.test(option))
        return option.replace(/=(.*)/, (_all, file) => `=${at(`data/${file}-${i}`)}`);
      return /^--(bytes|words)=/.test(option) && i > 0 ? option.replace(/=.*/, "=0") : ofAll(option);
    });
    const { code, stderr } = run(
      name,
      ...files.map((it) => at(`data/${it}-${i}`)),
      ...own,
      "--state",
      `${id}-${i}.acc`,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return `${id}-${i}.acc`;
  });
  expect(run("merge", ...parts, "--state", `${id}.acc`).code).toBe(0);
  const given = options
    .filter((option) => !option.startsWith("--backend"))
    .map((option) =>
      ofAll(option).replace(/^--(mask|groups)=(.*)/, (_all, beside, file) => `--${beside}=${at(`data/${file}-?`)}`),
    );
  const patterns = files.map((file) => at(`data/${file}-?`));
  const args = ["cluster", "submit", ...(name === "compare" ? ["--compare"] : []), ...patterns, ...given];
  const more = ["--run", id, "--shard-rows", "37", "--wait", "--state", at(`${id}-got.acc`), "--redis", redis.address];
  const { code, stderr } = await command([...args, ...more]).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(readFileSync(at(`${id}-got.acc`)).equals(readFileSync(at(`${id}.acc`)))).toBe(true);
});

test.each(["evaluate", "compare"])("%s --shard: states in a folder merge to that of all rows", (name) => {
  const files = (name === "compare" ? ["logits", "other", "labels"] : ["logits", "labels"]).map((it) =>
    at(`data/${it}-0`),
  );
  expect(run(name, ...files, "--state", "all.acc").code).toBe(0);
  for (const i of [1, 2, 3]) {
    const { code, stderr } = run(name, ...files, "--shard", `${i}/3`, "--state-dir", `${name}-states`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  }
  expect(run("merge", `${name}-states`, "--state", "merged.acc").code).toBe(0);
  expect(readFileSync(at("merged.acc")).equals(readFileSync(at("all.acc")))).toBe(true);
});

test("compare --shard: more shards than rows, with groups and a mask", () => {
  const three = (name: string, data: Float32Array | Int32Array, shape: number[]) => {
    writeFileSync(at(`three-${name}.npy`), npy(data, shape));
    return at(`three-${name}.npy`);
  };
  const files = [
    three("base", Float32Array.of(1, 2, 3, 4, 5, 7), [3, 2]),
    three("other", Float32Array.of(1, 3, 3, 4, 5, 2), [3, 2]),
    three("labels", Int32Array.of(0, 1, 0), [3]),
    ...["--groups", three("groups", Int32Array.of(1, 1, 2), [3])],
    ...["--mask", three("mask", Int32Array.of(1, 0, 1), [3])],
  ];
  expect(run("compare", ...files, "--state", "three.acc").code).toBe(0);
  for (const i of [1, 2, 3, 4]) {
    const { code, stderr } = run("compare", ...files, "--shard", `${i}/4`, "--state-dir", "three");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  }
  expect(run("merge", "three", "--state", "merged.acc")).toMatchObject({ code: 0, stderr: "" });
  expect(readFileSync(at("merged.acc")).equals(readFileSync(at("three.acc")))).toBe(true);
});

test.each([
  [["--report", "s3://evals/x.html"], "--report is s3://evals/x.html, but must name a file"],
  [["--state", "https://user:secretPass@host/x.acc"], "--state is https://host/x.acc, but only s3:// is written to"],
])("%j is refused", (more, message) => {
  const { code, stderr } = run("evaluate", at("data/logits-0"), at("data/labels-0"), ...more);
  expect({ code, stderr }).toEqual({ code: 2, stderr: `wasm-loss: ${message} (see wasm-loss --help)\n` });
});
