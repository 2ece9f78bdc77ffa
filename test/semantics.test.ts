import { describe, expect, test } from "vitest";
import { type Losses, openBackends } from "./backends.ts";
import { everything, someOf } from "./breadth.ts";
import {
  type Dtype,
  distancesToMaximum,
  dtypes,
  expectClose,
  expectSame,
  type FloatArray,
  floats,
  gradientTolerance,
  labelArrays,
  labelsOf,
  logitsOf,
  logSoftmaxTolerance,
  logSumExpTolerance,
  mulberry32,
  probabilitiesOf,
  rowLossTolerance,
  smallest,
  softmaxTolerance,
  unit,
  values,
  weightsOf,
  zeros,
} from "./inputs.ts";
import * as oracle from "./oracle.ts";

interface Options {
  classes: number;
  input?: oracle.Input;
  weight?: FloatArray;
  ignoreIndex?: number;
  labelSmoothing?: number;
}
type Targets = Int32Array | FloatArray;

const backends = await openBackends();
const NInf = -Infinity;

/** Row losses and the gradient of the sum, checked against the oracle and handed back for a closer look. */
function rowsAndGradient(losses: Losses, dtype: Dtype, logits: FloatArray, targets: Targets, options: Options) {
  const wanted =
    targets instanceof Int32Array
      ? oracle.crossEntropyOfLabels(logits, targets, { ...options, reduction: "sum" })
      : oracle.crossEntropyOfProbabilities(logits, targets, { ...options, reduction: "sum" });
  const distances = distancesToMaximum(logits, options.classes);
  const { loss, grad } = losses.crossEntropyWithGrad(logits, targets, { ...options, reduction: "none" });
  const alone = losses.crossEntropy(logits, targets, { ...options, reduction: "none" });
  const tolerance = (i: number) => rowLossTolerance(dtype, wanted.rows[i], options.classes);
  const where = `[${wanted.rows.length}, ${options.classes}]`;
  expectClose(alone, wanted.rows, tolerance, `${where} rows`);
  expectClose(loss, wanted.rows, tolerance, `${where} rows with gradient`);
  const ofTerms = (i: number) => gradientTolerance(dtype, wanted.gradientTerms[i], distances[i]);
  expectClose(grad, wanted.gradient, ofTerms, `${where} gradient`);
  return { rows: loss, gradient: grad, wanted };
}

/** softmax, logSoftmax and logSumExp against the oracle. */
function checkRows(losses: Losses, dtype: Dtype, logits: FloatArray, classes: number, where: string): void {
  const distances = distancesToMaximum(logits, classes);
  const softmax = oracle.softmax(logits, classes);
  const ofSoftmax = (i: number) => softmaxTolerance(dtype, softmax[i], distances[i]);
  expectClose(losses.softmax(logits, { classes }), softmax, ofSoftmax, `${where}, softmax`);
  const logSoftmax = oracle.logSoftmax(logits, classes);
  const ofLogSoftmax = (i: number) => logSoftmaxTolerance(dtype, logSoftmax[i], classes);
  expectClose(losses.logSoftmax(logits, { classes }), logSoftmax, ofLogSoftmax, `${where}, logSoftmax`);
  const logSumExp = oracle.logSumExp(logits, classes);
  const ofLogSumExp = (i: number) => logSumExpTolerance(dtype, logSumExp[i]);
  expectClose(losses.logSumExp(logits, { classes }), logSumExp, ofLogSumExp, `${where}, logSumExp`);
}

/** Rows of `classes` that are ordinary but for what `change` does to them. */
function rowsWith(dtype: Dtype, classes: number, changes: ((row: FloatArray, target: number) => void)[]) {
  const random = mulberry32(classes);
  const logits = values(random, dtype, changes.length * classes, 2);
  const labels = labelsOf(random, changes.length, classes);
  changes.forEach((change, i) => {
    change(logits.subarray(i * classes, (i + 1) * classes), labels[i]);
  });
  return { logits, labels };
}

/** 0 or -0 throughout. */
function expectZeros(got: ArrayLike<number>): void {
  expect(Array.from(got).filter((value) => value !== 0)).toEqual([]);
}

