import { describe, expect, test } from "vitest";
import { createLosses, float16 } from "../src/index.node.ts";
import { backends, type Losses, openBackends } from "./backends.ts";
import { any, expectError, notFloatArrays, untyped } from "./expectError.ts";
import {
  dtypes,
  expectSame,
  type FloatArray,
  floats,
  labelArrays,
  labelsOf,
  logitsOf,
  mulberry32,
  probabilitiesOf,
  values,
  weightsOf,
  zeros,
} from "./inputs.ts";

const rowFunctions = ["softmax", "logSoftmax", "logSumExp", "crossEntropy", "crossEntropyWithGrad"] as const;
const crossEntropyFunctions = ["crossEntropy", "crossEntropyWithGrad"] as const;
const outFunctions = ["softmax", "logSoftmax", "crossEntropyWithGrad"] as const;

/** Calls a function of rows; cross-entropies get two labels, as the batches here have two rows. */
function callRows(losses: Losses, name: (typeof rowFunctions)[number], logits: unknown, options: unknown): unknown {
  return name === "crossEntropy" || name === "crossEntropyWithGrad"
    ? untyped(losses[name])(logits, new Int32Array(2), options)
    : untyped(losses[name])(logits, options);
}

for (const { name: backend, losses } of await openBackends()) {
  describe.each(dtypes)(`${backend}, %s`, (dtype) => {
    const other = dtype === "float32" ? "float64" : "float32";
    const random = mulberry32(20);
    const logits = logitsOf(random, dtype, 2, 10);
    const labels = Int32Array.of(3, 9);
    const probabilities = probabilitiesOf(random, dtype, 2, 10);
    const seven = (length = 20) => zeros(dtype, length).fill(7);

    describe.each(crossEntropyFunctions)("%s", (name) => {
      const call = (options: object) => untyped(losses[name])(logits, labels, { classes: 10, ...options });

      test("a reduction that there isn't", () => {
        expectError(
          () => call({ reduction: "average" }),
          RangeError,
          name,
          "reduction",
          "average",
          "mean",
          "sum",
          "none",
        );
        expectError(() => call({ reduction: 1 }), TypeError, name, "reduction");
      });
    });

    describe.each(rowFunctions)("%s", (name) => {
      test("logits of the wrong kind", () => {
        for (const wrong of notFloatArrays) {
          expectError(() => callRows(losses, name, wrong, { classes: 10 }), TypeError, name, "logits");
        }
      });

      test("classes of the wrong kind, or none", () => {
        for (const classes of ["10", null, 10n, [10]]) {
          expectError(() => callRows(losses, name, logits, { classes }), TypeError, name, "classes");
        }
        expectError(() => callRows(losses, name, logits, {}), TypeError, name, "classes");
        expectError(() => callRows(losses, name, logits, undefined), TypeError, name, /classes|options/);
      });

      test("classes that are not an integer from 1 to 2^24", () => {
        for (const classes of [0, -1, 1.5, NaN, Infinity]) {
          expectError(() => callRows(losses, name, logits, { classes }), RangeError, name, "classes", classes, 1);
        }
        const tooMany = 2 ** 24 + 1;
        expectError(
          () => callRows(losses, name, logits, { classes: tooMany }),
          RangeError,
          name,
          "classes",
          tooMany,
          /16777216|2\^24/,
        );
      });

      test("logits that don't divide into rows", () => {
        for (const length of [1, 9, 19, 21]) {
          const call = () => callRows(losses, name, zeros(dtype, length), { classes: 10 });
          expectError(call, RangeError, name, "logits", length, 10);
        }
      });
    });

    describe.each(crossEntropyFunctions)("%s", (name) => {
      const call = (t: unknown, options: object = {}, x: FloatArray = logits) =>
        untyped(losses[name])(x, t, { classes: 10, ...options });

      test("labels of the wrong kind", () => {
        for (const wrong of [undefined, null, "3,9", 3, [3, 9.5], new DataView(labels.buffer)]) {
          expectError(() => call(wrong), TypeError, name, /labels|probabilities|targets/);
        }
      });

      test("labels or probabilities of another length", () => {
        for (const length of [0, 1, 3]) {
          expectError(() => call(new Int32Array(length)), RangeError, name, /labels|targets/, length, 2);
        }
        for (const length of [0, 2, 19, 21]) {
          expectError(() => call(zeros(dtype, length)), RangeError, name, /probabilities|targets/, length, 20);
        }
      });

      test("probabilities of another dtype", () => {
        const wrong = zeros(other, 20);
        expectError(() => call(wrong), TypeError, name, /probabilities|targets/, /float32/i, /float64/i);
      });

      test("a label out of range names row, label, classes and what is allowed", () => {
        const x = logitsOf(random, dtype, 20, 10);
        const bad = labelsOf(random, 20, 10);
        bad[17] = 10;
        let message = "";
        try {
          call(bad, {}, x);
        } catch (error) {
          message = (error as Error).message;
        }
        expect(message).toBe(`${name}: labels[17] is 10, but classes is 10 (allowed 0..9, or ignoreIndex -100)`);
        for (const label of [-1, 11, 255, -101, 2 ** 31 - 1, -(2 ** 31)]) {
          bad[17] = label;
          expectError(() => call(bad, {}, x), RangeError, name, "labels[17]", label, 10, 0, 9, "ignoreIndex -100");
        }
        for (const reduction of ["mean", "sum", "none"]) {
          expectError(() => call(bad, { reduction }, x), RangeError, name, "labels[17]");
        }
        for (const input of ["probabilities", "logProbabilities"]) {
          expectError(() => call(bad, { input }, x), RangeError, name, "labels[17]");
        }
      });

      test("labels of every integer type, first to last row, few classes and many", () => {
        for (const labelArray of labelArrays) {
          const big = labelArray === BigInt64Array || labelArray === BigUint64Array;
          for (const classes of [1, 2, 10, 64, 65, 100]) {
            const x = values(random, dtype, 9 * classes);
            for (const row of [0, 3, 7, 8]) {
              const bad = new labelArray(9);
              bad[row] = any(big ? BigInt(classes) : classes);
              const where = `labels[${row}]`;
              expectError(() => call(bad, { classes }, x), RangeError, name, where, classes, `0..${classes - 1}`);
              if (labelArray.name.includes("Uint")) continue;
              bad[row] = any(big ? -1n : -1);
              expectError(() => call(bad, { classes }, x), RangeError, name, where, -1, classes);
            }
          }
        }
      });

      test("64-bit labels beyond what 32 bits, or a float64, can tell", () => {
        for (const label of [
          2n ** 32n,
          2n ** 40n + 1n,
          -(2n ** 32n),
          -(2n ** 40n) + 1n,
          2n ** 53n + 1n,
          2n ** 63n - 1n,
        ]) {
          expectError(() => call(BigInt64Array.of(0n, label)), RangeError, name, "labels[1]", label, 10);
        }
        for (const label of [2n ** 32n, 2n ** 64n - 100n, 2n ** 63n + 3n]) {
          expectError(() => call(BigUint64Array.of(label, 0n)), RangeError, name, "labels[0]", label, 10);
        }
        // Their low 32 bits are -100.
        expectError(() => call(BigInt64Array.of(0n, 2n ** 32n - 100n)), RangeError, name, "labels[1]", 4294967196);
      });

      test("labels beyond 32 bits are out of range whatever is ignored", () => {
        for (const ignoreIndex of [-1, -2, 0, -100, 2 ** 31 - 1, -(2 ** 31)]) {
          for (const label of [2n ** 32n, 2n ** 32n - 1n, -(2n ** 32n) - 1n, -(2n ** 40n), 2n ** 63n - 2n]) {
            const bad = [BigInt64Array.of(0n, label), BigUint64Array.of(0n, BigInt.asUintN(64, label))];
            for (const t of bad) expectError(() => call(t, { ignoreIndex }), RangeError, name, "labels[1]", t[1]);
          }
          for (const label of [2 ** 31, 2 ** 32 - 1, 2 ** 32 - 2]) {
            expectError(() => call(Uint32Array.of(0, label), { ignoreIndex }), RangeError, name, "labels[1]", label);
          }
        }
      });

      test("a large unsigned label is not a negative ignoreIndex", () => {
        expectError(() => call(Uint32Array.of(0, 4294967196)), RangeError, name, "labels[1]", 4294967196, -100);
        expectError(() => call(Uint16Array.of(65436, 0)), RangeError, name, "labels[0]", 65436, -100);
        expectError(() => call(Uint8Array.of(156, 0)), RangeError, name, "labels[0]", 156, -100);
        expectError(() => call(Int8Array.of(0, -1), { ignoreIndex: 255 }), RangeError, name, "labels[1]", -1, 255);
      });

      test("an ignoreIndex of one's own is named", () => {
        expectError(() => call(Int32Array.of(0, 10), { ignoreIndex: 5 }), RangeError, name, 10, "ignoreIndex 5");
        expectError(() => call(Int32Array.of(0, -100), { ignoreIndex: -1 }), RangeError, name, -100, "ignoreIndex -1");
      });

      test("a bad label is found in a row of NaN and beside ignored rows", () => {
        const x = zeros(dtype, 30).fill(NaN);
        expectError(() => call(Int32Array.of(-100, 10, -100), {}, x), RangeError, name, "labels[1]", 10);
      });

      test("weight of the wrong kind", () => {
        for (const wrong of [[1, 2], "1", 1, new Int32Array(10), zeros(other, 10).fill(1)]) {
          for (const t of [labels, probabilities])
            expectError(() => call(t, { weight: wrong }), TypeError, name, "weight");
        }
      });

      test("weight of another length, negative or NaN", () => {
        for (const t of [labels, probabilities]) {
          for (const length of [0, 1, 9, 11, 20]) {
            expectError(() => call(t, { weight: zeros(dtype, length) }), RangeError, name, "weight", length, 10);
          }
          for (const wrong of [-1, -0.5, NaN, -Infinity]) {
            for (const at of [0, 4, 9]) {
              const weight = weightsOf(random, dtype, 10);
              weight[at] = wrong;
              expectError(() => call(t, { weight }), RangeError, name, `weight[${at}]`, wrong);
            }
          }
        }
      });

      test("labelSmoothing outside [0, 1], or no number", () => {
        for (const t of [labels, probabilities]) {
          for (const labelSmoothing of [-0.1, 1.25, NaN, Infinity]) {
            expectError(() => call(t, { labelSmoothing }), RangeError, name, "labelSmoothing", labelSmoothing, 0, 1);
          }
          expectError(() => call(t, { labelSmoothing: "0.1" }), TypeError, name, "labelSmoothing");
        }
      });

      test("an input that there isn't", () => {
        expectError(() => call(labels, { input: "odds" }), RangeError, name, "input", "odds", "logits");
        expectError(() => call(labels, { input: 1 }), TypeError, name, "input");
      });
    });

    describe.each(outFunctions)("out of %s", (name) => {
      const call = (out: unknown, x: FloatArray = logits, t: unknown = labels) =>
        name === "crossEntropyWithGrad"
          ? losses.crossEntropyWithGrad(x, any(t), { classes: 10, out: any(out) })
          : losses[name](x, { classes: 10, out: any(out) });

      test("of the wrong kind or dtype", () => {
        for (const wrong of [
          null,
          new Array(20).fill(0),
          20,
          new Int32Array(20),
          new ArrayBuffer(160),
          zeros(other, 20),
        ]) {
          expectError(() => call(wrong), TypeError, name, "out");
        }
      });

      test("of another length", () => {
        for (const length of [0, 10, 19, 21]) {
          const out = seven(length);
          expectError(() => call(out), RangeError, name, "out", length, 20);
          expectSame(out, seven(length), "out");
        }
      });

      test("overlapping the input without being it", () => {
        const resident = losses.alloc(zeros(dtype, 0).constructor as Float32ArrayConstructor, 60) as FloatArray;
        for (const whole of [zeros(dtype, 60), resident]) {
          for (const shift of [1, 4, 10, 19]) {
            whole.set(values(mulberry32(21), dtype, 60));
            const before = whole.slice();
            const input = whole.subarray(20, 40);
            for (const out of [whole.subarray(20 + shift, 40 + shift), whole.subarray(20 - shift, 40 - shift)]) {
              expectError(() => call(out, input), RangeError, name, "out", "overlap");
              if (name === "crossEntropyWithGrad") {
                expectError(() => call(out, seven(), input), RangeError, name, "out", "overlap");
              }
            }
            expectSame(whole, before, "memory");
          }
          // Side by side is not overlapping.
          call(whole.subarray(40, 60), whole.subarray(20, 40));
          call(whole.subarray(0, 20), whole.subarray(20, 40));
        }
        losses.free(resident);
      });

      test("overlapping an input that is not the logits, by any part of it", () => {
        if (name !== "crossEntropyWithGrad") return;
        const type = logits.constructor as Float32ArrayConstructor;
        const each = zeros(dtype, 1).BYTES_PER_ELEMENT;
        const whole = new ArrayBuffer(80 * each);
        const out = new type(whole, 24 * each, 20);
        const inputs = {
          weight: (at: number) => ({ weight: new type(whole, at * each, 10) }),
          labels: (at: number) => ({ labels: new Int32Array(whole, at * each, 2) }),
          probabilities: (at: number) => ({ probabilities: new type(whole, at * each, 20) }),
        };
        for (const [argument, make] of Object.entries(inputs)) {
          for (let at = 0; at <= 60; at++) {
            const given: { weight?: FloatArray; labels?: Int32Array; probabilities?: FloatArray } = make(at);
            const { weight, probabilities } = given;
            const input = weight ?? given.labels ?? probabilities!;
            const end = at + input.byteLength / each;
            const overlaps = at < 44 && end > 24;
            for (const t of weight ? [labels, seven()] : [given.labels ?? probabilities]) {
              const run = () => losses.crossEntropyWithGrad(logits, any(t), { classes: 10, weight, out: any(out) });
              if (overlaps) expectError(run, RangeError, name, `out and ${argument} overlap`);
              else run();
              out.fill(0);
            }
          }
        }
      });

      test("is not written when another check fails", () => {
        const out = seven();
        const wrong = zeros(dtype, 21);
        if (name === "crossEntropyWithGrad") {
          for (const options of [
            { classes: 7 },
            { classes: 0 },
            { weight: zeros(dtype, 9) },
            { weight: floats(dtype, [1, 1, 1, 1, 1, 1, 1, 1, 1, -1]) },
            { labelSmoothing: 2 },
            { reduction: "all" },
            { input: "odds" },
          ]) {
            expect(() => losses[name](logits, labels, any({ classes: 10, out, ...options }))).toThrow(RangeError);
          }
          for (const t of [Int32Array.of(0, 10), Int32Array.of(-1, 0), BigInt64Array.of(0n, 2n ** 32n), wrong]) {
            expect(() => losses[name](logits, t, { classes: 10, out })).toThrow(RangeError);
          }
        } else {
          expect(() => losses[name](logits, { classes: 7, out })).toThrow(RangeError);
          expect(() => losses[name](logits, { classes: 0, out })).toThrow(RangeError);
        }
        expectSame(out, seven(), "out");
      });
    });

    test("a bad label in the last row of a large batch leaves out as it was", () => {
      for (const [rows, classes] of [
        [100_000, 10],
        [10_000, 100],
        [3, 200_000],
      ]) {
        const x = values(random, dtype, rows * classes);
        const t = labelsOf(random, rows, classes);
        t[rows - 1] = classes;
        const type = x.constructor as Float32ArrayConstructor;
        const resident = losses.alloc(type, x.length) as FloatArray;
        const shape = `[${rows}, ${classes}]`;
        const call = (logits: FloatArray, out: FloatArray) => () =>
          losses.crossEntropyWithGrad(logits, t, { classes, out });
        const where = `labels[${rows - 1}]`;
        for (const place of [x.slice(), resident]) {
          place.set(x);
          expectError(call(place, place), RangeError, "crossEntropyWithGrad", where, classes);
          expectSame(place, x, `in place ${shape}`);
        }
        for (const [logits, out] of [
          [x, zeros(dtype, x.length)],
          [x, resident],
          [resident, zeros(dtype, x.length)],
        ]) {
          if (logits === resident) resident.set(x);
          out.fill(7);
          expectError(call(logits, out), RangeError, "crossEntropyWithGrad", where, classes);
          expectSame(out, seven(x.length), `out ${shape}`);
        }
        losses.free(resident);
      }
    });

    test("a failed call leaves nothing behind", () => {
      const before = losses.crossEntropyWithGrad(logits, labels, { classes: 10 });
      expect(() => losses.crossEntropyWithGrad(logits, Int32Array.of(0, 10), { classes: 10 })).toThrow(RangeError);
      expect(losses.crossEntropyWithGrad(logits, labels, { classes: 10 })).toEqual(before);
    });
  });
}

