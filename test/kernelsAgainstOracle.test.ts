import { describe, test } from "vitest";
import { type Losses, openWithRelaxed } from "./backends.ts";
import { once, someOf } from "./breadth.ts";
import {
  classCounts,
  type Dtype,
  distancesToMaximum,
  dtypes,
  expectClose,
  type FloatArray,
  floats,
  gradientTolerance,
  labelsOf,
  largeClassCounts,
  logitsOf,
  logSoftmaxTolerance,
  logSumExpTolerance,
  mulberry32,
  probabilitiesOf,
  rowCounts,
  rowLossTolerance,
  softmaxTolerance,
  unaligned,
  weightsOf,
} from "./inputs.ts";
import * as oracle from "./oracle.ts";

/** Every other case lies 1 to 3 elements past a 16-byte boundary. */
function placed(array: FloatArray, i: number): FloatArray {
  return i % 2 === 0 ? array : unaligned(array, 1 + (i % 3));
}

const reductionOf = (i: number): oracle.Reduction => (["mean", "sum", "none"] as const)[i % 3];

// ------------------------------------------------------------------------------------------------------------ rows

interface Shape {
  rows: number;
  classes: number;
}

const ordinaryShapes: Shape[] = classCounts.map((classes) => ({ rows: 5, classes }));
const largeShapes: Shape[] = largeClassCounts.map((classes) => ({ rows: 2, classes }));
/** 16 numbers of rows: of those taken, every number and every count of classes is among them. */
const tallShapes: Shape[] = [1, 2, 3, 7, 10, 64, 65].flatMap((classes) => rowCounts.map((rows) => ({ rows, classes })));

function rowCases(dtype: Dtype, shapes: readonly Shape[]) {
  const random = mulberry32(2);
  return shapes.map(({ rows, classes }, i) => {
    const logits = placed(logitsOf(random, dtype, rows, classes), i);
    return {
      rows,
      classes,
      logits,
      distances: distancesToMaximum(logits, classes),
      softmax: oracle.softmax(logits, classes),
      logSoftmax: oracle.logSoftmax(logits, classes),
      logSumExp: oracle.logSumExp(logits, classes),
    };
  });
}

function checkRows(losses: Losses, dtype: Dtype, cases: ReturnType<typeof rowCases>): void {
  for (const { rows, classes, logits, distances, softmax, logSoftmax, logSumExp } of cases) {
    const shape = `[${rows}, ${classes}]`;
    expectClose(
      losses.softmax(logits, { classes }),
      softmax,
      (i) => softmaxTolerance(dtype, softmax[i], distances[i]),
      `softmax ${shape}`,
    );
    expectClose(
      losses.logSoftmax(logits, { classes }),
      logSoftmax,
      (i) => logSoftmaxTolerance(dtype, logSoftmax[i], classes),
      `logSoftmax ${shape}`,
    );
    expectClose(
      losses.logSumExp(logits, { classes }),
      logSumExp,
      (i) => logSumExpTolerance(dtype, logSumExp[i]),
      `logSumExp ${shape}`,
    );
  }
}

// --------------------------------------------------------------------------------------------------- cross-entropy

interface Variant {
  targets: "labels" | "probabilities";
  input: oracle.Input;
  weighted: boolean;
  labelSmoothing: number;
}

const variants: Variant[] = (["labels", "probabilities"] as const).flatMap((targets) =>
  (["logits", "probabilities", "logProbabilities"] as const).flatMap((input) =>
    [false, true].flatMap((weighted) =>
      [0, 0.1].map((labelSmoothing) => ({ targets, input, weighted, labelSmoothing })),
    ),
  ),
);
/** Of each kind of targets and input the plain one and the one with everything. */
const fewVariants = variants.filter(({ weighted, labelSmoothing }) => weighted === labelSmoothing > 0);

/** Logits, or the float softmax of such logits with nothing below 1e-30, or its logarithm. */
function crossEntropyInput(input: oracle.Input, dtype: Dtype, logits: FloatArray, classes: number): FloatArray {
  if (input === "logits") return logits;
  if (input === "logProbabilities") return floats(dtype, oracle.logSoftmax(logits, classes));
  return floats(
    dtype,
    oracle.softmax(logits, classes).map((q) => Math.max(q, 1e-30)),
  );
}

