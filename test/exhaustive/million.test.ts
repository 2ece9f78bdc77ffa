/** 10^6 rows, a tenth of them ignored, many with ties, against plain loops in float64. */
import { beforeAll, describe, expect, test } from "vitest";
import { openThreaded } from "../backends.ts";
import { once } from "../breadth.ts";
import { mulberry32 } from "../inputs.ts";

const opened = await openThreaded();
const ROWS = 1_000_000;
const CLASSES = 3;

const base = new Float32Array(ROWS * CLASSES);
const other = new Float32Array(ROWS * CLASSES);
const labels = new Int32Array(ROWS);

/** What is known of a row of logits. */
interface Row {
  loss: number;
  entropy: number;
  brier: number;
  confidence: number;
  top: number;
  rank: number;
  q: readonly [number, number, number];
}

function rowOf(x: Float32Array, row: number): Row {
  const [a, b, c] = x.subarray(CLASSES * row, CLASSES * row + CLASSES);
  const logits = [a, b, c];
  const label = Math.max(0, labels[row]);
  const m = Math.max(a, b, c);
  const e = logits.map((v) => Math.exp(v - m));
  const sum = e[0] + e[1] + e[2];
  const q = e.map((v) => v / sum) as [number, number, number];
  const top = logits.indexOf(m);
  const others = e.reduce((s, v, j) => (j === top ? s : s + v), 0);
  const loss = label === top ? Math.log1p(others) : Math.log(sum) - (logits[label] - m);
  const rank = 1 + logits.filter((v, j) => v > logits[label] || (v === logits[label] && j < label)).length;
  const entropy = Math.log(sum) - q.reduce((s, v, j) => s + (v === 0 ? 0 : v * (logits[j] - m)), 0);
  const brier = q.reduce((s, v, j) => s + (v - Number(j === label)) ** 2, 0);
  return { loss, entropy, brier, confidence: Math.max(...q), top, rank, q };
}

beforeAll(() => {
  const random = mulberry32(23);
  for (let i = 0; i < base.length; i++) {
    base[i] = 8 * (random() - 0.5);
    // as in 4 bits: with ties
    other[i] = Math.round(2 * base[i]) / 2;
  }
  for (let i = 0; i < ROWS; i++) labels[i] = random() < 0.1 ? -100 : Math.floor(CLASSES * random() ** 1.5);
});

const near = (found: number, wanted: number, what: string, within = 2e-6) =>
  expect(Math.abs(found - wanted), `${what}: ${found}, not ${wanted}`).toBeLessThanOrEqual(
    within * Math.max(1e-3, Math.abs(wanted)),
  );

/** What an evaluation of `other` must find: losses in rising order, sums, counts of label and prediction, and of confidence. */
const evaluated = once(() => {
  const losses: number[] = [];
  const sums = { loss: 0, square: 0, entropy: 0, brier: 0, first: 0, second: 0 };
  const cells = Array.from({ length: CLASSES }, () => new Array<number>(CLASSES).fill(0));
  const bins = Array.from({ length: 15 }, () => ({ count: 0, right: 0, confidence: 0 }));
  for (let i = 0; i < ROWS; i++) {
    if (labels[i] === -100) continue;
    const { loss, entropy, brier, confidence, top, rank } = rowOf(other, i);
    losses.push(loss);
    sums.loss += loss;
    sums.square += loss * loss;
    sums.entropy += entropy;
    sums.brier += brier;
    if (rank === 1) sums.first++;
    if (rank <= 2) sums.second++;
    cells[labels[i]][top]++;
    const bin = bins[Math.ceil(confidence * 15) - 1];
    bin.count++;
    bin.confidence += confidence;
    if (rank === 1) bin.right++;
  }
  return { each: Float64Array.from(losses).sort(), sums, cells, bins };
});

