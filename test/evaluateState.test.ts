import { describe, expect, test } from "vitest";
import { decodeRegression, encodeRegression, type RegressionTotals } from "../src/evaluate/regression.ts";
import { decode, encode } from "../src/evaluate/state.ts";
import { crc32 } from "../src/evaluate/stateBytes.ts";
import type { Totals } from "../src/evaluate/totals.ts";
import { createLosses, evaluationOf, mergeStates, regressionOf } from "../src/index.node.ts";
import { openThreaded } from "./backends.ts";
import { everything } from "./breadth.ts";
import { arrayOf, dtypes, type FloatArray, labelsOf, logitsOf, mulberry32, zeros } from "./inputs.ts";
import { FULL, lowerHalf, MANY, timesState } from "./manyRows.ts";

const opened = await openThreaded();
const PARTITIONS = everything ? 1000 : 250;

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
] as const)(`${PARTITIONS} random partitions of %s rows of %i classes have one state`, (dtype, classes, rows, odd) => {
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
  for (let i = 0; i < PARTITIONS; i++) {
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
      [{ input: "probabilities" }, 'input "probabilities", but "logits" is that of states[0]'],
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
    expect(() => evaluationOf(version)).toThrow("evaluationOf: state is of version 9, but only 1 and 2 are known");
    expect(() => evaluationOf(new Uint8Array(50))).toThrow("is not a state of this kind of evaluator");
    expect(() => evaluationOf("state" as never)).toThrow(new TypeError("evaluationOf: state must be a Uint8Array"));
  });
});

