import { describe, expect, test } from "vitest";
import { areLikeProbabilities } from "../src/cli/likeProbabilities.ts";
import { bfloat16, evaluationOf } from "../src/index.node.ts";
import { openThreaded } from "./backends.ts";
import { evaluation } from "./evaluateOracle.ts";
import { expectNear } from "./expectNear.ts";
import { bfloat16Bits, fromBfloat16 } from "./files.ts";
import { arrayOf, dtypes, type FloatArray, labelsOf, logitsOf, mulberry32, zeros } from "./inputs.ts";

const opened = await openThreaded();
const inputs = ["probabilities", "logProbabilities"] as const;
const counts = [1, 2, 3, 4, 5, 10, 63, 64, 65, 127, 128, 129, 130, 257, 1000, 4097];

/** Rows as softmax or logSoftmax leave them. */
function rowsOf(x: FloatArray, classes: number, input: (typeof inputs)[number]): FloatArray {
  const options = { classes };
  return input === "probabilities" ? opened[0].losses.softmax(x, options) : opened[0].losses.logSoftmax(x, options);
}

describe.each(opened)("$name", ({ losses }) => {
  describe.each(dtypes)("%s", (dtype) => {
    test.each(inputs)("every figure of %s, against the oracle", (input) => {
      for (const classes of counts) {
        const random = mulberry32(classes);
        const rows = classes > 1000 ? 3 : 20;
        const x = rowsOf(logitsOf(random, dtype, rows, classes), classes, input);
        const y = labelsOf(random, rows, classes, -100);
        const weight = zeros(dtype, classes).map((_, j) => (j % 4) / 2);
        for (const options of [
          { classes, input, topK: [1, 3, 50], perClass: true },
          { classes, input, weight, bins: 4, topK: [2] },
        ]) {
          const { perClass, ...wanted } = evaluation(x, y, options);
          const got = losses.evaluate(x, y, options);
          const off = 2 ** -44 * (1 + Math.log(classes));
          const near = {
            entropy: off,
            brier: off,
            sum: rows * off,
            mean: off,
            standardError: off,
            perplexity: 3 * off * wanted.perplexity,
            bitsPerRow: 2 * off,
            perplexityError: 3 * off * wanted.perplexity,
            interval: 3 * off,
            accuracyInterval: 1e-12,
            expectedError: off,
            maximalError: off,
            rootMeanSquareError: off,
            confidence: off,
            loss: off,
          };
          expectNear(got, wanted, near, `${classes} classes`);
          if (options.perClass) expectNear(got.perClass, perClass, near, `${classes} classes, by class`);
          expect(got.loss.mean).toBe(losses.crossEntropy(x, y, { classes, input, weight: options.weight }));
          expect(got.lossHistogram.reduce((n, { count }) => n + count, 0)).toBe(got.counted);
        }
      }
    });

    test("rows of logits, of their softmax and of its logarithm are worth nearly the same", () => {
      const [rows, classes] = [50, 12];
      const x = logitsOf(mulberry32(4), dtype, rows, classes);
      const y = labelsOf(mulberry32(5), rows, classes, -100);
      const wanted = losses.evaluate(x, y, { classes, topK: [1, 2, 5] });
      for (const input of inputs) {
        const got = losses.evaluate(rowsOf(x, classes, input), y, { classes, input, topK: [1, 2, 5] });
        expect(got).toMatchObject({ accuracy: wanted.accuracy, topK: wanted.topK, counted: wanted.counted });
        for (const name of ["entropy", "brier", "meanReciprocalRank"] as const) {
          expect(got[name]).toBeCloseTo(wanted[name], 4);
        }
        expect(got.loss.mean).toBeCloseTo(wanted.loss.mean, 4);
        expect(got.calibration.expectedError).toBeCloseTo(wanted.calibration.expectedError, 4);
      }
    });

    test("edges: certain rows, rows of zeros, ties, and what is not finite", () => {
      const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
      const rows = [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 0],
        [0.25, 0.5, 0.25],
        [0.5, 0.5, 0],
        [nan, 0.5, 0.5],
        [0.25, inf, 0.75],
        [2 ** -149, 1, 0],
      ];
      for (const classes of [3, 70, 300]) {
        const q = arrayOf[dtype].from(rows.flatMap((row) => [...row, ...new Array(classes - 3).fill(0)]));
        for (const input of inputs) {
          const x = input === "probabilities" ? q : q.map(Math.log);
          for (const label of [0, 1, 2, classes - 1]) {
            for (let row = 0; row < rows.length; row++) {
              const one = x.subarray(row * classes, (row + 1) * classes);
              const options = { classes, input, topK: [1, 2, 3] };
              const { perClass, ...wanted } = evaluation(one, [label], options);
              const off = 1e-13 * (Number.isFinite(wanted.loss.mean) ? Math.max(1, wanted.loss.mean) : 1);
              const near = { entropy: off, brier: off, sum: off, mean: off, perplexity: 1e-9 * wanted.perplexity };
              expectNear(
                losses.evaluate(one, Int32Array.of(label), options),
                wanted,
                {
                  ...near,
                  bitsPerRow: 2 * off,
                  accuracyInterval: 1e-12,
                  expectedError: off,
                  maximalError: off,
                  rootMeanSquareError: off,
                  confidence: off,
                },
                `${input}, ${classes} classes, row ${row}, label ${label}`,
              );
            }
          }
        }
      }
    });
  });

  test("half precision is what it stands for", () => {
    const bits = bfloat16Bits(rowsOf(logitsOf(mulberry32(7), "float32", 30, 9), 9, "probabilities") as Float32Array);
    const y = labelsOf(mulberry32(8), 30, 9);
    const options = { classes: 9, input: "probabilities" } as const;
    expect(losses.evaluate(bfloat16(bits), y, options)).toEqual(losses.evaluate(fromBfloat16(bits), y, options));
  });

  test("streams and evaluators take it; what it is not, is refused", async () => {
    const q = Float32Array.of(0.1, 0.7, 0.2, 0.3, 0.3, 0.4);
    const y = Int32Array.of(1, 0);
    const options = { classes: 3, input: "probabilities" } as const;
    const wanted = losses.evaluate(q, y, options);
    expect(wanted.loss.mean).toBeCloseTo(-(Math.log(0.7) + Math.log(0.3)) / 2, 6);
    expect(await losses.evaluateStream([{ logits: q, labels: y }], options)).toEqual(wanted);
    const evaluator = losses.evaluator(options);
    evaluator.add(q, y);
    expect(evaluationOf(evaluator.state())).toEqual(wanted);
    expect(() => losses.evaluate(q, y, { classes: 3, input: "log-probabilities" as never })).toThrow(
      new RangeError(
        'evaluate: input is "log-probabilities", but must be one of logits, probabilities, logProbabilities',
      ),
    );
  });
});