describe.each(backends)("$name", ({ options }) => {
  test("a closed Losses", async () => {
    const losses = await createLosses(options);
    losses.close();
    losses.close();
    const x = new Float32Array(20);
    const calls = {
      mse: () => losses.mse(x, x),
      rmse: () => losses.rmse(x, x),
      mseWithGrad: () => losses.mseWithGrad(x, x),
      softmax: () => losses.softmax(x, { classes: 10 }),
      logSoftmax: () => losses.logSoftmax(x, { classes: 10 }),
      logSumExp: () => losses.logSumExp(x, { classes: 10 }),
      crossEntropy: () => losses.crossEntropy(x, new Int32Array(2), { classes: 10 }),
      crossEntropyWithGrad: () => losses.crossEntropyWithGrad(x, new Int32Array(2), { classes: 10 }),
      alloc: () => losses.alloc(Float32Array, 1),
    };
    for (const [name, call] of Object.entries(calls)) {
      expect(call, name).toThrow(new RegExp(`^${name}: .*closed`));
    }
  });

  test("leaving a using block closes", async () => {
    const losses = await createLosses(options);
    losses[Symbol.dispose]();
    expect(() => losses.mse(new Float32Array(1), new Float32Array(1))).toThrow(/closed/);
  });

  test("a full arena says how much was asked and how much there is", async () => {
    const arenaBytes = 2 ** 20;
    const losses = await createLosses({ ...options, arenaBytes });
    expectError(() => losses.alloc(Float32Array, 2 ** 20), RangeError, "alloc", 4 * 2 ** 20, /\d+.*\d+/);
    const taken: Float64Array[] = [];
    // Of a mebibyte in parts of an eighth, seven at least can be had and nine cannot.
    expectError(
      () => {
        while (taken.length < 9) taken.push(losses.alloc(Float64Array, 2 ** 14));
      },
      RangeError,
      "alloc",
      2 ** 17,
    );
    expect(taken.length).toBeGreaterThanOrEqual(7);
    for (const view of taken) losses.free(view);
    expect(losses.alloc(Float64Array, 2 ** 14)).toHaveLength(2 ** 14);
    losses.close();
  });

  test("alloc of the wrong kind or length", async () => {
    const losses = await createLosses(options);
    expectError(() => losses.alloc(any(Array), 4), TypeError, "alloc");
    expectError(() => losses.alloc(any("float32"), 4), TypeError, "alloc");
    for (const length of [-1, 1.5, NaN]) {
      expectError(() => losses.alloc(Float32Array, length), RangeError, "alloc", "length", length);
    }
    losses.close();
  });

  test("arrays of the arena do not overlap, are aligned and can be freed in any order", async () => {
    const losses = await createLosses({ ...options, arenaBytes: 2 ** 20 });
    const views = [1, 3, 100, 1000, 7].map((length) => losses.alloc(Float32Array, length));
    views.forEach((view, i) => {
      expect(view.byteOffset % 16).toBe(0);
      view.fill(i + 1);
    });
    views.forEach((view, i) => {
      expect(view.every((value) => value === i + 1)).toBe(true);
    });
    for (const i of [3, 0, 4, 2, 1]) losses.free(views[i]);
    losses.close();
  });
});

