import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ELEMENTWISE } from "../src/descriptions/elementwise.ts";
import { openAll, openThreaded } from "./backends.ts";
import { facesOfLoss, fitting, titleOf } from "./domains.ts";
import { any, expectError } from "./expectError.ts";
import {
  type Dtype,
  dtypes,
  elementCounts,
  expectClose,
  expectSame,
  type FloatArray,
  floats,
  mulberry32,
  unaligned,
  values,
  zeros,
} from "./inputs.ts";
import * as oracle from "./oracle.ts";

// Weights of elements, whatever the loss; what holds of one loss or another; the Gaussian likelihood.

const opened = await openThreaded();
const reference = opened.find(({ losses }) => losses.backend === "js")!.losses;
const everywhere = await openAll();

const rounding = { float32: 2 ** -24, float64: 2 ** -53 };
const sums = { float32: 2 ** -23, float64: 2 ** -46 };
const reductions = ["mean", "sum", "none"] as const;
const runs = { numRuns: 6 };

/** Multiples of 1/8, so that nothing becomes subnormal. */
const drawn = fc.array(
  fc.integer({ min: -160, max: 160 }).map((x) => x / 8),
  { minLength: 1, maxLength: 60 },
);
const lengths = fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(1023, 1024, 1025, 2500));
const repeated = (dtype: Dtype, length: number, pattern: readonly number[]) =>
  zeros(dtype, length).map((_, i) => pattern[i % pattern.length]) as FloatArray;

describe.each(ELEMENTWISE.map((loss) => [titleOf(loss), loss] as const))("%s, weighted", (_, description) => {
  const { predictions, targets } = fitting(description);
  const faces = facesOfLoss(reference, description);

  test.each(dtypes)("%s: weights of 1 change nothing but the division by their sum", (dtype) => {
    const property = fc.property(lengths, drawn, drawn, (length, p0, t0) => {
      const p = predictions(repeated(dtype, length, p0));
      const t = targets(repeated(dtype, length, t0));
      const sampleWeight = zeros(dtype, length).fill(1);
      for (const reduction of reductions) {
        const a = faces.withGrad(p, t, { reduction });
        const b = faces.withGrad(p, t, { reduction, sampleWeight });
        expect(b.loss).toEqual(a.loss);
        expectSame(b.grad, a.grad, "gradient");
      }
    });
    fc.assert(property, runs);
  });

  test.each(dtypes)(
    "%s: weights times a power of two: the same mean and its gradient, the sum as many times",
    (dtype) => {
      const property = fc.property(
        lengths,
        drawn,
        drawn,
        fc.integer({ min: -6, max: 6 }),
        (length, p0, t0, exponent) => {
          const p = predictions(repeated(dtype, length, p0));
          const t = targets(repeated(dtype, length, t0));
          const random = mulberry32(length);
          const sampleWeight = zeros(dtype, length).map(() => Math.floor(4 * random())) as FloatArray;
          const scaled = sampleWeight.map((s) => s * 2 ** exponent) as FloatArray;
          const mean = faces.loss(p, t, { sampleWeight }) as number;
          const size = Math.abs(mean);
          expectClose([faces.loss(p, t, { sampleWeight: scaled }) as number], [mean], () => 1e-30 * size, "mean");
          const sum = faces.loss(p, t, { sampleWeight, reduction: "sum" }) as number;
          expect(faces.loss(p, t, { sampleWeight: scaled, reduction: "sum" })).toBe(sum * 2 ** exponent);
        },
      );
      fc.assert(property, runs);
    },
  );

  test.each(dtypes)("%s: weights of 0 leave elements out, and nothing is left where all are", (dtype) => {
    const random = mulberry32(9);
    const n = 1100;
    const p = predictions(values(random, dtype, n, 3));
    const t = targets(values(random, dtype, n, 3));
    const kept = zeros(dtype, n).map((_, i) => (i % 3 === 0 ? 0 : 0.75)) as FloatArray;
    const clean = faces.withGrad(p, t, { sampleWeight: kept, reduction: "none" });
    for (const { name, losses } of opened) {
      const { withGrad } = facesOfLoss(losses, description);
      for (const [x, y] of [
        [NaN, NaN],
        [Infinity, -Infinity],
        [-7, 7],
        [3e38, -3e38],
      ]) {
        const [q, u] = [p.slice(), t.slice()];
        for (let i = 0; i < n; i += 3) [q[i], u[i]] = [x, y];
        const got = withGrad(q, u, { sampleWeight: kept, reduction: "none" });
        expectSame(got.loss as FloatArray, clean.loss as FloatArray, `${name}, losses`);
        expectSame(got.grad, clean.grad, `${name}, gradient`);
        const nothing = withGrad(q, u, { sampleWeight: zeros(dtype, n) });
        expect(nothing.loss).toBeNaN();
        expectSame(nothing.grad, zeros(dtype, n), `${name}, all weights 0`);
      }
      for (let i = 0; i < n; i += 3)
        expect(Object.is(clean.grad[i], 0) && (clean.loss as FloatArray)[i] === 0).toBe(true);
    }
  });
});

