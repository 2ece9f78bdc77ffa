/** Percentiles of the loss, clustered standard errors, and the lengths of texts. */
import { describe, expect, test } from "vitest";
import { Groups } from "../src/evaluate/groups.ts";
import { createLosses, evaluationOf, mergeStates } from "../src/index.node.ts";
import { openThreaded } from "./backends.ts";
import { labelsOf, logitsOf, mulberry32, normal } from "./inputs.ts";

const opened = await openThreaded();
const losses = await createLosses({ backend: "js" });

/** Logits of two classes, label 0, whose losses are those given. */
const logitsFor = (rows: readonly number[]) =>
  Float64Array.from(rows.flatMap((loss) => [0, loss > 30 ? loss : Math.log(Math.expm1(loss))]));

describe("percentiles", () => {
  const options = { classes: 2, percentiles: [0, 0.5, 10, 37.5, 50, 90, 99.9, 100] };

  test("bounds hold: random sets, nearest rank", () => {
    const random = mulberry32(3);
    for (let set = 0; set < 1000; set++) {
      const n = 1 + Math.floor(200 * random() ** 2);
      const x = logitsFor(Array.from({ length: n }, () => Math.exp(6 * normal(random))));
      const y = new Int32Array(n);
      const rows = losses.crossEntropy(x, y, { classes: 2, reduction: "none" }).sort();
      const { lossPercentiles = {} } = losses.evaluate(x, y, options);
      expect(
        Object.keys(lossPercentiles)
          .map(Number)
          .sort((a, b) => a - b),
      ).toEqual(options.percentiles);
      for (const [percent, { value, bound }] of Object.entries(lossPercentiles)) {
        const rank = Math.max(1, Math.ceil(Number(((Number(percent) * n) / 100).toFixed(9))));
        const wanted = rows[rank - 1];
        expect(Math.abs(value - wanted), `${percent} of ${n}`).toBeLessThanOrEqual(bound);
        expect(bound).toBeLessThanOrEqual(2 ** -7 * wanted);
      }
      expect([lossPercentiles[0], lossPercentiles[100]]).toEqual([
        { value: rows[0], bound: 0 },
        { value: rows[n - 1], bound: 0 },
      ]);
    }
  });

  test("of losses that are 0 they are 0", () => {
    const x = Float32Array.of(0, 1, 0, 1, 0, 1, 0, 1);
    const options = { classes: 1, percentiles: [25, 50, 75] };
    const { lossPercentiles = {} } = losses.evaluate(x, new Int32Array(8), options);
    for (const { value, bound } of Object.values(lossPercentiles)) {
      expect(value).toBe(0);
      expect(bound).toBeLessThan(1e-300);
    }
  });

  test("one state for every backend and partition; NaN is left out, infinity the largest", () => {
    const x = logitsOf(mulberry32(1), "float32", 50, 5);
    [x[0], x[5]] = [Number.NaN, Number.NEGATIVE_INFINITY];
    const y = labelsOf(mulberry32(2), 50, 5, -100);
    [y[0], y[1]] = [1, 0];
    const states = opened.map(({ losses }) => {
      const [whole, a, b] = [0, 1, 2].map(() => losses.evaluator({ classes: 5, percentiles: true }));
      whole.add(x, y);
      a.add(x.subarray(100), y.subarray(20));
      b.add(x.subarray(0, 100), y.subarray(0, 20));
      expect(mergeStates(a.state(), b.state())).toEqual(whole.state());
      expect(evaluationOf(whole.state())).toEqual(whole.result());
      return Buffer.from(whole.state()).toString("hex");
    });
    expect(new Set(states).size).toBe(1);
    const { lossPercentiles } = losses.evaluate(x, y, { classes: 5, percentiles: true });
    expect(lossPercentiles?.[100]).toEqual({ value: Number.POSITIVE_INFINITY, bound: 0 });
    expect(
      losses.evaluate(new Float32Array(0), new Int32Array(0), { classes: 5, percentiles: [50] }).lossPercentiles,
    ).toEqual({
      50: { value: NaN, bound: NaN },
    });
  });

  test("what is no percentile is refused, and other ones don't merge", () => {
    const wrong: [unknown, string][] = [
      [5, "evaluator: percentiles must be true or an array of numbers, but is a number"],
      [[101], "evaluator: percentiles[0] is 101, but must be at least 0 and at most 100"],
      [["50"], "evaluator: percentiles[0] must be a number, but is a string"],
    ];
    for (const [percentiles, message] of wrong) {
      expect(() => losses.evaluator({ classes: 2, percentiles: percentiles as never })).toThrow(message);
    }
    const of = (percentiles: number[]) => losses.evaluator({ classes: 2, percentiles }).state();
    expect(() => mergeStates(of([5]), of([6]))).toThrow("states[1] has percentiles [6], but [5] is that of states[0]");
  });
});