for (const { name, losses } of backends) {
  describe.each(dtypes)(`${name}, %s`, (dtype) => {
    const array = (...numbers: number[]) => floats(dtype, numbers);

    describe("non-finite logits", () => {
      describe.each([2, 3, 5, 16, 17, 64, 65, 130, 1000, 4097])("%i classes", (classes) => {
        const other = (target: number) => (target + 1) % classes;
        const rowOf = (values: FloatArray, i: number) => Array.from(values.subarray(i * classes, (i + 1) * classes));

        test("-inf at a non-target: the class is absent", () => {
          const { logits, labels } = rowsWith(dtype, classes, [
            (row, target) => row.fill(NInf, other(target), other(target) + 1),
            () => {},
          ]);
          const { rows, gradient } = rowsAndGradient(losses, dtype, logits, labels, { classes });
          expect(gradient[other(labels[0])]).toBe(0);

          const kept = rowOf(logits, 0).filter((_, j) => j !== other(labels[0]));
          const label = labels[0] - (other(labels[0]) < labels[0] ? 1 : 0);
          const [absent] = oracle.crossEntropyOfLabels(kept, [label], { classes: classes - 1 }).rows;
          expectClose(rows.subarray(0, 1), [absent], () => rowLossTolerance(dtype, absent, classes), "absent");
        });

        test("-inf at every non-target: loss and gradient are exactly 0", () => {
          const { logits, labels } = rowsWith(dtype, classes, [
            (row, target) => row.fill(NInf, 0, target).fill(NInf, target + 1),
          ]);
          const { rows, gradient } = rowsAndGradient(losses, dtype, logits, labels, { classes });
          expectZeros(rows);
          expectZeros(gradient);
        });

        test("-inf at a non-target with label smoothing: +inf, gradient finite; with weight 0 there: finite", () => {
          const { logits, labels } = rowsWith(dtype, classes, [
            (row, target) => row.fill(NInf, other(target), other(target) + 1),
          ]);
          const smoothed = rowsAndGradient(losses, dtype, logits, labels, { classes, labelSmoothing: 0.1 });
          expect(smoothed.rows[0]).toBe(Infinity);
          expect(smoothed.gradient.every(Number.isFinite)).toBe(true);

          const weight = zeros(dtype, classes).fill(0.5);
          weight[other(labels[0])] = 0;
          const weighted = rowsAndGradient(losses, dtype, logits, labels, { classes, labelSmoothing: 0.1, weight });
          expect(weighted.rows[0]).toBeLessThan(Infinity);
          expect(weighted.gradient[other(labels[0])]).toBe(0);
        });

        test("-inf at the target: +inf, gradient q and -1", () => {
          const { logits, labels } = rowsWith(dtype, classes, [
            (row, target) => row.fill(NInf, target, target + 1),
            () => {},
          ]);
          const { rows, gradient } = rowsAndGradient(losses, dtype, logits, labels, { classes });
          expect(rows[0]).toBe(Infinity);
          expect(gradient[labels[0]]).toBe(-1);
          expect(rows[1]).toBeLessThan(Infinity);
          expect(losses.crossEntropy(logits, labels, { classes })).toBe(Infinity);
        });

        test("all -inf, any +inf, any NaN: NaN in that row only", () => {
          const { logits, labels } = rowsWith(dtype, classes, [
            () => {},
            (row) => row.fill(NInf),
            () => {},
            (row, target) => row.fill(Infinity, target, target + 1),
            (row, target) => row.fill(Infinity, other(target), other(target) + 1),
            (row) => row.fill(Infinity),
            () => {},
            (row, target) => row.fill(NaN, target, target + 1),
            (row) => row.fill(NaN, 0, 1),
            (row) => row.fill(NaN, classes - 1),
            (row) => row.fill(NaN),
            (row) => row.fill(NInf).fill(NaN, classes - 1),
            (row) => row.fill(NInf).fill(Infinity, classes - 1),
            () => {},
          ]);
          const ordinary = [0, 2, 6, 13];
          const { rows, gradient } = rowsAndGradient(losses, dtype, logits, labels, { classes });
          rows.forEach((loss, i) => {
            expect(Number.isNaN(loss)).toBe(!ordinary.includes(i));
            const nans = rowOf(gradient as FloatArray, i).filter(Number.isNaN).length;
            expect(nans).toBe(ordinary.includes(i) ? 0 : classes);
          });
          expect(losses.crossEntropy(logits, labels, { classes })).toBeNaN();
          expect(losses.crossEntropy(logits, labels, { classes, reduction: "sum" })).toBeNaN();
          const smoothed = { classes, labelSmoothing: 0.2, weight: zeros(dtype, classes).fill(0.5) };
          rowsAndGradient(losses, dtype, logits, labels, smoothed);
        });

        test("softmax and logSoftmax of them; logSumExp of all -inf is -inf", () => {
          const { logits } = rowsWith(dtype, classes, [
            () => {},
            (row) => row.fill(NInf),
            (row) => row.fill(NInf, 0, 1),
            (row) => row.fill(NaN, classes - 1),
            (row) => row.fill(NInf, 1),
            () => {},
          ]);
          checkRows(losses, dtype, logits, classes, "non-finite");
          const softmax = losses.softmax(logits, { classes }) as FloatArray;
          const logSoftmax = losses.logSoftmax(logits, { classes }) as FloatArray;
          expect(rowOf(softmax, 1).every(Number.isNaN)).toBe(true);
          expect(softmax[2 * classes]).toBe(0);
          expect(logSoftmax[2 * classes]).toBe(NInf);
          expect(rowOf(softmax, 3).every(Number.isNaN)).toBe(true);
          // one class that is not -inf has all: exactly 1 in a short row, within softmax's bound (above) in a long one
          expect(rowOf(softmax, 4).map(Math.round)).toEqual([1, ...new Array(classes - 1).fill(0)]);
          if (classes <= 64) expect(softmax[4 * classes]).toBe(1);
          const logSumExp = losses.logSumExp(logits, { classes });
          expect(logSumExp[1]).toBe(NInf);
          expect(logSumExp[3]).toBeNaN();
          expect(logSumExp[4]).toBe(logits[4 * classes]);
        });
      });

      test("whole leading, inner and trailing blocks of -inf", () => {
        for (const block of [1, 4, 16, 64, 256, 1024, 2048, 4096]) {
          const random = mulberry32(block);
          for (const extra of someOf([3, 1, 70], block < 1000 ? 1 : 3)) {
            const classes = 2 * block + extra;
            const logits = values(random, dtype, 3 * classes, 3);
            logits.fill(NInf, 0, block);
            logits.fill(NInf, classes + extra, classes + extra + block);
            logits.fill(NInf, 3 * classes - block);
            const labels = Int32Array.of(block, 0, extra - 1);
            const { rows } = rowsAndGradient(losses, dtype, logits, labels, { classes });
            expect(rows.every(Number.isFinite)).toBe(true);
            checkRows(losses, dtype, logits, classes, `-inf blocks of ${block} in ${classes}`);
          }
          // Only the last one is finite.
          const classes = block + 1;
          const logits = zeros(dtype, classes).fill(NInf).fill(-3, block);
          const { rows, gradient } = rowsAndGradient(losses, dtype, logits, Int32Array.of(block), { classes });
          expectZeros(rows);
          expectZeros(gradient);
        }
      });
    });

    describe("ignored rows", () => {
      test.each([-100, 1, -1, 255])("loss and gradient are 0 whatever they hold, ignoreIndex %i", (ignoreIndex) => {
        for (const classes of [3, 10, 64, 65, 1000]) {
          const { logits, labels } = rowsWith(dtype, classes, [
            () => {},
            (row) => row.fill(NaN),
            () => {},
            (row) => row.fill(NaN, classes - 1),
            (row) => row.fill(Infinity, 0, 1),
            (row) => row.fill(NInf),
            (row) => row.fill(NInf, 0, 1),
            () => {},
          ]);
          labels.fill(ignoreIndex, 3);
          labels[0] = labels[2] = 2;
          labels[1] = ignoreIndex;
          const weight = weightsOf(mulberry32(6), dtype, classes).fill(0.75, 2, 3);
          for (const labelSmoothing of [0, 0.1]) {
            for (const options of [
              { classes, ignoreIndex, labelSmoothing },
              { classes, ignoreIndex, labelSmoothing, weight },
            ]) {
              const { rows, gradient } = rowsAndGradient(losses, dtype, logits, labels, options);
              expectZeros([rows[1], ...rows.subarray(3)]);
              expectZeros(gradient.subarray(classes, 2 * classes));
              expectZeros(gradient.subarray(3 * classes));
              // The mean is over rows 0 and 2.
              const denominator = options.weight ? 2 * 0.75 : 2;
              const { loss, grad } = losses.crossEntropyWithGrad(logits, labels, options);
              expect(loss).toBe((rows[0] + rows[2]) / denominator);
              expect(losses.crossEntropy(logits, labels, options)).toBe(loss);
              expectZeros(grad.subarray(3 * classes));
            }
          }
        }
      });

      test.each([1, 10, 65])("all ignored, %i classes: mean NaN, sum 0, gradient 0", (classes) => {
        const logits = values(mulberry32(7), dtype, 5 * classes);
        const labels = new Int32Array(5).fill(-100);
        expect(losses.crossEntropy(logits, labels, { classes })).toBeNaN();
        expect(losses.crossEntropy(logits, labels, { classes, reduction: "sum" })).toBe(0);
        expectZeros(losses.crossEntropy(logits, labels, { classes, reduction: "none" }));
        const { loss, grad } = losses.crossEntropyWithGrad(logits, labels, { classes });
        expect(loss).toBeNaN();
        expect(grad).toHaveLength(5 * classes);
        expectZeros(grad);
      });

      test("-100 is not ignored once ignoreIndex is another", () => {
        const logits = values(mulberry32(8), dtype, 20);
        const labels = Int32Array.of(1, -100);
        expect(() => losses.crossEntropy(logits, labels, { classes: 10, ignoreIndex: -1 })).toThrow(RangeError);
      });
    });

    describe("classes of weight 0", () => {
      test.each([3, 10, 64, 65, 1000])("a target of weight 0 is 0 with gradient 0, %i classes", (classes) => {
        const { logits, labels } = rowsWith(dtype, classes, [
          () => {},
          (row) => row.fill(NInf, 1, 2),
          (row) => row.fill(NaN, 1, 2),
          (row) => row.fill(NaN),
          (row) => row.fill(Infinity),
          (row) => row.fill(NInf),
          () => {},
        ]);
        labels.fill(1);
        labels[6] = 0;
        const weight = zeros(dtype, classes).fill(0.5).fill(0, 1, 2);
        const { rows, gradient } = rowsAndGradient(losses, dtype, logits, labels, { classes, weight });
        expectZeros(rows.subarray(0, 6));
        expectZeros(gradient.subarray(0, 6 * classes));
        expect(rows[6]).toBeGreaterThan(0);
        expect(losses.crossEntropy(logits, labels, { classes, weight })).toBe(rows[6] / 0.5);
      });

      test("only targets of weight 0: mean NaN, gradient 0", () => {
        const logits = values(mulberry32(9), dtype, 6);
        const options = { classes: 3, weight: array(1, 0, 1) };
        const { loss, grad } = losses.crossEntropyWithGrad(logits, Int32Array.of(1, 1), options);
        expect(loss).toBeNaN();
        expectZeros(grad);
      });

      test("a probability at -inf counts nothing where its weight is 0", () => {
        const logits = array(0.5, NInf, 1, 0);
        const probabilities = array(0.25, 0.25, 0.5, 0);
        const weight = array(1, 0, 2, 0.5);
        const { rows, gradient } = rowsAndGradient(losses, dtype, logits, probabilities, { classes: 4, weight });
        expect(rows[0]).toBeLessThan(Infinity);
        expect(gradient[1]).toBe(0);
      });

      test("label smoothing passes a -inf or unwanted class of weight 0 by", () => {
        const logits = array(NInf, 1, 0, 0.25);
        const options = { classes: 4, weight: array(0, 1, 2, 0.5), labelSmoothing: 0.25 };
        const { rows } = rowsAndGradient(losses, dtype, logits, Int32Array.of(0), options);
        expect(rows[0]).toBeGreaterThan(0);
        expect(rows[0]).toBeLessThan(Infinity);
      });
    });

    describe("probability targets", () => {
      test.each([3, 16, 65, 1000])("0 * (-inf) is 0 for a masked class, %i classes", (classes) => {
        const random = mulberry32(10);
        const logits = values(random, dtype, 4 * classes, 2);
        const probabilities = probabilitiesOf(random, dtype, 4, classes);
        for (let i = 0; i < 3; i++) {
          logits[i * classes + i] = NInf;
          probabilities[i * classes + i] = 0;
        }
        const { rows, gradient } = rowsAndGradient(losses, dtype, logits, probabilities, { classes });
        expect(rows.every(Number.isFinite)).toBe(true);
        for (let i = 0; i < 3; i++) expectZeros([gradient[i * classes + i]]);
      });

      test("a probability at -inf is +inf, one at a NaN row is NaN", () => {
        const logits = array(0, NInf, 1, NaN, 0, 1, NInf, NInf, NInf, 1, 2, 3);
        const probabilities = array(0.5, 0.25, 0.25, 0.5, 0.25, 0.25, 0.5, 0.25, 0.25, 0, 1, 0);
        const { rows, gradient } = rowsAndGradient(losses, dtype, logits, probabilities, { classes: 3 });
        expect(Array.from(rows.subarray(0, 3))).toEqual([Infinity, NaN, NaN]);
        expect(gradient.subarray(0, 3).every(Number.isFinite)).toBe(true);
        expect(rows[3]).toBeGreaterThan(0);
      });

      test("need not add up to 1, and mean divides by the rows", () => {
        const random = mulberry32(11);
        const logits = values(random, dtype, 70, 2);
        const probabilities = values(random, dtype, 70).map(Math.abs) as FloatArray;
        const options = { classes: 7, weight: weightsOf(random, dtype, 7) };
        const { rows } = rowsAndGradient(losses, dtype, logits, probabilities, options);
        expect(losses.crossEntropy(logits, probabilities, options)).toBe(oracle.exactSum(rows) / 10);
      });

      test("one-hot probabilities give what labels give", () => {
        const random = mulberry32(12);
        for (const classes of [2, 10, 65]) {
          const logits = logitsOf(random, dtype, 20, classes);
          const labels = labelsOf(random, 20, classes);
          const probabilities = zeros(dtype, 20 * classes);
          labels.forEach((label, i) => {
            probabilities[i * classes + label] = 1;
          });
          const { wanted } = rowsAndGradient(losses, dtype, logits, labels, { classes });
          const { rows } = rowsAndGradient(losses, dtype, logits, probabilities, { classes });
          expectClose(rows, wanted.rows, (i) => rowLossTolerance(dtype, wanted.rows[i], classes), "one-hot");
        }
      });
    });

    describe("input: probabilities and logProbabilities", () => {
      test("0 ln 0 is 0, p ln 0 is +Infinity, nothing is clipped", () => {
        const q = array(0, 1, 0.5, 0.5, 0.5, 0, 1e-30, 1);
        const options = { classes: 2, input: "probabilities" } as const;
        const of = (p: FloatArray) => losses.crossEntropy(q, p, { ...options, reduction: "none" });
        expect(Array.from(of(array(0, 1, 1, 0, 0.5, 0.5, 1, 0)), Math.abs)).toEqual([
          0,
          expect.closeTo(Math.LN2, 6),
          Infinity,
          expect.closeTo(69.07755, 4),
        ]);
        const labelled = losses.crossEntropy(q, Int32Array.of(1, 0, 1, 0), { ...options, reduction: "none" });
        expect(Array.from(labelled, Math.abs)).toEqual(Array.from(of(array(0, 1, 1, 0, 0, 1, 1, 0)), Math.abs));
        const { grad } = losses.crossEntropyWithGrad(q, Int32Array.of(1, 0, 0, 1), { ...options, reduction: "sum" });
        expectClose(grad, [0, -1, -2, 0, -2, 0, 0, -1], () => 0, "-t / q");
      });

      test("q near 1 keeps the digits of its loss", () => {
        const step = dtype === "float32" ? 2 ** -24 : 2 ** -53;
        const q = floats(
          dtype,
          [1, 2, 3, 1000, 1e5].map((steps) => 1 - steps * step),
        );
        const wanted = Array.from(q, (value) => -Math.log(value));
        const got = losses.crossEntropy(q, new Int32Array(5), {
          classes: 1,
          input: "probabilities",
          reduction: "none",
        });
        expectClose(got, wanted, (i) => rowLossTolerance(dtype, wanted[i], 1), "-ln q");
      });

      test("logProbabilities: -w[y] x_y, 0 * (-inf) is 0, gradient -w t", () => {
        const x = array(-0.5, -1, NInf, -2, NInf, -0.25);
        const weight = array(0.5, 1, 4);
        const options = { classes: 3, input: "logProbabilities", weight } as const;
        const { loss, grad } = losses.crossEntropyWithGrad(x, Int32Array.of(1, 2), { ...options, reduction: "none" });
        expect(Array.from(loss)).toEqual([1, 1]);
        expectClose(grad, [0, -1, 0, 0, 0, -4], () => 0, "labels");
        const p = array(0.5, 0.5, 0, 0.5, 0, 0.5);
        const soft = losses.crossEntropyWithGrad(x, p, { ...options, reduction: "none" });
        expect(Array.from(soft.loss)).toEqual([0.625, 1]);
        expectClose(soft.grad, [-0.25, -0.5, 0, -0.25, 0, -2], () => 0, "probabilities");
        const none = losses.crossEntropy(x, Int32Array.of(2, 1), { ...options, reduction: "none" });
        expect(Array.from(none)).toEqual([Infinity, Infinity]);
      });
    });

    describe("empty and smallest", () => {
      test("an empty batch: mean NaN, sum 0, nothing a row, gradient empty", () => {
        const empty = zeros(dtype, 0);
        for (const targets of [new Int32Array(0), zeros(dtype, 0)]) {
          expect(losses.crossEntropy(empty, targets, { classes: 10 })).toBeNaN();
          expect(losses.crossEntropy(empty, targets, { classes: 10, reduction: "sum" })).toBe(0);
          expect(losses.crossEntropy(empty, targets, { classes: 10, reduction: "none" })).toEqual(new Float64Array(0));
          const { loss, grad } = losses.crossEntropyWithGrad(empty, targets, { classes: 10 });
          expect(loss).toBeNaN();
          expect(grad).toEqual(empty);
        }
        expect(losses.softmax(empty, { classes: 3 })).toEqual(empty);
        expect(losses.logSoftmax(empty, { classes: 3 })).toEqual(empty);
        expect(losses.logSumExp(empty, { classes: 3 })).toEqual(new Float64Array(0));
      });

      test("one class: loss 0, gradient 0, softmax 1, logSoftmax 0", () => {
        const logits = array(0, -7, 1e8, -1e30, 3.5);
        for (const targets of [new Int32Array(5), zeros(dtype, 5).fill(1)]) {
          for (const labelSmoothing of [0, 0.1, 1]) {
            const options = { classes: 1, labelSmoothing };
            expectZeros([losses.crossEntropy(logits, targets, options)]);
            expectZeros(losses.crossEntropy(logits, targets, { ...options, reduction: "none" }));
            expectZeros(losses.crossEntropyWithGrad(logits, targets, options).grad);
          }
        }
        expect(losses.softmax(logits, { classes: 1 })).toEqual(array(1, 1, 1, 1, 1));
        expectZeros(losses.logSoftmax(logits, { classes: 1 }));
        expect(losses.logSumExp(logits, { classes: 1 })).toEqual(Float64Array.from(logits));
      });
    });

    describe("far apart and far away", () => {
      test("a common offset keeps the digits", () => {
        expect(losses.crossEntropy(array(1e8, 1e8), Int32Array.of(0), { classes: 2 })).toBeCloseTo(Math.LN2, 6);
        const random = mulberry32(13);
        for (const classes of [2, 10, 64, 65, 1000]) {
          for (const offset of [1e8, -1e8, 300, -320]) {
            // Multiples of 8 are what float32 holds there.
            const logits = zeros(dtype, 6 * classes).map(
              () => offset + 8 * Math.floor(random() * 4) + (dtype === "float64" ? random() : 0),
            ) as FloatArray;
            rowsAndGradient(losses, dtype, logits, labelsOf(random, 6, classes), { classes });
            rowsAndGradient(losses, dtype, logits, labelsOf(random, 6, classes), { classes, labelSmoothing: 0.1 });
            rowsAndGradient(losses, dtype, logits, probabilitiesOf(random, dtype, 6, classes), { classes });
            checkRows(losses, dtype, logits, classes, `offset ${offset}`);
          }
        }
      });

      test.each([2, 10, 64, 65, 1000, 5000])("a gap of 1e4, %i classes", (classes) => {
        const logits = zeros(dtype, 3 * classes);
        for (let i = 0; i < 3; i++) logits[i * classes] = 1e4;
        const labels = Int32Array.of(0, 1, classes - 1);
        const { rows, gradient } = rowsAndGradient(losses, dtype, logits, labels, { classes });
        expect(rows[0]).toBeGreaterThanOrEqual(0);
        expect(rows[0]).toBeLessThanOrEqual(classes * smallest[dtype]);
        expect(rows[1]).toBe(1e4);
        expect([gradient[classes], gradient[classes + 1]]).toEqual([1, -1]);
        checkRows(losses, dtype, logits, classes, "gap 1e4");
      });

      test.each([2, 10, 64, 65, 1000])("what is just normal is not 0, %i classes", (classes) => {
        const rows = 64;
        const logits = zeros(dtype, rows * classes).fill(-1e4);
        for (let i = 0; i < rows; i++) {
          const m = (i - rows / 2) / 3;
          logits[i * classes] = m;
          // 1 to 1.4 times the smallest normal number
          logits[(i + 1) * classes - 1] = m + Math.log(smallest[dtype]) + 0.01 + (0.3 * (i % 8)) / 7;
        }
        checkRows(losses, dtype, logits, classes, "just normal");
        const { rows: found, wanted } = rowsAndGradient(losses, dtype, logits, new Int32Array(rows), { classes });
        // of rows that are summed in lanes, exponentials are times 2^15
        if (classes > 64) return;
        const share = wanted.rows.map((loss, i) => found[i] / loss);
        expect(Math.min(...share)).toBeGreaterThan(1 - 1e-4);
        expect(Math.max(...share)).toBeLessThan(1 + 1e-4);
      });

      test("the largest float32 logits: differences are taken in float64", () => {
        const logits = array(3e38, -3e38, 0, -3e38, -3e38, 3e38);
        const { rows } = rowsAndGradient(losses, dtype, logits, Int32Array.of(1, 0), { classes: 3 });
        expect(rows[0] / 6e38).toBeCloseTo(1, 6);
      });
    });

    describe("confident rows keep their digits", () => {
      /** Rows lose 10^-k at their targets, which are maxima from k = 1 on; targets stand everywhere in the row. */
      function confident(classes: number) {
        const random = mulberry32(14 + classes);
        const decimals = someOf(
          Array.from({ length: 31 }, (_, k) => k),
          classes < 1000 ? 1 : 5,
        );
        const logits = values(random, dtype, decimals.length * classes);
        const labels = Int32Array.from(decimals, (k) =>
          k % 4 === 0 ? 0 : k % 4 === 1 ? classes - 1 : Math.floor(random() * classes),
        );
        labels.forEach((label, k) => {
          const row = logits.subarray(k * classes, (k + 1) * classes);
          const [others] = oracle.logSumExp(
            row.filter((_, j) => j !== label),
            classes - 1,
          );
          row[label] = others - Math.log(Math.expm1(10 ** -decimals[k]));
        });
        return { decimals, logits, labels };
      }

      test.each([2, 10, 64, 65, 1000, 5000])("from 1 down to 1e-30, %i classes", (classes) => {
        const { decimals, logits, labels } = confident(classes);
        const { rows } = rowsAndGradient(losses, dtype, logits, labels, { classes });
        rows.forEach((loss, k) => {
          expect(loss / 10 ** -decimals[k]).toBeCloseTo(1, 3);
        });
        const probabilities = zeros(dtype, logits.length);
        labels.forEach((label, k) => {
          probabilities[k * classes + label] = 1;
        });
        rowsAndGradient(losses, dtype, logits, probabilities, { classes });
        const weight = weightsOf(mulberry32(15), dtype, classes).map((w) => w + 0.1) as FloatArray;
        rowsAndGradient(losses, dtype, logits, labels, { classes, weight });
        rowsAndGradient(losses, dtype, logits, labels, { classes, ignoreIndex: labels[2] });
      });

      test("[20, 0 x 9] is 1.855e-8", () => {
        const logits = array(20, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        const wanted = Math.log1p(9 * Math.exp(-20));
        expect(wanted).toBeCloseTo(1.855e-8, 11);
        const loss = losses.crossEntropy(logits, Int32Array.of(0), { classes: 10 });
        expectClose([loss], [wanted], () => rowLossTolerance(dtype, wanted, 10), "[20, 0 x 9]");
      });

      test("two maxima: the target is one of them", () => {
        for (const classes of [2, 10, 65]) {
          const logits = zeros(dtype, classes)
            .fill(-30)
            .fill(5, 0, 1)
            .fill(5, classes - 1);
          rowsAndGradient(losses, dtype, logits, Int32Array.of(0), { classes });
          rowsAndGradient(losses, dtype, logits, Int32Array.of(classes - 1), { classes });
        }
      });
    });

    // All exponentials but one are the same, so that the error of exp does not average out. The pairs are ones where it is
    // large in float32: x - m and its product with log2 e are rounded, and both roundings add up.
    describe("one maximum above equal others", () => {
      const pairs = [
        [0, -6.540040016174316],
        [0, -11.479793548583984],
        [0, -16.17],
        [5.699580192565918, 1.2418267726898193],
        [3.258780002593994, -4.752096176147461],
        [1.4513592720031738, -9.923040390014648],
      ];

      describe.each([10, 64, 65, 1000, 4096, 50257])("%i classes", (classes) => {
        const rows = someOf(pairs, classes > 1000 ? 4 : 1).map(([maximum, others]) =>
          zeros(dtype, classes).fill(others).fill(maximum, 0, 1),
        );

        test("loss of a row", () => {
          for (const logits of rows) {
            for (const label of [0, classes - 1]) {
              const [wanted] = oracle.crossEntropyOfLabels(logits, [label], { classes }).rows;
              const loss = losses.crossEntropy(logits, Int32Array.of(label), { classes });
              const where = `${logits.subarray(0, 2)}, label ${label}`;
              expectClose([loss], [wanted], () => rowLossTolerance(dtype, wanted, classes), where);
            }
          }
        });

        test("softmax, logSoftmax, logSumExp", () => {
          for (const logits of rows) checkRows(losses, dtype, logits, classes, String(logits.subarray(0, 2)));
        });
      });
    });

    describe("sums and means", () => {
      test("a sum has nothing of a larger call before it, nor of a launch", () => {
        const random = mulberry32(21);
        const [logits, labels] = [logitsOf(random, dtype, 700, 10), labelsOf(random, 700, 10, -100)];
        const few = logits.subarray(0, 30) as FloatArray;
        const alone = losses.crossEntropy(few, labels.subarray(0, 3), { classes: 10, reduction: "none" });
        losses.crossEntropy(logits, labels, { classes: 10 });
        expect(losses.crossEntropy(few, labels.subarray(0, 3), { classes: 10, reduction: "sum" })).toBe(
          oracle.exactSum(alone),
        );
        losses.mse(logits, logits.map((x) => x + 1) as FloatArray);
        expect(losses.mse(few, few)).toBe(0);
        // more rows than partial results have room at once
        const [many, ones] = [logitsOf(random, dtype, 8195, 2), labelsOf(random, 8195, 2, -100)];
        const each = losses.crossEntropy(many, ones, { classes: 2, reduction: "none" });
        expect(losses.crossEntropy(many, ones, { classes: 2, reduction: "sum" })).toBe(oracle.exactSum(each));
      });

      test("the sum is the correctly rounded sum of the rows, the mean one division more", () => {
        const random = mulberry32(16);
        for (const [rows, classes] of [
          [1000, 10],
          [37, 129],
          [5000, 3],
        ]) {
          const logits = logitsOf(random, dtype, rows, classes);
          const labels = labelsOf(random, rows, classes, -100);
          const weight = weightsOf(random, dtype, classes);
          for (const options of [{ classes }, { classes, weight }]) {
            const none = losses.crossEntropy(logits, labels, { ...options, reduction: "none" });
            const counted = Array.from(labels).filter((label) => label !== -100);
            const denominator = options.weight ? oracle.exactSum(counted.map((y) => weight[y])) : counted.length;
            const sum = oracle.exactSum(none);
            expect(losses.crossEntropy(logits, labels, { ...options, reduction: "sum" })).toBe(sum);
            expect(losses.crossEntropy(logits, labels, options)).toBe(sum / denominator);
            expect(losses.crossEntropyWithGrad(logits, labels, options).loss).toBe(sum / denominator);
          }
        }
      });

      test("the order of the rows does not matter", () => {
        const random = mulberry32(17);
        const logits = logitsOf(random, dtype, 333, 6);
        const labels = labelsOf(random, 333, 6, -100);
        const reversed = zeros(dtype, logits.length);
        for (let i = 0; i < 333; i++) reversed.set(logits.subarray(i * 6, (i + 1) * 6), (332 - i) * 6);
        const mean = losses.crossEntropy(logits, labels, { classes: 6 });
        expect(losses.crossEntropy(reversed, labels.toReversed(), { classes: 6 })).toBe(mean);
      });
    });

    describe("shapes and types", () => {
      const random = mulberry32(18);
      const logits = logitsOf(random, dtype, 7, 9);
      const labels = labelsOf(random, 7, 9);
      const probabilities = probabilitiesOf(random, dtype, 7, 9);
      const type = zeros(dtype, 0).constructor;

      test("mean and sum are numbers, rows a Float64Array", () => {
        for (const t of [labels, probabilities]) {
          const rows = losses.crossEntropy(logits, t, { classes: 9, reduction: "none" });
          expect(rows).toBeInstanceOf(Float64Array);
          expect(rows).toHaveLength(7);
          const { loss } = losses.crossEntropyWithGrad(logits, t, { classes: 9, reduction: "none" });
          expect(loss).toBeInstanceOf(Float64Array);
          expect(loss).toEqual(rows);
          for (const reduction of ["mean", "sum"] as const) {
            expect(losses.crossEntropy(logits, t, { classes: 9, reduction })).toBeTypeOf("number");
            expect(losses.crossEntropyWithGrad(logits, t, { classes: 9, reduction }).loss).toBeTypeOf("number");
          }
        }
        expect(losses.logSumExp(logits, { classes: 9 })).toBeInstanceOf(Float64Array);
      });

      test("the default reduction is the mean", () => {
        expect(losses.crossEntropy(logits, labels, { classes: 9 })).toBe(
          losses.crossEntropy(logits, labels, { classes: 9, reduction: "mean" }),
        );
      });

      test("without out a gradient is a new array of the logits' dtype, and no input changes", () => {
        const before = [logits, labels, probabilities].map((input) => input.slice());
        const first = losses.crossEntropyWithGrad(logits, labels, { classes: 9 }).grad;
        const copy = first.slice();
        const others = [
          losses.crossEntropyWithGrad(logits, probabilities, { classes: 9 }).grad,
          losses.softmax(logits, { classes: 9 }),
          losses.logSoftmax(logits, { classes: 9 }),
        ];
        expect(first).toBeInstanceOf(type);
        expect(first).toEqual(copy);
        for (const other of others) {
          expect(other).toBeInstanceOf(type);
          expect(other.buffer).not.toBe(first.buffer);
          expect(other.buffer).not.toBe(logits.buffer);
        }
        expect([logits, labels, probabilities]).toEqual(before);
      });

      test("a result outlives the calls after it", () => {
        const rows = losses.crossEntropy(logits, labels, { classes: 9, reduction: "none" });
        const logSumExp = losses.logSumExp(logits, { classes: 9 });
        const grads = [labels, probabilities].map((t) => losses.crossEntropyWithGrad(logits, t, { classes: 9 }).grad);
        const kept = [rows, logSumExp, ...grads].map((result) => result.slice());
        for (const t of [labels, probabilities]) {
          losses.crossEntropy(logits, t, { classes: 9, reduction: "none", labelSmoothing: 0.5 });
        }
        losses.logSumExp(logits.map((x) => x + 1) as FloatArray, { classes: 9 });
        expect([rows, logSumExp, ...grads]).toEqual(kept);
      });

      test("out is written and returned itself", () => {
        for (const reduction of ["mean", "sum", "none"] as const) {
          const options = { classes: 9, reduction: reduction as "mean" };
          for (const t of [labels, probabilities]) {
            const out = zeros(dtype, 63).fill(7);
            expect(losses.crossEntropyWithGrad(logits, t, { ...options, out }).grad).toBe(out);
            expect(out).toEqual(losses.crossEntropyWithGrad(logits, t, options).grad);
          }
        }
        const out = zeros(dtype, 63).fill(7);
        expect(losses.softmax(logits, { classes: 9, out })).toBe(out);
        expect(out).toEqual(losses.softmax(logits, { classes: 9 }));
        expect(losses.logSoftmax(logits, { classes: 9, out })).toBe(out);
        expect(out).toEqual(losses.logSoftmax(logits, { classes: 9 }));
      });

      test("out touches nothing beside it", () => {
        const wide = zeros(dtype, 63 + 40).fill(7);
        losses.crossEntropyWithGrad(logits, labels, { classes: 9, out: wide.subarray(21, 84) });
        losses.softmax(logits, { classes: 9, out: wide.subarray(21, 84) });
        expect(wide.subarray(0, 21).every((guard) => guard === 7)).toBe(true);
        expect(wide.subarray(84).every((guard) => guard === 7)).toBe(true);
      });

      test("out may be the logits themselves, ordinary or in the arena", () => {
        for (const [rows, classes] of [
          [7, 9],
          [5, 1],
          [everything ? 300 : 30, 1000],
          [3, 50257],
        ]) {
          const large = logitsOf(random, dtype, rows, classes);
          const t = labelsOf(random, rows, classes, -100);
          const softmax = losses.softmax(large, { classes });
          const logSoftmax = losses.logSoftmax(large, { classes });
          const { loss, grad } = losses.crossEntropyWithGrad(large, t, { classes, labelSmoothing: 0.1 });
          const resident = losses.alloc(type as Float32ArrayConstructor, large.length);
          for (const place of [large.slice(), resident] as FloatArray[]) {
            place.set(large);
            expect(losses.softmax(place, { classes, out: place })).toBe(place);
            expectSame(place, softmax, `softmax in place [${rows}, ${classes}]`);
            place.set(large);
            expect(losses.logSoftmax(place, { classes, out: place })).toBe(place);
            expectSame(place, logSoftmax, `logSoftmax in place [${rows}, ${classes}]`);
            place.set(large);
            const inPlace = losses.crossEntropyWithGrad(place, t, { classes, labelSmoothing: 0.1, out: place });
            expect(inPlace.loss).toBe(loss);
            expect(inPlace.grad).toBe(place);
            expectSame(place, grad, `grad in place [${rows}, ${classes}]`);
          }
          losses.free(resident);
        }
      });

      test("arrays in the arena give what ordinary arrays give", () => {
        const here = losses.alloc(type as Float32ArrayConstructor, logits.length) as FloatArray;
        const labelsHere = losses.alloc(Int32Array, labels.length);
        here.set(logits);
        labelsHere.set(labels);
        expect(here).toBeInstanceOf(type);
        const ordinary = losses.crossEntropyWithGrad(logits, labels, { classes: 9 });
        expect(losses.crossEntropyWithGrad(here, labelsHere, { classes: 9 })).toEqual(ordinary);
        expect(losses.crossEntropyWithGrad(here, labels, { classes: 9 })).toEqual(ordinary);
        expect(losses.crossEntropyWithGrad(logits, labelsHere, { classes: 9 })).toEqual(ordinary);
        expect(losses.softmax(here, { classes: 9 })).toEqual(losses.softmax(logits, { classes: 9 }));
        losses.free(here);
        losses.free(labelsHere);
      });

      test("labels are of any integer typed array", () => {
        const wanted = losses.crossEntropy(logits, labels, { classes: 9 });
        for (const labelArray of labelArrays) {
          const big = labelArray === BigInt64Array || labelArray === BigUint64Array;
          const same = big
            ? labelArray.from(Array.from(labels, BigInt))
            : (labelArray as Int32ArrayConstructor).from(labels);
          expect(losses.crossEntropy(logits, same, { classes: 9 })).toBe(wanted);
        }
        for (const ignoring of [Int8Array, Int16Array, Int32Array]) {
          const some = ignoring.from(labels).fill(-100, 2, 4);
          expect(losses.crossEntropy(logits, some, { classes: 9, reduction: "none" })[2]).toBe(0);
        }
        const some = BigInt64Array.from(Array.from(labels, BigInt)).fill(-100n, 2, 4);
        expect(losses.crossEntropy(logits, some, { classes: 9, reduction: "none" })[3]).toBe(0);
        const bytes = Uint8Array.from(labels).fill(255, 2, 4);
        expect(losses.crossEntropy(logits, bytes, { classes: 9, ignoreIndex: 255, reduction: "none" })[2]).toBe(0);
      });
    });
  });

  describe(name, () => {
    // With input logProbabilities and one class a row's loss is -x: any float64 values can be summed.
    test("the sum of rows is correctly rounded whatever they are, in every binade", () => {
      const expectSum = (terms: number[], where: string) => {
        const logProbabilities = Float64Array.from(terms, (term) => -term);
        const labels = new Uint8Array(terms.length);
        const options = { classes: 1, input: "logProbabilities", reduction: "sum" } as const;
        const sum = losses.crossEntropy(logProbabilities, labels, options);
        expectClose([sum], [oracle.exactSum(terms)], () => 0, where);
      };
      for (let exponent = -1021; exponent <= 1022; exponent++) {
        const one = 2 ** exponent;
        const ulp = one * 2 ** -52;
        // A quarter and three quarters above an even and an odd value, ties, and ties that a tiny value breaks.
        for (const start of [one, one + ulp]) {
          for (const part of [0.25, 0.5, 0.75]) {
            for (const tiny of [0, 2 ** -60, -(2 ** -60)]) {
              expectSum(
                [start, part * ulp, tiny * ulp],
                `2^${exponent}, ${start === one ? 0 : 1} + ${part} + ${tiny} ulp`,
              );
            }
          }
        }
      }
      const random = mulberry32(22);
      for (const spread of [0, 10, 60, 600]) {
        for (let i = 0; i < 300; i++) {
          const signed = i % 2;
          const terms = Array.from({ length: 1 + (i % 40) }, () => {
            const digits = (random() * 2 ** 32 + random()) / 2 ** 32;
            return (signed && random() < 0.5 ? -digits : digits) * 2 ** Math.floor(spread * (random() - 0.5));
          });
          expectSum(terms, `spread ${spread}, case ${i}`);
        }
      }
      expectSum([1e100, 1, -1e100], "cancelling");
      expectSum([Infinity, 1], "infinite");
      expectSum([5e-324, 5e-324, -1e-323], "subnormal");
    });

    test("two worked values", () => {
      const mse = losses.mse(Float64Array.of(1.1, 2.2, 3.3), Float64Array.of(1, 2, 3));
      expect(mse).toBeCloseTo(0.04666666666666666, 15);
      const sum = losses.crossEntropy(Float64Array.of(0.1, 0.9, 0.2), Float64Array.of(0, 1, 0), {
        classes: 3,
        reduction: "sum",
      });
      expectClose([sum], [0.6657319272479286], () => unit.float64 * 4, "cross-entropy");
      const single = losses.crossEntropy(Float32Array.of(0.1, 0.9, 0.2), Float32Array.of(0, 1, 0), { classes: 3 });
      expect(single).toBeCloseTo(0.6657319272479286, 6);
    });
  });
}
