import { describe, expect, test } from "vitest";
import type { LogitsArray } from "../src/dtype.ts";
import { bfloat16, float16 } from "../src/exports.ts";
import { type Losses, openThreaded } from "./backends.ts";
import {
  arrayOf,
  type Dtype,
  dtypes,
  expectClose,
  expectSame,
  type FloatArray,
  floats,
  integer,
  labelsOf,
  logitsOf,
  mulberry32,
  probabilitiesOf,
  type Random,
  unit,
  weightsOf,
  zeros,
} from "./inputs.ts";
import { exactSum } from "./oracle.ts";

// Rows that count more or less (sampleWeight), and rows whose classes are not the last axis (inner), of every function of rows.

const opened = await openThreaded();

const REDUCTIONS = ["mean", "sum", "none"] as const;
const INPUTS = ["logits", "probabilities", "logProbabilities"] as const;

type Loss = number | Float64Array;
type Arrays = Record<string, unknown>;
interface Call {
  readonly title: string;
  readonly classes: number;
  readonly x: FloatArray;
  /** Labels, or as many numbers as x. */
  readonly targets: FloatArray | Int32Array;
  /** But for those that are arrays of rows. */
  readonly options: Arrays;
  readonly functions: readonly [loss: keyof Losses, withGrad: keyof Losses];
}

const numbersOf = (loss: Loss) => (typeof loss === "number" ? [loss] : loss);

function withGrad(losses: Losses, { functions, x, targets }: Call, options: Arrays) {
  const call = losses[functions[1]] as unknown as (...args: unknown[]) => { loss: Loss; grad: FloatArray };
  return call(x, targets, options);
}

function lossOf(losses: Losses, { functions, x, targets }: Call, options: Arrays): Loss {
  return (losses[functions[0]] as unknown as (...args: unknown[]) => Loss)(x, targets, options);
}

/** [rows, classes] of what an input may be. */
function sideOf(random: Random, dtype: Dtype, rows: number, classes: number, input: string): FloatArray {
  if (input === "logits") return logitsOf(random, dtype, rows, classes);
  const probabilities = probabilitiesOf(random, dtype, rows, classes);
  return input === "probabilities" ? probabilities : (probabilities.map(Math.log) as FloatArray);
}

/** Calls of every function, input and kind of target. */
function* callsOf(random: Random, dtype: Dtype, rows: number, classes: number): Generator<Call> {
  const labels = labelsOf(random, rows, classes, -100);
  for (const input of INPUTS) {
    const x = sideOf(random, dtype, rows, classes, input);
    for (const isLabel of classes > 1 ? [true, false] : []) {
      for (const labelSmoothing of [0, 0.125]) {
        yield {
          title: `crossEntropy of ${isLabel ? "labels" : "probabilities"}, ${input}, smoothed by ${labelSmoothing}`,
          functions: ["crossEntropy", "crossEntropyWithGrad"],
          classes,
          x,
          targets: isLabel ? labels : probabilitiesOf(random, dtype, rows, classes),
          options: { input, labelSmoothing, ...(random() < 0.5 && { weight: weightsOf(random, dtype, classes) }) },
        };
      }
    }
    const targetInput = INPUTS[integer(random, 3)];
    const targets = sideOf(random, dtype, rows, classes, targetInput);
    for (const direction of ["forward", "reverse"]) {
      yield {
        title: `klDivergence ${direction}, ${input}, ${targetInput}`,
        functions: ["klDivergence", "klDivergenceWithGrad"],
        classes,
        x,
        targets,
        options: { input, targetInput, direction },
      };
    }
    yield {
      title: `jensenShannon, ${input}, ${targetInput}`,
      functions: ["jensenShannon", "jensenShannonWithGrad"],
      classes,
      x,
      targets,
      options: { input, targetInput },
    };
  }
}

/** Weights of rows, some of them 0. */
function rowWeightsOf(random: Random, dtype: Dtype, rows: number): FloatArray {
  return zeros(dtype, rows).map(() => (random() < 0.2 ? 0 : 4 * random())) as FloatArray;
}

/** [rows inner, classes] as [rows, classes, inner]. */
function turnedBack<A extends FloatArray | Uint16Array>(x: A, classes: number, inner: number): A {
  const out = x.slice() as A;
  for (let i = 0; i < x.length / classes; i++) {
    const row = Math.floor(i / inner);
    for (let j = 0; j < classes; j++) out[(row * classes + j) * inner + (i % inner)] = x[i * classes + j];
  }
  return out;
}

