import { describe, expect, test } from "vitest";
import { type Losses, openThreaded } from "./backends.ts";
import { everything } from "./breadth.ts";
import {
  type Dtype,
  distancesToMaximum,
  dtypes,
  expectClose,
  expectSame,
  type FloatArray,
  floats,
  gradientTolerance,
  integer,
  logSoftmaxTolerance,
  logSumExpTolerance,
  mulberry32,
  normal,
  rowLossTolerance,
  softmaxTolerance,
} from "./inputs.ts";
import * as oracle from "./oracle.ts";

// Rows of few classes take one of two ways, each row its own, whatever the rows beside it: near 0, or less their maximum.

const opened = await openThreaded();

/** Added to all logits of a row, or to its target's: around what decides, and far beyond. */
const offsets = [0, -9.5, -10.5, -60, -100, 29, 31, 90, 1e4, -1e4];
const ownOffsets = [0, 0, 0, 20, 60, 100, -40, -299, -301, -1000];

test("float32 softmax is within its error, where the sum of few terms does not even errors out", () => {
  // of 9 classes one value in 100,000 missed it with the exponentials that a loss is content with
  const random = mulberry32(5);
  for (const classes of [3, 9, 16, 64]) {
    const logits = Float32Array.from(
      { length: (everything ? 50_000 : 10_000) * classes },
      () => -31.5 + 0.5 * random(),
    );
    const wanted = oracle.softmax(logits, classes);
    const distances = distancesToMaximum(logits, classes);
    for (const { losses } of opened.slice(0, 2)) {
      const got = losses.softmax(logits, { classes });
      let worst = 0;
      wanted.forEach((q, i) => {
        worst = Math.max(worst, Math.abs(got[i] - q) / softmaxTolerance("float32", q, distances[i]));
      });
      expect(worst).toBeLessThan(1);
    }
  }
});

/** Each offset with each of a target's own: 100 rows, three batches and a group. */
const ROWS = offsets.length * ownOffsets.length;

for (const dtype of dtypes) {
  describe(dtype, () => {
    for (const classes of [1, 2, 3, 4, 5, 6, 10, 33, 64]) {
      const random = mulberry32(classes);
      const labels = Int32Array.from({ length: ROWS }, () => integer(random, classes));
      const logits = floats(
        dtype,
        Array.from({ length: ROWS * classes }, (_, i) => {
          const row = Math.floor(i / classes);
          const own = i % classes === labels[row] ? ownOffsets[Math.floor(row / offsets.length)] : 0;
          return 2 * normal(random) + offsets[row % offsets.length] + own;
        }),
      );
      const options = { classes, reduction: "none" as const };
      const [reference] = opened;
      const wanted = reference.losses.crossEntropyWithGrad(logits, labels, options);

      test(`${classes} classes: near and far rows keep their digits`, () => {
        const { rows, gradient, gradientTerms } = oracle.crossEntropyOfLabels(logits, labels, options);
        expectClose(wanted.loss, rows, (i) => rowLossTolerance(dtype, rows[i], classes), "loss");
        const distances = distancesToMaximum(logits, classes);
        expectClose(wanted.grad, gradient, (i) => gradientTolerance(dtype, gradientTerms[i], distances[i]), "gradient");
      });

      test(`${classes} classes: the same bits for every backend, beside other rows and alone`, () => {
        for (const { name, losses } of opened) {
          const { loss, grad } = losses.crossEntropyWithGrad(logits, labels, options);
          expectSame(loss, wanted.loss, `${name}: loss with gradient`);
          expectSame(grad, wanted.grad, `${name}: gradient`);
          expectSame(losses.crossEntropy(logits, labels, options), wanted.loss, `${name}: loss`);
          const softmax = losses.softmax(logits, { classes });
          expectSame(softmax, reference.losses.softmax(logits, { classes }), `${name}: softmax`);
          for (let row = 0; row < ROWS; row++) {
            const own = logits.slice(row * classes, (row + 1) * classes);
            const label = labels.subarray(row, row + 1);
            expectSame(
              losses.crossEntropy(own, label, options),
              wanted.loss.subarray(row, row + 1),
              `${name}: row ${row}`,
            );
          }
          const all = losses.evaluate(logits, labels, { classes });
          expect(all).toEqual(reference.losses.evaluate(logits, labels, { classes }));
          expect(all.loss.sum).toBe(losses.crossEntropy(logits, labels, { classes, reduction: "sum" }));
        }
      });
    }
  });
}

/** A target's own logit, and the largest of the others, in steps past where rows stop being near 0. */
const targetsOfRows = Array.from({ length: 161 }, (_, i) => -310 + i / 8);
const maximaOfRows = Array.from({ length: 161 }, (_, i) => [-11 + i / 80, 29 + i / 80]).flat();

