import { writeFileSync } from "node:fs";
import { Decimal } from "decimal.js";
import { describe, expect, test } from "vitest";
import type { Comparison } from "../src/evaluate/comparison/comparison.ts";
import { decodeComparison, encodeComparison } from "../src/evaluate/comparison/comparisonState.ts";
import { erfc, mcnemar } from "../src/evaluate/comparison/mcnemar.ts";
import { MAXIMAL_GROUPS } from "../src/evaluate/groups.ts";
import { comparisonOf, float16, mergeStates } from "../src/index.node.ts";
import { openAll, openThreaded } from "./backends.ts";
import { everything, once } from "./breadth.ts";
import { workshop } from "./command.ts";
import * as oracle from "./comparisonOracle.ts";
import { npy } from "./files.ts";
import { type Dtype, dtypes, type FloatArray, floats, labelsOf, logitsOf, mulberry32, normal } from "./inputs.ts";

const opened = await openThreaded();
const withRelaxed = await openAll();
const { losses } = opened[0];

/** Logits, and the same with noise. */
function models(seed: number, dtype: Dtype, rows: number, classes: number, noise = 0.05): [FloatArray, FloatArray] {
  const random = mulberry32(seed);
  const base = logitsOf(random, dtype, rows, classes);
  return [
    base,
    floats(
      dtype,
      Array.from(base, (x) => x + noise * normal(random)),
    ),
  ];
}

function comparisonOfRows(base: FloatArray, other: FloatArray, labels: Int32Array, options: { classes: number }) {
  const comparison = losses.comparison(options);
  comparison.add(base, other, labels);
  return comparison.result();
}

/** Every number of `wanted` is near that of `found`. */
function expectFigures(found: object, wanted: object, within: number, path = ""): void {
  for (const [key, value] of Object.entries(wanted)) {
    const it = (found as Record<string, unknown>)[key];
    if (typeof value === "object") expectFigures(it as object, value, within, `${path}.${key}`);
    else {
      const distance = Math.abs((it as number) - value);
      expect(distance, `${path}.${key}: ${it}, not ${value}`).toBeLessThanOrEqual(
        within * Math.max(1e-3, Math.abs(value)),
      );
    }
  }
}

/** Two rows of each size that differ a little or much, as the oracle compares them, and how far off a divergence may be. */
function divergencesOf(dtype: Dtype) {
  const sizes = [...Array.from({ length: 70 }, (_, i) => i + 1), 127, 128, 129, 255, 1000, 5003];
  const is32 = dtype === "float32";
  return sizes.flatMap((classes) =>
    [1e-6, 1e-3, 0.1, 1, 5].map((noise) => {
      const [base, other] = models(classes, dtype, 2, classes, noise);
      const labels = Int32Array.of(0, classes - 1);
      const rows = oracle.comparedRows(base, other, labels, classes);
      const units = is32 ? 2 ** -15 + 2 ** -20 * Math.log(classes) : 2 ** -40 + 2 ** -46 * Math.log(classes);
      const logUnits = is32 ? 2 ** -19 : 2 ** -42;
      // of both log-sum-exps
      const off = (is32 ? 2 ** -19 : 2 ** -45) * (1 + Math.log(classes)) + 2 ** -51 * 1000;
      const bound = ({ sizes }: oracle.ComparedRow) =>
        units * sizes[0] + logUnits * sizes[1] + (is32 ? 2 ** -23 : 2 ** -52) * sizes[2] + off * off;
      return { classes, noise, base, other, labels, rows, bound: Math.max(...rows.map(bound)) };
    }),
  );
}

describe.each(dtypes.map((dtype) => [dtype, once(() => divergencesOf(dtype))] as const))("%s", (_, cases) => {
  test.each(withRelaxed)("the divergence of a row is within its bound, $name", ({ losses: engine, name }) => {
    for (const { classes, noise, base, other, labels, rows, bound } of cases()) {
      const comparison = engine.comparison({ classes });
      comparison.add(base, other, labels);
      const { minimum, maximum } = comparison.result().divergence;
      const most = bound * (name.startsWith("relaxed") ? 4 : 1);
      for (const value of [minimum, maximum]) {
        const distance = Math.min(...rows.map((it) => Math.abs(it.divergence - value)));
        if (!(value >= 0 && distance <= most)) {
          expect.fail(`${classes} classes, noise ${noise}: ${value} is off by ${distance}, allowed ${most}`);
        }
      }
    }
  });
});

