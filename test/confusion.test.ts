import { describe, expect, test } from "vitest";
import { classificationTable } from "../src/cli/classificationTable.ts";
import { classificationOf } from "../src/evaluate/confusion.ts";
import { createLosses, evaluationOf, mergeStates } from "../src/index.node.ts";
import { openThreaded } from "./backends.ts";
import { labelsOf, logitsOf, mulberry32 } from "./inputs.ts";

const opened = await openThreaded();
const losses = await createLosses({ backend: "js" });

/** Rows whose largest logit is the prediction; -1: a NaN. */
function evaluatorOf(labels: readonly number[], predictions: readonly number[], classes: number) {
  const x = new Float32Array(labels.length * classes);
  predictions.forEach((predicted, row) => {
    x[row * classes + Math.max(predicted, 0)] = predicted < 0 ? Number.NaN : 1;
  });
  const evaluator = losses.evaluator({ classes, confusion: true });
  evaluator.add(x, Int32Array.from(labels));
  return evaluator;
}

const figuresOf = (labels: readonly number[], predictions: readonly number[], classes: number) =>
  evaluatorOf(labels, predictions, classes).result().classification!;

describe("what scikit-learn's documentation prints", () => {
  const it = figuresOf([0, 1, 2, 2, 2], [0, 0, 2, 2, 1], 3);

  test("classification_report", () => {
    const lines = classificationTable(it, 0.6, (label) => `class ${label}`).split("\n");
    expect(lines.slice(0, 7).map((line) => line.trim().split(/ {2,}/))).toEqual([
      ["precision", "recall", "f1-score", "support"],
      ["class 0", "0.50", "1.00", "0.67", "1"],
      ["class 1", "0.00", "0.00", "0.00", "1"],
      ["class 2", "1.00", "0.67", "0.80", "3"],
      ["accuracy", "0.60", "5"],
      ["macro avg", "0.50", "0.56", "0.49", "5"],
      ["weighted avg", "0.70", "0.60", "0.61", "5"],
    ]);
    expect(it.confusion).toEqual([
      { label: 0, predicted: 0, count: 1 },
      { label: 1, predicted: 0, count: 1 },
      { label: 2, predicted: 1, count: 1 },
      { label: 2, predicted: 2, count: 2 },
    ]);
  });

  test("balanced_accuracy_score, matthews_corrcoef, cohen_kappa_score", () => {
    expect(figuresOf([0, 1, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1], 2).balancedAccuracy).toBe(0.625);
    expect(figuresOf([1, 1, 1, 0], [1, 0, 1, 1], 2).matthews).toBeCloseTo(-1 / 3, 15);
    expect(figuresOf([0, 1, 0, 2, 1], [0, 1, 0, 2, 0], 3).kappa).toBeCloseTo(0.6875, 15);
  });
});

