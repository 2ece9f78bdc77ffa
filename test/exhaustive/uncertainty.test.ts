/**
 * What is said to be uncertain by so much is: 2,000 seeded runs each, of rows drawn from a few values, so that the true figures are
 * sums over these. 95 % intervals hold the truth in 93 to 97 %; paired tests of models that are as good reject at most 5 %.
 */
import { describe, expect, test } from "vitest";
import { openBackends } from "../backends.ts";
import { integer, mulberry32, type Random } from "../inputs.ts";

const [{ losses }] = await openBackends();
const RUNS = 2000;
const Z = 1.959964;

/** Margins of the label's logit over the other one, each as likely. */
const MARGINS = [-2, -0.5, 0, 0.25, 1, 1.5, 3, 5];
const lossOf = (margin: number) => Math.log1p(Math.exp(-margin));
const meanOf = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const anyOf = <T>(random: Random, values: readonly T[]) => values[integer(random, values.length)];

/** Two logits a row, label 0, of those margins. */
function rowsOf(margins: readonly number[]): Float64Array {
  const rows = new Float64Array(2 * margins.length);
  for (let i = 0; i < margins.length; i++) rows[2 * i] = margins[i];
  return rows;
}
const zeros = (n: number) => new Int32Array(n);

/** In how many of all runs something is so. */
function share(seed: number, isSo: (random: Random) => boolean): number {
  const random = mulberry32(seed);
  let count = 0;
  for (let i = 0; i < RUNS; i++) if (isSo(random)) count++;
  return count / RUNS;
}

const holds = ([low, high]: readonly [number, number], truth: number) => low <= truth && truth <= high;

function expectCovers(found: number): void {
  expect(found).toBeGreaterThanOrEqual(0.93);
  expect(found).toBeLessThanOrEqual(0.97);
}