describe.each(dtypes)("every backend takes the same way at the same place, %s", (dtype) => {
  const [{ losses: reference }, ...others] = opened;
  const own = dtype === "float32" ? targetsOfRows : targetsOfRows.map((x) => x / 10);

  /** Rows of which one has its largest logit, or its target, at each place. */
  function rowsAt(places: readonly number[], classes: number, isTarget: boolean): [FloatArray, Int32Array] {
    const random = mulberry32(classes + 31);
    const labels = Int32Array.from(places, () => integer(random, classes));
    const logits = floats(
      dtype,
      places.flatMap((place, row) => {
        const at = isTarget ? labels[row] : integer(random, classes);
        const below = isTarget ? 0 : place - 3;
        return Array.from({ length: classes }, (_, j) => (j === at ? place : below - 3 * random()));
      }),
    );
    return [logits, labels];
  }

  test.each([2, 3, 10, 64])("%i classes", (classes) => {
    for (const [what, places, isTarget] of [
      ["maximum", maximaOfRows, false],
      ["target", own, true],
    ] as const) {
      const [logits, labels] = rowsAt(places, classes, isTarget);
      const options = { classes, reduction: "none" as const };
      const wanted = reference.crossEntropyWithGrad(logits, labels, options);
      const evaluated = reference.evaluate(logits, labels, { classes });
      for (const { name, losses } of others) {
        const got = losses.crossEntropyWithGrad(logits, labels, options);
        expectSame(got.loss, wanted.loss, `${name}: loss by ${what}`);
        expectSame(got.grad, wanted.grad, `${name}: gradient by ${what}`);
        expect(losses.evaluate(logits, labels, { classes }), `${name}: evaluation by ${what}`).toEqual(evaluated);
      }
    }
  });
});

/** Rows added to the others of [ROWS, classes]: equal maxima, far from 0, a class that is absent, and those without a result. */
const changes: ((row: FloatArray) => void)[] = [
  (row) => row.fill(2.5),
  (row) => row.fill(-7).fill(3, row.length >> 1),
  (row) => row.fill(-60).fill(1, 0, 1),
  (row) => row.set(row.map((x) => 1e8 + 8 * Math.round(x))),
  (row) => row.set(row.map((x) => -1e8 + 8 * Math.round(x))),
  (row) => row.fill(1.5e38, 0, 1).fill(-1.5e38, 1),
  (row) => row.fill(-Infinity, 1),
  (row) => row.fill(-Infinity),
  (row) => row.fill(NaN, row.length - 1),
  (row) => row.fill(NaN),
  (row) => row.fill(Infinity, 0, 1),
  (row) => row.fill(Infinity),
  (row) => row.fill(Infinity).fill(NaN, 0, 1),
  (row) => row.fill(-Infinity).fill(Infinity, row.length - 1),
  (row) => row.fill(-Infinity).fill(NaN, row.length >> 1),
];

/** Rows as those above, every third with a change. */
function changedRows(dtype: Dtype, classes: number): FloatArray {
  const random = mulberry32(100 + classes);
  const logits = floats(
    dtype,
    Array.from(
      { length: ROWS * classes },
      (_, i) => 3 * normal(random) + offsets[Math.floor(i / classes) % offsets.length],
    ),
  );
  for (let i = 0; 3 * i < ROWS; i++) {
    changes[i % changes.length](logits.subarray(3 * i * classes, (3 * i + 1) * classes));
  }
  return logits;
}

const functions = {
  softmax: (losses: Losses, x: FloatArray, classes: number) => losses.softmax(x, { classes }),
  logSoftmax: (losses: Losses, x: FloatArray, classes: number) => losses.logSoftmax(x, { classes }),
  logSumExp: (losses: Losses, x: FloatArray, classes: number) => losses.logSumExp(x, { classes }),
};

for (const dtype of dtypes) {
  describe(`softmax, logSoftmax and logSumExp, ${dtype}`, () => {
    const sizes = Array.from({ length: 64 }, (_, i) => i + 1);
    const [{ losses: reference }] = opened;

    test.each(sizes)("%i classes: against the oracle", (classes) => {
      const logits = changedRows(dtype, classes);
      const distances = distancesToMaximum(logits, classes);
      const softmax = oracle.softmax(logits, classes);
      const logSoftmax = oracle.logSoftmax(logits, classes);
      // the oracle calls a row with +inf NaN
      const logSumExp = oracle.logSumExp(logits, classes).map((wanted, row) => {
        const own = logits.subarray(row * classes, (row + 1) * classes);
        return own.includes(Infinity) && !own.some(Number.isNaN) ? Infinity : wanted;
      });
      const ofSoftmax = (i: number) => softmaxTolerance(dtype, softmax[i], distances[i]);
      expectClose(reference.softmax(logits, { classes }), softmax, ofSoftmax, "softmax");
      const ofLogSoftmax = (i: number) => logSoftmaxTolerance(dtype, logSoftmax[i], classes);
      expectClose(reference.logSoftmax(logits, { classes }), logSoftmax, ofLogSoftmax, "logSoftmax");
      const ofLogSumExp = (i: number) => logSumExpTolerance(dtype, logSumExp[i]);
      expectClose(reference.logSumExp(logits, { classes }), logSumExp, ofLogSumExp, "logSumExp");
    });

    test.each(sizes)("%i classes: the same bits for every backend, beside other rows and alone", (classes) => {
      const logits = changedRows(dtype, classes);
      for (const [what, call] of Object.entries(functions)) {
        const wanted = call(reference, logits, classes);
        const each = wanted.length / ROWS;
        for (const { name, losses } of opened) {
          expectSame(call(losses, logits, classes), wanted, `${name}: ${what}`);
          // one to five rows, others of each number of classes
          for (let row = 0, count = 0; row < ROWS; row += count) {
            count = Math.min(1 + ((row + classes) % 5), ROWS - row);
            const some = logits.slice(row * classes, (row + count) * classes);
            const at = `${name}: ${what}, ${count} rows from ${row}`;
            expectSame(call(losses, some, classes), wanted.slice(row * each, (row + count) * each), at);
          }
        }
        const place = logits.slice();
        if (what === "logSoftmax") {
          expectSame(reference.logSoftmax(place, { classes, out: place }), wanted, "logSoftmax in place");
        }
      }
    });
  });
}
