import { describe, expect, test } from "vitest";
import { openThreaded } from "./backends.ts";
import {
  distancesToMaximum,
  dtypes,
  expectClose,
  expectSame,
  floats,
  gradientTolerance,
  integer,
  mulberry32,
  normal,
  rowLossTolerance,
} from "./inputs.ts";
import * as oracle from "./oracle.ts";

// Rows of few classes take one of two ways, each row its own, whatever the rows beside it: near 0, or less their maximum.

const opened = await openThreaded();

/** Added to all logits of a row, or to its target's: around what decides, and far beyond. */
const offsets = [0, -9.5, -10.5, -60, -100, 29, 31, 90, 1e4, -1e4];
const ownOffsets = [0, 0, 0, 20, 60, 100, -40, -299, -301, -1000];

/** 70 rows: two batches and a part of a group. */
const ROWS = 70;

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