test.each(dtypes)("the figures of %s are llama.cpp's", (dtype) => {
  const [rows, classes] = [300, 13];
  const [base, other] = models(1, dtype, rows, classes, 0.3);
  const labels = labelsOf(mulberry32(2), rows, classes, -100);
  const found = comparisonOfRows(base, other, labels, { classes });
  const compared = oracle.comparedRows(base, other, labels, classes);
  expectFigures(found, oracle.compare(compared), dtype === "float32" ? 2e-5 : 1e-10);
  expect(found).toMatchObject({ rows, counted: compared.length, classes, nonFinite: 0 });
  for (const [spread, values] of [
    [found.divergence, compared.map((it) => it.divergence)],
    [found.probabilityChange!, compared.map((it) => it.change)],
  ] as const) {
    expect(
      Object.keys(spread.percentiles)
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual([0.1, 1, 5, 10, 25, 50, 75, 90, 95, 99, 99.9]);
    for (const [at, { value, bound }] of Object.entries(spread.percentiles)) {
      const wanted = oracle.percentile(values, Number(at));
      expect(Math.abs(value - wanted), at).toBeLessThanOrEqual(bound * 1.01 + 1e-6);
    }
    expect(spread.minimum).toBeCloseTo(Math.min(...values), 5);
    expect(spread.maximum).toBeCloseTo(Math.max(...values), 5);
  }
});

test("a model and itself differ in nothing, nor does one of half precision from its float32", () => {
  const [base] = models(3, "float32", 40, 70);
  const labels = labelsOf(mulberry32(4), 40, 70);
  const same = comparisonOfRows(base, base, labels, { classes: 70 });
  const none = { value: 0, error: 0 };
  expect(same).toMatchObject({
    divergence: { mean: none, minimum: 0, maximum: 0 },
    logPerplexityRatio: none,
    perplexityRatio: { value: 1, error: 0 },
    perplexityDifference: none,
    sameTop: { value: 1, error: 0 },
    mcnemar: { pValue: 1 },
    correlation: 1,
  });
  // bits of half precision of numbers from 1 to 2
  const bits = Uint16Array.from({ length: 210 }, (_, i) => 0x3c00 + ((i * 37) % 1024));
  const wide = Float32Array.from(bits, (b) => 1 + (b - 0x3c00) / 1024);
  for (const given of [wide, Float64Array.from(wide)]) {
    const comparison = losses.comparison({ classes: 70 });
    comparison.add(float16(bits), given, Int32Array.of(0, 1, 2));
    comparison.add(given, float16(bits), Int32Array.of(0, 1, 2));
    expect(comparison.result().divergence.maximum).toBe(0);
  }
});

test.each(dtypes)("rows of %s have the losses of crossEntropy and the divergences of every label", (dtype) => {
  for (const classes of [3, 64, 65, 300, 1025]) {
    for (const noise of [1e-3, 3]) {
      const [base, other] = models(classes, dtype, 5, classes, noise);
      const labels = labelsOf(mulberry32(9), 5, classes);
      const found = comparisonOfRows(base, other, labels, { classes });
      expect(found.base!.loss.value).toBe(losses.crossEntropy(base, labels, { classes }));
      expect(found.other!.loss.value).toBe(losses.crossEntropy(other, labels, { classes }));
      const [one] = oracle.comparedRows(base, other, labels, classes);
      for (let label = 0; label < classes; label += Math.ceil(classes / 20)) {
        const row = comparisonOfRows(base.slice(0, classes), other.slice(0, classes), Int32Array.of(label), {
          classes,
        });
        const distance = Math.abs(row.divergence.maximum / one.divergence - 1);
        expect(distance, `${classes} classes, label ${label}`).toBeLessThan(dtype === "float32" ? 1e-4 : 1e-11);
      }
    }
  }
});

test("logits at the ends of a dtype, and rows whose references rise", () => {
  const classes = 100;
  for (const dtype of dtypes) {
    for (const [lift, at] of [
      [1e4, 40],
      [-1e4, 3],
      [60, 99],
      [1e8, 0],
      [2000, 17],
    ]) {
      const [base] = models(31, dtype, 1, classes);
      const other = base.slice();
      other[7] += 0.25;
      for (const x of [base, other]) x[at] += lift;
      const moved = other.map((x) => x + (dtype === "float64" ? lift : 0)) as FloatArray;
      for (const label of [7, at, 50]) {
        const [one] = oracle.comparedRows(base, moved, Int32Array.of(label), classes);
        const found = comparisonOfRows(base, moved, Int32Array.of(label), { classes });
        const within = (dtype === "float32" ? 1e-4 : 1e-10) * one.divergence + (lift * 2 ** -51) ** 2;
        const distance = Math.abs(found.divergence.maximum - one.divergence);
        expect(distance, `${lift} at ${at}, label ${label}`).toBeLessThanOrEqual(within);
      }
    }
  }
});

test.each(dtypes)("of equal maxima of a row of %s the first one counts, in whichever block they stand", (dtype) => {
  const classes = 1500;
  const base = models(41, dtype, 1, classes)[0].map((x) => Math.min(x, 6)) as FloatArray;
  const places = [0, 127, 128, 255, 256, 700, 1024, 1499];
  for (const { losses: engine, name } of opened) {
    // near 0, far above the first round, so that the row is gone through again, and where the maximum is taken away
    for (const top of [7, 70, 1e5]) {
      places.forEach((first, i) => {
        const [x, y] = [base.slice(), base.slice()];
        for (const place of places.slice(i)) x[place] = top;
        for (const place of places.slice(places.length - 1 - i)) y[place] = top;
        for (const label of [first, 300]) {
          const comparison = engine.comparison({ classes, worst: 1 });
          comparison.add(x, y, Int32Array.of(label));
          const { basePredicted, otherPredicted } = comparison.result().worse![0];
          const where = `${name}, ${top} from ${first} on, label ${label}`;
          expect([basePredicted, otherPredicted], where).toEqual([first, places[places.length - 1 - i]]);
        }
      });
    }
  }
});

test("many rows at once are what they are by few", () => {
  const [rows, classes] = [3000, 3];
  const [base, other] = models(43, "float32", rows, classes);
  const labels = labelsOf(mulberry32(44), rows, classes);
  const [whole, parts] = [losses.comparison({ classes }), losses.comparison({ classes })];
  whole.add(base, other, labels);
  for (let i = 0; i < rows; i += 100) {
    const [from, to] = [i * classes, (i + 100) * classes];
    parts.add(base.subarray(from, to), other.subarray(from, to), labels.subarray(i, i + 100));
  }
  expect(whole.state()).toEqual(parts.state());
  expectFigures(whole.result(), oracle.compare(oracle.comparedRows(base, other, labels, classes)), 2e-5);
});

test("a shift of all logits is no difference", () => {
  const [base] = models(5, "float64", 20, 30);
  const shifted = base.map((x) => x + 64) as Float64Array;
  const found = comparisonOfRows(base, shifted, labelsOf(mulberry32(6), 20, 30), { classes: 30 });
  expect(Math.abs(found.divergence.maximum)).toBeLessThan(1e-12);
});

test("classes without probability, and rows without a loss", () => {
  const { POSITIVE_INFINITY: inf, NEGATIVE_INFINITY: none, NaN: nan } = Number;
  const rowsOf = (base: number[], other: number[]) =>
    comparisonOfRows(Float32Array.from(base), Float32Array.from(other), Int32Array.of(0), { classes: 3 });
  expect(rowsOf([0, 1, none], [0, 1, none]).divergence.mean.value).toBe(0);
  expect(rowsOf([0, 1, none], [0, 1, -80]).divergence.mean.value).toBeLessThan(1e-6);
  expect(rowsOf([0, 1, 2], [0, 1, none])).toMatchObject({ nonFinite: 0, divergence: { mean: { value: inf } } });
  for (const odd of [
    [nan, 0, 1],
    [inf, 0, 1],
    [none, none, none],
  ]) {
    for (const it of [rowsOf(odd, [0, 1, 2]), rowsOf([0, 1, 2], odd)]) {
      expect(it).toMatchObject({ nonFinite: 1, counted: 1, divergence: { mean: { value: nan } } });
    }
  }
  const empty = losses.comparison({ classes: 3 }).result();
  expect(empty).toMatchObject({ rows: 0, counted: 0, divergence: { mean: { value: nan }, maximum: nan } });
});

test("without labels there are divergences and equal maxima", () => {
  const [base, other] = models(7, "float32", 50, 9);
  const labelled = comparisonOfRows(base, other, new Int32Array(50), { classes: 9 });
  for (const ignoreIndex of [-100, 0]) {
    const comparison = losses.comparison({ classes: 9, ignoreIndex });
    comparison.add(base, other);
    const { divergence, sameTop } = labelled;
    expect(comparison.result()).toEqual({ rows: 50, counted: 50, nonFinite: 0, classes: 9, divergence, sameTop });
    expect(comparisonOf(comparison.state())).toEqual(comparison.result());
  }
});

test.each(["probabilities", "logProbabilities"] as const)("%s", (input) => {
  const [x, y] = models(8, "float64", 30, 6);
  const labels = labelsOf(mulberry32(9), 30, 6);
  const comparison = losses.comparison({ classes: 6, input });
  const given = (z: FloatArray) =>
    input === "probabilities" ? losses.softmax(z, { classes: 6 }) : losses.logSoftmax(z, { classes: 6 });
  comparison.add(given(x), given(y), labels);
  expectFigures(comparison.result(), oracle.compare(oracle.comparedRows(x, y, labels, 6)), 1e-9);
});

describe("states", () => {
  const [rows, classes] = [120, 11];
  const [base, other] = models(10, "float32", rows, classes, 0.4);
  const labels = labelsOf(mulberry32(11), rows, classes, -100);
  base[3 * classes] = Number.NaN;
  other.fill(Number.NEGATIVE_INFINITY, 5 * classes, 6 * classes);
  other[7 * classes + 2] = Number.NEGATIVE_INFINITY;
  const pick = (x: FloatArray, chosen: readonly number[]) =>
    Float32Array.from(chosen.flatMap((row) => Array.from(x.subarray(row * classes, (row + 1) * classes))));

  test("random partitions of rows have one state, with any backend and threads", () => {
    const random = mulberry32(12);
    const whole = losses.comparison({ classes });
    whole.add(base, other, labels);
    const wanted = whole.state();
    for (let i = 0; i < (everything ? 300 : 100); i++) {
      const order = Array.from({ length: rows }, (_, row) => ({ row, at: random() }));
      const shuffled = order.sort((a, b) => a.at - b.at).map(({ row }) => row);
      const parts: Uint8Array[] = [];
      for (let at = 0; at < rows; ) {
        const engine = opened[Math.floor(random() * opened.length)].losses;
        const comparison = engine.comparison({ classes });
        for (let batches = 1 + random() * 3; batches > 0 && at < rows; batches--) {
          const chosen = shuffled.slice(at, at + 1 + Math.floor(random() * 50));
          comparison.add(
            pick(base, chosen),
            pick(other, chosen),
            Int32Array.from(chosen, (row) => labels[row]),
          );
          at += chosen.length;
        }
        parts.push(comparison.state());
      }
      expect(Buffer.compare(mergeStates(...parts), wanted), `partition ${i}`).toBe(0);
    }
    expect(comparisonOf(wanted)).toEqual(whole.result());
  });

  test("rows whose loss changed most, in both directions, whatever the batches", () => {
    const compared = Array.from(labels, (label, row) => {
      const [it] = oracle.comparedRows(
        base.subarray(row * classes, (row + 1) * classes),
        other.subarray(row * classes, (row + 1) * classes),
        [label],
        classes,
      );
      return { row, difference: it ? it.other - it.base : undefined };
    }).filter(
      ({ row, difference }) => difference !== undefined && ![3, 5].includes(row) && Number.isFinite(difference),
    );
    const whole = losses.comparison({ classes, worst: 10 });
    whole.add(base, other, labels);
    const inBatches = opened[1].losses.comparison({ classes, worst: 10 });
    for (let row = 0; row < rows; row += 7) {
      const end = Math.min(rows, row + 7);
      const part = (x: FloatArray) => x.slice(row * classes, end * classes);
      inBatches.add(part(base), part(other), labels.subarray(row, end));
    }
    expect(inBatches.state()).toEqual(whole.state());
    const it = whole.result();
    const finite = (list: Comparison["worse"]) =>
      list!.map(({ row }) => row).filter((row) => compared.some((other) => other.row === row));
    const sorted = compared.sort((a, b) => b.difference! - a.difference!).map(({ row }) => row);
    expect(it.worse).toHaveLength(10);
    const [grew, fell] = [finite(it.worse), finite(it.better)];
    expect(grew).toEqual(sorted.slice(0, grew.length));
    expect(fell).toEqual(sorted.reverse().slice(0, fell.length));
    expect(comparisonOf(whole.state())).toEqual(it);
  });

  test("what is cut off, altered or forged is refused", () => {
    const comparison = losses.comparison({ classes, worst: 2 });
    comparison.add(base, other, labels);
    const state = comparison.state();
    for (let length = 0; length < state.length; length++) {
      expect(() => comparisonOf(state.subarray(0, length)), `${length} bytes`).toThrow(RangeError);
    }
    for (let at = 0; at < state.length; at++) {
      const altered = state.slice();
      altered[at] ^= 1 << (at % 8);
      expect(() => comparisonOf(altered), `byte ${at}`).toThrow(RangeError);
    }
    for (const edit of [
      { counted: rows + 1 },
      { nonFinite: rows + 1 },
      { sameTop: rows + 1 },
      { labelled: 3 },
      { both: rows },
      { onlyOther: rows },
      { rows: 0, counted: 0, labelled: 0 },
    ]) {
      const forged = encodeComparison({ ...decodeComparison(state, "state"), ...edit });
      expect(() => comparisonOf(forged), JSON.stringify(edit)).toThrow(RangeError);
    }
    expect(comparisonOf(encodeComparison(decodeComparison(state, "state")))).toEqual(comparison.result());
  });

  test("states of other options, or without labels, don't merge; nor do those of another kind", () => {
    const labels = new Int32Array(5);
    const stateOf = (options: object, given = true, n = 5) => {
      const comparison = losses.comparison({ classes, ...options });
      comparison.add(
        base.slice(0, n * classes),
        other.slice(0, n * classes),
        given ? labels.subarray(0, n) : undefined,
      );
      return comparison.state();
    };
    const one = stateOf({});
    for (const [state, what] of [
      [stateOf({ worst: 3 }), "states[1] has worst 3, but 0 is that of states[0]"],
      [stateOf({ ignoreIndex: 7 }), "states[1] has ignoreIndex 7, but -100 is that of states[0]"],
      [stateOf({}, false), "states[1] has no labels, but states[0] has"],
      [losses.evaluator({ classes }).state(), "is not a state of this kind of evaluator"],
    ] as const) {
      expect(() => mergeStates(one, state)).toThrow(what);
    }
    expect(mergeStates(one, stateOf({}, true, 0))).toEqual(one);
  });
});

describe("what is wrong is named", () => {
  const x = new Float32Array(6);
  const add = (...args: unknown[]) => losses.comparison({ classes: 3 }).add(...(args as [Float32Array, Float32Array]));
  test.each([
    [[x, new Float32Array(3)], "add: other has length 3, but base has 6"],
    [[x, [1, 2]], "add: other must be a Float32Array"],
    [[x, x, Int32Array.of(1)], "add: labels has length 1, but base (in rows) has 2"],
    [[x, x, Int32Array.of(1, 3), { source: "y.npy" }], "y.npy: labels[1] is 3, but classes is 3"],
    [[x, x, Int32Array.of(1, 3), { source: "y.npy", firstRow: 7 }], "y.npy: labels[8] is 3, but classes is 3"],
    [[x, x, Int32Array.of(1, 2), { firstRow: 0.5 }], "add: firstRow is 0.5, but must be an integer"],
    [[x, x, undefined, { shifts: 1 }], "add: shifts is no option"],
  ])("%#", (args, message) => {
    expect(() => add(...args)).toThrow(message);
  });

  test("options, and labels that are there in some batches alone", () => {
    expect(() => losses.comparison({ classes: 0 })).toThrow("comparison: classes is 0");
    expect(() => losses.comparison({ classes: 2, worst: 1001 })).toThrow("worst is 1001");
    expect(() => losses.comparison({ classes: 2, topk: [1] } as never)).toThrow("topk is no option");
    const comparison = losses.comparison({ classes: 3 });
    comparison.add(x, x, Int32Array.of(0, 1));
    expect(() => comparison.add(x, x)).toThrow("labels must go with every add or with none, but are missing");
  });

  test("of more groups than can be told apart nothing is added", () => {
    const many = new Float32Array(MAXIMAL_GROUPS + 1);
    const comparison = losses.comparison({ classes: 1 });
    expect(() =>
      comparison.add(many, many, undefined, { source: "t.npy", groups: Int32Array.from(many, (_, i) => i) }),
    ).toThrow(new RangeError(`t.npy: groups are more than ${MAXIMAL_GROUPS}, which is as many as can be told apart`));
    comparison.add(x, x);
    expect(comparisonOf(comparison.state()).counted).toBe(6);
  });
});

test("rows of which no difference can be told are listed in the same order, whatever is merged first", () => {
  const stateOf = (...base: number[]) => {
    const comparison = losses.comparison({ classes: 3, worst: 1 });
    comparison.add(Float32Array.from(base), Float32Array.of(Number.NaN, 0, 0), [1]);
    return comparison.state();
  };
  // the base's losses are NaN and Infinity; all else is the same
  const states = [stateOf(Number.POSITIVE_INFINITY, 0, 0), stateOf(5, Number.NEGATIVE_INFINITY, 0)];
  const merged = mergeStates(...states);
  expect(mergeStates(...states.reverse())).toEqual(merged);
  expect(comparisonOf(merged).worse).toHaveLength(1);
});

describe("McNemar's test", () => {
  test("is the binomial's two tails up to 1000 rows", () => {
    for (const [b, c] of [
      [0, 0],
      [1, 0],
      [5, 5],
      [3, 10],
      [121, 59],
      [400, 600],
      [0, 1000],
    ]) {
      const n = b + c;
      let tail = new Decimal(0);
      let choose = new Decimal(1);
      for (let k = 0; k <= Math.min(b, c); k++) {
        tail = tail.plus(choose);
        choose = choose.times(n - k).div(k + 1);
      }
      const wanted = Decimal.min(1, tail.times(2).div(new Decimal(2).pow(n))).toNumber();
      const { pValue, statistic } = mcnemar(b, c);
      expect(statistic).toBeUndefined();
      expect(Math.abs(pValue / wanted - 1)).toBeLessThan(1e-12);
      expect(mcnemar(c, b)).toEqual(mcnemar(b, c));
    }
  });

  test("then by chi square", () => {
    expect(mcnemar(600, 500).statistic).toBe(99 ** 2 / 1100);
    // of one degree of freedom: 3.841459 leaves 5 %
    expect(erfc(Math.sqrt(3.841458820694124 / 2))).toBeCloseTo(0.05, 12);
    expect(mcnemar(550, 550)).toMatchObject({ statistic: 0, pValue: 1 });
  });

  test("erfc by its series in many digits", () => {
    const precise = Decimal.clone({ precision: 700 });
    for (const x of [0, 1e-9, 0.1, 0.5, 1, 1.9, 1.99999, 2, 2.5, 4, 7.5, 12, 20, 26]) {
      // erf x = 2 / sqrt(pi) Σ (-1)^n x^(2n+1) / (n! (2n+1))
      const square = new precise(x).pow(2);
      let term = new precise(x);
      let sum = new precise(x);
      for (let n = 1; n < 2500 && !term.isZero() && term.abs().gt("1e-330"); n++) {
        term = term.times(square).div(-n);
        sum = sum.plus(term.div(2 * n + 1));
      }
      const wanted = new precise(1).minus(sum.times(2).div(precise.acos(-1).sqrt()));
      expect(new precise(erfc(x)).div(wanted).minus(1).abs().toNumber(), `erfc(${x})`).toBeLessThan(2 ** -40);
    }
  });
});

describe("the command compare", () => {
  const { at, run, json } = workshop();
  const [rows, classes] = [40, 5];
  const [base, other] = models(20, "float32", rows, classes);
  const labels = labelsOf(mulberry32(21), rows, classes, -100);
  writeFileSync(at("base.npy"), npy(base as Float32Array, [rows, classes]));
  writeFileSync(at("other.npy"), npy(Float64Array.from(other), [rows, classes]));
  writeFileSync(at("labels.npy"), npy(labels, [rows]));
  writeFileSync(at("short.npy"), npy(new Float32Array(10), [2, classes]));

  test("prints what the library computes, by llama.cpp's names", () => {
    const comparison = losses.comparison({ classes, worst: 10 });
    comparison.add(base, Float64Array.from(other), labels);
    const found = json("compare", "base.npy", "other.npy", "labels.npy");
    expect(found).toMatchObject(JSON.parse(JSON.stringify({ ...comparison.result(), coverage: undefined })));
    const { stdout } = run("compare", "base.npy", "other.npy", "labels.npy");
    for (const name of [
      "Mean PPL(Q)",
      "Mean PPL(base)",
      "Cor(ln(PPL(Q)), ln(PPL(base)))",
      "Mean ln(PPL(Q)/PPL(base))",
      "Mean PPL(Q)/PPL(base)",
      "Mean PPL(Q)-PPL(base)",
      "Mean KLD",
      "Maximum KLD",
      "99.9% KLD",
      "Median KLD",
      "Minimum KLD",
      "Mean Δp",
      "RMS Δp",
      "Same top p",
      "McNemar",
      "the loss grew most",
    ]) {
      expect(stdout).toContain(name);
    }
    expect(json("compare", "base.npy", "other.npy").base).toBeUndefined();
  });

  test("its states merge, and a report says the same", () => {
    const args = ["base.npy", "other.npy", "labels.npy", "--state", "all.acc", "--report", "r.html"];
    const whole = json("compare", ...args);
    const { backend, threads, relaxed, notes, logitsPerSecond, ...figures } = whole;
    expect(json("merge", "all.acc")).toEqual({
      ...figures,
      coverage: [{ source: "base.npy", rows: [[0, rows - 1]] }],
    });
    expect(run("merge", "all.acc", "all.acc", "--report", "m.html").stderr).toContain("it counts once");
    expect(run("merge", "all.acc", "--per-class").stderr).toContain("--per-class is not for states of compare");
  });

  test.each([
    [["base.npy"], "compare takes two files or three, BASE, OTHER and LABELS, but got 1", 2],
    [["base.npy", "short.npy"], "short.npy: shape (2, 5) does not fit the logits of shape (40, 5) in base.npy", 1],
    [["base.npy", "labels.npy"], "labels.npy", 1],
    [["base.npy", "other.npy", "--shift"], "--shift needs LABELS", 2],
    [["base.npy", "other.npy", "--worst", "1001"], "--worst", 2],
  ])("refuses %j", (args, message, code) => {
    const found = run("compare", ...args);
    expect(found.stderr).toContain(message);
    expect(found.code).toBe(code);
  });
});