describe.each(opened)("inner, $name", ({ name, losses }) => {
  const isWasm = name !== "js";

  test.each(dtypes)("%s: the bits of the turned data, from anywhere and in place", (dtype) => {
    const random = mulberry32(17);
    const shapes = [
      [1, 1, 5],
      [3, 2, 4],
      [2, 7, 33],
      [1, 70, 17],
      [5, 3, 1],
      [2, 1030, 3],
      [1, 5, isWasm ? 30000 : 300],
    ];
    for (const [rows, classes, inner] of shapes) {
      const positions = rows * inner;
      for (const call of callsOf(random, dtype, positions, classes)) {
        if (positions * classes > 1000 && random() < 0.8) continue;
        const reduction = REDUCTIONS[integer(random, 3)];
        const sampleWeight = random() < 0.5 ? rowWeightsOf(random, dtype, positions) : undefined;
        const options = { ...call.options, classes, reduction, sampleWeight };
        const wanted = withGrad(losses, call, options);
        const isLabel = call.targets instanceof Int32Array;
        const x = turnedBack(call.x, classes, inner);
        const targets = isLabel ? call.targets : turnedBack(call.targets as FloatArray, classes, inner);
        const where = `${call.title}, [${rows}, ${classes}, ${inner}] ${reduction}`;
        const inside = isWasm && random() < 0.5 ? losses.alloc(arrayOf[dtype], x.length) : x.slice();
        inside.set(x);
        const out = random() < 0.5 ? inside : undefined;
        const turned = { ...call, x: inside as FloatArray, targets };
        expectSame(numbersOf(lossOf(losses, turned, { ...options, inner })), numbersOf(wanted.loss), where);
        const got = withGrad(losses, turned, { ...options, inner, out });
        expectSame(numbersOf(got.loss), numbersOf(wanted.loss), where);
        expectSame(got.grad, turnedBack(wanted.grad, classes, inner), `gradient, ${where}`);
        if (inside.buffer !== x.buffer && isWasm && inside.byteLength !== inside.buffer.byteLength) losses.free(inside);
      }
    }
  });

  test("half precision", () => {
    const bits = Uint16Array.from({ length: 2 * 6 * 9 }, (_, i) => 0x3000 + 61 * i);
    for (const wrap of [float16, bfloat16]) {
      const labels = labelsOf(mulberry32(1), 18, 6);
      const wanted = losses.crossEntropyWithGrad(wrap(bits) as LogitsArray, labels, { classes: 6 });
      const x = wrap(turnedBack(bits, 6, 9)) as LogitsArray;
      const got = losses.crossEntropyWithGrad(x, labels, { classes: 6, inner: 9 });
      expect(got.loss).toBe(wanted.loss);
      expectSame(got.grad, turnedBack(wanted.grad as FloatArray, 6, 9), "gradient");
    }
  });
});

