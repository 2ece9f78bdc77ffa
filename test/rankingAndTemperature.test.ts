// AUROC and average precision with their bounds, the best temperature with its bracket, the worst rows, masks and shifts: each against
// an obvious implementation, and each in states.
import { describe, expect, test } from "vitest";
import type { EvaluatedRows } from "../src/evaluate/evaluatorOptions.ts";
import { decode, encode } from "../src/evaluate/state.ts";
import { evaluationOf, mergeStates } from "../src/index.node.ts";
import { openThreaded } from "./backends.ts";
import { dtypes, type FloatArray, labelsOf, logitsOf, mulberry32, normal } from "./inputs.ts";
import { exactSum } from "./oracle.ts";

const opened = await openThreaded();
const { losses } = opened[0];

/** Logits [0, score]. */
const rowsOf = (scores: readonly number[]) => Float32Array.from(scores.flatMap((score) => [0, score]));
const ranked = (scores: readonly number[], labels: readonly number[]) =>
  losses.evaluate(rowsOf(scores), labels, { classes: 2, ranking: true }).ranking!;

/** Each pair of a positive and a negative row. */
function auroc(scores: readonly number[], labels: readonly number[]): number {
  let [order, pairs] = [0, 0];
  scores.forEach((a, i) => {
    if (labels[i] !== 1) return;
    scores.forEach((b, j) => {
      if (labels[j] !== 0) return;
      pairs++;
      order += a > b ? 1 : a === b ? 0.5 : 0;
    });
  });
  return order / pairs;
}

/** As scikit-learn: Σ (R_n - R_(n-1)) P_n over the distinct thresholds. */
function averagePrecision(scores: readonly number[], labels: readonly number[]): number {
  const P = labels.filter((label) => label === 1).length;
  let [before, sum] = [0, 0];
  for (const threshold of [...new Set(scores)].sort((a, b) => b - a)) {
    const taken = scores.flatMap((score, i) => (score >= threshold ? [labels[i]] : []));
    const tp = taken.filter((label) => label === 1).length;
    sum += ((tp - before) / P) * (tp / taken.length);
    before = tp;
  }
  return sum;
}

describe("ranking", () => {
  test("scikit-learn's examples", () => {
    const [scores, labels] = [
      [0.1, 0.4, 0.35, 0.8],
      [0, 0, 1, 1],
    ];
    const it = ranked(scores, labels);
    expect(it).toMatchObject({ auroc: 0.75, aurocBound: 0 });
    expect(it.averagePrecision).toBeCloseTo(0.8333333333333333, 14);
    expect(it.roc).toEqual([
      [0, 0],
      [0, 0.5],
      [0.5, 0.5],
      [0.5, 1],
      [1, 1],
    ]);
  });

  test("the true values lie within the bounds, on 1,000 random sets with ties and near ties", () => {
    const random = mulberry32(1);
    for (let i = 0; i < 1000; i++) {
      const n = 2 + Math.floor(random() * 30);
      const near = i % 4 === 0 ? 1e-5 : 1;
      const scores = Array.from({ length: n }, () =>
        Math.fround(1 + near * (i % 2 ? Math.round(3 * normal(random)) / 3 : normal(random))),
      );
      const labels = Array.from({ length: n }, (_, j) => (j < 2 ? j : Math.round(random())));
      const it = ranked(scores, labels);
      expect(Math.abs(it.auroc - auroc(scores, labels))).toBeLessThanOrEqual(it.aurocBound + 1e-12);
      const [low, high] = it.averagePrecisionInterval;
      const precision = averagePrecision(scores, labels);
      expect(low).toBeLessThanOrEqual(precision + 1e-12);
      expect(high).toBeGreaterThanOrEqual(precision - 1e-12);
      // without a bin of both classes every pair is known
      if (it.aurocBound === 0) expect(it.auroc).toBeCloseTo(auroc(scores, labels), 12);
    }
  });

  test("one class alone, no rows, NaN and infinities", () => {
    expect(ranked([1, 2], [1, 1])).toMatchObject({ auroc: Number.NaN, roc: [] });
    expect(ranked([], [])).toMatchObject({ auroc: Number.NaN, averagePrecision: Number.NaN });
    expect(ranked([Number.NaN, 1, 2], [1, 0, 1]).auroc).toBe(1);
    expect(ranked([Infinity, -Infinity, -0, 0], [1, 0, 1, 0])).toMatchObject({ auroc: 0.875, aurocBound: 0.125 });
  });

  test("of probabilities and of half a million rows", () => {
    const scores = [-2, 0.5, 3, -1];
    const p = Float64Array.from(scores.flatMap((x) => [1 / (1 + Math.exp(x)), 1 / (1 + Math.exp(-x))]));
    const options = { classes: 2, input: "probabilities", ranking: true } as const;
    expect(losses.evaluate(p, [0, 1, 1, 1], options).ranking).toMatchObject({ auroc: 1, averagePrecision: 1 });
    const n = 500_000;
    const x = new Float32Array(2 * n);
    const labels = Int32Array.from({ length: n }, (_, i) => i % 2);
    for (let i = 0; i < n; i++) x[2 * i + 1] = i < n / 2 ? 1 : 2;
    const it = losses.evaluate(x, labels, { classes: 2, ranking: true }).ranking!;
    expect(it).toMatchObject({
      auroc: 0.5,
      averagePrecision: 0.5,
      roc: [
        [0, 0],
        [0.5, 0.5],
        [1, 1],
      ],
    });
  });

  test("is of two classes", () => {
    expect(() => losses.evaluator({ classes: 3, ranking: true })).toThrow("ranking is of 2 classes, but classes is 3");
  });
});

