import { describe, expect, test } from "vitest";
import { crc32 } from "../src/evaluate/stateBytes.ts";
import { createLosses, evaluationOf, mergeStates } from "../src/index.node.ts";
import { openThreaded } from "./backends.ts";
import { arrayOf, dtypes, type FloatArray, labelsOf, logitsOf, mulberry32, zeros } from "./inputs.ts";
import { FULL, lowerHalf, MANY, timesState } from "./manyRows.ts";

const opened = await openThreaded();

/** Rows of a data set, in any order. */
function pick(x: FloatArray, y: Int32Array, classes: number, rows: readonly number[]): [FloatArray, Int32Array] {
  const logits = x.slice(0, rows.length * classes);
  rows.forEach((row, i) => {
    logits.set(x.subarray(row * classes, (row + 1) * classes), i * classes);
  });
  return [logits, Int32Array.from(rows, (row) => y[row])];
}

function shuffled(n: number, random: () => number): number[] {
  const rows = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [rows[i], rows[j]] = [rows[j], rows[i]];
  }
  return rows;
}

test.each([
  ["float32", 10, 200, false],
  ["float64", 7, 90, true],
  ["float32", 129, 40, true],
] as const)("1,000 random partitions of %s rows of %i classes have one state", (dtype, classes, rows, odd) => {
  const random = mulberry32(classes);
  const x = logitsOf(random, dtype, rows, classes);
  if (odd) {
    x[3 * classes] = NaN;
    x[5 * classes + 1] = Infinity;
    x.fill(-Infinity, 8 * classes, 9 * classes);
  }
  const y = labelsOf(random, rows, classes, -100);
  const weight = odd ? zeros(dtype, classes).map((_, j) => j / 3) : undefined;
  const options = { classes, weight, topK: [1, 3, 5000], bins: 11, perClass: true };
  const whole = opened[0].losses.evaluator(options);
  whole.add(x, y);
  const wanted = whole.state();
  for (let i = 0; i < 1000; i++) {
    const order = shuffled(rows, random);
    const parts: Uint8Array[] = [];
    for (let at = 0; at < rows; ) {
      const { losses } = opened[Math.floor(random() * opened.length)];
      const evaluator = losses.evaluator(options);
      for (let batches = 1 + random() * 3; batches > 0 && at < rows; batches--) {
        const n = Math.floor(random() * random() * rows);
        evaluator.add(...pick(x, y, classes, order.slice(at, at + n)));
        at += n;
      }
      parts.push(evaluator.state());
    }
    const state = mergeStates(...parts);
    if (Buffer.compare(state, wanted) !== 0) expect(state, `partition ${i}`).toEqual(wanted);
  }
  expect(evaluationOf(wanted)).toEqual(whole.result());
});

test("the checksum is the CRC-32 of zip and PNG", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
});

describe("merging", () => {
  const { losses } = opened[0];
  const state = (seed: number, options: object = {}, rows = 5) => {
    const evaluator = losses.evaluator({ classes: 4, ...options });
    evaluator.add(logitsOf(mulberry32(seed), "float32", rows, 4), labelsOf(mulberry32(seed), rows, 4));
    return evaluator.state();
  };

  test("is associative and commutative, and has a zero", () => {
    const [a, b, c] = [state(1), state(2), state(3)];
    const abc = mergeStates(a, b, c);
    expect(mergeStates(mergeStates(a, b), c)).toEqual(abc);
    expect(mergeStates(a, mergeStates(b, c))).toEqual(abc);
    expect(mergeStates(c, a, b)).toEqual(abc);
    expect(mergeStates(abc, state(4, {}, 0))).toEqual(abc);
    expect(mergeStates(a)).toEqual(a);
    expect(evaluationOf(abc).rows).toBe(15);
  });

  test("refuses other options", () => {
    const weight = Float32Array.of(1, 2, 3, 4);
    const cases: [object, string][] = [
      [{ ignoreIndex: 9 }, "ignoreIndex 9, but -100 is that of states[0]"],
      [{ topK: [2] }, "topK [2], but [1,5] is that of states[0]"],
      [{ bins: 3 }, "bins 3, but 15 is that of states[0]"],
      [{ perClass: true }, "perClass true, but false is that of states[0]"],
      [{ weight }, "other weights than states[0]"],
    ];
    for (const [options, what] of cases) {
      expect(() => mergeStates(state(1), state(2, options))).toThrow(
        new RangeError(`mergeStates: states[1] has ${what}`),
      );
    }
    expect(() => mergeStates(state(1, { weight }), state(2, { weight: weight.map((w) => 2 * w) }))).toThrow(RangeError);
    expect(mergeStates(state(1, { weight }), state(2, { weight })).length).toBeGreaterThan(0);
    expect(() => mergeStates()).toThrow("mergeStates: 0 states were given, but at least 1 is needed");
  });

  test("refuses what is truncated, altered, of another version or no state at all", () => {
    const whole = state(1, { perClass: true });
    for (let length = 0; length < whole.length; length++) {
      expect(() => evaluationOf(whole.subarray(0, length)), `${length} bytes`).toThrow(RangeError);
    }
    for (let at = 0; at < whole.length; at++) {
      for (const bit of [1, 16, 128]) {
        const altered = whole.slice();
        altered[at] ^= bit;
        expect(() => evaluationOf(altered), `byte ${at}`).toThrow(RangeError);
      }
    }
    expect(() => evaluationOf(whole.subarray(0, 100))).toThrow(
      /^evaluationOf: state is truncated or was altered: its checksum is [0-9a-f]+, but its bytes give [0-9a-f]+$/,
    );
    const version = whole.slice();
    version[4] = 9;
    expect(() => evaluationOf(version)).toThrow("evaluationOf: state is of version 9, but only 1 is known");
    expect(() => evaluationOf(new Uint8Array(50))).toThrow("is not a state of this kind of evaluator");
    expect(() => evaluationOf("state" as never)).toThrow(new TypeError("evaluationOf: state must be a Uint8Array"));
  });
});