test("createLosses: a backend that there isn't, no threads, options that are none", async () => {
  const wrong: [object, string][] = [
    [{ backend: "gpu" }, 'backend is "gpu", but must be one of auto, wasm, js'],
    [{ threads: 0 }, 'threads is 0, but must be an integer from 1 to 1024 or "auto"'],
    [{ threads: "2" }, 'threads must be an integer or "auto", but is a string'],
    [{ Backend: "js" }, "Backend is no option (backend?)"],
    [{ thread: 2 }, "thread is no option (threads?)"],
    [{ simd: true }, "simd is no option"],
  ];
  for (const [options, message] of wrong) {
    await expect(createLosses(options)).rejects.toThrow(`createLosses: ${message}`);
  }
  const losses = await createLosses({ backend: "js", ...{ other: undefined } });
  losses.close();
});

describe("arrays that lost their memory, and what is no options", () => {
  const o = { classes: 3 };
  /** Without elements, since they went elsewhere with the buffer. */
  function gone<A extends ArrayBufferView>(array: A): A {
    structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
    return array;
  }
  const x = () => gone(new Float32Array(6));
  const y = () => gone(new BigInt64Array(2));

  test.each(backends)("$name", async ({ options }) => {
    const losses = await createLosses(options);
    const calls: [string, string, () => unknown][] = [
      ["mse", "predictions", () => losses.mse(x(), x())],
      ["mse", "predictions", () => losses.mse(x(), new Float32Array(2))],
      ["mse", "targets", () => losses.mse(new Float32Array(0), x())],
      ["rmseWithGrad", "predictions", () => losses.rmseWithGrad(x(), x())],
      ["softmax", "logits", () => losses.softmax(x(), o)],
      ["logSumExp", "logits", () => losses.logSumExp(float16(gone(new Uint16Array(3))), o)],
      ["crossEntropy", "logits", () => losses.crossEntropy(x(), y(), o)],
      ["crossEntropy", "logits", () => losses.crossEntropy(x(), Int32Array.of(1, 2), o)],
      ["crossEntropy", "labels", () => losses.crossEntropy(new Float32Array(0), y(), o)],
      ["crossEntropyWithGrad", "probabilities", () => losses.crossEntropyWithGrad(new Float32Array(0), x(), o)],
      ["evaluate", "logits", () => losses.evaluate(x(), y(), o)],
      ["evaluate", "labels", () => losses.evaluate(new Float64Array(0), y(), o)],
      ["add", "targets", () => losses.regressionEvaluator().add(new Float32Array(0), x())],
    ];
    for (const [name, argument, call] of calls) expect(call).toThrow(new TypeError(`${name}: ${argument} is detached`));
    // without rows, but with memory
    expect(losses.crossEntropy(new Float32Array(0), new BigInt64Array(0), { ...o, reduction: "sum" })).toBe(0);

    const [a, b] = [new Float32Array(3), Int32Array.of(1)];
    const wrong: [string, (it: never) => unknown][] = [
      ["mse", (it) => losses.mse(a, a, it)],
      ["mseWithGrad", (it) => losses.mseWithGrad(a, a, it)],
      ["rmseWithGrad", (it) => losses.rmseWithGrad(a, a, it)],
      ["softmax", (it) => losses.softmax(a, it)],
      ["crossEntropy", (it) => losses.crossEntropy(a, b, it)],
      ["crossEntropyWithGrad", (it) => losses.crossEntropyWithGrad(a, b, it)],
      ["evaluate", (it) => losses.evaluate(a, b, it)],
      ["evaluator", (it) => losses.evaluator(it)],
    ];
    for (const [name, call] of wrong) {
      for (const [it, kind] of [
        [null, "null"],
        ["sum", "a string"],
        [3, "a number"],
      ]) {
        expect(() => call(it as never)).toThrow(new TypeError(`${name}: options must be an object, but is ${kind}`));
      }
      if (/mse/i.test(name)) continue;
      const needs = ": classes, the length of a row, is needed";
      const missing = new TypeError(`${name}: options must be an object, but is undefined${needs}`);
      expect(() => call(undefined as never)).toThrow(missing);
    }
    losses.close();
  });
});

