/**
 * The figures of scikit-learn on the same numbers, which test/fixtures/scikitLearn.py writes: exact ones to 1e-12, those of ranking
 * within their bounds. Losses of float64 logits, so that both sides compute in float64.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openThreaded } from "./backends.ts";

const opened = await openThreaded();

type Rates = [precision: number, recall: number, f1: number];
interface Classified {
  logits: number[];
  labels: number[];
  classes: number;
  weight: number[] | null;
  accuracy: number;
  logLoss: number;
  brier: number;
  top2: number | null;
  occur: number[];
  confusion: number[][];
  precision: number[];
  recall: number[];
  f1: number[];
  support: number[];
  macro: Rates;
  weighted: Rates;
  balancedAccuracy: number;
  matthews: number;
  kappa: number | "nan";
}
interface Ranked {
  auroc: number;
  averagePrecision: number;
  logLoss: number;
  brier: number;
  accuracy: number;
}
interface Golden {
  million: Ranked & { matthews: number; kappa: number };
  classified: Classified[];
  binary: (Ranked & { scores: number[]; labels: number[] })[];
  regressed: ({ predictions: number[]; targets: number[] } & Record<
    "mse" | "rmse" | "mae" | "maximumError" | "mape" | "r2",
    number
  >)[];
}
const golden: Golden = JSON.parse(readFileSync(new URL("./fixtures/scikitLearn.json", import.meta.url), "utf8"));

function expectNear(found: number, wanted: number | "nan", what: string, within = 1e-12): void {
  if (wanted === "nan") expect(found, what).toBeNaN();
  else
    expect(Math.abs(found - wanted), `${what}: ${found}, not ${wanted}`).toBeLessThanOrEqual(
      within * Math.max(1, Math.abs(wanted)),
    );
}

/** Known to the last digit, or within what is certified. */
function expectRanking(
  found: { auroc: number; aurocBound: number; averagePrecision: number; averagePrecisionInterval: [number, number] },
  wanted: Ranked,
): void {
  const [low, high] = found.averagePrecisionInterval;
  expect(Math.abs(found.auroc - wanted.auroc)).toBeLessThanOrEqual(found.aurocBound + 1e-12);
  expect(wanted.averagePrecision).toBeGreaterThanOrEqual(low - 1e-12);
  expect(wanted.averagePrecision).toBeLessThanOrEqual(high + 1e-12);
}