/** Mean loss at a temperature. */
function lossAt(x: FloatArray, labels: ArrayLike<number>, classes: number, temperature: number): number {
  return (
    exactSum(
      Array.from(labels, (label, i) => {
        const row = Array.from(x.subarray(i * classes, (i + 1) * classes), (v) => v / temperature);
        const m = Math.max(...row);
        return m + Math.log(exactSum(row.map((v) => Math.exp(v - m)))) - row[label];
      }),
    ) / labels.length
  );
}

/** The temperature of the smallest loss, by golden sections. */
function bestTemperature(f: (temperature: number) => number): number {
  let [a, b] = [Math.log(0.05), Math.log(50)];
  const ratio = (Math.sqrt(5) - 1) / 2;
  while (b - a > 1e-7) {
    const [c, d] = [b - ratio * (b - a), a + ratio * (b - a)];
    if (f(Math.exp(c)) < f(Math.exp(d))) b = d;
    else a = c;
  }
  return Math.exp((a + b) / 2);
}

describe("fitTemperature", () => {
  test.each(dtypes)("finds the best temperature of %s, within the bracket", (dtype) => {
    const random = mulberry32(2);
    const cases = [
      [0.3, 5],
      [0.6, 17],
      [1, 70],
      [1.7, 10],
      [3, 33],
      [7, 6],
    ];
    for (const [temperature, classes] of cases) {
      const rows = 150;
      const x = logitsOf(random, dtype, rows, classes);
      // labels drawn by what the logits say at a temperature
      const labels = Int32Array.from({ length: rows }, (_, i) => {
        const weights = Array.from(x.subarray(i * classes, (i + 1) * classes), (v) => Math.exp(v / temperature));
        let left = random() * exactSum(weights);
        let label = 0;
        while (label < classes - 1 && left >= weights[label]) left -= weights[label++];
        return label;
      });
      const it = losses.evaluate(x, labels, { classes, fitTemperature: true });
      const { best, bracket, lossBefore, lossAfter } = it.temperature!;
      const wanted = bestTemperature((t) => lossAt(x, labels, classes, t));
      expect(lossBefore).toBeCloseTo(it.loss.mean, 5);
      if (wanted > 8 || wanted < 0.25) {
        expect(best).toBe(wanted > 8 ? 8 : 0.25);
        continue;
      }
      expect(bracket[0]).toBeLessThanOrEqual(wanted * 1.0001);
      expect(bracket[1]).toBeGreaterThanOrEqual(wanted * 0.9999);
      expect(Math.abs(best / wanted - 1), `best ${best}, not ${wanted}`).toBeLessThan(wanted < 3 ? 2e-3 : 0.02);
      expect(Math.abs(lossAfter - lossAt(x, labels, classes, wanted))).toBeLessThan(wanted < 3 ? 3e-4 : 2e-3);
    }
  });

  test("its ends, no rows, and rows without a loss", () => {
    const of = (x: number[], labels: number[]) =>
      losses.evaluate(Float32Array.from(x), labels, { classes: 2, fitTemperature: true }).temperature!;
    expect(of([3, 0, 3, 0], [0, 0])).toMatchObject({ best: 0.25, bracket: [0, 0.25] });
    expect(of([3, 0, 3, 0], [1, 1])).toMatchObject({ best: 8, bracket: [8, Number.POSITIVE_INFINITY] });
    expect(of([], []).best).toBeNaN();
    const odd = of([Number.NaN, 0, -Infinity, 0, 1, 0, 0, 2, 1, 0], [0, 0, 0, 0, 1]);
    expect(odd).toEqual(of([1, 0, 0, 2, 1, 0], [0, 0, 1]));
    // wherever the NaN is
    for (const { losses } of opened) {
      for (const classes of [2, 5, 40]) {
        for (const type of [Float32Array, Float64Array]) {
          const evaluator = losses.evaluator({ classes, fitTemperature: true });
          for (let at = 0; at < classes; at++) {
            for (const label of [0, at, classes - 1]) {
              const row = Array.from({ length: classes }, (_, j) => (j === at ? Number.NaN : 700 + (j % 3)));
              evaluator.add(new type(row), [label]);
            }
          }
          expect(evaluator.result().temperature!.best).toBeNaN();
        }
      }
    }
    expect(() => losses.evaluator({ classes: 2, input: "probabilities", fitTemperature: true })).toThrow(
      'fitTemperature is of logits, but input is "probabilities"',
    );
  });
});

