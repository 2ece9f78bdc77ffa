import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RANKS } from "../src/evaluate/workspace.ts";
import { evaluationOf } from "../src/index.node.ts";
import { openThreaded } from "./backends.ts";
import { everything, once } from "./breadth.ts";
import { countedRows, evaluation } from "./evaluateOracle.ts";
import { expectNear } from "./expectNear.ts";
import {
  arrayOf,
  classCounts,
  type Dtype,
  dtypes,
  labelsOf,
  largeClassCounts,
  logitsOf,
  mulberry32,
  rowLossTolerance,
  zeros,
} from "./inputs.ts";

const opened = await openThreaded();

/** What an entropy, a Brier score or a confidence may be off by, of 1 + ln classes. */
const slack: Record<Dtype, number> = { float32: 2 ** -20, float64: 2 ** -46 };

/** Whether a confidence is so near to the edge of a bin that it may be counted in either. */
function isBetweenBins(confidence: number, bins: number, off: number): boolean {
  const edge = Math.round(confidence * bins) / bins;
  return edge > 0 && edge < 1 && Math.abs(confidence - edge) <= off;
}

const tops = [1, 2, 5, 50, 5000];

/** Rows of each number of classes, with what the oracle says of them. */
function casesOf(dtype: Dtype, counts: readonly number[], rows: number) {
  return counts.flatMap((classes) => {
    const random = mulberry32(classes);
    const x = logitsOf(random, dtype, rows, classes);
    const y = labelsOf(random, rows, classes, -100);
    const weight = zeros(dtype, classes).map((_, j) => (j % 4) / 2);
    return [
      { classes, topK: tops, perClass: true },
      { classes, weight, bins: 4, topK: [3] },
    ].map((options) => ({ x, y, options, wanted: evaluation(x, y, options), counted: countedRows(x, y, options) }));
  });
}

const against = dtypes.flatMap((dtype) =>
  (
    [
      ["few classes", classCounts, 23],
      ["many classes", largeClassCounts, everything ? 3 : 2],
    ] as const
  ).map(([title, counts, rows]) => ({ dtype, title, cases: once(() => casesOf(dtype, counts, rows)) })),
);