test("a state outlives its engine, whose evaluator then says that it is closed", async () => {
  for (const dtype of dtypes) {
    const losses = await createLosses({ arenaBytes: 2 ** 20 });
    const evaluator = losses.evaluator({ classes: 3 });
    evaluator.add(arrayOf[dtype].of(1, 2, 3), Int32Array.of(0));
    losses.close();
    expect(evaluationOf(evaluator.state()).counted).toBe(1);
    expect(() => evaluator.add(arrayOf[dtype].of(1, 2, 3), Int32Array.of(0))).toThrow("add: this Losses is closed");
  }
});

test("without room in the arena the same state", async () => {
  const [x, y] = [logitsOf(mulberry32(1), "float32", 30, 5), labelsOf(mulberry32(2), 30, 5)];
  const states = [];
  for (const arenaBytes of [0, 2 ** 22]) {
    using losses = await createLosses({ backend: "wasm", arenaBytes });
    const evaluator = losses.evaluator({ classes: 5 });
    evaluator.add(x, y);
    states.push(evaluator.state());
  }
  expect(states[0]).toEqual(states[1]);
});

test("losses of a class that add up to more than float64 holds have one state, too", () => {
  const options = { classes: 2, perClass: true };
  const x = Float64Array.of(1.7e308, 0, 1.7e308, 0, 0, 1);
  const y = Int32Array.of(1, 1, 1);
  for (const { losses } of opened) {
    const whole = losses.evaluator(options);
    whole.add(x, y);
    const parts = [0, 1, 2].map((row) => {
      const part = losses.evaluator(options);
      part.add(x.subarray(2 * row, 2 * row + 2), y.subarray(row, row + 1));
      return part.state();
    });
    expect(mergeStates(...parts)).toEqual(whole.state());
    expect(whole.result().perClass?.[0]).toEqual(evaluationOf(mergeStates(...parts)).perClass?.[0]);
    expect(whole.result().perClass?.[0].loss).toBe(Number.POSITIVE_INFINITY);
  }
});

test("more rows than bins hold at once", { timeout: 300_000 }, () => {
  const rows = MANY + 5;
  const random = mulberry32(6);
  const row = zeros("float64", 2);
  const weight = Float64Array.of(2 - 2 ** -52, 2 - 2 ** -52);
  const lossOf = () => opened[0].losses.crossEntropy(row, Int32Array.of(0), { classes: 2, weight, reduction: "sum" });
  do row[0] = -random();
  while (lowerHalf(lossOf()) < FULL || lowerHalf(lossOf()) % 2 === 0);
  const stateOf = (losses: (typeof opened)[number]["losses"], n: number) => {
    const evaluator = losses.evaluator({ classes: 2, weight, perClass: true });
    const logits = zeros("float64", 2 * n);
    for (let i = 0; i < n; i++) logits[2 * i] = row[0];
    evaluator.add(logits, new Int8Array(n));
    return evaluator.state();
  };
  for (const { name, losses } of opened.slice(0, 2)) {
    const state = stateOf(losses, rows);
    expect(evaluationOf(state)).toMatchObject({ rows, perClass: [{ label: 0, count: rows }] });
    expect(Buffer.compare(state, timesState(stateOf(losses, 1), rows)), name).toBe(0);
  }
});
