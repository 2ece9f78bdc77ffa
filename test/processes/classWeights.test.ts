/** --weight: what the rows of each class weigh, from a file. */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createLosses } from "../../src/index.node.ts";
import { workshop } from "../command.ts";
import { npy } from "../files.ts";
import { type Dtype, labelsOf, logitsOf, mulberry32 } from "../inputs.ts";

const { at, run } = workshop();
const [ROWS, CLASSES] = [90, 4];
const WEIGHTS = [0.5, 0, 2.25, 1];
const labels = labelsOf(mulberry32(2), ROWS, CLASSES);
const logits = (dtype: Dtype) => logitsOf(mulberry32(1), dtype, ROWS, CLASSES);

for (const dtype of ["float32", "float64"] as const) writeFileSync(at(dtype), npy(logits(dtype), [ROWS, CLASSES]));
writeFileSync(at("labels"), npy(labels, [ROWS]));
writeFileSync(at("f64.npy"), npy(Float64Array.from(WEIGHTS), [CLASSES]));
writeFileSync(at("f32.npy"), npy(Float32Array.from(WEIGHTS), [CLASSES]));
writeFileSync(at("column.csv"), WEIGHTS.join("\n"));
writeFileSync(at("classes.csv"), ["class,weight", ...WEIGHTS.map((it, i) => `${i},${it}`)].join("\n"));
writeFileSync(at("three.npy"), npy(Float64Array.of(1, 2, 3), [3]));
writeFileSync(at("negative.npy"), npy(Float64Array.of(1, 2, -3, 1), [4]));

const evaluate = (dtype: Dtype, weights: string, ...more: string[]) =>
  run("evaluate", dtype, "labels", "--weight", weights, "--state", "got.acc", ...more);

test.each(
  (["float32", "float64"] as const).flatMap((dtype) =>
    ["f32.npy", "f64.npy", "column.csv", "classes.csv"].flatMap((weights) =>
      ["1", "2"].map((threads) => [dtype, weights, threads] as const),
    ),
  ),
)("%s logits, weights of %s, %s threads: the library's state", async (dtype, weights, threads) => {
  const { code, stdout, stderr } = evaluate(dtype, weights, "--threads", threads, "--json");
  expect([code, stderr.replace(/.*csv: column.*\n/, "")]).toEqual([0, ""]);
  const losses = await createLosses();
  const weight = (dtype === "float32" ? Float32Array : Float64Array).from(WEIGHTS);
  const { loss, weightSum } = losses.evaluate(logits(dtype), labels, { classes: CLASSES, weight });
  losses.close();
  expect(JSON.parse(stdout)).toMatchObject({ loss, weightSum });
  const alone = readFileSync(at("got.acc"));
  expect(run("merge", "got.acc", "--state", "again.acc").code).toBe(0);
  expect(readFileSync(at("again.acc")).equals(alone)).toBe(true);
});

test.each([
  ["three.npy", "three.npy: 3 weights, one a class, but there are 4 classes"],
  ["negative.npy", "negative.npy: weight 2 is -3, but must be 0 or more"],
])("%s is refused", (weights, message) => {
  expect(evaluate("float32", weights)).toEqual({ code: 1, stdout: "", stderr: `wasm-loss: ${message}\n` });
});

test("it is of classes, and no output", () => {
  const { code, stderr } = run("evaluate", "float32", "float32", "--loss", "mse", "--weight", "f32.npy");
  expect([code, stderr]).toEqual([2, "wasm-loss: --weight is not for --loss mse (see wasm-loss --help)\n"]);
  expect(run("evaluate", "float32", "labels", "--weight", "f32.npy", "--state", "f32.npy").code).toBe(2);
});
