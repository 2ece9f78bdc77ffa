import { Decimal } from "decimal.js";
import { describe, expect, test } from "vitest";
import { evaluationOf, mergeStates } from "../src/index.node.ts";
import { openThreaded } from "./backends.ts";
import { everything } from "./breadth.ts";
import { mulberry32, normal } from "./inputs.ts";

const opened = await openThreaded();

/** A float64 in units of 2^-1074. */
function unitsOf(x: number): bigint {
  let [integer, scale] = [x, 1074];
  for (; !Number.isInteger(integer); scale--) integer *= 2;
  return BigInt(integer) << BigInt(scale);
}

const sumOf = (values: readonly bigint[]) => values.reduce((a, b) => a + b, 0n);
const decimalOf = (n: bigint) => new (Decimal.clone({ precision: 60, toExpNeg: -9e15, toExpPos: 9e15 }))(n.toString());

/** sqrt(n / (n - 1) Σ (r - m w)^2) / Σ w without rounding, of the rows of a weight above 0; r = w l. */
function standardErrorOf(losses: readonly number[], weights: readonly number[]): number {
  const [r, w] = [losses.map(unitsOf), weights.map(unitsOf)];
  const [sum, whole] = [sumOf(r), sumOf(w)];
  const n = w.filter((it) => it !== 0n).length;
  const squares = sumOf(r.map((it, i) => (it * whole - sum * w[i]) ** 2n));
  return decimalOf(squares * BigInt(n))
    .div(n - 1)
    .sqrt()
    .div(decimalOf(whole * whole))
    .toNumber();
}

/** Rows of two classes, label 0, of float64: the loss is ln(1 + e^-d). */
const rowsOf = (distances: readonly number[]) => Float64Array.from(distances.flatMap((d) => [d, 0]));

/** Distances of the logits of a row, by what is hard about their losses. */
const kinds: Record<string, (random: () => number, i: number) => number> = {
  ordinary: (random) => 4 * normal(random),
  "differing by 1e-12 of themselves": (random) => -3 * (1 + 1e-12 * random()),
  "differing by 1e-15 of themselves": (random) => -3 * (1 + 1e-15 * random()),
  equal: () => 1,
  "below 1e-160": (random) => 400 + random(),
  "of 300 octaves": (random) => 200 * random(),
  "large and small": (random, i) => (i % 7 === 0 ? -1e7 * random() : 30 * random()),
  "some of them 0": (random, i) => (i % 3 === 0 ? 800 : random()),
};