describe.each(dtypes)("%s", (dtype) => {
  const some = (seed: number, n = 300) => values(mulberry32(seed), dtype, n, 3);
  const shares = fitting({ domain: "shares" }).targets;

  test("rmse of weighted elements is the root of mse", () => {
    const random = mulberry32(8);
    for (const n of elementCounts) {
      const [p, t] = [values(random, dtype, n, 3), values(random, dtype, n, 3)];
      const sampleWeight: typeof t = zeros(dtype, n).map(() => (random() < 0.3 ? 0 : random()));
      const wanted = oracle.rmse(p, t, sampleWeight);
      const own = reference.rmseWithGrad(p, any(t), { sampleWeight });
      for (const { name, losses } of opened) {
        expect(losses.rmse(p, any(t), { sampleWeight }), name).toBe(Math.sqrt(losses.mse(p, any(t), { sampleWeight })));
        const { loss, grad } = losses.rmseWithGrad(p, any(t), { sampleWeight });
        expectSame(grad, own.grad, name);
        expectClose([loss], [wanted.loss], () => 4 * sums[dtype] * wanted.loss, `${name}, rmse`);
        const tolerance = (i: number) => 12 * sums[dtype] * Math.abs(wanted.gradient[i]);
        expectClose(grad, wanted.gradient, tolerance, `${name}, gradient of rmse`);
      }
    }
  });

  test("smoothL1 with a beta of 0 is mae, and is huber over beta else", () => {
    const [p, t] = [some(1), some(2)];
    for (const { losses } of opened) {
      for (const sampleWeight of [undefined, some(3).map(Math.abs) as FloatArray]) {
        const given = { sampleWeight: any(sampleWeight), reduction: "none" } as const;
        for (const beta of [0, -0, 5e-324, 1e-320]) {
          expect(losses.smoothL1WithGrad(p, any(t), { beta, ...given })).toEqual(losses.maeWithGrad(p, any(t), given));
        }
      }
      for (const beta of [0.5, 2]) {
        const huber = losses.huberWithGrad(p, any(t), { delta: beta, reduction: "none" });
        const smooth = losses.smoothL1WithGrad(p, any(t), { beta, reduction: "none" });
        expectSame(
          smooth.loss,
          huber.loss.map((x) => x / beta),
          "losses",
        );
        expectSame(
          smooth.grad,
          huber.grad.map((x) => x / beta),
          "gradient",
        );
      }
    }
  });

  test("quantile of a half is half of mae", () => {
    const [p, t] = [some(4), some(5)];
    expectSame(
      reference.quantile(p, any(t), { reduction: "none" }),
      reference.mae(p, any(t), { reduction: "none" }).map((x) => x / 2),
      "losses",
    );
  });

  test("focal with a gamma of 0 is a weighted binary cross-entropy", () => {
    const [x, t] = [some(6), shares(some(7))];
    for (const alpha of [0.25, 0.6]) {
      const focal = reference.focal(x, any(t), { alpha, gamma: 0, reduction: "none" });
      const binary = reference.binaryCrossEntropy(x, any(t), { posWeight: alpha / (1 - alpha), reduction: "none" });
      expectClose(
        focal,
        Array.from(binary, (l) => l * (1 - alpha)),
        (i) => 12 * rounding[dtype] * focal[i],
        "focal",
      );
    }
  });

  test("binary cross-entropy of logits is that of their probabilities; of signs it is the soft margin", () => {
    const x = some(8);
    const t = x.map((_, i) => i % 2) as FloatArray;
    const q = x.map((x) => 1 / (1 + Math.exp(-x))) as FloatArray;
    const of = reference.binaryCrossEntropy(x, any(t), { reduction: "none" });
    const ofProbabilities = reference.binaryCrossEntropy(q, any(t), { input: "probabilities", reduction: "none" });
    // 1 - q has lost digits
    expectClose(ofProbabilities, of, (i) => 8 * rounding[dtype] * (of[i] + Math.exp(Math.abs(x[i]))), "probabilities");
    const signs = t.map((t) => 2 * t - 1) as FloatArray;
    expectSame(reference.softMargin(x, any(signs), { reduction: "none" }), of, "soft margin");
  });

  test("where a logit is infinite or a probability is 0 or 1", () => {
    const each = (losses: typeof reference, x: number, t: number, options: object = {}) =>
      losses.binaryCrossEntropyWithGrad(floats(dtype, [x]), any(floats(dtype, [t])), { ...options, reduction: "sum" });
    const input = "probabilities";
    for (const { losses } of everywhere) {
      expect(each(losses, Infinity, 1)).toEqual({ loss: 0, grad: floats(dtype, [0]) });
      expect(each(losses, -Infinity, 0)).toEqual({ loss: 0, grad: floats(dtype, [0]) });
      expect(each(losses, -Infinity, 1)).toEqual({ loss: Infinity, grad: floats(dtype, [-1]) });
      expect(each(losses, Infinity, 0)).toEqual({ loss: Infinity, grad: floats(dtype, [1]) });
      expect(each(losses, 0, 0.5).loss).toBeCloseTo(Math.LN2, 6);
      expect(each(losses, 0, 1, { input }).loss).toBe(Infinity);
      expect(each(losses, 1, 0, { input }).loss).toBe(Infinity);
      expect(each(losses, 1, 1, { input })).toEqual({ loss: 0, grad: floats(dtype, [-1]) });
      expect(each(losses, 0, 0, { input })).toEqual({ loss: 0, grad: floats(dtype, [1]) });
      // a probability or a rate of -0 is one of 0
      for (const zero of [0, -0]) {
        expect(each(losses, zero, 1, { input })).toEqual({ loss: Infinity, grad: floats(dtype, [-Infinity]) });
        const rate = { input: "rate", reduction: "sum" } as const;
        const { loss, grad } = losses.poissonNllWithGrad(floats(dtype, [zero]), any(floats(dtype, [2])), rate);
        expect([loss, ...grad]).toEqual([Infinity, -Infinity]);
        const q = floats(dtype, [zero, 1]);
        const halves = any(floats(dtype, [0.5, 0.5]));
        for (const targets of [Int32Array.of(0), halves]) {
          const likelihood = losses.crossEntropyWithGrad(any(q), any(targets), { classes: 2, input });
          expect(likelihood.loss).toBe(Infinity);
          expect(likelihood.grad[0]).toBe(-Infinity);
        }
      }
      const poisson = (x: number, t: number, options: object) =>
        losses.poissonNll(floats(dtype, [x]), any(floats(dtype, [t])), { ...options, reduction: "sum" });
      expect(poisson(-Infinity, 0, {})).toBe(0);
      expect(poisson(0, 0, { input: "rate" })).toBe(0);
      expect(poisson(0, 2, { input: "rate" })).toBe(Infinity);
      const focal = (x: number, t: number) =>
        losses.focalWithGrad(floats(dtype, [x]), any(floats(dtype, [t])), { reduction: "sum" });
      expect(focal(Infinity, 1)).toEqual({ loss: 0, grad: floats(dtype, [0]) });
      expect(focal(-Infinity, 0)).toEqual({ loss: 0, grad: floats(dtype, [0]) });
      expect(focal(-Infinity, 1)).toEqual({ loss: Infinity, grad: floats(dtype, [-0.25]) });
      const one = (name: "mape" | "smape" | "msle", p: number, t: number) =>
        losses[name](floats(dtype, [p]), any(floats(dtype, [t])), { reduction: "sum" });
      expect([one("mape", 0, 0), one("mape", 2, 0), one("smape", 0, 0), one("smape", 2, 0)]).toEqual([
        0,
        Infinity,
        0,
        2,
      ]);
      expect([one("msle", -1, 0), one("msle", 0, -1), one("msle", -2, 1)]).toEqual([NaN, NaN, NaN]);
    }
  });

  test("smape of the smallest numbers, and of the largest", () => {
    const [least, largest] = dtype === "float32" ? [2 ** -149, 2 ** 127] : [2 ** -1074, 2 ** 1023];
    for (const { losses } of opened) {
      const of = (p: number, t: number) => losses.smape(floats(dtype, [p]), any(floats(dtype, [t])));
      for (const unit of [least, 3 * least, 2 ** 20 * least, 1, largest / 4]) {
        expect([of(unit, 0), of(0, unit), of(3 * unit, unit), of(-unit, 3 * unit)]).toEqual([2, 2, 1, 2]);
      }
      expect([of(largest, largest), of(largest, -largest), of(0, largest)]).toEqual([0, 2, 2]);
    }
    // 4 t / (p + t)^2
    const { grad } = reference.smapeWithGrad(
      floats(dtype, [2 ** 23 * least * 3]),
      any(floats(dtype, [2 ** 23 * least])),
    );
    expect(grad[0]).toBe(dtype === "float32" ? 2 ** 124 : Infinity);
  });

  test("logCosh keeps its digits where it is small, and is |d| - ln 2 where it is large", () => {
    for (const { losses } of opened) {
      const of = (d: number) => losses.logCosh(floats(dtype, [d]), any(floats(dtype, [0])));
      for (const d of [1e-9, 1e-6, 1e-3]) expect(Math.abs(of(d) / ((d * d) / 2) - 1)).toBeLessThan(1e-6);
      expect(of(1e4)).toBeCloseTo(1e4 - Math.LN2, 2);
    }
  });

  test("tweedie between Poisson and gamma, poissonNll with what does not depend on the predictions", () => {
    const [x, t] = [some(9).map((x) => x / 3) as FloatArray, some(10).map(Math.abs) as FloatArray];
    for (const input of ["logRate", "rate"] as const) {
      const p = (input === "rate" ? x.map((x) => Math.exp(x)) : x) as FloatArray;
      const [plain, full] = [false, true].map((full) =>
        reference.poissonNllWithGrad(p, any(t), { input, full, reduction: "none" }),
      );
      expectSame(full.grad, plain.grad, "gradient");
      const added = Array.from(t, (t) => (t > 1 ? t * Math.log(t) - t + Math.log(2 * Math.PI * t) / 2 : 0));
      const wanted = Array.from(plain.loss, (l, i) => l + added[i]);
      expectClose(
        full.loss,
        wanted,
        (i) => 16 * rounding[dtype] * (Math.abs(plain.loss[i]) + t[i] * (2 + Math.abs(Math.log(t[i]))) + 2),
        "full",
      );
    }
  });
});