describe("groups", () => {
  /** sqrt(G / (G - 1) Σ S^2) / Σ w, plainly. */
  function clusteredError(rows: readonly number[], weights: readonly number[], groups: readonly unknown[]): number {
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    const mean = sum(rows) / sum(weights);
    const ids = [...new Set(groups.filter((_, i) => weights[i] > 0))];
    const squares = ids.map((id) => sum(rows.map((r, i) => (groups[i] === id ? r - weights[i] * mean : 0))) ** 2);
    return Math.sqrt((ids.length / (ids.length - 1)) * sum(squares)) / sum(weights);
  }

  test.each([
    ["plain", undefined],
    ["weighted", [1, 0, 2.5]],
  ])("%s: as its definition, whatever kind of integers they are", (_, weights) => {
    const random = mulberry32(7);
    const n = 200;
    const x = Float64Array.from({ length: 3 * n }, () => 2 * normal(random));
    const y = labelsOf(random, n, 3, -100);
    const ids = Array.from({ length: n }, () => Math.floor(20 * random()));
    const weight = weights && Float64Array.from(weights);
    const rows = Array.from(losses.crossEntropy(x, y, { classes: 3, weight, reduction: "none" }));
    const own = Array.from(y, (label) => (label < 0 ? 0 : (weight?.[label] ?? 1)));
    const wanted = clusteredError(rows, own, ids);
    for (const groups of [ids, Uint8Array.from(ids), BigInt64Array.from(ids, BigInt)]) {
      const evaluator = losses.evaluator({ classes: 3, weight });
      evaluator.add(x, y, { groups });
      const { loss, perplexity, perplexityError } = evaluator.result();
      expect(loss.clusteredStandardError).toBeCloseTo(wanted, 12);
      expect(loss.interval[1] - loss.mean).toBeCloseTo(1.959964 * wanted, 12);
      expect(perplexityError).toBeCloseTo(perplexity * wanted, 9);
    }
    // each row a group of its own: the plain error
    const single = losses.evaluator({ classes: 3, weight });
    single.add(x, y, { groups: Int32Array.from({ length: n }, (_, i) => i - 100) });
    const { loss } = single.result();
    expect(loss.clusteredStandardError).toBeCloseTo(loss.standardError, 14);
  });

  test("more than 2^20 of them are refused, and nothing is added", () => {
    const n = 2 ** 20 + 1;
    const evaluator = losses.evaluator({ classes: 1 });
    const before = evaluator.state();
    const numbers = Int32Array.from({ length: n }, (_, i) => i);
    const refused = "add: groups are more than 1048576, which is as many as can be told apart";
    const add = () => evaluator.add(new Float32Array(n), new Int8Array(n), { groups: numbers });
    expect(add).toThrow(new RangeError(refused));
    expect(evaluator.state()).toEqual(before);
    // those of ignored rows, and a group of many rows, are none more
    const fail = () => {
      throw new Error("too many");
    };
    new Groups().checkCount(numbers, (i) => i !== 5, fail);
    new Groups().checkCount(new Int32Array(n), () => true, fail);
    expect(() => new Groups().checkCount(numbers, () => true, fail)).toThrow("too many");
  });

  test("a group of an infinite weight leaves no error", () => {
    const evaluator = losses.evaluator({ classes: 2, weight: Float32Array.of(Infinity, 1) });
    evaluator.add(Float32Array.of(1, 2, 0, 1, 3, 1), Int32Array.of(0, 1, 1), { groups: [1, 2, 3] });
    expect(evaluator.result().loss.clusteredStandardError).toBeNaN();
  });

  test("plain arrays are read once, and before anything else", () => {
    for (const { losses } of opened) {
      for (const key of ["labels", "groups"] as const) {
        const logits = Float32Array.of(1, 2, 0, 1);
        const reads: unknown[] = [];
        const watched = new Proxy([0, 1], {
          get(target, name) {
            if (name === "0") reads.push(name);
            if (name === "1") structuredClone(logits.buffer, { transfer: [logits.buffer] });
            return Reflect.get(target, name);
          },
        });
        const evaluator = losses.evaluator({ classes: 2 });
        const given: Record<"labels" | "groups", number[]> = { labels: [0, 1], groups: [0, 1] };
        given[key] = watched;
        const { labels, groups } = given;
        expect(() => evaluator.add(logits, labels, { groups }), key).toThrow(/logits is detached|logits \(in rows\)/);
        expect(reads).toEqual(["0"]);
        expect(evaluator.result().rows).toBe(0);
      }
    }
  });

  test("one group in two parts is one group; one state for every order and backend", () => {
    const x = logitsOf(mulberry32(1), "float32", 60, 4);
    const y = labelsOf(mulberry32(2), 60, 4, -100);
    const ids = Array.from({ length: 60 }, (_, i) => BigInt(i % 7) * 2n ** 60n - 2n ** 62n);
    const groups = BigInt64Array.from(ids);
    const states = opened.map(({ losses }) => {
      const [whole, a, b] = [0, 1, 2].map(() => losses.evaluator({ classes: 4 }));
      whole.add(x, y, { groups });
      a.add(x.subarray(40), y.subarray(10), { groups: groups.subarray(10) });
      b.add(x.subarray(0, 40), y.subarray(0, 10), { groups: groups.subarray(0, 10) });
      expect(mergeStates(a.state(), b.state())).toEqual(whole.state());
      expect(evaluationOf(whole.state())).toEqual(whole.result());
      return Buffer.from(whole.state()).toString("hex");
    });
    expect(new Set(states).size).toBe(1);
  });

  test("where rows of a group go together, its interval holds the mean 93 to 97 times of 100; the plain one does not", () => {
    const random = mulberry32(17);
    const [sets, count] = [400, 100];
    let held = 0;
    let plain = 0;
    for (let set = 0; set < sets; set++) {
      const ids: number[] = [];
      const rows: number[] = [];
      for (let group = 0; group < count; group++) {
        const common = normal(random);
        for (let i = 0; i < 4; i++) {
          ids.push(group);
          rows.push(10 + common + 0.5 * normal(random));
        }
      }
      const evaluator = losses.evaluator({ classes: 2 });
      evaluator.add(logitsFor(rows), new Int32Array(rows.length), { groups: ids });
      const { mean, interval, standardError } = evaluator.result().loss;
      if (interval[0] <= 10 && 10 <= interval[1]) held++;
      if (Math.abs(mean - 10) <= 1.959964 * standardError) plain++;
    }
    expect(held / sets).toBeGreaterThanOrEqual(0.93);
    expect(held / sets).toBeLessThanOrEqual(0.97);
    expect(plain / sets).toBeLessThan(0.85);
  });

  test("with every add or with none, one a row", () => {
    const add = (evaluator: ReturnType<typeof losses.evaluator>, options: object, rows = 2) =>
      evaluator.add(new Float32Array(2 * rows), new Int32Array(rows), options);
    const evaluator = losses.evaluator({ classes: 2 });
    expect(() => add(evaluator, { groups: [1] })).toThrow(
      new RangeError("add: groups has length 1, but logits (in rows) has 2"),
    );
    expect(() => add(evaluator, { groups: [0.5, 1] })).toThrow(
      new TypeError("add: groups[0] must be an integer, but is 0.5"),
    );
    add(evaluator, { groups: [1, 2] });
    expect(() => add(evaluator, {})).toThrow(
      new TypeError("add: groups must go with every add or with none, but is missing"),
    );
    const other = losses.evaluator({ classes: 2 });
    add(other, {});
    expect(() => add(other, { groups: [1, 2] })).toThrow(
      new TypeError("add: groups must go with every add or with none, but earlier ones had none"),
    );
    expect(() => mergeStates(evaluator.state(), other.state())).toThrow(
      new RangeError("mergeStates: states[1] has no groups, but states[0] has"),
    );
    expect(() => mergeStates(other.state(), evaluator.state())).toThrow(RangeError);
    const none = losses.evaluator({ classes: 2 }).state();
    expect(mergeStates(none, evaluator.state(), none)).toEqual(evaluator.state());
  });

  test("an add of no rows says nothing, but for what is given of bytes and words", () => {
    const start = () => losses.evaluator({ classes: 2 });
    const add = (evaluator: ReturnType<typeof start>, rows: number, options: object) =>
      evaluator.add(Float32Array.from({ length: 2 * rows }, Number), new Int32Array(rows), options);
    for (const own of [{ groups: [1, 2] }, { bytes: 3, words: 2 }, {}]) {
      const evaluator = start();
      add(evaluator, 2, own);
      const wanted = evaluator.state();
      for (const empty of [{ groups: [] }, {}]) {
        add(evaluator, 0, empty);
        expect(evaluator.state()).toEqual(wanted);
        const late = start();
        add(late, 0, empty);
        add(late, 2, own);
        expect(late.state()).toEqual(wanted);
      }
    }
    const evaluator = start();
    add(evaluator, 0, { bytes: 4 });
    expect(() => add(evaluator, 2, {})).toThrow("add: bytes must go with every add or with none, but is missing");
    add(evaluator, 2, { bytes: 3, groups: [1, 2] });
    expect(() => add(evaluator, 0, { words: 1 })).toThrow("words must go with every add or with none");
    const whole = start();
    add(whole, 2, { bytes: 7, groups: [1, 2] });
    expect(evaluator.state()).toEqual(whole.state());
  });
});