describe.each(opened)("$name", ({ losses }) => {
  test.each(Object.keys(kinds))("of losses that are %s, all digits are right", (kind) => {
    const random = mulberry32(11);
    for (const n of [2, 3, 50, 1100]) {
      const x = rowsOf(Array.from({ length: n }, (_, i) => kinds[kind](random, i)));
      const y = new Int32Array(n);
      const rows = losses.crossEntropy(x, y, { classes: 2, reduction: "none" });
      const wanted = standardErrorOf(Array.from(rows), new Array(n).fill(1));
      const { standardError } = losses.evaluate(x, y, { classes: 2 }).loss;
      expect(Math.abs(standardError - wanted), `${n} rows: ${standardError}, wanted ${wanted}`).toBeLessThanOrEqual(
        2 ** -50 * wanted,
      );
      const parts = [x.subarray(0, 2), x.subarray(2)].map((part) => {
        const evaluator = losses.evaluator({ classes: 2 });
        evaluator.add(part, new Int32Array(part.length / 2));
        return evaluator.state();
      });
      expect(evaluationOf(mergeStates(...parts)).loss.standardError).toBe(standardError);
    }
  });

  test.each<[string, number[]]>([
    ["ordinary", [1, 0.3, 50]],
    ["some 0", [0, 2, 1 / 3]],
    ["tiny", [1e-200, 3e-201, 1e-199]],
    ["huge", [1e200, 1e201, 3e199]],
    ["far apart", [1e-150, 1e150, 1]],
  ])("of weights that are %s, those that are left", (_, weights) => {
    const random = mulberry32(12);
    const weight = Float64Array.from(weights);
    for (const n of [3, 40, 300]) {
      const x = Float64Array.from({ length: 3 * n }, () => 3 * normal(random));
      const y = Int32Array.from({ length: n }, (_, i) => i % 3);
      const rows = losses.crossEntropy(x, y, { classes: 3, weight, reduction: "none" });
      const wanted = standardErrorOf(
        Array.from(rows),
        Array.from(y, (label) => weight[label]),
      );
      const { standardError } = losses.evaluate(x, y, { classes: 3, weight }).loss;
      expect(Math.abs(standardError - wanted), `${standardError}, wanted ${wanted}`).toBeLessThanOrEqual(
        2 ** -49 * wanted,
      );
    }
    // 12 digits are rounded away from a product with the weight
    const near = Float64Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? 3 * (1 + 1e-12 * random()) : -40));
    const labels = new Int32Array(100).fill(1);
    if (weight[1] !== 1) {
      const plain = losses.evaluate(near, labels, { classes: 3 }).loss.standardError;
      const { standardError } = losses.evaluate(near, labels, { classes: 3, weight }).loss;
      expect(Math.abs(standardError / plain - 1)).toBeLessThan(1e-3);
    }
  });

  test("weights may be huge where losses are 0 or tiny", () => {
    const weight = Float64Array.of(1e305, 1);
    for (const distances of [
      [800, 0.5, 801],
      [700, 801, 1],
      [800, 900, -1],
    ]) {
      const evaluator = losses.evaluator({ classes: 2, weight });
      evaluator.add(rowsOf(distances), new Int32Array(3));
      const each = Array.from(
        losses.crossEntropy(rowsOf(distances), new Int32Array(3), { classes: 2, reduction: "none" }),
      );
      const wanted = standardErrorOf(
        each.map((it) => 1e305 * it),
        [1e305, 1e305, 1e305],
      );
      expect(Math.abs(evaluator.result().loss.standardError / wanted - 1)).toBeLessThan(1e-12);
    }
  });

  test("rows of weight 0 are as good as ignored", () => {
    const x = Float64Array.from([1, 0, 2, 0, ...new Array(100).fill([0, 1]).flat()]);
    const label = (other: number) => Int32Array.from([0, 0, ...new Array(100).fill(other)]);
    const weighted = losses.evaluate(x, label(1), { classes: 2, weight: Float64Array.of(1, 0) });
    expect(weighted.loss.standardError).toBeCloseTo(0.09317, 5);
    expect(weighted.loss.standardError).toBe(losses.evaluate(x, label(-100), { classes: 2 }).loss.standardError);
    const single = losses.evaluate(x, label(1), { classes: 2, weight: Float64Array.of(0, 1) });
    expect(single.loss.standardError).toBe(0);
    expect(losses.evaluate(x, label(1), { classes: 2, weight: new Float64Array(2) }).loss.standardError).toBeNaN();
  });

  test("losses of classes are plain means: weights are left out", () => {
    const x = Float64Array.of(1, 0, 0.5, 3, 2, 1, 0, 0, 4);
    const y = Int32Array.of(0, 1, 0);
    const plain = losses.evaluate(x, y, { classes: 3, perClass: true });
    for (const weights of [
      [2, 2, 2],
      [0, 1e300, 5],
    ]) {
      const weight = Float64Array.from(weights);
      const it = losses.evaluate(x, y, { classes: 3, weight, perClass: true });
      expect(it.perClass).toEqual(plain.perClass);
      if (weights[0] === 2) expect(it.loss.mean).toBe(plain.loss.mean);
    }
  });
});

test("errors are as large as means of many sets are spread", () => {
  const { losses } = opened[0];
  for (const weights of [
    [1, 1, 50],
    [1, 1, 1],
    [0, 1, 3],
  ]) {
    const random = mulberry32(31);
    const weight = Float32Array.from(weights);
    const [sets, n] = [everything ? 1000 : 300, 400];
    const means: number[] = [];
    let errors = 0;
    for (let set = 0; set < sets; set++) {
      const x = Float32Array.from({ length: 3 * n }, () => 2 * normal(random));
      const y = Int32Array.from({ length: n }, () => (random() < 0.05 ? 2 : random() < 0.5 ? 0 : 1));
      const { mean, standardError } = losses.evaluate(x, y, { classes: 3, weight }).loss;
      means.push(mean);
      errors += standardError / sets;
    }
    const middle = means.reduce((a, b) => a + b) / sets;
    const spread = Math.sqrt(means.reduce((sum, mean) => sum + (mean - middle) ** 2, 0) / (sets - 1));
    // the spread of 1000 means is known to 2.2 %, of 300 to 4.1 %
    expect(Math.abs(errors / spread - 1), `${errors}, spread ${spread}`).toBeLessThan(3.6 / Math.sqrt(2 * sets));
  }
});