test("an option that has another value the second time is read once", async () => {
  for (const { losses } of await openBackends()) {
    const [x, y] = [Float32Array.of(1, 2, 3, 4, 5, 6), Int32Array.of(0, 1)];
    const weight = Float32Array.of(1, 2, 3);
    for (const name of rowFunctions) {
      let reads = 0;
      const options = {
        get classes() {
          return reads++ === 0 ? 3 : 1000;
        },
      };
      expect(callRows(losses, name, x, options), name).toEqual(callRows(losses, name, x, { classes: 3 }));
    }
    const own = {
      classes: 3,
      get weight() {
        losses.crossEntropy(x, y, { classes: 3 });
        return weight;
      },
    };
    const wanted = losses.crossEntropyWithGrad(x, y, { classes: 3, weight });
    expect(losses.crossEntropyWithGrad(x, y, own)).toEqual(wanted);
    let weights = 0;
    const other = {
      classes: 3,
      get weight() {
        return weights++ === 0 ? weight : Float32Array.of(7, 7, 7);
      },
    };
    expect(losses.evaluate(x, y, other)).toEqual(losses.evaluate(x, y, { classes: 3, weight }));
  }
});

const MORE = { input: "logits", confusion: true, percentiles: [50] };

test("every option of every function is read once", async () => {
  const x = Float32Array.of(1, 2, 3, 4, 5, 6);
  const y = Int32Array.of(0, 1);
  const weight = Float32Array.of(1, 2, 3);
  const sampleWeight = new Float32Array(6).fill(1);
  const ofRows = { sampleWeight: Float32Array.of(1, 2), inner: 1, temperature: 2, softCap: 3, zLoss: 1 };
  const ofTargets = {
    classes: 3,
    weight,
    ignoreIndex: 1,
    reduction: "sum",
    input: "logits",
    labelSmoothing: 0.1,
    gamma: 0,
  };
  const rows = { ...ofTargets, ...ofRows };
  const evaluation = {
    classes: 3,
    weight,
    ignoreIndex: 1,
    topK: [1, 2],
    bins: 4,
    perClass: true,
    onRows: () => {},
    ...MORE,
  };
  const ofBatch = { mask: Uint8Array.of(1, 1), shift: false, groups: Int32Array.of(7, 8) };
  for (const { losses } of await openBackends()) {
    const calls: [call: (options: never) => unknown, options: object][] = [
      [(o) => losses.mse(x, x, o), { reduction: "sum", sampleWeight }],
      [(o) => losses.mseWithGrad(x, x, o), { reduction: "sum", sampleWeight, out: new Float32Array(6) }],
      [(o) => losses.huberWithGrad(x, x, o), { reduction: "none", delta: 0.5, sampleWeight, out: new Float32Array(6) }],
      [(o) => losses.rmseWithGrad(x, x, o), { sampleWeight, out: new Float32Array(6) }],
      [(o) => losses.softmax(x, o), { classes: 3, out: new Float32Array(6) }],
      [(o) => losses.logSoftmax(x, o), { classes: 3, out: new Float32Array(6) }],
      [(o) => losses.logSumExp(x, o), { classes: 3 }],
      [(o) => losses.crossEntropy(x, y, o), rows],
      [(o) => losses.crossEntropyWithGrad(x, y, o), { ...rows, out: new Float32Array(6) }],
      [(o) => losses.crossEntropyWithGrad(x, x.slice(), o), { ...rows, out: new Float32Array(6) }],
      [(o) => losses.evaluate(x, y, o), { ...evaluation, ...ofBatch }],
      [(o) => losses.evaluator(o), { ...evaluation, ranking: false, fitTemperature: true, worst: 1 }],
      [(o) => losses.comparison(o), { classes: 3, input: "logits", ignoreIndex: 1, worst: 1 }],
      [(o) => losses.binaryEvaluator(o), { input: "logits", bins: 4 }],
      [(o) => losses.evaluator({ classes: 3 }).add(x, y, o), { source: "x.npy", ...ofBatch }],
      [
        (o) => losses.comparison({ classes: 3 }).add(x, x, y, o),
        { source: "x.npy", firstRow: 3, positions: 1, ...ofBatch },
      ],
    ];
    for (const [call, options] of calls) {
      const reads: Record<string, number> = {};
      const counting = new Proxy(options, {
        get(target, name, receiver) {
          reads[String(name)] = (reads[String(name)] ?? 0) + 1;
          return Reflect.get(target, name, receiver);
        },
      });
      call(counting as never);
      expect(reads, String(call)).toEqual(Object.fromEntries(Object.keys(options).map((name) => [name, 1])));
    }
  }
});

