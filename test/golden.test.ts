import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ELEMENTWISE } from "../src/descriptions/elementwise.ts";
import { openWithRelaxed } from "./backends.ts";
import { titleOf } from "./domains.ts";
import { any } from "./expectError.ts";
import { facesOf } from "./faces.ts";
import { type Dtype, expectClose, type FloatArray, floats } from "./inputs.ts";
import * as oracle from "./oracle.ts";

/**
 * Values PyTorch computed in float64 from inputs that float32 or float64 holds exactly.
 *
 * The arrays (none, grad_*, softmax, ...) have all digits of float64. The scalars `mean` and `sum` were rounded to float32
 * whatever the dtype: they are compared at float32's rounding, and at full precision with what follows from `none`.
 * No case meets a rule where PyTorch is departed from on purpose: there is no NaN, and no zero weight or probability
 * stands at an infinity.
 */
interface Golden {
  crossEntropy: {
    dtype: "f32" | "f64";
    rows: number;
    classes: number;
    logits: (number | "-inf")[];
    targets: number[];
    soft: boolean;
    weight: number[] | null;
    ignoreIndex: number | null;
    labelSmoothing: number;
    special: string | null;
    none: number[];
    mean: number;
    grad_mean: number[];
    sum: number;
    grad_sum: number[];
  }[];
  rows: {
    dtype: "f32" | "f64";
    rows: number;
    classes: number;
    logits: number[];
    softmax: number[];
    logSoftmax: number[];
    logSumExp: number[];
  }[];
}

/** Element-wise losses of such inputs, with all digits; `none` is without the weights, `mean` over their sum. */
interface ElementwiseGolden {
  loss: string;
  options: Readonly<Record<string, number | string | boolean>>;
  dtype: "f32" | "f64";
  predictions: number[];
  targets: number[];
  variance?: number[];
  sampleWeight?: number[] | null;
  none: number[];
  sum: number;
  mean: number;
  grad_mean: number[];
  grad_variance_mean?: number[];
}

const read = (name: string) => JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), "utf8"));
const golden: Golden = read("pytorch");
const family: ElementwiseGolden[] = read("elementwise");
const dtypeOf = { f32: "float32", f64: "float64" } as const;

const crossEntropyCases = golden.crossEntropy.map((item, i) => {
  const dtype = dtypeOf[item.dtype];
  return {
    ...item,
    dtype,
    name: `${i}: ${dtype} [${item.rows}, ${item.classes}] ${item.soft ? "probabilities" : "labels"} ${item.special ?? ""}`,
    logits: floats(dtype, item.logits.map(number)),
    targets: item.soft ? floats(dtype, item.targets) : Int32Array.from(item.targets),
    options: {
      classes: item.classes,
      labelSmoothing: item.labelSmoothing,
      ...(item.weight && { weight: floats(dtype, item.weight) }),
      ...(item.ignoreIndex !== null && { ignoreIndex: item.ignoreIndex }),
    },
  };
});
const rowCases = golden.rows.map((item, i) => {
  const dtype = dtypeOf[item.dtype];
  return { ...item, dtype, name: `${i}: ${dtype} [${item.rows}, ${item.classes}]`, logits: floats(dtype, item.logits) };
});
const elementwiseCases = family.map((item, i) => {
  const dtype = dtypeOf[item.dtype];
  const description = ELEMENTWISE.find(
    ({ name, input }) => name === item.loss && (item.options.input ?? input) === input,
  );
  const { input: _, ...numbers } = item.options;
  const defaults = Object.fromEntries(description?.options.map((option) => [option.name, option.default]) ?? []);
  const sampleWeight = item.sampleWeight ? floats(dtype, item.sampleWeight) : undefined;
  return {
    ...item,
    dtype,
    name: `${i}: ${item.loss} ${JSON.stringify(item.options)} ${dtype} [${item.predictions.length}]`,
    predictions: floats(dtype, item.predictions),
    targets: floats(dtype, item.targets),
    variance: floats(dtype, item.variance ?? []),
    sampleWeight,
    none: item.none.map((loss, i) => loss * (sampleWeight ? sampleWeight[i] : 1)),
    given: { ...item.options, ...(sampleWeight && { sampleWeight }) },
    title: description ? titleOf(description) : "",
    numbers: { ...defaults, ...(numbers as Record<string, number>) },
  };
});
const ofFamily = elementwiseCases.filter(({ loss }) => loss !== "gaussianNll");
const gaussian = elementwiseCases.filter(({ loss }) => loss === "gaussianNll");