describe.each(opened)("$name", ({ losses }) => {
  test.each(golden.classified.map((it, i) => [i, it.labels.length, it.classes, it] as const))(
    "classification %i: %i rows of %i classes",
    (_, rows, classes, wanted) => {
      const it = losses.evaluate(Float64Array.from(wanted.logits), wanted.labels, {
        classes,
        confusion: true,
        topK: [1, 2],
        ...(wanted.weight ? { weight: Float64Array.from(wanted.weight) } : {}),
      });
      const { confusion, perClass, ...figures } = it.classification!;
      expectNear(it.accuracy, wanted.accuracy, "accuracy");
      expectNear(it.loss.mean, wanted.logLoss, "log_loss");
      expectNear(it.brier, wanted.brier, "Brier");
      if (wanted.top2 !== null) expectNear(it.topK[2], wanted.top2, "top_k_accuracy_score");
      const cells = wanted.occur.flatMap((label, i) =>
        wanted.occur.flatMap((predicted, j) => {
          const count = wanted.confusion[i][j];
          return count === 0 ? [] : [{ label, predicted, count }];
        }),
      );
      expect(confusion).toEqual(cells);
      expect(perClass.map(({ label }) => label)).toEqual(wanted.occur);
      expect(perClass.map(({ support }) => support)).toEqual(wanted.support);
      for (const key of ["precision", "recall", "f1"] as const) {
        perClass.forEach((found, i) => {
          expectNear(found[key], wanted[key][i], `${key} of ${found.label}`);
        });
        const at = ["precision", "recall", "f1"].indexOf(key);
        for (const mean of ["macro", "weighted"] as const)
          expectNear(figures[mean][key], wanted[mean][at], `${mean} ${key}`);
      }
      for (const key of ["balancedAccuracy", "matthews", "kappa"] as const) expectNear(figures[key], wanted[key], key);
      expect(rows).toBe(it.counted);
    },
  );

  test.each(golden.binary.map((it, i) => [i, it.labels.length, it] as const))(
    "ranking %i: %i rows, as two classes and as one logit a row",
    (_, rows, wanted) => {
      const logits = Float64Array.from(wanted.scores.flatMap((score) => [0, score]));
      const two = losses.evaluate(logits, wanted.labels, { classes: 2, ranking: true });
      expectRanking(two.ranking!, wanted);
      expectNear(two.loss.mean, wanted.logLoss, "log_loss");
      const evaluator = losses.binaryEvaluator();
      evaluator.add(Float64Array.from(wanted.scores), wanted.labels);
      const one = evaluator.result();
      expectRanking(one.ranking, wanted);
      expectNear(one.loss.mean, wanted.logLoss, "log_loss");
      expectNear(one.brier, wanted.brier, "brier_score_loss");
      expectNear(one.accuracy, wanted.accuracy, "accuracy_score");
      // on a coarse grid nothing is in a bin but ties
      const isCoarse = wanted.scores.every((score) => Number.isInteger(4 * score));
      if (isCoarse) {
        expectNear(one.ranking.auroc, wanted.auroc, "roc_auc_score");
        expectNear(one.ranking.averagePrecision, wanted.averagePrecision, "average_precision_score");
        const area = one.ranking.roc.slice(1).reduce((sum, [x, y], i) => {
          const [left, below] = one.ranking.roc[i];
          return sum + ((x - left) * (y + below)) / 2;
        }, 0);
        expectNear(area, wanted.auroc, "area below the curve");
      }
      expect(one.rows).toBe(rows);
    },
  );

  test.each(golden.regressed.map((it, i) => [i, it.targets.length, it] as const))(
    "regression %i: %i elements",
    (_, count, { predictions, targets, ...wanted }) => {
      const evaluator = losses.regressionEvaluator();
      evaluator.add(Float64Array.from(predictions), Float64Array.from(targets));
      const it = evaluator.result();
      for (const [key, value] of Object.entries(wanted)) expectNear(it[key as "mse"], value, key, 1e-9);
      expect(it.count).toBe(count);
    },
  );
});

test("10^6 rows with many ties", () => {
  const { losses } = opened[0];
  const rows = 1_000_000;
  const wanted = golden.million;
  const scores = new Float32Array(rows);
  const logits = new Float32Array(2 * rows);
  const labels = new Uint8Array(rows);
  for (let i = 0; i < rows; i++) {
    const at = (i * 7919) % 10007;
    scores[i] = (at - 5000) / 1024;
    logits[2 * i + 1] = scores[i];
    labels[i] = ((i * 104729) % 9973) + Math.floor(at / 4) > 6300 ? 1 : 0;
  }
  const two = losses.evaluate(logits, labels, { classes: 2, ranking: true, confusion: true });
  expectRanking(two.ranking!, wanted);
  expectNear(two.loss.mean, wanted.logLoss, "log_loss", 1e-7);
  expectNear(two.classification!.matthews, wanted.matthews, "matthews_corrcoef");
  expectNear(two.classification!.kappa, wanted.kappa, "cohen_kappa_score");
  const evaluator = losses.binaryEvaluator();
  evaluator.add(scores, labels);
  const one = evaluator.result();
  expectRanking(one.ranking, wanted);
  expect(one.ranking.aurocBound).toBeLessThan(1e-3);
  expectNear(one.loss.mean, wanted.logLoss, "log_loss");
  expectNear(one.brier, wanted.brier, "brier_score_loss");
  expectNear(one.accuracy, wanted.accuracy, "accuracy_score");
});
