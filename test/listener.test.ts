import { describe, expect, test } from "vitest";
import { openLosses } from "../src/inlinedLosses.ts";
import { openThreaded, SHARE_ALL, threaded } from "./backends.ts";
import { expectSame, labelsOf, logitsOf, mulberry32 } from "./inputs.ts";

// What an evaluator's listener (onRows) may do: call the engine that it is called by, throw, close it.

const CLASSES = 10;
/** Several launches, and several times that a listener is told. */
const ROWS = 20_000;
const random = mulberry32(1);
const logits = logitsOf(random, "float32", ROWS, CLASSES);
const labels = labelsOf(random, ROWS, CLASSES, -100);
const weight = Float32Array.from({ length: CLASSES }, (_, j) => 0.25 + j);
const others = logitsOf(random, "float32", ROWS, CLASSES);
const twice = weight.map((w) => 2 * w);

type Losses = Awaited<ReturnType<typeof openLosses>>;

const CALLS: Readonly<Record<string, (losses: Losses) => unknown>> = {
  nothing: () => 0,
  mse: (losses) => losses.mse(others, logits),
  softmax: (losses) => Buffer.from(losses.softmax(others, { classes: CLASSES }).buffer).toString("base64"),
  crossEntropy: (losses) => losses.crossEntropy(others, labels, { classes: CLASSES, weight: twice }),
  evaluate: (losses) => losses.evaluate(others, labels, { classes: CLASSES, weight: twice }).loss.mean,
};

/** What a listener is told of 20,000 rows, and the state then. */
function told(losses: Losses, listen: () => void): { numbers: number[]; state: Uint8Array } {
  const numbers: number[] = [];
  const evaluator = losses.evaluator({
    classes: CLASSES,
    weight,
    perClass: true,
    onRows({ first, count, label, loss, rank, predicted }) {
      listen();
      for (let i = 0; i < count; i++) numbers.push(first + i, label(i), loss(i), rank(i), predicted(i));
    },
  });
  evaluator.add(logits, labels);
  return { numbers, state: evaluator.state() };
}

const opened = await openThreaded();

describe.each(opened)("$name", ({ losses }) => {
  const alone = told(opened[0].losses, () => {});

  test("it is told of every row once, in order: number, label and loss", () => {
    const { numbers } = told(losses, () => {});
    const rows = losses.crossEntropy(logits, labels, { classes: CLASSES, weight, reduction: "none" });
    const wanted = Array.from(rows, (loss, i) => [i, labels[i], loss]);
    const got = wanted.map((_, i) => numbers.slice(5 * i, 5 * i + 3));
    expectSame(got.flat(), wanted.flat(), "number, label and loss");
    expect(numbers.length).toBe(5 * ROWS);
  });

  test.each(Object.entries(CALLS))("it may call %s of the same engine: neither call changes the other", (_, call) => {
    const wanted = call(losses);
    const { numbers, state } = told(losses, () => expect(call(losses)).toEqual(wanted));
    expectSame(numbers, alone.numbers, "what it is told");
    expect(Buffer.compare(state, alone.state)).toBe(0);
  });

  test("it may add to the same evaluator: those rows have the next numbers", () => {
    let last = -1;
    const evaluator = losses.evaluator({
      classes: CLASSES,
      weight,
      perClass: true,
      onRows({ first, count }) {
        expect(first).toBe(last + 1);
        last = first + count - 1;
        if (first === 0) evaluator.add(logits, labels);
      },
    });
    evaluator.add(logits, labels);
    const wanted = losses.evaluator({ classes: CLASSES, weight, perClass: true });
    for (let i = 0; i < 2; i++) wanted.add(logits, labels);
    expect(evaluator.state()).toEqual(wanted.state());
  });

  test("parts that were added elsewhere before it are counted by firstRow, in messages of a source too", () => {
    const firsts: number[] = [];
    const evaluator = losses.evaluator({ classes: CLASSES, onRows: ({ first }) => void firsts.push(first) });
    const part = [logits.subarray(0, CLASSES), labels.subarray(0, 1)] as const;
    evaluator.add(...part, { firstRow: 500 });
    evaluator.add(...part, { firstRow: 7 });
    evaluator.add(...part);
    expect(firsts).toEqual([500, 7, 2]);
    const wrong = () => evaluator.add(part[0], [99], { firstRow: 500, source: "y.npy" });
    expect(wrong).toThrow(
      new RangeError("y.npy: labels[500] is 99, but classes is 10 (allowed 0..9, or ignoreIndex -100)"),
    );
    for (const firstRow of [-1, 0.5, Number.NaN]) {
      expect(() => evaluator.add(...part, { firstRow })).toThrow(
        `add: firstRow is ${firstRow}, but must be an integer`,
      );
    }
  });

  test("where it throws, add throws that, and holds the rows it was told of", () => {
    let rows = 0;
    const evaluator = losses.evaluator({
      classes: CLASSES,
      onRows({ count }) {
        rows += count;
        if (rows > 10_000) throw new Error("enough");
      },
    });
    expect(() => evaluator.add(logits, labels)).toThrow(new Error("enough"));
    expect(rows).toBeLessThan(ROWS);
    const wanted = losses.evaluator({ classes: CLASSES });
    wanted.add(logits.subarray(0, rows * CLASSES), labels.subarray(0, rows));
    expect(evaluator.state()).toEqual(wanted.state());
  });
});

test.each(threaded)(
  "$name: where it closes the engine, add throws, and the rows it was told of have a result",
  async ({ options }) => {
    const losses = await openLosses(options, SHARE_ALL);
    let rows = 0;
    const evaluator = losses.evaluator({
      classes: CLASSES,
      onRows({ count }) {
        rows += count;
        losses.close();
      },
    });
    expect(() => evaluator.add(logits, labels)).toThrow(new TypeError("add: this Losses is closed"));
    expect(evaluator.result()).toEqual(
      opened[0].losses.evaluate(logits.subarray(0, rows * CLASSES), labels.subarray(0, rows), { classes: CLASSES }),
    );
  },
);
