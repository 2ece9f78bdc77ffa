import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { createLosses } from "../../src/index.node.ts";
import { backends, openThreaded } from "../backends.ts";
import { expectSame, labelsOf, logitsOf, mulberry32 } from "../inputs.ts";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

const opened = await openThreaded();

describe.each(opened)("$name", ({ losses }) => {
  test("a view of the arena is zero, also where memory was used before", () => {
    for (let i = 0; i < 3; i++) {
      const view = losses.alloc(Float64Array, 1000);
      expect(view.every((x) => x === 0)).toBe(true);
      view.fill(3);
      losses.free(view);
    }
    const empty = losses.alloc(Int32Array, 0);
    expect(empty.length).toBe(0);
    losses.free(empty);
  });

  test("what alloc() did not give is not taken back, nor anything twice", () => {
    const view = losses.alloc(Float32Array, 10);
    expect(() => losses.free(new Float32Array(10))).toThrow(/^free: /);
    expect(() => losses.free(view.subarray(2))).toThrow(RangeError);
    losses.free(view);
    expect(() => losses.free(view)).toThrow(RangeError);
  });

  test("labels of every integer type, resident or not, give one result", () => {
    const random = mulberry32(3);
    const [rows, classes] = [20_000, 10];
    const logits = logitsOf(random, "float32", rows, classes);
    const labels = labelsOf(random, rows, classes);
    const wanted = losses.crossEntropy(logits, labels, { classes });
    for (const type of [Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array]) {
      const resident = losses.alloc(type as typeof Int32Array, rows);
      resident.set(labels);
      expect(losses.crossEntropy(logits, type.from(labels), { classes }), type.name).toBe(wanted);
      expect(losses.crossEntropy(logits, resident, { classes }), `resident ${type.name}`).toBe(wanted);
      losses.free(resident);
    }
    for (const type of [BigInt64Array, BigUint64Array]) {
      expect(losses.crossEntropy(logits, type.from([...labels].map(BigInt)), { classes }), type.name).toBe(wanted);
    }
  });

  test("arrays much larger than the staging windows, in rows that don't divide them", () => {
    const random = mulberry32(4);
    const [rows, classes] = [3001, 1003];
    const logits = logitsOf(random, "float32", rows, classes);
    const labels = labelsOf(random, rows, classes);
    const [a, b] = opened.map((engine) => engine.losses.crossEntropyWithGrad(logits, labels, { classes }));
    expect(a.loss).toBe(b.loss);
    expectSame(a.grad, b.grad, "grad");
    const half = 1500 * classes;
    const first = losses.softmax(logits.subarray(0, half), { classes });
    const second = losses.softmax(logits.subarray(half), { classes });
    const whole = losses.softmax(logits, { classes });
    expectSame(whole.subarray(0, half), first, "first half");
    expectSame(whole.subarray(half), second, "second half");
  });
});

