import { describe, expect, test } from "vitest";
import { openThreaded } from "./backends.ts";
import { evaluation } from "./evaluateOracle.ts";
import {
  type Dtype,
  distancesToMaximum,
  dtypes,
  expectClose,
  expectSame,
  type FloatArray,
  gradientTolerance,
  integer,
  logSumExpTolerance,
  mulberry32,
  normal,
  rowLossTolerance,
  softmaxTolerance,
  unit,
  zeros,
} from "./inputs.ts";
import * as oracle from "./oracle.ts";

// Rows of many classes have their exponentials relative to a reference: that of the first round, or of another logit where
// one is too far above it, or the maximum itself where that is far from 0. Each backend decides row by row, and all of them
// have to decide alike: the digits depend on it.

const opened = await openThreaded();
const [{ losses: reference }, ...others] = opened;

type Row = (random: () => number, dtype: Dtype, classes: number) => number[];

const sweep = (from: number, to: number, steps: number) =>
  Array.from({ length: steps + 1 }, (_, i) => from + ((to - from) * i) / steps);

/** The maximum of the first round in float32, and so of the first two in float64. */
const FIRST = 16;

/** Rows for each of a list of places, around what decides. */
const sweeps: Record<string, { places: readonly number[]; row: (place: number) => Row }> = {
  "a maximum at each distance from 0": {
    places: [...sweep(-360, -335, 100), ...sweep(335, 360, 100)],
    row: (place) => (random, _, classes) => {
      const at = integer(random, classes);
      return Array.from({ length: classes }, (_, j) => (j === at ? place : place - 12 * random()));
    },
  },
  "a logit at each height above the first round": {
    places: sweep(35, 45, 80),
    row: (place) => (random, _, classes) => {
      const row = Array.from({ length: classes }, (_, j) => (j < FIRST ? -3 * random() : -50 * random()));
      row[1] = 0;
      row[FIRST + integer(random, classes - FIRST)] = place;
      return row;
    },
  },
  "a target at each depth below the others": {
    places: [...sweep(-110, -30, 80), -300, -1000, -1e8],
    row: (place) => (random, _, classes) => {
      const row = Array.from({ length: classes }, () => normal(random));
      row[place > -1000 ? integer(random, classes) : 0] = place;
      return row;
    },
  },
};

/** [rows, classes], and of each row the place of what is swept as its label, or another. */
function rowsOf(name: keyof typeof sweeps, dtype: Dtype, classes: number): [FloatArray, Int32Array] {
  const { places, row } = sweeps[name];
  const random = mulberry32(classes);
  const logits = zeros(dtype, places.length * classes);
  const labels = Int32Array.from(places, (place, i) => {
    const values = row(place)(random, dtype, classes);
    logits.set(values, i * classes);
    return i % 2 === 0 ? values.indexOf(place) : integer(random, classes);
  });
  return [logits, labels];
}

describe.each(dtypes)("every way keeps the digits, %s", (dtype) => {
  test.each(Object.keys(sweeps))("%s", (name) => {
    const classes = 100;
    const [logits, labels] = rowsOf(name, dtype, classes);
    const options = { classes, reduction: "none" as const };
    const distances = distancesToMaximum(logits, classes);
    const { rows, gradient, gradientTerms } = oracle.crossEntropyOfLabels(logits, labels, options);
    const { loss, grad } = reference.crossEntropyWithGrad(logits, labels, options);
    expectClose(loss, rows, (i) => rowLossTolerance(dtype, rows[i], classes), "loss");
    expectClose(grad, gradient, (i) => gradientTolerance(dtype, gradientTerms[i], distances[i]), "gradient");
    const softmax = oracle.softmax(logits, classes);
    const ofSoftmax = (i: number) => softmaxTolerance(dtype, softmax[i], distances[i]);
    expectClose(reference.softmax(logits, { classes }), softmax, ofSoftmax, "softmax");
    const logSumExp = oracle.logSumExp(logits, classes);
    const ofLogSumExp = (i: number) => logSumExpTolerance(dtype, logSumExp[i]);
    expectClose(reference.logSumExp(logits, { classes }), logSumExp, ofLogSumExp, "logSumExp");
    const got = reference.evaluate(logits, labels, { classes });
    const wanted = evaluation(logits, labels, { classes });
    const share = (dtype === "float32" ? 8 : 32) * unit[dtype] * (1 + Math.log(classes));
    for (const figure of ["entropy", "brier"] as const) {
      expectClose([got[figure]], [wanted[figure]], () => share, figure);
    }
  });
});

describe.each(dtypes)("every backend decides alike, %s", (dtype) => {
  describe.each(Object.keys(sweeps))("%s", (name) => {
    test.each([65, 100, 300, 1000])("%i classes", (classes) => {
      const [logits, labels] = rowsOf(name, dtype, classes);
      const options = { classes, reduction: "none" as const };
      const smoothed = { ...options, labelSmoothing: 0.1 };
      const each = (losses: typeof reference) => {
        const { loss, grad } = losses.crossEntropyWithGrad(logits, labels, options);
        const smooth = losses.crossEntropyWithGrad(logits, labels, smoothed);
        const place = logits.slice();
        const inPlace = losses.crossEntropyWithGrad(place, labels, { ...options, out: place }).grad;
        return {
          softmax: losses.softmax(logits, { classes }),
          logSoftmax: losses.logSoftmax(logits, { classes }),
          logSumExp: losses.logSumExp(logits, { classes }),
          "loss alone": losses.crossEntropy(logits, labels, options),
          loss,
          gradient: grad,
          "gradient in place": inPlace,
          "smoothed loss": smooth.loss,
          "smoothed gradient": smooth.grad,
        };
      };
      const wanted = each(reference);
      expectSame(wanted["loss alone"], wanted.loss, "loss alone and with its gradient");
      const evaluated = reference.evaluate(logits, labels, { classes });
      for (const { name: backend, losses } of others) {
        for (const [what, got] of Object.entries(each(losses))) {
          expectSame(got, wanted[what as keyof typeof wanted], `${backend}: ${what}`);
        }
        expect(losses.evaluate(logits, labels, { classes }), `${backend}: evaluation`).toEqual(evaluated);
      }
    });
  });
});