describe.each(opened)("$name", ({ losses }) => {
  describe.each(dtypes)("%s", (dtype) => {
    test.each(against.filter((it) => it.dtype === dtype))("against the oracle: $title", ({ cases }) => {
      for (const { x, y, options, wanted: all, counted } of cases()) {
        const { calibration, loss, perClass, ...wanted } = all;
        const { classes } = options;
        const tolerance = slack[dtype] * (1 + Math.log(classes));
        const got = losses.evaluate(x, y, options);
        const where = `${classes} classes`;
        // the bounds of their parts: of a mean those of its rows, of exp(mean) and mean / ln 2 that of the mean
        const rowsOff = counted.map((row) => rowLossTolerance(dtype, row.plain, classes));
        const sumOff = rowsOff.reduce((a, b) => a + b, 0) + 2 ** -52 * loss.sum;
        const meanOff = sumOff / wanted.weightSum + 2 ** -52 * loss.mean;
        const near = {
          entropy: tolerance,
          brier: tolerance,
          perplexity: (Math.expm1(meanOff) + 2 ** -50) * wanted.perplexity,
          perplexityError: (1e-4 + 2 * meanOff) * wanted.perplexity,
          accuracyInterval: 1e-12,
          bitsPerRow: 1.5 * meanOff,
        };
        expectNear(got, wanted, near, where);
        if (options.perClass) expectNear(got.perClass, perClass, { loss: Math.max(...rowsOff) }, where);
        expectNear(got.loss, { sum: loss.sum, mean: loss.mean }, { sum: sumOff, mean: meanOff }, where);
        // the variance of equal losses is a difference of near numbers
        if (loss.standardError > 1e-3)
          expectNear(got.loss, loss, { sum: sumOff, mean: meanOff, standardError: 1e-4, interval: 3e-4 }, where);
        if (!counted.some(({ confidence }) => isBetweenBins(confidence, options.bins ?? 15, tolerance))) {
          expectNear(
            got.calibration,
            calibration,
            {
              expectedError: tolerance,
              maximalError: tolerance,
              rootMeanSquareError: tolerance,
              confidence: tolerance,
            },
            where,
          );
        }
        expect(got.calibration.bins.reduce((n, bin) => n + bin.count, 0)).toBe(got.counted);
      }
    });

    test("the entropy is not negative, and within its error, wherever the target lies", () => {
      for (const classes of [2, 3, 5, 10, 64, 65, 1000]) {
        const random = mulberry32(classes + 7);
        for (let row = 0; row < (everything ? 300 : 100); row++) {
          const x = zeros(dtype, classes).map(() => 40 * (random() - 0.25));
          x[0] = -(10 ** (3 * random()));
          const found = losses.evaluate(x, Int32Array.of(0), { classes }).entropy;
          const m = Math.max(...x);
          const shares = Array.from(x, (v) => Math.exp(v - m));
          const d = shares.reduce((a, b) => a + b);
          const wanted = shares.reduce((sum, e) => (e === 0 ? sum : sum - (e / d) * Math.log(e / d)), 0);
          if (!(found >= 0)) expect.fail(`${found} of ${x}`);
          expect(Math.abs(found - wanted), `${found}, wanted ${wanted}`).toBeLessThanOrEqual(
            slack[dtype] * (1 + Math.log(classes)),
          );
        }
      }
    });

    test("the entropy is that of the row, wherever the target and the largest logits lie", () => {
      for (const classes of [3, 64, 65, 1000]) {
        for (const top of [0, 61, 300, 1e4, 1e8, 1e12, 1e17, 1e30]) {
          const x = zeros(dtype, classes).fill(-100);
          x[0] = top;
          x[1] = top;
          for (const label of [0, 1, 2, classes - 1]) {
            const { entropy } = losses.evaluate(x, Int32Array.of(label), { classes });
            expect(Math.abs(entropy - Math.LN2), `${classes}, ${top}, ${label}: ${entropy}`).toBeLessThan(slack[dtype]);
          }
        }
      }
    });

    test("the loss is that of crossEntropy, bit for bit", () => {
      for (const classes of [1, 2, 3, 10, 63, 64, 65, 100, 257, 1000, 4097, 12289]) {
        const random = mulberry32(classes + 1);
        const rows = classes > 1000 ? 3 : 50;
        const x = logitsOf(random, dtype, rows, classes);
        const y = labelsOf(random, rows, classes, -100);
        for (const weight of [undefined, zeros(dtype, classes).map((_, j) => 1 + (j % 5) / 4)]) {
          const { loss, weightSum } = losses.evaluate(x, y, { classes, weight });
          expect(loss.mean).toBe(losses.crossEntropy(x, y, { classes, weight }));
          expect(loss.sum).toBe(losses.crossEntropy(x, y, { classes, weight, reduction: "sum" }));
          expect(weightSum > 0 || Number.isNaN(loss.mean)).toBe(true);
        }
      }
    });

    test.each([30, 70])("rows confident by %i keep the digits of every figure", (top) => {
      const x = arrayOf[dtype].from([top, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
      const got = losses.evaluate(x, Int32Array.of(0), { classes: 10 });
      const wanted = evaluation(x, Int32Array.of(0), { classes: 10 });
      for (const name of ["entropy", "brier"] as const) {
        // the squares of probabilities below 1e-19 are below float32
        if (name === "brier" && dtype === "float32" && top > 40) continue;
        expect(Math.abs(got[name] / wanted[name] - 1), `${name} ${got[name]}`).toBeLessThan(20 * slack[dtype]);
      }
      expect(Math.abs(got.loss.mean / wanted.loss.mean - 1)).toBeLessThan(20 * slack[dtype]);
    });

    test("what is not finite is counted, and ranked where it can be", () => {
      const { NaN: nan, POSITIVE_INFINITY: inf, NEGATIVE_INFINITY: minus } = Number;
      for (const classes of [3, 100, 5000]) {
        const pad = (values: number[]) => [...values, ...new Array(classes - values.length).fill(minus)];
        const rows = [
          [nan, 1, 2],
          [1, 2, nan],
          [inf, 1, 2],
          [inf, 3, inf],
          [nan, inf, 1],
          [minus, minus, minus],
          [minus, 1, 2],
        ];
        const x = arrayOf[dtype].from(rows.flatMap(pad));
        for (const y of [
          [0, 0, 0, 0, 0, 0, 0],
          [2, 1, 1, 2, 1, 1, 1],
          [1, 2, 2, 1, 0, 2, 2],
          [-100, 1, -100, 1, 0, -100, 2],
        ]) {
          const labels = Int32Array.from(y);
          const it = evaluation(x, labels, { classes });
          const { calibration, loss, entropy, brier, perplexity, perplexityError, bitsPerRow, perClass, ...rest } = it;
          const { accuracyInterval, ...wanted } = rest;
          const got = losses.evaluate(x, labels, { classes });
          expect(got).toMatchObject(wanted);
          expect([got.entropy, got.brier, got.loss.mean, got.perplexity]).toEqual([NaN, NaN, NaN, NaN]);
        }
      }
      // +inf alone: a target that is -inf
      const far = losses.evaluate(arrayOf[dtype].of(minus, 0), Int32Array.of(0), { classes: 2 });
      expect(far).toMatchObject({
        loss: { mean: inf, sum: inf },
        perplexity: inf,
        accuracy: 0,
        meanReciprocalRank: 0.5,
      });
      expect([far.entropy, far.brier]).toEqual([0, 2]);
    });
  });

  test("no rows, all ignored, one row", () => {
    const none = losses.evaluate(new Float32Array(0), new Int32Array(0), { classes: 3 });
    expect(none).toMatchObject({ rows: 0, counted: 0, loss: { sum: 0, mean: NaN, standardError: NaN }, accuracy: NaN });
    const ignored = losses.evaluate(Float32Array.of(NaN, 1), Int32Array.of(7), { classes: 2, ignoreIndex: 7 });
    expect(ignored).toMatchObject({ rows: 1, counted: 0, loss: { sum: 0 }, nonFinite: { nan: 0 } });
    const one = losses.evaluate(Float32Array.of(0, 1), Int32Array.of(1), { classes: 2 });
    expect(one.loss.standardError).toBeNaN();
  });

  test("ties: the first of equals is the larger", () => {
    for (const classes of [6, 100]) {
      const x = new Float32Array(classes).fill(1);
      for (const label of [0, 1, 5, classes - 1]) {
        const it = losses.evaluate(x, Int32Array.of(label), { classes });
        expect(it).toMatchObject({ accuracy: label === 0 ? 1 : 0, meanReciprocalRank: 1 / (label + 1) });
      }
    }
  });

  test("ranks about the last one that is counted by itself", () => {
    const classes = RANKS + 100;
    const labels = Int32Array.of(RANKS - 2, RANKS - 1, RANKS, RANKS + 1);
    // falling: the label's rank is one more than it
    const x = Float32Array.from({ length: 4 * classes }, (_, i) => -(i % classes) / 64);
    const topK = [RANKS - 1, RANKS, RANKS + 1, RANKS + 2, classes];
    const evaluation = losses.evaluate(x, labels, { classes, topK });
    expect(topK.map((k) => evaluation.topK[k])).toEqual([0.25, 0.5, 0.75, 1, 1]);
    const reciprocal = labels.reduce((sum, label) => sum + 1 / (label + 1), 0) / 4;
    expect(Math.abs(evaluation.meanReciprocalRank / reciprocal - 1)).toBeLessThanOrEqual(2 ** -51);
  });

  test("a histogram of the losses that covers them all", () => {
    const random = mulberry32(9);
    const x = logitsOf(random, "float32", 500, 10);
    const y = labelsOf(random, 500, 10);
    const rows = losses.crossEntropy(x, y, { classes: 10, reduction: "none" });
    const { lossHistogram } = losses.evaluate(x, y, { classes: 10 });
    expect(lossHistogram.reduce((n, { count }) => n + count, 0)).toBe(500);
    for (const { from, to, count } of lossHistogram) {
      expect(rows.filter((loss) => loss >= from && loss < to).length).toBe(count);
    }
  });

  test("two evaluators at once don't mix", () => {
    const random = mulberry32(3);
    const [x, y] = [logitsOf(random, "float32", 40, 7), labelsOf(random, 40, 7)];
    const [a, b] = [losses.evaluator({ classes: 7 }), losses.evaluator({ classes: 7, bins: 3, topK: [2] })];
    for (let row = 0; row < 40; row += 10) {
      a.add(x.subarray(row * 7, (row + 10) * 7), y.subarray(row, row + 10));
      b.add(x.subarray(row * 7, (row + 5) * 7), y.subarray(row, row + 5));
    }
    expect(a.result()).toEqual(losses.evaluate(x, y, { classes: 7 }));
    expect(b.result().rows).toBe(20);
    expect(a.result()).toEqual(evaluationOf(a.state()));
  });

  test("errors name function, argument and both numbers, and add nothing", () => {
    const evaluator = losses.evaluator({ classes: 3 });
    const add = (x: unknown, y: unknown) => () => evaluator.add(x as Float32Array, y as Int32Array);
    expect(add(new Float32Array(6), Int32Array.of(0, 3))).toThrow(
      new RangeError("add: labels[1] is 3, but classes is 3 (allowed 0..2, or ignoreIndex -100)"),
    );
    expect(add(new Float32Array(7), Int32Array.of(0, 1))).toThrow(
      new RangeError("add: logits has length 7, which is not a multiple of classes 3"),
    );
    expect(add(new Float32Array(6), Int32Array.of(0))).toThrow(
      new RangeError("add: labels has length 1, but logits (in rows) has 2"),
    );
    expect(add([1, 2, 3], Int32Array.of(0))).toThrow(TypeError);
    expect(add(new Float32Array(3), Float32Array.of(0))).toThrow(TypeError);
    expect(evaluator.result().rows).toBe(0);
    const wrong: [object, string][] = [
      [{}, "evaluator: classes must be an integer, but is undefined"],
      [{ classes: 0 }, "evaluator: classes is 0, but must be an integer from 1 to 16777216"],
      [{ classes: 3, bins: 1001 }, "evaluator: bins is 1001, but must be an integer from 1 to 1000"],
      [{ classes: 3, topK: [0] }, "evaluator: topK[0] is 0, but must be an integer from 1 to 16777216"],
      [{ classes: 3, topK: 5 }, "evaluator: topK must be an array of integers"],
      [{ classes: 3, weight: new Float32Array(2) }, "evaluator: weight has length 2, but a row (classes) has 3"],
      [{ classes: 3, weight: Float32Array.of(1, -1, 0) }, "evaluator: weight[1] is -1, but must be 0 or more"],
    ];
    for (const [options, message] of wrong) expect(() => losses.evaluator(options as never)).toThrow(message);
    const weighted = losses.evaluator({ classes: 3, weight: new Float64Array(3) });
    expect(() => weighted.add(new Float32Array(3), Int32Array.of(0))).toThrow(
      new TypeError("add: weight is a Float64Array, but logits is a Float32Array"),
    );
  });
});

describe("streams", () => {
  const { losses } = opened[0];
  const random = mulberry32(8);
  const [x, y] = [logitsOf(random, "float32", 60, 5), labelsOf(random, 60, 5)];
  const wanted = losses.evaluate(x, y, { classes: 5 });
  const batch = (row: number) => ({ logits: x.subarray(row * 5, (row + 20) * 5), labels: y.subarray(row, row + 20) });

  test("a generator, asked for one batch at a time, whose arrays are used again", async () => {
    let waiting = 0;
    const logits = new Float32Array(100);
    async function* batches() {
      for (const row of [0, 20, 40]) {
        expect(waiting++).toBe(0);
        logits.set(batch(row).logits);
        yield { logits, labels: batch(row).labels };
        waiting--;
      }
    }
    expect(await losses.evaluateStream(batches(), { classes: 5 })).toEqual(wanted);
    expect(await losses.evaluateStream([batch(40), batch(0), batch(20)], { classes: 5 })).toEqual(wanted);
  });

  test("a web stream, also where it is no iterable, with back-pressure; it is cancelled on an error", async () => {
    for (const iterable of [true, false]) {
      let pulled = 0;
      let cancelled = false;
      const stream = new ReadableStream(
        {
          pull(controller) {
            if (pulled === 3) controller.close();
            else controller.enqueue(batch(20 * pulled++));
          },
          cancel() {
            cancelled = true;
          },
        },
        { highWaterMark: 0 },
      );
      if (!iterable) Object.defineProperty(stream, Symbol.asyncIterator, { value: undefined });
      if (iterable) expect(await losses.evaluateStream(stream, { classes: 5 })).toEqual(wanted);
      else {
        await expect(losses.evaluateStream(stream, { classes: 4 })).rejects.toThrow(RangeError);
        expect({ cancelled, pulled }).toEqual({ cancelled: true, pulled: 1 });
      }
    }
  });

  test("a Node stream of objects, read no further than its buffer ahead; it is destroyed on an error", async () => {
    let read = 0;
    const stream = () =>
      new Readable({
        objectMode: true,
        highWaterMark: 1,
        read() {
          this.push(read === 3 ? null : batch(20 * read++));
        },
      });
    expect(await losses.evaluateStream(stream(), { classes: 5 })).toEqual(wanted);
    read = 0;
    const bad = stream();
    await expect(losses.evaluateStream(bad, { classes: 4 })).rejects.toThrow(RangeError);
    expect({ destroyed: bad.destroyed, ahead: read < 3 }).toEqual({ destroyed: true, ahead: true });
  });

  test("errors name the function, and count rows from the first batch on", async () => {
    const of = (n: number) => ({ logits: x.subarray(0, 5 * n), labels: y.subarray(0, n) });
    const wrong = { logits: x.subarray(0, 10), labels: Int32Array.of(0, 7) };
    await expect(losses.evaluateStream([of(20), of(3), wrong], { classes: 5 })).rejects.toThrow(
      "evaluateStream: labels[24] is 7, but classes is 5 (allowed 0..4, or ignoreIndex -100)",
    );
    expect(() => losses.evaluate(x, y, { classes: 0 })).toThrow("evaluate: classes is 0, but");
    expect(() => losses.evaluate(x, y, undefined as never)).toThrow(
      "evaluate: options must be an object, but is undefined",
    );
    expect(() => losses.evaluate(x, "1" as never, { classes: 5 })).toThrow(
      "evaluate: labels must be an integer typed array, but is a string",
    );
    await expect(losses.evaluateStream([], { classes: 5, bins: 0 })).rejects.toThrow("evaluateStream: bins is 0, but");
  });

  test("timers have their turn between batches of a source that never waits", async () => {
    const batchesOf = {
      generator: function* () {
        for (let i = 0; i < 200; i++) yield batch(20);
      },
      asynchronous: async function* () {
        for (let i = 0; i < 200; i++) yield batch(20);
      },
      array: () => new Array(200).fill(batch(20)),
    };
    const immediate = globalThis.setImmediate;
    for (const batches of Object.values(batchesOf)) {
      // as it is here, and as in browsers
      for (const present of [immediate, undefined]) {
        let turns = 0;
        const timer = setInterval(() => turns++, 0);
        try {
          globalThis.setImmediate = present as never;
          await losses.evaluateStream(batches(), { classes: 5 });
        } finally {
          globalThis.setImmediate = immediate;
          clearInterval(timer);
        }
        expect(turns).toBeGreaterThan(0);
      }
    }
  });

  test("it tells how far it is after each batch", async () => {
    const told: object[] = [];
    const onProgress = (progress: object) => void told.push(progress);
    await losses.evaluateStream([batch(0), batch(20), batch(40)], { classes: 5, onProgress });
    expect(told).toEqual([1, 2, 3].map((batches) => ({ rows: 20 * batches, batches })));
    const failing = losses.evaluateStream([batch(0)], {
      classes: 5,
      onProgress() {
        throw new Error("enough");
      },
    });
    await expect(failing).rejects.toThrow("enough");
  });

  test("a signal ends it: before it begins, between batches, while it waits; the source is told", async () => {
    const reason = new Error("no longer wanted");
    const never = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
    await expect(losses.evaluateStream(never, { classes: 5, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(losses.evaluateStream(never, { classes: 5, signal: AbortSignal.timeout(5) })).rejects.toThrow(
      /timeout/,
    );

    const between = new AbortController();
    let left = 0;
    function* batches() {
      try {
        for (;;) yield batch(0);
      } finally {
        left++;
      }
    }
    let rows = 0;
    const onProgress = (progress: { rows: number }) => {
      rows = progress.rows;
      if (rows === 60) between.abort(reason);
    };
    await expect(losses.evaluateStream(batches(), { classes: 5, signal: between.signal, onProgress })).rejects.toBe(
      reason,
    );
    expect({ rows, left }).toEqual({ rows: 60, left: 1 });

    const waiting = new AbortController();
    let cancelled = 0;
    const stream = new ReadableStream({ cancel: () => void cancelled++ });
    setTimeout(() => waiting.abort(reason), 5);
    await expect(losses.evaluateStream(stream, { classes: 5, signal: waiting.signal })).rejects.toBe(reason);
    expect(cancelled).toBe(1);
  });

  test("a signal that is not raised changes nothing, and is let go", async () => {
    let listeners = 0;
    const signal = {
      aborted: false,
      addEventListener: () => void listeners++,
      removeEventListener: () => void listeners--,
    };
    for (const source of [[batch(0), batch(20), batch(40)], Readable.from([batch(0), batch(20), batch(40)])]) {
      expect(await losses.evaluateStream(source, { classes: 5, signal })).toEqual(wanted);
    }
    await expect(losses.evaluateStream([batch(0)], { classes: 4, signal })).rejects.toThrow(RangeError);
    const broken = (async function* () {
      yield batch(0);
      throw new Error("broken");
    })();
    await expect(losses.evaluateStream(broken, { classes: 5, signal })).rejects.toThrow("broken");
    expect(listeners).toBe(0);
    await expect(losses.evaluateStream([], { classes: 5, signal: 7 as never })).rejects.toThrow(
      new TypeError("evaluateStream: signal must be an AbortSignal, but is a number"),
    );
    await expect(losses.evaluateStream([], { classes: 5, onProgress: true as never })).rejects.toThrow(
      new TypeError("evaluateStream: onProgress must be a function, but is a boolean"),
    );
  });

  test("of tensors: the first one says how many classes there are", async () => {
    const tensors = [0, 20, 40].map((row) => {
      const { logits, labels } = batch(row);
      return { logits: { data: logits, dims: [20, 5] }, labels: { data: labels, dims: [20] } };
    });
    expect(await losses.evaluateStream(tensors, {})).toEqual(wanted);
    const other = { logits: { data: x.subarray(0, 20), dims: [5, 4] }, labels: y.subarray(0, 5) };
    await expect(losses.evaluateStream([...tensors, other], {})).rejects.toThrow(
      "evaluateStream: classes is 5, but logits has shape [5, 4]",
    );
    await expect(losses.evaluateStream([batch(0)], {} as never)).rejects.toThrow(
      "evaluateStream: classes must be an integer",
    );
  });

  test("what is no stream, and what is no batch", async () => {
    await expect(losses.evaluateStream(7 as never, { classes: 5 })).rejects.toThrow(TypeError);
    await expect(losses.evaluateStream([7] as never, { classes: 5 })).rejects.toThrow(
      "evaluateStream: a batch must be an object of logits and labels, but is a number",
    );
  });
});

test("any values: every backend gives the same evaluation and state", () => {
  const value = fc.oneof(
    { weight: 20, arbitrary: fc.double({ min: -30, max: 30, noNaN: true }) },
    { weight: 3, arbitrary: fc.constantFrom(0, -0, 1, 1, 1, 88, -103, 1e8, -1e8, 3e38) },
    { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity) },
  );
  const cases = fc.record({
    dtype: fc.constantFrom(...dtypes),
    classes: fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(127, 128, 129, 255, 257, 2049, 4097, 8200)),
    rows: fc.integer({ min: 1, max: 9 }),
    values: fc.array(value, { minLength: 1, maxLength: 200 }),
    places: fc.array(fc.nat(), { minLength: 1, maxLength: 9 }),
  });
  fc.assert(
    fc.property(cases, ({ dtype, classes, rows, values, places }) => {
      const x = zeros(dtype, rows * classes).map((_, i) => values[i % values.length]);
      const y = Int32Array.from({ length: rows }, (_, i) => {
        const place = places[i % places.length];
        return place % 5 === 2 ? -100 : place % classes;
      });
      const [a, ...others] = opened.map(({ losses }) => {
        const evaluator = losses.evaluator({ classes, perClass: true });
        evaluator.add(x, y);
        return evaluator;
      });
      for (const b of others) {
        expect(b.state()).toEqual(a.state());
        expect(b.result()).toEqual(a.result());
      }
    }),
    { numRuns: 300 },
  );
});