describe.each(opened)("$name lets go of all that a call was given", ({ losses }) => {
  type Arrays = Record<"x" | "t" | "out" | "wrong" | "weight", Float32Array> & { y: Int32Array };
  const each = { classes: 4, reduction: "none" } as const;
  const calls: Record<string, (a: Arrays) => unknown> = {
    mse: ({ x, t }) => losses.mse(x, t),
    mseWithGrad: ({ x, t, out }) => losses.mseWithGrad(x, t, { out }),
    "mseWithGrad of each": ({ x, t, out }) => losses.mseWithGrad(x, t, { out, reduction: "none" }),
    rmseWithGrad: ({ x, t, out }) => losses.rmseWithGrad(x, t, { out }),
    softmax: ({ x, out }) => losses.softmax(x, { classes: 4, out }),
    logSoftmax: ({ x, out }) => losses.logSoftmax(x, { classes: 4, out }),
    logSumExp: ({ x }) => losses.logSumExp(x, { classes: 4 }),
    crossEntropy: ({ x, y, weight }) => losses.crossEntropy(x, y, { classes: 4, weight }),
    crossEntropyWithGrad: ({ x, t, out }) => losses.crossEntropyWithGrad(x, t, { classes: 4, out }),
    "crossEntropyWithGrad of each": ({ x, y, out, weight }) =>
      losses.crossEntropyWithGrad(x, y, { ...each, out, weight }),
    likelihood: ({ x, y, out }) => losses.crossEntropyWithGrad(x, y, { ...each, input: "logProbabilities", out }),
    "likelihood of targets": ({ x, t, out }) =>
      losses.crossEntropyWithGrad(x, t, { ...each, input: "logProbabilities", out }),
    evaluate: ({ x, y, weight }) => losses.evaluate(x, y, { classes: 4, weight }),
    "regressionEvaluator().add": ({ x, t }) => losses.regressionEvaluator().add(x, t),
    // and what throws
    "mse of two lengths": ({ x, wrong }) => losses.mse(x, wrong),
    "mseWithGrad to another length": ({ x, t, wrong }) => losses.mseWithGrad(x, t, { out: wrong }),
    "rmseWithGrad to its targets": ({ x, t }) => losses.rmseWithGrad(x, t, { out: t }),
    "softmax to another length": ({ x, wrong }) => losses.softmax(x, { classes: 4, out: wrong }),
    "crossEntropy of a wrong weight": ({ x, y, wrong }) => losses.crossEntropy(x, y, { classes: 4, weight: wrong }),
    "crossEntropy of a wrong label": ({ x, y }) => losses.crossEntropy(x, y.fill(7), { classes: 4 }),
    "crossEntropyWithGrad to its targets": ({ x, t }) => losses.crossEntropyWithGrad(x, t, { classes: 4, out: t }),
    "evaluate of a wrong label": ({ x, y }) => losses.evaluate(x, y.fill(7), { classes: 4 }),
  };

  /** Calls, and returns nothing but weak references to the arrays. */
  function called(call: (a: Arrays) => unknown): [string, WeakRef<object>][] {
    const floats = () => new Float32Array(400).fill(0.5);
    const weight = new Float32Array(4).fill(1);
    const arrays = {
      x: floats(),
      t: floats(),
      out: floats(),
      wrong: new Float32Array(7),
      weight,
      y: new Int32Array(100),
    };
    try {
      call(arrays);
    } catch {}
    return Object.entries(arrays).map(([name, array]) => [name, new WeakRef(array)]);
  }

  test.each(Object.keys(calls))("%s", async (name) => {
    const references = called(calls[name]);
    const kept = () =>
      references.filter(([, reference]) => reference.deref() !== undefined).map(([argument]) => argument);
    // what is on the stack, or in a register, is collected later
    for (let i = 0; i < 20; i++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      collect();
      if (kept().length === 0) break;
    }
    expect(kept()).toEqual([]);
  });
});

test("3 GiB of float32 go through the default arena", { timeout: 300_000 }, async () => {
  const losses = await createLosses({ backend: "wasm" });
  // never written to: the platform's zero page
  const x = new Float32Array((3 * 2 ** 30) / 4);
  expect(losses.mse(x, x)).toBe(0);
  const classes = 2 ** 16;
  const labels = new Int32Array(x.length / classes);
  const before = process.memoryUsage();
  const mean = losses.crossEntropy(x, labels, { classes });
  const after = process.memoryUsage();
  // every row is ln 65536
  expect(Math.abs(mean - 16 * Math.LN2)).toBeLessThan(1e-6);
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(2 ** 24);
  losses.close();
});

test.each(backends)("a call on resident data allocates nothing per element: $name", async ({ options }) => {
  const losses = await createLosses(options);
  const rows = 100;
  const allocated = (classes: number): number => {
    const logits = losses.alloc(Float32Array, rows * classes);
    const labels = losses.alloc(Int32Array, rows);
    const call = () => losses.crossEntropyWithGrad(logits, labels, { classes, out: logits });
    for (let i = 0; i < 50; i++) call();
    const before = process.memoryUsage();
    for (let i = 0; i < 20; i++) call();
    const after = process.memoryUsage();
    losses.free(logits);
    losses.free(labels);
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(1e5);
    return after.heapUsed - before.heapUsed;
  };
  // 20 calls of 100,000 elements: a byte an element would be 2 MB. The least of five: loops that are not compiled yet allocate
  expect(Math.min(...Array.from({ length: 5 }, () => allocated(1000)))).toBeLessThan(1e6);
  losses.close();
});

test("a failed creation says why", async () => {
  await expect(createLosses({ arenaBytes: -1 })).rejects.toThrow(/^createLosses: arenaBytes is -1/);
  await expect(createLosses({ arenaBytes: 2 ** 33 })).rejects.toThrow(RangeError);
  await expect(createLosses({ threads: 0 })).rejects.toThrow(/^createLosses: threads is 0/);
});

test("relaxed kernels where the engine has them, else strict ones and a note", async () => {
  const losses = await createLosses({ relaxed: true });
  expect(losses.relaxed).toBe(true);
  expect(losses.notes).toEqual([]);
  const strict = await createLosses({ backend: "js", relaxed: true });
  expect(strict.relaxed).toBe(false);
  expect(strict.notes).toEqual(["relaxed: the JavaScript loops have none; the strict kernels run."]);
});