describe("what reading an option does is seen", () => {
  const rows = {
    classes: 3,
    reduction: "sum",
    input: "logits",
    weight: undefined,
    ignoreIndex: -100,
    labelSmoothing: 0,
  };
  type Call = (losses: Losses, x: Float32Array, options: object) => unknown;
  /** Each face with the options that it reads. */
  const calls: [name: string, options: object, argument: string, call: Call][] = [
    ["mse", { reduction: "sum" }, "predictions", (l, x, o) => l.mse(x, new Float32Array(6), o)],
    ["mseWithGrad", { out: undefined }, "predictions", (l, x, o) => l.mseWithGrad(x, new Float32Array(6), o)],
    ["huber", { delta: 1 }, "predictions", (l, x, o) => l.huber(x, new Float32Array(6), o)],
    ["rmseWithGrad", { out: undefined }, "predictions", (l, x, o) => l.rmseWithGrad(x, new Float32Array(6), o)],
    ["softmax", { classes: 3, out: undefined }, "logits", (l, x, o) => l.softmax(x, any(o))],
    ["logSoftmax", { classes: 3, out: undefined }, "logits", (l, x, o) => l.logSoftmax(x, any(o))],
    ["logSumExp", { classes: 3 }, "logits", (l, x, o) => l.logSumExp(x, any(o))],
    ["crossEntropy", rows, "logits", (l, x, o) => l.crossEntropy(x, Int32Array.of(0, 1), any(o))],
    ["crossEntropy", rows, "logits", (l, x, o) => l.crossEntropy(x, new Float32Array(6), any(o))],
    [
      "crossEntropyWithGrad",
      { ...rows, out: undefined },
      "logits",
      (l, x, o) => l.crossEntropyWithGrad(x, Int32Array.of(0, 1), any(o)),
    ],
    [
      "evaluate",
      { classes: 3, topK: [1], bins: 4, perClass: false },
      "logits",
      (l, x, o) => l.evaluate(x, Int32Array.of(0, 1), any(o)),
    ],
    [
      "add",
      { source: undefined },
      "logits",
      (l, x, o) => l.evaluator({ classes: 3 }).add(x, Int32Array.of(0, 1), any(o)),
    ],
  ];

  /** The options, of which reading one does something, too. */
  const withDeed = (options: object, name: string, deed: () => void) =>
    Object.defineProperty({ ...options }, name, {
      enumerable: true,
      get() {
        deed();
        return options[name as keyof typeof options];
      },
    });

  test.each(backends)("$name", async ({ options: of }) => {
    for (const [name, options, argument, call] of calls) {
      for (const option of Object.keys(options)) {
        const losses = await createLosses(of);
        const x = new Float32Array(6);
        // a window holds what an earlier call left there
        call(losses, Float32Array.of(1, 2, 3, 4, 5, 6), options);
        const detach = () => void structuredClone(x.buffer, { transfer: [x.buffer] });
        const detaching = withDeed(options, option, detach);
        expect(() => call(losses, x, detaching), `${name}, ${option}`).toThrow(
          new TypeError(`${name}: ${argument} is detached`),
        );
        const closing = withDeed(options, option, () => losses.close());
        expect(() => call(losses, new Float32Array(6), closing), `${name}, ${option}`).toThrow("closed");
      }
    }
  });
});