describe("lengths of texts", () => {
  test("bits per byte, byte and word perplexity; they add up", async () => {
    const x = Float32Array.of(0, 1, 2, 0);
    const y = Int32Array.of(0, 1);
    const evaluator = losses.evaluator({ classes: 2 });
    evaluator.add(x.subarray(0, 2), y.subarray(0, 1), { bytes: 5, words: 1 });
    evaluator.add(x.subarray(2), y.subarray(1), { bytes: 2, words: 2 });
    const it = evaluator.result();
    expect(it.bitsPerByte).toBeCloseTo(it.loss.sum / (7 * Math.LN2), 14);
    expect(it.bytePerplexity).toBeCloseTo(Math.exp(it.loss.sum / 7), 13);
    expect(it.wordPerplexity).toBeCloseTo(Math.exp(it.loss.sum / 3), 13);
    const parts = [0, 1].map((row) => {
      const part = losses.evaluator({ classes: 2 });
      part.add(
        x.subarray(2 * row, 2 * row + 2),
        y.subarray(row, row + 1),
        [
          { bytes: 5, words: 1 },
          { bytes: 2, words: 2 },
        ][row],
      );
      return part.state();
    });
    expect(mergeStates(...parts)).toEqual(evaluator.state());
    expect(evaluationOf(evaluator.state())).toEqual(it);
    const stream = [{ logits: x, labels: y, bytes: 7, words: 3 }];
    expect(await losses.evaluateStream(stream, { classes: 2 })).toEqual(it);
  });

  test("each by itself, and none where none is given", () => {
    const evaluator = losses.evaluator({ classes: 2 });
    evaluator.add(Float32Array.of(0, 1), Int32Array.of(0), { words: 4 });
    expect(evaluationOf(evaluator.state())).toEqual(evaluator.result());
    expect(evaluator.result()).not.toHaveProperty("bitsPerByte");
    expect(() => evaluator.add(Float32Array.of(0, 1), Int32Array.of(0), { words: 1, bytes: 4 })).toThrow(TypeError);
    expect(() => evaluator.add(Float32Array.of(0, 1), Int32Array.of(0), { words: -1 })).toThrow(
      "add: words is -1, but must be an integer from 0 to",
    );
    const plain = losses.evaluate(Float32Array.of(0, 1), Int32Array.of(0), { classes: 2 });
    for (const name of ["bitsPerByte", "bytePerplexity", "wordPerplexity"]) expect(plain).not.toHaveProperty(name);
  });
});