test("every backend gives the same state", () => {
  const random = mulberry32(21);
  for (const dtype of dtypes) {
    for (const classes of counts) {
      for (const input of inputs) {
        const x = rowsOf(logitsOf(random, dtype, 7, classes), classes, input);
        if (classes > 3) [x[1], x[classes + 2]] = [Number.NaN, Number.POSITIVE_INFINITY];
        const y = labelsOf(random, 7, classes, -100);
        const weight = zeros(dtype, classes).map(random);
        const [first, ...others] = opened.map(({ losses }) => {
          const evaluator = losses.evaluator({ classes, input, perClass: true, weight });
          evaluator.add(x, y);
          return Buffer.from(evaluator.state()).toString("hex");
        });
        for (const other of others) expect(other, `${dtype}, ${classes}, ${input}`).toBe(first);
      }
    }
  }
});

test("what looks like probabilities: each row, to its precision", () => {
  const rows = rowsOf(logitsOf(mulberry32(3), "float32", 40, 50), 50, "probabilities");
  expect(areLikeProbabilities(rows, 50, false)).toBe(true);
  expect(areLikeProbabilities(fromBfloat16(bfloat16Bits(rows as Float32Array)), 50, true)).toBe(true);
  expect(areLikeProbabilities(Float64Array.of(1, 0, 0.5, 0.5), 2, false)).toBe(true);
  for (const [row, classes] of [
    [[1, 1], 1],
    [[], 2],
    [[0.5, 0.4], 2],
    [[1.5, -0.5], 2],
    [[0.5, 0.5, 2, 1], 2],
    [[Number.NaN, 1], 2],
  ] as const) {
    expect(areLikeProbabilities(Float32Array.from(row), classes, false), String(row)).toBe(false);
  }
});
