import { describe, expect, test } from "vitest";
import { ELEMENTWISE } from "../src/descriptions/elementwise.ts";
import { bfloat16 } from "../src/dtype.ts";
import { openThreaded } from "./backends.ts";
import { facesOfLoss, fitting, titleOf } from "./domains.ts";
import { type Dtype, dtypes, expectSame, type FloatArray, mulberry32, values, zeros } from "./inputs.ts";

// Means and roots whose weights or squares leave the dtype on the way, though they themselves do not.

const opened = await openThreaded();
const n = 1100;

/** Weights 0 to 3 times the ends of the dtype's powers of two, and a little less. */
const EXPONENTS = { float32: [-149, -100, -61, 61, 100, 126], float64: [-1074, -800, -501, 501, 800, 1022] };
const weightsOf = (dtype: Dtype, exponent: number) => {
  const [half, rest] = [Math.trunc(exponent / 2), exponent - Math.trunc(exponent / 2)];
  return zeros(dtype, n).map((_, i) => (i % 4) * 2 ** half * 2 ** rest) as FloatArray;
};

describe.each(opened)("$name", ({ losses }) => {
  describe.each(dtypes)("%s, weights of a mean times powers of two at the ends of the dtype", (dtype) => {
    test.each(ELEMENTWISE.map((loss) => [titleOf(loss), loss] as const))("%s", (_, description) => {
      const { predictions, targets } = fitting(description);
      const faces = facesOfLoss(losses, description);
      const random = mulberry32(4);
      const p = predictions(values(random, dtype, n, 3));
      const t = targets(values(random, dtype, n, 3));
      const usual = faces.withGrad(p, t, { sampleWeight: weightsOf(dtype, 0) });
      for (const exponent of EXPONENTS[dtype]) {
        const sampleWeight = weightsOf(dtype, exponent);
        expect(faces.loss(p, t, { sampleWeight }), `2^${exponent}`).toBe(usual.loss);
        const { loss, grad } = faces.withGrad(p, t, { sampleWeight });
        expect(loss, `2^${exponent}`).toBe(usual.loss);
        expectSame(grad, usual.grad, `2^${exponent}`);
      }
    });

    test("rmse and gaussianNll", () => {
      const random = mulberry32(5);
      const [p, t] = [values(random, dtype, n, 3), values(random, dtype, n, 3)];
      const variance = values(random, dtype, n, 3).map((x) => Math.abs(x) + 0.5) as typeof p;
      const of = (sampleWeight: FloatArray) =>
        [
          losses.rmseWithGrad(p as Float32Array, t as Float32Array, { sampleWeight: sampleWeight as Float32Array }),
          losses.gaussianNllWithGrad(p as Float32Array, t as Float32Array, {
            variance: variance as Float32Array,
            sampleWeight: sampleWeight as Float32Array,
          }),
        ] as const;
      const usual = of(weightsOf(dtype, 0));
      for (const exponent of EXPONENTS[dtype]) {
        const [root, gaussian] = of(weightsOf(dtype, exponent));
        expect(root.loss).toBe(usual[0].loss);
        expectSame(root.grad, usual[0].grad, `rmse, 2^${exponent}`);
        expect(gaussian.loss).toBe(usual[1].loss);
        expectSame(gaussian.grad, usual[1].grad, `gaussianNll, 2^${exponent}`);
        expectSame(gaussian.gradVariance, usual[1].gradVariance, `gaussianNll by the variance, 2^${exponent}`);
      }
    });
  });

  test("weights of 1e-40, worked out by hand", () => {
    const sampleWeight = Float32Array.of(1e-40, 1e-40);
    const { loss, grad } = losses.mseWithGrad(Float32Array.of(1, 1), new Float32Array(2), { sampleWeight });
    expect(loss).toBe(1);
    expect([...grad]).toEqual([1, 1]);
  });

  test.each(dtypes)("%s: rmse of differences whose squares are beyond the dtype", (dtype) => {
    const random = mulberry32(6);
    const [p, t] = [values(random, dtype, n, 3), zeros(dtype, n)];
    const sampleWeight = weightsOf(dtype, 0);
    const rmse = (x: FloatArray, options = {}) => losses.rmse(x as Float32Array, t as Float32Array, options);
    const withGrad = (x: FloatArray, options = {}) =>
      losses.rmseWithGrad(x as Float32Array, t as Float32Array, options);
    for (const options of [{}, { sampleWeight }]) {
      const usual = withGrad(p, options);
      for (const exponent of dtype === "float32" ? [-100, -60, 70, 120] : [-1000, -500, 600, 1014]) {
        const [half, rest] = [exponent / 2, exponent - exponent / 2];
        const x = p.map((each) => each * 2 ** half * 2 ** rest) as FloatArray;
        expect(rmse(x, options), `2^${exponent}`).toBe(usual.loss * 2 ** half * 2 ** rest);
        const { loss, grad } = withGrad(x, options);
        expect(loss, `2^${exponent}`).toBe(usual.loss * 2 ** half * 2 ** rest);
        expectSame(grad, usual.grad, `2^${exponent}`);
        const out = x.slice();
        expectSame(withGrad(out, { ...options, out }).grad, usual.grad, `2^${exponent}, in place`);
      }
    }
    const nothing = withGrad(t.slice());
    expect(nothing.loss).toBe(0);
    expectSame(nothing.grad, zeros(dtype, n), "no difference");
    expect(rmse(zeros(dtype, n).fill(Infinity))).toBe(Infinity);
    const left = { sampleWeight: zeros(dtype, n).map((_, i) => (i === 7 ? 0 : 1)) };
    const edge = dtype === "float32" ? 2 ** 100 : 2 ** 1000;
    const odd = zeros(dtype, n).fill(edge);
    odd[7] = NaN;
    expect(rmse(odd, left)).toBe(edge);
    // what differs by nothing may be as large as it likes
    const [q, u] = [zeros(dtype, 2), zeros(dtype, 2)];
    [q[0], q[1], u[0]] = [1 / edge, edge, 0];
    u[1] = edge;
    const two = losses.rmse(q as Float32Array, u as Float32Array);
    expect(Math.abs(two * edge - Math.SQRT1_2)).toBeLessThan(1e-7);
  });

  test("rmse of half precision", () => {
    // 2^100 and 2^-100
    for (const [bits, x] of [
      [0x7180, 2 ** 100],
      [0x0d80, 2 ** -100],
    ]) {
      const { loss, grad } = losses.rmseWithGrad(bfloat16(Uint16Array.of(bits, bits)), bfloat16(new Uint16Array(2)));
      expect(loss).toBe(x);
      expect([...grad]).toEqual([0.5, 0.5]);
    }
  });
});

test("an array that there is no memory for leaves nothing behind", () => {
  const { losses } = opened.find(({ losses }) => losses.backend === "js")!;
  const p = Float32Array.of(3, 0);
  const t = Float32Array.of(0, 0.5);
  const wanted = losses.smoothL1(p, t);
  const Real = globalThis.Float32Array;
  const fails = {
    construct: () => {
      throw new RangeError("Array buffer allocation failed");
    },
  };
  for (const call of [
    () => losses.smoothL1(p, t, { beta: 0, reduction: "none" }),
    () => losses.smoothL1WithGrad(p, t, { beta: 0 }),
    () => losses.smoothL1(p, t, { sampleWeight: Real.of(0, 1), reduction: "none" }),
  ]) {
    globalThis.Float32Array = new Proxy(Real, fails);
    try {
      expect(call).toThrow("allocation failed");
    } finally {
      globalThis.Float32Array = Real;
    }
    expect(losses.smoothL1(p, t)).toBe(wanted);
  }
});
