import { expect, test } from "vitest";
import { exp, logarithm } from "../src/generated/kernels.ts";
import { backends, compareFloat32, expectSameBits, functions } from "./elementary.ts";
import { mulberry32 } from "./inputs.ts";

// The errors that the doc comments of assembly/functions/exp.ts and log.ts state.
test("float32: every 257th input, the same bits, within the stated error", { timeout: 120_000 }, () => {
  const errors = compareFloat32(257, true);
  expect(errors.exp).toBeLessThanOrEqual(2.3);
  expect(errors.log).toBeLessThanOrEqual(0.501);
});

test("float64: random inputs of every exponent, the same bits, within the stated error", () => {
  const random = mulberry32(5);
  const n = 200_000;
  const bits = new Uint32Array(2 * n).map(() => random() * 2 ** 32);
  const anything = new Float64Array(bits.buffer);
  const usual = new Float64Array(n).map((_, i) => (random() - 0.5) * 10 ** (i % 4));
  const positive = new Float64Array(n).map((_, i) => (i % 2 ? random() * 2 : 1 + (random() - 0.5) * 2 ** -(i % 40)));
  const edges = Float64Array.of(
    0,
    -0,
    1,
    -1,
    Infinity,
    -Infinity,
    NaN,
    5e-324,
    2.2e-308,
    1.7e308,
    709.5,
    710.1,
    -745.2,
  );
  for (const x of [anything, usual, positive, edges]) {
    for (const [name, { kernel, truth }] of Object.entries(functions)) {
      const [a, b] = Object.values(backends).map((backend) => {
        const out = new Float64Array(x.length);
        backend.run(kernel, "f64", Math.ceil(x.length / 1024), { x, out }, x.length);
        return out;
      });
      expectSameBits(b, a, x, name);
      for (let i = 0; i < x.length; i++) {
        const wanted = truth(x[i]);
        if (!(Math.abs(wanted) >= 2.3e-308 && Math.abs(wanted) < 8e307)) continue;
        const unit = kernel === exp ? 4.2 : kernel === logarithm ? 2 : 0;
        const error = Math.abs(a[i] - wanted) / Math.abs(wanted);
        if (!(error <= unit * 2 ** -53)) expect.fail(`${name}(${x[i]}) is ${a[i]}, wanted ${wanted}`);
      }
    }
  }
});

test("exact values", () => {
  for (const backend of Object.values(backends)) {
    for (const dtype of ["f32", "f64"] as const) {
      const x =
        dtype === "f32" ? Float32Array.of(0, -0, -Infinity, Infinity) : Float64Array.of(0, -0, -Infinity, Infinity);
      const out = x.slice();
      backend.run(exp, dtype, 1, { x, out }, x.length);
      expect([...out]).toEqual([1, 1, 0, Infinity]);
      const y = x.slice();
      y.set([1, 0, -1, Infinity]);
      backend.run(logarithm, dtype, 1, { x: y, out }, y.length);
      expect([...out]).toEqual([0, -Infinity, NaN, Infinity]);
    }
  }
});