describe("counts that no rows have", () => {
  /** Another count in place of those of a state: `edit` gets them decoded. */
  const forged = (edit: (totals: Totals) => void): Uint8Array => {
    const evaluator = opened[0].losses.evaluator({ classes: 4, topK: [1, 2, 3], bins: 5, perClass: true });
    const x = logitsOf(mulberry32(5), "float32", 40, 4);
    x[4] = Number.NaN;
    x[9] = Number.POSITIVE_INFINITY;
    evaluator.add(x, labelsOf(mulberry32(6), 40, 4, -100));
    const totals = decode(evaluator.state(), "state");
    edit(totals);
    return encode(totals);
  };
  const options = (more: object) => (it: Totals) => void Object.assign(it.options, more);
  const classOf = (it: Totals) => [...it.classes.values()][0];

  const never = (): never => {
    throw new Error("there are few groups");
  };
  /** Totals of two rows of the groups given. */
  const other = (first: number, second: number, weight?: Float32Array): Totals => {
    const evaluator = opened[0].losses.evaluator({ classes: 2, weight });
    evaluator.add(Float32Array.of(1, 2, 0, 3), Int32Array.of(1, 0), { groups: [first, second] });
    return decode(evaluator.state(), "state");
  };

  test("the state as it is, is taken", () => {
    expect(evaluationOf(forged(() => {})).rows).toBe(40);
  });

  test.each<[string, (it: Totals) => void, RegExp]>([
    [
      "counted above rows",
      (it) => {
        it.rows = 3;
      },
      /^evaluationOf: state has counted \d+, but rows 3$/,
    ],
    [
      "correct above counted",
      (it) => {
        it.correct = 99;
      },
      /has nan 1 and correct 100, but counted \d+$/,
    ],
    [
      "NaN above counted",
      (it) => {
        it.nan = 99;
      },
      /has nan 99 and correct \d+, but counted/,
    ],
    [
      "top-2 above counted",
      (it) => {
        it.tops[1] = 99;
      },
      /has nan 1 and top-2 100, but counted/,
    ],
    [
      "top-3 below top-2",
      (it) => {
        it.tops[2] = 0;
      },
      /has top-2 \d+, but top-3 0$/,
    ],
    ["top-1 other than correct", (it) => void it.correct--, /has top-1 \d+, but correct \d+$/],
    ["topK that falls", options({ topK: [1, 3, 2] }), /has topK 2, but at least 4 is possible$/],
    ["one topK twice", options({ topK: [1, 2, 2] }), /has topK 2, but at least 3 is possible$/],
    ["no classes", options({ classes: 0 }), /has classes 0, but at least 1 is possible$/],
    [
      "rows of confidence above counted",
      (it) => {
        it.calibration[4].count += 50;
      },
      /has rows in bins of confidence \d+, but counted and finite/,
    ],
    [
      "rows of confidence below counted",
      (it) => void it.positiveInfinity--,
      /has rows in bins of confidence \d+, but counted and finite/,
    ],
    [
      "more right than rows in a bin",
      (it) => void Object.assign(it.calibration[4], { correct: it.calibration[4].count + 1 }),
      /has correct in bin(s of confidence| 4)/,
    ],
    [
      "a confidence above 1",
      (it) => {
        it.calibration[4].confidence *= 9n;
      },
      /has a confidence above 1 in bin 4$/,
    ],
    [
      "a negative confidence",
      (it) => {
        it.calibration[4].confidence *= -1n;
      },
      /has a confidence above 1 in bin 4$/,
    ],
    [
      "rows of loss above counted",
      (it) => {
        it.losses[70] += 99;
      },
      /has rows in bins of loss \d+, but counted/,
    ],
    [
      "more right than rows of a class",
      (it) => {
        classOf(it).correct = 99;
      },
      /has correct of class \d 99, but its rows are/,
    ],
    ["rows of classes above counted", (it) => void classOf(it).count++, /has rows of all classes \d+, but counted/],
    [
      "a class without rows",
      (it) => void Object.assign(classOf(it), { count: 0, correct: 0 }),
      /has rows of a class 0, but at least 1/,
    ],
  ])("%s", (_, edit, line) => {
    const state = forged(edit);
    expect(() => evaluationOf(state)).toThrow(RangeError);
    expect(() => evaluationOf(state)).toThrow(line);
    expect(() => mergeStates(state, state)).toThrow(/^mergeStates: states\[0\] has /);
  });

  test.each<[string, (it: RegressionTotals) => void, RegExp]>([
    [
      "sums of no elements",
      (it) => {
        it.count = 0;
      },
      /^regressionOf: state has sums of 0 elements$/,
    ],
    [
      "a negative error",
      (it) => {
        it.maximum = -1;
      },
      /has a largest error of -1$/,
    ],
    [
      "a negative sum",
      (it) => {
        it.squares.units *= -1n;
      },
      /has a negative sum/,
    ],
    [
      "an error above their sum",
      (it) => {
        it.maximum = 99;
      },
      /has a largest error of 99, but 3 errors that add up to 4$/,
    ],
    [
      "a sum above all errors",
      (it) => {
        it.maximum = 1;
      },
      /has a largest error of 1, but 3 errors that add up to 4$/,
    ],
  ])("of a regression: %s", (_, edit, line) => {
    const evaluator = opened[0].losses.regressionEvaluator();
    evaluator.add(Float32Array.of(1, 2, 3), Float32Array.of(1, 1, 0));
    expect(regressionOf(evaluator.state()).maximumError).toBe(3);
    const totals = decodeRegression(evaluator.state(), "state");
    edit(totals);
    expect(() => regressionOf(encodeRegression(totals))).toThrow(line);
  });

  test.each<[string, (it: Totals) => void, RegExp]>([
    [
      "less loss than its groups",
      (it) => void it.groups!.merge(other(3, 1).groups!, never),
      /has groups that do not add up to the loss$/,
    ],
    [
      "a group of a negative weight",
      (it) => {
        const groups = it.groups!.sorted();
        groups[0][1].weight.units -= 9n << 1074n;
        groups[1][1].weight.units += 9n << 1074n;
      },
      /has a group of a negative weight$/,
    ],
    [
      "weights of groups above theirs",
      (it) => {
        it.groups!.sorted()[0][1].weight.units += 1n;
      },
      /has groups that do not add up to the weights$/,
    ],
  ])("of groups: %s", (_, edit, line) => {
    for (const weight of [undefined, Float32Array.of(1, 0.5)]) {
      const totals = other(1, 2, weight);
      expect(evaluationOf(encode(totals)).counted).toBe(2);
      edit(totals);
      const state = encode(totals);
      expect(() => evaluationOf(state)).toThrow(RangeError);
      expect(() => evaluationOf(state)).toThrow(line);
    }
  });

  test("more bytes or words than can be counted are refused where they would be merged", () => {
    const most = Number.MAX_SAFE_INTEGER - 1;
    for (const key of ["bytes", "words"] as const) {
      const of = (length: number) => {
        const evaluator = opened[0].losses.evaluator({ classes: 2 });
        evaluator.add(Float32Array.of(1, 2), Int32Array.of(1), { [key]: length });
        return evaluator.state();
      };
      expect(evaluationOf(mergeStates(of(most - 3), of(3))).rows).toBe(2);
      expect(() => mergeStates(of(most), of(0), of(1))).toThrow(
        new RangeError(
          `mergeStates: states[2] has 1 ${key} besides ${most} of the others, but at most ${most} can be counted`,
        ),
      );
    }
  });

  test("more rows than can be counted are refused where they would be merged", () => {
    const most = Number.MAX_SAFE_INTEGER;
    const ignored = (rows: number) => {
      const evaluator = opened[0].losses.evaluator({ classes: 4 });
      evaluator.add(new Float32Array(0), new Int32Array(0));
      const totals = decode(evaluator.state(), "state");
      totals.rows = rows;
      return encode(totals);
    };
    expect(evaluationOf(mergeStates(ignored(most - 7), ignored(7))).rows).toBe(most);
    expect(() => mergeStates(ignored(0), ignored(most), ignored(1))).toThrow(
      new RangeError(
        `mergeStates: states[2] has 1 rows besides ${most} of the others, but at most ${most} can be counted`,
      ),
    );
    const evaluator = opened[0].losses.regressionEvaluator();
    evaluator.add(Float32Array.of(1, 2), Float32Array.of(1, 2));
    const totals = decodeRegression(evaluator.state(), "state");
    totals.count = most;
    expect(() => mergeStates(encodeRegression(totals), evaluator.state())).toThrow(
      `mergeStates: states[1] has 2 elements besides ${most} of the others, but at most ${most} can be counted`,
    );
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

test("the losses of one class are added up exactly, however many", () => {
  const rows = 2 ** 18;
  const random = mulberry32(22);
  const logits = Float64Array.from({ length: 2 * rows }, (_, i) => (i % 2 === 0 ? 0 : 4000 * random()));
  const { losses } = opened[0];
  const { loss, perClass } = losses.evaluate(logits, new Int32Array(rows), { classes: 2, perClass: true });
  expect(perClass).toEqual([{ label: 0, count: rows, loss: loss.sum / rows, accuracy: 0 }]);
});