test("one logit a row is for another loss", async () => {
  for (const { losses } of await openBackends()) {
    for (const name of ["crossEntropy", "crossEntropyWithGrad"] as const) {
      const each: (...given: Parameters<Losses["crossEntropyWithGrad"]>) => unknown = losses[name];
      const call = (targets: Int32Array | Float32Array, options = {}) =>
        each(Float32Array.of(1, -2), targets as Int32Array, { classes: 1, reduction: "sum", ...options } as never);
      expectError(() => call(Int32Array.of(0, 1)), RangeError, name, "labels[1]", 1, "binaryCrossEntropy");
      expectError(() => call(Float32Array.of(1, 0.5)), RangeError, name, "probabilities[1]", 0.5, "binaryCrossEntropy");
      expectError(() => call(Float32Array.of(0, 1)), RangeError, name, "probabilities[0]", 0, "binaryCrossEntropy");
      expect(call(Int32Array.of(0, -100))).toEqual(
        name === "crossEntropy" ? 0 : { loss: 0, grad: new Float32Array(2) },
      );
      expect(call(Float32Array.of(1, 1))).toEqual(name === "crossEntropy" ? 0 : { loss: 0, grad: new Float32Array(2) });
      // a probability a row is what it is
      expect(() => call(Float32Array.of(0.5, 1), { input: "logProbabilities" })).not.toThrow();
    }
    expectError(
      () => losses.evaluate(new Float32Array(1), Int32Array.of(1), { classes: 1 }),
      RangeError,
      "evaluate",
      "binary",
    );
  }
});