describe.each(opened)("sampleWeight, $name", ({ losses }) => {
  test.each(dtypes)("%s: of losses, of their sum and mean, of the gradient", (dtype) => {
    const random = mulberry32(23);
    for (const [rows, classes] of [
      [1, 1],
      [7, 3],
      [70, 10],
      [9, 65],
      [2, 1000],
    ]) {
      for (const call of callsOf(random, dtype, rows, classes)) {
        const where = `${call.title}, [${rows}, ${classes}]`;
        const sampleWeight = rowWeightsOf(random, dtype, rows);
        const options = { ...call.options, classes };
        const plain = withGrad(losses, call, { ...options, reduction: "none" });
        const ones = withGrad(losses, call, { ...options, sampleWeight: zeros(dtype, rows).fill(1) });
        const without = withGrad(losses, call, options);
        expectSame([ones.loss as number], [without.loss as number], `weights of 1, ${where}`);
        expectSame(ones.grad, without.grad, `weights of 1, gradient, ${where}`);

        const each = Array.from(sampleWeight, (s, i) => (s === 0 ? 0 : s * (plain.loss as Float64Array)[i]));
        const { loss: none } = withGrad(losses, call, { ...options, sampleWeight, reduction: "none" });
        expectSame(none as Float64Array, each, where);
        const { loss: sum } = withGrad(losses, call, { ...options, sampleWeight, reduction: "sum" });
        expectSame([sum as number], [exactSum(each)], `sum, ${where}`);

        const { labels, weight } = { labels: call.targets, weight: call.options.weight as FloatArray | undefined };
        const isLabel = labels instanceof Int32Array;
        const shares = Array.from(sampleWeight, (s, i) =>
          !isLabel ? s : labels[i] === -100 ? 0 : s * (weight?.[labels[i]] ?? 1),
        );
        const total = exactSum(shares);
        const { loss: mean, grad } = withGrad(losses, call, { ...options, sampleWeight });
        expectClose(
          [mean as number],
          [exactSum(each) / total],
          () => Math.abs(mean as number) * 2 ** -50,
          `mean, ${where}`,
        );
        expectClose(
          grad,
          Array.from(plain.grad, (g, i) => {
            const s = sampleWeight[Math.floor(i / classes)];
            return s === 0 ? 0 : (g * s) / total;
          }),
          (i) => unit[dtype] * (6 * Math.abs(grad[i]) + sampleWeight[Math.floor(i / classes)] / total) + 2 ** -120,
          `gradient, ${where}`,
        );
      }
    }
  });

  test("a row of weight 0 counts exactly 0, whatever it holds; weights of 0 alone: mean NaN, gradient 0", () => {
    for (const classes of [3, 100]) {
      for (const targets of [Int32Array.of(0, 2, 1), new Float64Array(3 * classes).fill(0.5)]) {
        const x = Float64Array.from({ length: 3 * classes }, (_, i) => i % 5);
        x.fill(Number.NaN, classes, 2 * classes);
        const options = { classes, sampleWeight: Float64Array.of(2, 0, 1) };
        const { loss, grad } = losses.crossEntropyWithGrad(x, targets, options);
        expect(loss).toBeGreaterThan(0);
        expect(grad.some(Number.isNaN)).toBe(false);
        expect(grad.subarray(classes, 2 * classes).every((g) => Object.is(g, 0))).toBe(true);
        const none = losses.crossEntropyWithGrad(x, targets, { classes, sampleWeight: new Float64Array(3) });
        expect(none.loss).toBeNaN();
        expectSame(none.grad, new Float64Array(3 * classes), "gradient");
      }
    }
  });

  test("a row's gradient is its own: the weights of other rows, however large, change no bit of it", () => {
    const random = mulberry32(15);
    const sizes = { float32: [1e-38, 1e-30, 0.25, 1, 1e34, 0], float64: [1e-300, 1e-30, 0.25, 1, 1e300, 0] };
    for (const dtype of dtypes) {
      const [rows, classes] = [12, 5];
      // some gradients are subnormal
      const x = logitsOf(random, dtype, rows, classes).map((x, i) => (i % 3 === 0 ? x : 20 * x)) as FloatArray;
      const sampleWeight = floats(
        dtype,
        Array.from({ length: rows }, (_, i) => sizes[dtype][i % 6]),
      );
      const labels = labelsOf(random, rows, classes);
      for (const options of [{}, { temperature: 1e-3, labelSmoothing: 0.1 }]) {
        for (const reduction of ["none", "sum"] as const) {
          const call = (at: number, n: number) =>
            losses.crossEntropyWithGrad(
              x.subarray(at * classes, (at + n) * classes) as Float64Array,
              labels.subarray(at, at + n),
              { classes, ...options, reduction, sampleWeight: sampleWeight.subarray(at, at + n) as Float64Array },
            );
          const all = call(0, rows).grad;
          expect(all.every(Number.isFinite)).toBe(true);
          for (let i = 0; i < rows; i++) {
            const { grad } = call(i, 1);
            expectSame(all.subarray(i * classes, (i + 1) * classes), grad, `${dtype}, row ${i}`);
            expect(grad.some((g) => g !== 0)).toBe(sampleWeight[i] !== 0);
          }
        }
      }
    }
  });

  test("weights that are all tiny or huge divide out", () => {
    const random = mulberry32(5);
    for (const dtype of dtypes) {
      const x = logitsOf(random, dtype, 20, 12);
      const labels = labelsOf(random, 20, 12);
      const shares = floats(
        dtype,
        Array.from({ length: 20 }, (_, i) => 2 ** -(i % 4)),
      );
      const wanted = losses.crossEntropyWithGrad(x as Float64Array, labels, {
        classes: 12,
        sampleWeight: shares as Float64Array,
      });
      for (const power of dtype === "float32" ? [2 ** -140, 2 ** 120] : [2 ** -1050, 2 ** 1000]) {
        const sampleWeight = shares.map((s) => s * power) as Float64Array;
        const got = losses.crossEntropyWithGrad(x as Float64Array, labels, { classes: 12, sampleWeight });
        expect(got.loss).toBe(wanted.loss);
        expectSame(got.grad, wanted.grad, `gradient, ${power}`);
      }
    }
  });
});

describe("bad input", () => {
  const [{ losses }] = opened;
  const x = new Float32Array(12);
  const labels = new Int32Array(4);
  test.each([
    [{ sampleWeight: [1, 1, 1, 1] }, TypeError, /sampleWeight must be a Float32Array or a Float64Array/],
    [{ sampleWeight: new Float64Array(4) }, TypeError, "sampleWeight is a Float64Array, but logits is a Float32Array"],
    [{ sampleWeight: new Float32Array(3) }, RangeError, "sampleWeight has length 3, but logits (in rows) has 4"],
    [{ sampleWeight: Float32Array.of(1, 1, -1, 1) }, RangeError, "sampleWeight[2] is -1, but must be 0 or more"],
    [{ sampleWeight: Float32Array.of(1, Number.NaN, 1, 1) }, RangeError, "sampleWeight[1] is NaN"],
    [{ inner: 0 }, RangeError, "inner is 0, but must be an integer from 1"],
    [{ inner: "2" }, TypeError, "inner must be an integer, but is a string"],
    [{ inner: 3 }, RangeError, "logits has length 12, which is not a multiple of classes 3 times inner 3"],
  ])("%o is refused", (options, type, message) => {
    const calls = [
      () => losses.crossEntropy(x, labels, { classes: 3, ...options } as never),
      () => losses.crossEntropyWithGrad(x, x, { classes: 3, ...options } as never),
    ];
    for (const call of calls) {
      expect(call).toThrow(type);
      expect(call).toThrow(message);
    }
  });

  test("out may not be the weights", () => {
    const buffer = new Float32Array(12);
    const call = () =>
      losses.crossEntropyWithGrad(x, labels, { classes: 3, sampleWeight: buffer.subarray(0, 4), out: buffer });
    expect(call).toThrow("out and sampleWeight overlap by 16 bytes");
  });
});