function named<T extends { name: string }>(cases: T[]): [string, T][] {
  return cases.map((item) => [item.name, item]);
}

function number(value: number | "-inf"): number {
  return value === "-inf" ? -Infinity : value;
}

function expectGolden(dtype: Dtype, got: ArrayLike<number>, wanted: ArrayLike<number>, where: string): void {
  const [relative, absolute] = dtype === "float32" ? [1e-6, 1e-7] : [1e-13, 1e-14];
  expectClose(got, wanted, (i) => Math.max(absolute, relative * Math.abs(wanted[i])), where);
}

/** Within 1e-6 (float64: 1e-13) of the largest loss, or of 1. */
function expectElements(
  dtype: Dtype,
  got: ArrayLike<number>,
  wanted: ArrayLike<number>,
  { none }: { none: number[] },
  where: string,
): void {
  const largest = none.reduce((a, b) => Math.max(a, Math.abs(b)), 1);
  expectClose(got, wanted, () => (dtype === "float32" ? 1e-6 : 1e-13) * largest, where);
}

/** A scalar against the fixture's, which is rounded to float32, and against the digits its rows have. */
function expectScalar(dtype: Dtype, got: number, fixture: number, fromRows: number, where: string): void {
  const [relative, absolute] = dtype === "float32" ? [1e-6, 1e-7] : [1.2e-7, 1e-14];
  expectClose([got], [fixture], () => Math.max(absolute, relative * Math.abs(fixture)), `${where} in the fixture`);
  expectGolden(dtype, [got], [fromRows], `${where} of the fixture's rows`);
}

/** What the mean divides by: the weights of the counted targets, or the number of rows for probabilities. */
function denominatorOf({ soft, rows, targets, weight, ignoreIndex }: (typeof crossEntropyCases)[number]): number {
  if (soft) return rows;
  const counted = Array.from(targets).filter((target) => target !== (ignoreIndex ?? -100));
  return oracle.exactSum(counted.map((target) => weight?.[target] ?? 1));
}

describe("the fixture", () => {
  test("has scalars that are float32", () => {
    for (const { mean, sum } of golden.crossEntropy) {
      expect(Math.fround(mean)).toBe(mean);
      expect(Math.fround(sum)).toBe(sum);
    }
  });

  test("has rows and gradients that are float64", () => {
    expect(golden.crossEntropy.some(({ none }) => none.some((loss) => Math.fround(loss) !== loss))).toBe(true);
    expect(golden.crossEntropy.some(({ grad_mean }) => grad_mean.some((g) => Math.fround(g) !== g))).toBe(true);
  });
});

describe("the oracle agrees with PyTorch", () => {
  test.each(named(crossEntropyCases))("crossEntropy %s", (_, item) => {
    const { logits, targets, options, soft } = item;
    for (const reduction of ["mean", "sum"] as const) {
      const result = soft
        ? oracle.crossEntropyOfProbabilities(logits, targets, { ...options, reduction })
        : oracle.crossEntropyOfLabels(logits, targets, { ...options, reduction });
      const denominator = reduction === "mean" ? denominatorOf(item) : 1;
      expectGolden("float64", result.rows, item.none, "rows");
      expectScalar("float64", result.loss, item[reduction], oracle.exactSum(item.none) / denominator, reduction);
      expectGolden("float64", result.gradient, item[`grad_${reduction}`], `gradient of the ${reduction}`);
    }
  });

  test.each(named(rowCases))("rows %s", (_, { logits, classes, softmax, logSoftmax, logSumExp }) => {
    expectGolden("float64", oracle.softmax(logits, classes), softmax, "softmax");
    expectGolden("float64", oracle.logSoftmax(logits, classes), logSoftmax, "logSoftmax");
    expectGolden("float64", oracle.logSumExp(logits, classes), logSumExp, "logSumExp");
  });

  test.each(named(ofFamily))("%s", (_, item) => {
    const { title, predictions, targets, numbers, sampleWeight } = item;
    const { losses, slopes, sum, mean, weight } = oracle.elementwise(
      title,
      predictions,
      targets,
      numbers,
      sampleWeight,
    );
    expectElements("float64", losses, item.none, item, "none");
    expectElements("float64", [sum, mean], [item.sum, item.mean], item, "sum and mean");
    const gradient = slopes.map((slope) => slope / weight);
    expectElements("float64", gradient, item.grad_mean, item, "gradient of the mean");
  });

  test.each(named(gaussian))("%s", (_, item) => {
    const { predictions, targets, variance, options } = item;
    const wanted = oracle.gaussianNll(predictions, targets, variance, Boolean(options.full));
    const n = predictions.length;
    expectElements("float64", wanted.losses, item.none, item, "none");
    expectElements("float64", [wanted.mean], [item.mean], item, "mean");
    const gradients = [...wanted.slopes, ...wanted.variances].map((slope) => slope / n);
    expectElements("float64", gradients, [...item.grad_mean, ...item.grad_variance_mean!], item, "gradients");
  });
});