// ---------------------------------------------------------------------------------------- the Gaussian likelihood

interface GaussianFaces {
  gaussianNll(mean: FloatArray, targets: FloatArray, options: object): number | FloatArray;
  gaussianNllWithGrad(
    mean: FloatArray,
    targets: FloatArray,
    options: object,
  ): { loss: number | FloatArray; grad: FloatArray; gradVariance: FloatArray };
}
/** Its functions, for arrays of either dtype. */
const gaussianOf = (losses: object) => losses as GaussianFaces;

describe.each(dtypes)("gaussianNll, %s", (dtype) => {
  const bound = (n: number) => n * rounding[dtype];
  const inputs = (n: number, seed: number) => {
    const random = mulberry32(seed);
    const p = values(random, dtype, n, 3);
    const t = values(random, dtype, n, 3);
    const variance = values(random, dtype, n).map((x) => 0.05 + Math.abs(x)) as FloatArray;
    const sampleWeight = zeros(dtype, n).map(() => (random() < 0.25 ? 0 : random())) as FloatArray;
    return { p, t, variance, sampleWeight };
  };

  test("the oracle's losses and gradients at every size", () => {
    for (const [k, n] of elementCounts.entries()) {
      const { p, t, variance, sampleWeight } = inputs(n, k);
      const [q, u] = k % 2 ? [p, t] : [unaligned(p, 1 + (k % 3)), unaligned(t, 1)];
      const weights = k % 3 === 0 ? { sampleWeight } : {};
      const isFull = k % 2 === 0;
      const wanted = oracle.gaussianNll(p, t, variance, isFull, k % 3 === 0 ? sampleWeight : undefined);
      const kept = k % 3 === 0 ? variance.map((v, i) => (sampleWeight[i] === 0 ? -v : v)) : variance;
      for (const reduction of reductions) {
        const given = { variance: kept, full: isFull, reduction, ...weights };
        const own = gaussianOf(reference).gaussianNllWithGrad(q, u, given);
        for (const { name, losses } of everywhere.filter((_, b) => n > 1000 || (k + b) % 3 === 0)) {
          const got = gaussianOf(losses).gaussianNllWithGrad(q, u, given);
          const by = reduction === "mean" ? wanted.weight : 1;
          const where = `${name}, ${n} elements, ${reduction}`;
          expect(gaussianOf(losses).gaussianNll(q, u, given)).toEqual(got.loss);
          if (!losses.relaxed) expect(got, where).toEqual(own);
          if (typeof got.loss !== "number")
            expectClose(got.loss, wanted.losses, (i) => bound(9) * wanted.sizes[i], where);
          else {
            const size = (sums[dtype] * 2 + bound(9)) * oracle.exactSum(wanted.sizes);
            expectClose([got.loss], [wanted.sum / by], () => size / by, where);
          }
          const of = (slopes: number[]) => slopes.map((slope) => (by === 0 ? 0 : slope / by));
          const slopes = of(wanted.slopes);
          expectClose(got.grad, slopes, (i) => (bound(6) + sums[dtype]) * Math.abs(slopes[i]), where);
          const sizes = of(wanted.variancesSizes);
          expectClose(got.gradVariance, of(wanted.variances), (i) => (bound(10) + sums[dtype]) * sizes[i], where);
        }
      }
    }
  });

  test("its gradients are the derivatives of its loss", () => {
    const { p, t, variance } = inputs(40, 3);
    const at = (m: Float64Array, v: Float64Array) => oracle.gaussianNll(m, t, v, false).sum;
    const { grad, gradVariance } = reference.gaussianNllWithGrad(p, any(t), {
      variance: any(variance),
      reduction: "sum",
    });
    for (let i = 0; i < 40; i++) {
      const [m, v] = [Float64Array.from(p), Float64Array.from(variance)];
      const derivative = (array: Float64Array, h: number) => {
        const x = array[i];
        const of = (y: number) => {
          array[i] = y;
          return at(m, v);
        };
        const found = (8 * (of(x + h) - of(x - h)) - (of(x + 2 * h) - of(x - 2 * h))) / (12 * h);
        array[i] = x;
        return found;
      };
      const [a, b] = [derivative(m, 1e-3), derivative(v, variance[i] * 1e-3)];
      expectClose([grad[i]], [a], () => 1e-5 * (1 + Math.abs(a)), `by mean ${i}`);
      expectClose([gradVariance[i]], [b], () => 1e-5 * (1 + Math.abs(b) + 1 / variance[i]), `by variance ${i}`);
    }
  });

  test("in place: both gradients over what they are made of", () => {
    for (const { name, losses } of opened) {
      for (const n of [1, 17, 1025, 3000]) {
        const { p, t, variance } = inputs(n, n);
        const { gaussianNllWithGrad } = gaussianOf(losses);
        const wanted = gaussianNllWithGrad.call(losses, p, t, { variance });
        const [out, outVariance] = [p.slice(), variance.slice()];
        const got = gaussianNllWithGrad.call(losses, out, t, { variance: outVariance, out, outVariance });
        expect(got.grad).toBe(out);
        expect(got.gradVariance).toBe(outVariance);
        expect(got, name).toEqual(wanted);
      }
    }
  });

  test("what it does not take", () => {
    const { p, t, variance, sampleWeight } = inputs(3000, 5);
    for (const { losses } of opened) {
      const call = (given: object, name: keyof GaussianFaces = "gaussianNllWithGrad") =>
        gaussianOf(losses)[name](p, t, { variance, ...given });
      for (const at of [0, 1023, 2999]) {
        for (const value of [0, -0, -1, -Infinity]) {
          const wrong = variance.slice();
          wrong[at] = wrong[2999] = value;
          const where = `variance[${at}] is ${value}`;
          for (const name of ["gaussianNll", "gaussianNllWithGrad"] as const) {
            expectError(() => call({ variance: wrong }, name), RangeError, name, where, "above 0");
          }
          const place = wrong.slice();
          expectError(() => call({ variance: place, outVariance: place }), RangeError, "gaussianNllWithGrad", where);
          const weights = sampleWeight.slice();
          weights[at] = weights[2999] = 0;
          expect(() => call({ variance: wrong, sampleWeight: weights })).not.toThrow();
        }
      }
      const other = zeros(dtype === "float32" ? "float64" : "float32", 3000);
      for (const wrong of [undefined, null, 1, other, [1]]) {
        expectError(() => call({ variance: wrong }), TypeError, "gaussianNllWithGrad", "variance");
      }
      expectError(
        () => call({ variance: variance.subarray(1) }),
        RangeError,
        "gaussianNllWithGrad",
        "variance",
        2999,
        3000,
      );
      expectError(() => call({ full: 1 }), TypeError, "gaussianNllWithGrad", "full must be a boolean");
      expectError(() => call({ varianec: variance }), TypeError, "gaussianNllWithGrad", "(variance?)");
      expectError(() => call({ outVariance: p }), RangeError, "gaussianNllWithGrad", "outVariance and mean overlap");
      expectError(() => call({ out: variance }), RangeError, "gaussianNllWithGrad", "out and variance overlap");
      const same = zeros(dtype, 3000);
      expectError(() => call({ out: same, outVariance: same }), RangeError, "gaussianNllWithGrad", "overlap");
      expectError(
        () => call({ out: same, outVariance: same.subarray(1) }),
        RangeError,
        "gaussianNllWithGrad",
        "outVariance",
      );
      expectError(() => call({ out: same }, "gaussianNll"), TypeError, "gaussianNll", "out is no option");
    }
  });
});