/** What a comparison must find: rows that count, sums, and how many either is right in. */
const compared = once(() => {
  const sums = { l: 0, m: 0, difference: 0, square: 0, divergence: 0, squares: 0, change: 0, changes: 0, same: 0 };
  const right = { both: 0, onlyBase: 0, onlyOther: 0, neither: 0 };
  let n = 0;
  for (let i = 0; i < ROWS; i++) {
    if (labels[i] === -100) continue;
    n++;
    const [b, o] = [rowOf(base, i), rowOf(other, i)];
    const divergence = b.q.reduce((sum, p, j) => sum + p * Math.log(p / o.q[j]), 0);
    const difference = o.loss - b.loss;
    const change = o.q[labels[i]] - b.q[labels[i]];
    sums.l += b.loss;
    sums.m += o.loss;
    sums.difference += difference;
    sums.square += difference ** 2;
    sums.divergence += divergence;
    sums.squares += divergence ** 2;
    sums.change += change;
    sums.changes += change ** 2;
    if (b.top === o.top) sums.same++;
    right[b.rank === 1 ? (o.rank === 1 ? "both" : "onlyBase") : o.rank === 1 ? "onlyOther" : "neither"]++;
  }
  return { n, sums, right };
});

describe.each(opened)("$name", ({ losses }) => {
  test("an evaluation", () => {
    const options = { classes: CLASSES, topK: [1, 2], confusion: true, percentiles: [0, 1, 50, 99.9, 100] };
    const it = losses.evaluate(other, labels, options);
    const { each, sums, cells, bins } = evaluated();
    const n = each.length;
    expect(it.counted).toBe(n);
    near(it.loss.mean, sums.loss / n, "loss");
    near(it.loss.standardError, Math.sqrt((sums.square / n - (sums.loss / n) ** 2) / (n - 1)), "standard error");
    near(it.entropy, sums.entropy / n, "entropy");
    near(it.brier, sums.brier / n, "Brier");
    const reciprocals = sums.first + (sums.second - sums.first) / 2 + (n - sums.second) / 3;
    near(it.meanReciprocalRank, reciprocals / n, "reciprocal rank", 1e-14);
    expect(it.accuracy).toBe(sums.first / n);
    expect(it.topK[2]).toBe(sums.second / n);
    for (const { label, predicted, count } of it.classification!.confusion) expect(count).toBe(cells[label][predicted]);
    const error = bins.reduce((sum, { right, confidence }) => sum + Math.abs(right - confidence), 0) / n;
    near(it.calibration.expectedError, error, "calibration error");
    for (const [percent, { value, bound }] of Object.entries(it.lossPercentiles!)) {
      const wanted = each[Math.max(1, Math.ceil((Number(percent) * n) / 100)) - 1];
      expect(Math.abs(value - wanted), percent).toBeLessThanOrEqual(bound + 1e-6);
    }
  });

  test("a comparison", () => {
    const comparison = losses.comparison({ classes: CLASSES });
    comparison.add(base, other, labels);
    const it = comparison.result();
    const { n, sums, right } = compared();
    const errorOf = (sum: number, squares: number) => Math.sqrt((squares / n - (sum / n) ** 2) / (n - 1));
    near(it.base!.loss.value, sums.l / n, "base");
    near(it.other!.loss.value, sums.m / n, "other");
    near(it.logPerplexityRatio!.value, sums.difference / n, "ratio", 1e-4);
    near(it.logPerplexityRatio!.error, errorOf(sums.difference, sums.square), "its error", 1e-5);
    near(it.divergence.mean.value, sums.divergence / n, "divergence", 1e-5);
    near(it.divergence.mean.error, errorOf(sums.divergence, sums.squares), "its error", 1e-5);
    near(it.probabilityChange!.mean.value, sums.change / n, "change", 1e-3);
    near(it.probabilityChange!.rootMeanSquare.value, Math.sqrt(sums.changes / n), "root mean square", 1e-5);
    expect(it.sameTop.value).toBe(sums.same / n);
    expect(it.agreement).toEqual(right);
    expect(it.mcnemar!.statistic).toBeCloseTo(
      (Math.abs(right.onlyBase - right.onlyOther) - 1) ** 2 / (right.onlyBase + right.onlyOther),
      9,
    );
  });
});