describe.each(await openWithRelaxed())("$name agrees with PyTorch", ({ losses }) => {
  test.each(named(crossEntropyCases))("crossEntropy %s", (_, item) => {
    const { dtype, logits, targets, options } = item;
    const none = losses.crossEntropy(logits, targets, { ...options, reduction: "none" });
    expectGolden(dtype, none, item.none, "none");
    const ofNone = losses.crossEntropyWithGrad(logits, targets, { ...options, reduction: "none" });
    expectGolden(dtype, ofNone.loss, item.none, "none with gradient");
    expectGolden(dtype, ofNone.grad, item.grad_sum, "gradient of none");
    for (const reduction of ["mean", "sum"] as const) {
      const fromRows = oracle.exactSum(item.none) / (reduction === "mean" ? denominatorOf(item) : 1);
      const alone = losses.crossEntropy(logits, targets, { ...options, reduction });
      expectScalar(dtype, alone, item[reduction], fromRows, reduction);
      const { loss, grad } = losses.crossEntropyWithGrad(logits, targets, { ...options, reduction });
      expect(loss).toBe(alone);
      expectGolden(dtype, grad, item[`grad_${reduction}`], `gradient of the ${reduction}`);
    }
    expect(losses.crossEntropy(logits, targets, options)).toBe(
      losses.crossEntropy(logits, targets, { ...options, reduction: "mean" }),
    );
  });

  test.each(named(rowCases))("rows %s", (_, { dtype, logits, classes, softmax, logSoftmax, logSumExp }) => {
    expectGolden(dtype, losses.softmax(logits, { classes }), softmax, "softmax");
    expectGolden(dtype, losses.logSoftmax(logits, { classes }), logSoftmax, "logSoftmax");
    expectGolden(dtype, losses.logSumExp(logits, { classes }), logSumExp, "logSumExp");
  });

  test.each(named(ofFamily))("%s", (_, item) => {
    const { loss: name, dtype, predictions, targets, given, sampleWeight } = item;
    const { loss, withGrad } = facesOf(losses, name);
    const none = loss(predictions, targets, { ...given, reduction: "none" });
    expectElements(dtype, none as FloatArray, item.none, item, "none");
    for (const reduction of ["mean", "sum"] as const) {
      const got = withGrad(predictions, targets, { ...given, reduction });
      expect(got.loss).toBe(loss(predictions, targets, { ...given, reduction }));
      expectElements(dtype, [got.loss as number], [item[reduction]], item, reduction);
      const weight = sampleWeight ? oracle.exactSum(sampleWeight) : predictions.length;
      const gradient = Array.from(got.grad, (g) => (reduction === "mean" ? g : g / weight));
      expectElements(dtype, gradient, item.grad_mean, item, `gradient of the ${reduction}`);
    }
  });

  test.each(named(gaussian))("%s", (_, item) => {
    const { dtype, predictions, targets, variance, options } = item;
    const full = Boolean(options.full);
    const none = losses.gaussianNll(predictions, targets, any({ variance, full, reduction: "none" }));
    expectElements(dtype, any(none), item.none, item, "none");
    const got = losses.gaussianNllWithGrad(predictions, targets, any({ variance, full }));
    expectElements(dtype, [any(got.loss)], [item.mean], item, "mean");
    expectElements(dtype, got.grad, item.grad_mean, item, "gradient by the means");
    expectElements(dtype, got.gradVariance, item.grad_variance_mean!, item, "gradient by the variances");
  });
});