describe("worst rows, masks and shifts", () => {
  const [rows, classes] = [60, 7];
  const random = mulberry32(3);
  const x = logitsOf(random, "float32", rows, classes) as Float32Array;
  const labels = labelsOf(random, rows, classes, -100);
  const each = losses.crossEntropy(x, labels, { classes, reduction: "none" });

  test("the worst are those of the highest loss", () => {
    const it = losses.evaluate(x, labels, { classes, worst: 9 });
    const order = [...each.keys()].filter((row) => labels[row] !== -100).sort((a, b) => each[b] - each[a] || a - b);
    expect(it.worst!.map(({ row }) => row)).toEqual(order.slice(0, 9));
    for (const { row, label, loss } of it.worst!)
      expect({ label, loss }).toEqual({ label: labels[row], loss: each[row] });
    expect(losses.evaluate(x, labels, { classes }).worst).toBeUndefined();
    expect(() => losses.evaluator({ classes, worst: 1001 })).toThrow("worst is 1001");
  });

  test("a mask leaves rows out, whatever their labels are", () => {
    const mask = Array.from({ length: rows }, (_, i) => i % 3 !== 1);
    const masked = labels.map((label, i) => (mask[i] ? label : -100));
    const anything = labels.map((label, i) => (mask[i] ? label : 99));
    const wanted = losses.evaluate(x, masked, { classes });
    expect(losses.evaluate(x, anything, { classes, mask })).toEqual(wanted);
    expect(losses.evaluate(x, anything, { classes, mask: Uint8Array.from(mask, Number) })).toEqual(wanted);
    const wide = BigInt64Array.from(anything, BigInt);
    expect(losses.evaluate(x, wide, { classes, mask: BigInt64Array.from(mask, (it) => BigInt(it)) })).toEqual(wanted);
    expect(() => losses.evaluate(x, labels, { classes, mask: [true] })).toThrow(
      "evaluate: mask has length 1, but labels has 60",
    );
    expect(() =>
      losses.evaluate(x, labels, { classes, mask: mask.map((it, i) => (i === 4 ? 1 : it)) as never }),
    ).toThrow("evaluate: mask[4] must be a boolean as others are");
  });

  test("with a shift position t scores token t + 1, and the mask is of tokens", async () => {
    const shift = 12;
    const tokens = labels.map((label) => Math.max(label, 0));
    const mask = Array.from({ length: rows }, (_, i) => i % 5 !== 2);
    const scored = tokens.map((_, i) => ((i + 1) % shift === 0 || !mask[i + 1] ? -100 : tokens[i + 1]));
    const options = { classes, worst: 5 };
    const { worst: wantedWorst, ...wanted } = losses.evaluate(x, scored, options);
    const places = wantedWorst!.map((it) => ({
      ...it,
      sequence: Math.floor(it.row / shift),
      position: it.row % shift,
    }));
    const { worst, ...found } = losses.evaluate(x, tokens, { ...options, shift, mask });
    expect(found).toEqual(wanted);
    expect(worst).toEqual(places);
    const half = (rows / shift / 2) | 0;
    const batches = [0, half * shift].map((from, i) => ({
      logits: x.subarray(from * classes, i ? undefined : half * shift * classes),
      labels: tokens.subarray(from, i ? undefined : half * shift),
      mask: mask.slice(from, i ? undefined : half * shift),
      shift,
    }));
    expect(await losses.evaluateStream(batches, options)).toEqual({ ...wanted, worst: places });
    expect(() => losses.evaluate(x, tokens, { classes, shift: 11 })).toThrow(
      "labels has length 60, which is not a multiple of shift 11",
    );
    const beyond = tokens.slice();
    beyond[5] = 77;
    expect(() => losses.evaluate(x, beyond, { classes, shift })).toThrow("evaluate: labels[5] is 77");
  });
});