test("a list of k with holes", async () => {
  for (const { losses } of await openBackends()) {
    const call = (topK: unknown) => () => losses.evaluator({ classes: 3, topK: any(topK) });
    // biome-ignore lint/suspicious/noSparseArray: what is tested
    expectError(call([1, , 2]), TypeError, "evaluator", "topK[1]", "undefined");
    expectError(call(new Array(3)), TypeError, "evaluator", "topK[0]", "undefined");
  }
});

test("a loss that is computed while the options are read does not change the one that reads them", async () => {
  for (const { losses } of await openBackends()) {
    const [x, y] = [Float32Array.of(1, 2, 3, 4, 5, 6), Int32Array.of(0, 1)];
    const wanted = losses.crossEntropyWithGrad(x, y, { classes: 3 });
    const grad = new Float32Array(6);
    const got = losses.crossEntropyWithGrad(x, y, {
      classes: 3,
      get out() {
        losses.crossEntropy(x, y, { classes: 3, labelSmoothing: 0.5 });
        return grad;
      },
    });
    expect(got).toEqual(wanted);
    expect(got.grad).toBe(grad);

    const [p, t] = [Float32Array.of(1, 2, 3), Float32Array.of(2, 4, 9)];
    const own = new Float32Array(3);
    const huber = losses.huberWithGrad(p, t, {
      delta: 2,
      get out() {
        losses.huber(p, t, { delta: 0.5 });
        return own;
      },
    });
    expect(huber).toEqual(losses.huberWithGrad(p, t, { delta: 2 }));
    expect(huber.grad).toBe(own);

    const shares = Float32Array.of(0, 1, 0.5);
    const focal = losses.focal(p, shares, {
      alpha: 0.75,
      get gamma() {
        losses.focal(p, shares, { alpha: 0.125, gamma: 5 });
        return 3;
      },
    });
    expect(focal).toBe(losses.focal(p, shares, { alpha: 0.75, gamma: 3 }));
  }
});