describe("95 % intervals hold the truth in 93 to 97 % of runs", () => {
  test.each([400, 1500])("the mean loss of %i rows", (n) => {
    const truth = meanOf(MARGINS.map(lossOf));
    expectCovers(
      share(1, (random) => {
        const x = rowsOf(Array.from({ length: n }, () => anyOf(random, MARGINS)));
        return holds(losses.evaluate(x, zeros(n), { classes: 2 }).loss.interval, truth);
      }),
    );
  });

  test.each([[[1, 1, 50]], [[0.2, 0, 3]], [[1, 2, 1]]])("of weights %j: of a ratio of two means", (weights) => {
    // labels 0 and 1 are more frequent than 2, whose losses are larger
    const labels = [0, 0, 0, 1, 1, 2];
    const logits = [-1, 0.5, 2];
    const lossFor = (label: number, logit: number) => Math.log1p(2 * Math.exp(-(logit - label)));
    const each = labels.flatMap((label) => logits.map((logit) => ({ w: weights[label], l: lossFor(label, logit) })));
    const truth = each.reduce((sum, { w, l }) => sum + w * l, 0) / each.reduce((sum, { w }) => sum + w, 0);
    const n = 900;
    expectCovers(
      share(2, (random) => {
        const y = zeros(n).map(() => anyOf(random, labels));
        const x = new Float64Array(3 * n);
        y.forEach((label, i) => {
          x[3 * i + label] = anyOf(random, logits) - label;
        });
        return holds(losses.evaluate(x, y, { classes: 3, weight: Float64Array.from(weights) }).loss.interval, truth);
      }),
    );
  });

  test.each([100, 250])("of %i groups whose rows go together", (groups) => {
    const truth = meanOf(MARGINS.flatMap((a) => MARGINS.map((b) => lossOf((a + b) / 2))));
    expectCovers(
      share(3, (random) => {
        const [margins, ids]: [number[], number[]] = [[], []];
        for (let group = 0; group < groups; group++) {
          const own = anyOf(random, MARGINS);
          for (let left = 1 + integer(random, 8); left > 0; left--) {
            margins.push((own + anyOf(random, MARGINS)) / 2);
            ids.push(7 * group - 50);
          }
        }
        const n = ids.length;
        return holds(losses.evaluate(rowsOf(margins), zeros(n), { classes: 2, groups: ids }).loss.interval, truth);
      }),
    );
  });

  test.each([100, 250])("of %i groups of binary predictions, and of errors", (groups) => {
    const all = MARGINS.flatMap((a) => MARGINS.map((b) => (a + b) / 2));
    const truths = { binary: meanOf(all.map(lossOf)), mse: meanOf(all.map((margin) => margin ** 2)) };
    const random = mulberry32(9);
    const counts = { binary: 0, mse: 0 };
    for (let run = 0; run < RUNS; run++) {
      const [margins, ids, mask]: [number[], number[], boolean[]] = [[], [], []];
      for (let group = 0; group < groups; group++) {
        const own = anyOf(random, MARGINS);
        for (let left = 1 + integer(random, 8); left > 0; left--) {
          margins.push((own + anyOf(random, MARGINS)) / 2);
          ids.push(7 * group - 50);
          mask.push(random() < 0.8);
        }
      }
      const x = Float64Array.from(margins);
      const binary = losses.binaryEvaluator();
      binary.add(x, new Int32Array(x.length).fill(1), { mask, groups: ids });
      const regression = losses.regressionEvaluator();
      regression.add(x, new Float64Array(x.length), { mask, groups: ids });
      if (holds(binary.result().loss.interval, truths.binary)) counts.binary++;
      if (holds(regression.result().interval!, truths.mse)) counts.mse++;
    }
    expectCovers(counts.binary / RUNS);
    expectCovers(counts.mse / RUNS);
  });

  test.each([400, 2000])("the accuracy of %i rows", (n) => {
    const truth = MARGINS.filter((margin) => margin >= 0).length / MARGINS.length;
    expectCovers(
      share(4, (random) => {
        const x = rowsOf(Array.from({ length: n }, () => anyOf(random, MARGINS)));
        return holds(losses.evaluate(x, zeros(n), { classes: 2 }).accuracyInterval, truth);
      }),
    );
  });

  test("the perplexity's logarithm, and the loss of one logit a row", () => {
    const truth = meanOf(MARGINS.map(lossOf));
    const n = 500;
    expectCovers(
      share(5, (random) => {
        const evaluator = losses.binaryEvaluator();
        evaluator.add(
          Float64Array.from({ length: n }, () => anyOf(random, MARGINS)),
          new Int32Array(n).fill(1),
        );
        return holds(evaluator.result().loss.interval, truth);
      }),
    );
  });

  test.each(["rows", "groups"])("of comparisons: ratio of perplexities, divergence, change, equal maxima; %s", (by) => {
    // margins of both models go together, and in groups
    const differences = [-1, -0.25, 0, 0, 0.5, 1.25];
    const pairs = MARGINS.flatMap((a) => differences.map((d) => [a, a + d] as const));
    const p = (margin: number) => 1 / (1 + Math.exp(-margin));
    const divergenceOf = (a: number, b: number) =>
      p(a) * (lossOf(b) - lossOf(a)) + (1 - p(a)) * (lossOf(-b) - lossOf(-a));
    const truths = {
      ratio: meanOf(pairs.map(([a, b]) => lossOf(b) - lossOf(a))),
      divergence: meanOf(pairs.map(([a, b]) => divergenceOf(a, b))),
      change: meanOf(pairs.map(([a, b]) => p(b) - p(a))),
      same: meanOf(pairs.map(([a, b]) => Number(a >= 0 === b >= 0))),
    };
    const random = mulberry32(6);
    const counts = { ratio: 0, divergence: 0, change: 0, same: 0 };
    const n = 600;
    for (let i = 0; i < RUNS; i++) {
      const chosen: (readonly [number, number])[] = [];
      const groups: number[] = [];
      for (let group = 0; chosen.length < n; group++) {
        // all rows of a group are one pair
        const size = by === "groups" ? 1 + integer(random, 4) : 1;
        chosen.push(...new Array(size).fill(anyOf(random, pairs)));
        groups.push(...new Array(size).fill(group));
      }
      const comparison = losses.comparison({ classes: 2 });
      comparison.add(
        rowsOf(chosen.map(([a]) => a)),
        rowsOf(chosen.map(([, b]) => b)),
        zeros(chosen.length),
        by === "groups" ? { groups } : {},
      );
      const it = comparison.result();
      const isWithin = (figure: { value: number; error: number; clusteredError?: number }, truth: number) =>
        Math.abs(figure.value - truth) <= Z * (figure.clusteredError ?? figure.error);
      if (isWithin(it.logPerplexityRatio!, truths.ratio)) counts.ratio++;
      if (isWithin(it.divergence.mean, truths.divergence)) counts.divergence++;
      if (isWithin(it.probabilityChange!.mean, truths.change)) counts.change++;
      if (isWithin(it.sameTop, truths.same)) counts.same++;
    }
    expectCovers(counts.ratio / RUNS);
    expectCovers(counts.divergence / RUNS);
    if (by === "rows") {
      expectCovers(counts.change / RUNS);
      expectCovers(counts.same / RUNS);
    }
  });
});

describe("models that are as good are seldom told apart", () => {
  /** Either of two margins goes to either model: by how much one is better is symmetric. */
  function drawn(random: Random, n: number) {
    const [a, b]: [number[], number[]] = [[], []];
    for (let i = 0; i < n; i++) {
      a.push(anyOf(random, MARGINS));
      b.push(anyOf(random, MARGINS));
    }
    const comparison = losses.comparison({ classes: 2 });
    comparison.add(rowsOf(a), rowsOf(b), zeros(n));
    return comparison.result();
  }

  // 5 % of 2,000 runs are known to half a percent
  test.each([400, 1000])("the interval of the ratio of perplexities leaves out 1 in 5 % of runs: %i rows", (n) => {
    const rejected = share(7, (random) => {
      const { value, error } = drawn(random, n).logPerplexityRatio!;
      return Math.abs(value) > Z * error;
    });
    expect(rejected).toBeLessThanOrEqual(0.06);
    expect(rejected).toBeGreaterThanOrEqual(0.04);
  });

  test.each([
    ["exact", 400],
    ["by chi square", 4000],
  ])("McNemar's test, %s: at most 5 %", (how, n) => {
    let isExact = true;
    const rejected = share(8, (random) => {
      const { pValue, statistic } = drawn(random, n).mcnemar!;
      isExact &&= statistic === undefined;
      return pValue < 0.05;
    });
    expect(isExact).toBe(how === "exact");
    expect(rejected).toBeLessThanOrEqual(0.05);
    expect(rejected).toBeGreaterThan(0.02);
  });
});