describe("a mask, a shift, groups and lengths of texts go with each other and with every option", () => {
  const [rows, classes, sequence] = [48, 2, 8];
  const random = mulberry32(8);
  const x = logitsOf(random, "float32", rows, classes) as Float32Array;
  const tokens = labelsOf(random, rows, classes);
  const mask = Array.from({ length: rows }, () => random() < 0.7);
  const groups = Array.from({ length: rows }, () => Math.floor(5 * random()));
  const subsets = (n: number) =>
    Array.from({ length: 2 ** n }, (_, i) => [...Array(n).keys()].map((k) => (i >> k) % 2 === 1));

  test.each(subsets(3))("mask %s, shift %s, groups %s", (isMasked, isShifted, isGrouped) => {
    const counts = (at: number) => !isMasked || mask[at];
    // the rows as they are left, without a mask or a shift
    const scored = tokens.map((token, i) => {
      if (!isShifted) return counts(i) ? token : -100;
      return (i + 1) % sequence === 0 || !counts(i + 1) ? -100 : tokens[i + 1];
    });
    const beside = isGrouped ? { groups, bytes: 100, words: 9 } : {};
    const more = { ...(isMasked ? { mask } : {}), ...(isShifted ? { shift: sequence } : {}) };
    for (const [weighted, ranked, listed, all] of subsets(4)) {
      const seen: unknown[][] = [[], []];
      const options = (to: unknown[]) => ({
        classes,
        worst: listed ? 5 : 0,
        ranking: ranked,
        fitTemperature: ranked,
        perClass: all,
        confusion: all,
        ...(all ? { percentiles: true as const } : {}),
        ...(weighted ? { weight: Float32Array.of(0.5, 3) } : {}),
        onRows: (rows: EvaluatedRows) => {
          for (let i = 0; i < rows.count; i++) to.push([rows.label(i), rows.loss(i), rows.rank(i)]);
        },
      });
      const [given, plain] = seen.map((to) => losses.evaluator(options(to)));
      given.add(x, tokens, { ...more, ...beside });
      plain.add(x, scored, { ...beside, ...(isShifted ? { positions: sequence } : {}) });
      expect(given.state()).toEqual(plain.state());
      expect(given.result()).toEqual(plain.result());
      expect(seen[0]).toEqual(seen[1]);
      expect(given.result().loss.clusteredStandardError !== undefined).toBe(isGrouped);
      expect(given.result().worst?.[0].sequence !== undefined).toBe(listed && isShifted);
    }
  });
});

describe("states", () => {
  const [rows, classes] = [80, 2];
  const random = mulberry32(5);
  const x = logitsOf(random, "float32", rows, classes);
  x[9] = Number.NaN;
  const labels = labelsOf(random, rows, classes, -100);
  const options = { classes, ranking: true, fitTemperature: true };
  const whole = losses.evaluator({ ...options, worst: 4 });
  whole.add(x, labels);

  test("are the same for any partition, backend and threads", () => {
    const plain = losses.evaluator(options);
    plain.add(x, labels);
    for (let i = 0; i < 100; i++) {
      const order = Array.from({ length: rows }, (_, row) => ({ row, at: random() }))
        .sort((a, b) => a.at - b.at)
        .map(({ row }) => row);
      const parts: Uint8Array[] = [];
      for (let at = 0; at < rows; ) {
        const chosen = order.slice(at, at + 1 + Math.floor(random() * 40));
        const evaluator = opened[Math.floor(random() * opened.length)].losses.evaluator(options);
        evaluator.add(
          Float32Array.from(chosen.flatMap((row) => [x[2 * row], x[2 * row + 1]])),
          chosen.map((row) => labels[row]),
        );
        parts.push(evaluator.state());
        at += chosen.length;
      }
      expect(Buffer.compare(mergeStates(...parts), plain.state()), `partition ${i}`).toBe(0);
    }
    expect(evaluationOf(plain.state())).toEqual(plain.result());
  });

  test("hold the worst rows, and refuse what is altered", () => {
    const state = whole.state();
    expect(evaluationOf(state)).toEqual(whole.result());
    expect(encode(decode(state, "state"))).toEqual(state);
    for (let at = 0; at < state.length; at++) {
      const altered = state.slice();
      altered[at] ^= 1 << (at % 8);
      expect(() => evaluationOf(altered), `byte ${at}`).toThrow(RangeError);
    }
    for (const edit of [{ worst: 3 }, { ranking: false }, { fitTemperature: false }]) {
      const other = losses.evaluator({ ...options, worst: 4, ...edit });
      expect(() => mergeStates(state, other.state())).toThrow(Object.keys(edit)[0]);
    }
  });
});