function crossEntropyCases(
  dtype: Dtype,
  { targets, input, weighted, labelSmoothing }: Variant,
  shapes: readonly Shape[],
) {
  const random = mulberry32(3);
  return shapes.map(({ rows, classes }, i) => {
    const logits = placed(crossEntropyInput(input, dtype, logitsOf(random, dtype, rows, classes), classes), i);
    const ignoreIndex = [-100, 0, -1][i % 3];
    const options = {
      classes,
      input,
      labelSmoothing,
      ...(weighted && { weight: placed(weightsOf(random, dtype, classes), i + 1) }),
      ...(targets === "labels" && { ignoreIndex }),
      reduction: reductionOf(i),
    };
    const labels = labelsOf(random, rows, classes, ignoreIndex);
    const probabilities = placed(probabilitiesOf(random, dtype, rows, classes), i + 1);
    return {
      rows,
      classes,
      logits,
      distances: input === "logits" ? distancesToMaximum(logits, classes) : new Array(logits.length).fill(0),
      targets: targets === "labels" ? labels : probabilities,
      options,
      wanted:
        targets === "labels"
          ? oracle.crossEntropyOfLabels(logits, labels, options)
          : oracle.crossEntropyOfProbabilities(logits, probabilities, options),
    };
  });
}

function checkCrossEntropy(losses: Losses, dtype: Dtype, cases: ReturnType<typeof crossEntropyCases>): void {
  for (const { rows, classes, logits, distances, targets, options, wanted } of cases) {
    const where = (what: string) => `${what} [${rows}, ${classes}]`;
    const tolerance = (i: number) => rowLossTolerance(dtype, wanted.rows[i], classes);
    const none = losses.crossEntropy(logits, targets, { ...options, reduction: "none" });
    expectClose(none, wanted.rows, tolerance, where("rows"));

    // Sums over rows are exact; the division is one rounding, the weights' sum at most another.
    const { reduction } = options;
    // rows whose labels all weigh 0 have no mean, smoothed or not
    const scalar = wanted.denominator === 0 ? Number.NaN : oracle.exactSum(none) / wanted.denominator;
    const { loss, grad } = losses.crossEntropyWithGrad(logits, targets, { ...options, reduction: reduction as "mean" });
    if (reduction === "none") expectClose(loss as unknown as Float64Array, none, () => 0, where("rows with gradient"));
    else expectClose([loss], [scalar], () => 2 ** -51 * Math.abs(scalar), where(`${reduction} with gradient`));
    for (const each of ["mean", "sum"] as const) {
      if (each !== reduction) continue;
      const alone = losses.crossEntropy(logits, targets, { ...options, reduction: each });
      expectClose([alone], [scalar], () => 2 ** -51 * Math.abs(scalar), where(each));
    }
    if (wanted.denominator === 0) {
      expectClose(grad, new Array(grad.length).fill(0), () => 0, where(`gradient of ${reduction}`));
      return;
    }
    expectClose(
      grad,
      wanted.gradient,
      (i) => gradientTolerance(dtype, wanted.gradientTerms[i], distances[i]),
      where(`gradient of ${reduction}`),
    );
  }
}

// ----------------------------------------------------------------------------------------------------------- suites

const shapeLists = [
  { title: "1..70 and 127..129 classes", shapes: ordinaryShapes, variants },
  { title: "1..1025 rows", shapes: someOf(tallShapes, 3), variants: fewVariants },
  { title: "1000..50257 classes", shapes: largeShapes, variants: fewVariants },
];

function titleOf({ targets, input, weighted, labelSmoothing }: Variant): string {
  return `${targets}, input ${input}${weighted ? ", weight" : ""}${labelSmoothing > 0 ? ", labelSmoothing" : ""}`;
}

const prepared = dtypes.map((dtype) => ({
  dtype,
  rows: shapeLists.map(({ title, shapes }) => ({ title, cases: once(() => rowCases(dtype, shapes)) })),
  crossEntropy: shapeLists.flatMap(({ title, shapes, variants }) =>
    variants.map((variant) => ({
      title: `${titleOf(variant)}: ${title}`,
      cases: once(() => crossEntropyCases(dtype, variant, shapes)),
    })),
  ),
}));

for (const { name, losses } of await openWithRelaxed()) {
  for (const { dtype, rows, crossEntropy } of prepared) {
    describe(`${name}, ${dtype}`, () => {
      for (const { title, cases } of rows) {
        test(`softmax, logSoftmax, logSumExp: ${title}`, () => checkRows(losses, dtype, cases()));
      }
      for (const { title, cases } of crossEntropy) {
        test(`crossEntropy of ${title}`, () => checkCrossEntropy(losses, dtype, cases()));
      }
    });
  }
}