test("each figure against its definition, random matrices", () => {
  const random = mulberry32(5);
  for (let round = 0; round < 200; round++) {
    const classes = 1 + Math.floor(8 * random());
    const n = 1 + Math.floor(40 * random());
    const any = () => Math.floor(random() ** 2 * classes);
    const labels = Array.from({ length: n }, any);
    const predictions = labels.map((label) => (random() < 0.1 ? -1 : random() < 0.5 ? label : any()));
    const it = figuresOf(labels, predictions, classes);
    const count = (f: (label: number, predicted: number) => boolean) =>
      labels.filter((label, i) => f(label, predictions[i])).length;
    const share = (a: number, b: number) => (b === 0 ? 0 : a / b);
    const occur = [...new Set([...labels, ...predictions])].filter((k) => k >= 0).sort((a, b) => a - b);
    const wanted = occur.map((k) => {
      const right = count((label, predicted) => label === k && predicted === k);
      const precision = share(
        right,
        count((_, predicted) => predicted === k),
      );
      const recall = share(
        right,
        count((label) => label === k),
      );
      return {
        label: k,
        support: count((label) => label === k),
        precision,
        recall,
        f1: share(2 * precision * recall, precision + recall),
      };
    });
    expect(it.perClass.map(({ label }) => label)).toEqual(occur);
    it.perClass.forEach((found, i) => {
      expect(found).toMatchObject({ ...wanted[i], f1: found.f1 });
      expect(found.f1).toBeCloseTo(wanted[i].f1, 13);
    });
    for (const key of ["precision", "recall", "f1"] as const) {
      const mean = (weights: number[]) =>
        wanted.reduce((sum, found, i) => sum + weights[i] * found[key], 0) / weights.reduce((a, b) => a + b, 0);
      expect(it.macro[key]).toBeCloseTo(mean(wanted.map(() => 1)), 13);
      expect(it.weighted[key]).toBeCloseTo(mean(wanted.map(({ support }) => support)), 13);
    }
    const recalls = wanted.filter(({ support }) => support > 0).map(({ recall }) => recall);
    expect(it.balancedAccuracy).toBeCloseTo(recalls.reduce((a, b) => a + b) / recalls.length, 13);
    // covariances of one-hot rows
    const all = [...occur, -1];
    const mean = (of: readonly number[], k: number) => of.filter((x) => x === k).length / n;
    const covariance = (a: readonly number[], b: readonly number[]) =>
      all.reduce(
        (sum, k) =>
          sum + a.reduce((s, x, i) => s + (Number(x === k) - mean(a, k)) * (Number(b[i] === k) - mean(b, k)), 0),
        0,
      );
    const spread = Math.sqrt(covariance(labels, labels) * covariance(predictions, predictions));
    expect(it.matthews).toBeCloseTo(spread < 1e-9 ? 0 : covariance(labels, predictions) / spread, 10);
    const agreed = count((label, predicted) => label === predicted) / n;
    const chance = all.reduce((sum, k) => sum + mean(labels, k) * mean(predictions, k), 0);
    if (chance > 1 - 1e-9) expect(it.kappa).toBeNaN();
    else expect(it.kappa).toBeCloseTo((agreed - chance) / (1 - chance), 11);
  }
});

test("few classes and many, every backend, any partition: one state", () => {
  for (const classes of [2, 12, 600, 3000]) {
    const random = mulberry32(classes);
    const rows = 60;
    const x = logitsOf(random, "float32", rows, classes);
    x[3 * classes] = Number.NaN;
    const y = labelsOf(random, rows, classes, -100);
    const states = opened.map(({ losses }) => {
      const [whole, first, second] = [0, 1, 2].map(() => losses.evaluator({ classes, confusion: true }));
      whole.add(x, y);
      first.add(x.subarray(7 * classes), y.subarray(7));
      second.add(x.subarray(0, 7 * classes), y.subarray(0, 7));
      expect(mergeStates(first.state(), second.state())).toEqual(whole.state());
      expect(evaluationOf(whole.state())).toEqual(whole.result());
      return Buffer.from(whole.state()).toString("hex");
    });
    expect(new Set(states).size).toBe(1);
    const { classification, counted, accuracy } = losses.evaluate(x, y, { classes, confusion: true });
    const cells = classification?.confusion ?? [];
    const sum = (of: typeof cells) => of.reduce((n, { count }) => n + count, 0);
    expect(sum(cells)).toBe(counted);
    expect(sum(cells.filter(({ label, predicted }) => label === predicted)) / counted).toBe(accuracy);
  }
});

test("no rows, one class, and what is not asked for", () => {
  const none = figuresOf([], [], 3);
  expect(none).toMatchObject({ confusion: [], perClass: [] });
  expect([none.matthews, none.kappa, none.balancedAccuracy]).toEqual([NaN, NaN, NaN]);
  expect(figuresOf([1, 1], [1, 1], 3)).toMatchObject({ matthews: 0, kappa: NaN, balancedAccuracy: 1 });
  expect(losses.evaluate(new Float32Array(2), Int32Array.of(0), { classes: 2 })).not.toHaveProperty("classification");
  expect(() => losses.evaluator({ classes: 2, confusion: 1 as never })).toThrow(
    new TypeError("evaluator: confusion must be a boolean, but is a number"),
  );
  expect(() => mergeStates(evaluatorOf([0], [0], 2).state(), losses.evaluator({ classes: 2 }).state())).toThrow(
    "mergeStates: states[1] has confusion false, but true is that of states[0]",
  );
});

test("counts whose squares are beyond 2^53", () => {
  const n = 2 ** 40;
  const cells = [
    { label: 0, predicted: 0, count: n },
    { label: 0, predicted: 1, count: n },
    { label: 1, predicted: 1, count: 2 * n + 2 },
  ];
  const { matthews, kappa } = classificationOf(cells);
  expect(matthews).toBeCloseTo(1 / Math.sqrt(3), 10);
  expect(kappa).toBeCloseTo(0.5, 10);
});
