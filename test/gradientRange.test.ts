import { describe, expect, test } from "vitest";
import { openThreaded } from "./backends.ts";

// Gradients whose factors leave the dtype on the way: what they are, worked out by hand.

const opened = await openThreaded();

const filled = <A extends Float32Array | Float64Array>(array: A, at: Record<number, number>): A => {
  for (const [i, x] of Object.entries(at)) array[Number(i)] = x;
  return array;
};

describe.each(opened)("$name", ({ losses }) => {
  const near = (got: number, wanted: number, error: number) =>
    expect(Math.abs(got / wanted - 1), `${got}, not ${wanted}`).toBeLessThanOrEqual(error);

  test("a target far above the others, by label and by probabilities", () => {
    const logits = filled(new Float32Array(65), { 20: 40, 30: 104 });
    const options = { classes: 65 };
    near(losses.crossEntropyWithGrad(logits, Int32Array.of(30), options).grad[20], 1.603810890548638e-28, 8e-6);
    const one = filled(new Float32Array(65), { 30: 1 });
    near(losses.crossEntropyWithGrad(logits, one, options).grad[20], 1.603810890548638e-28, 8e-6);
    // smoothed, of weights 0 but for the target's
    const weight = filled(new Float32Array(65), { 30: 1 });
    const smooth = { classes: 65, weight, labelSmoothing: 0.5, reduction: "sum" as const };
    near(
      losses.crossEntropyWithGrad(logits, Int32Array.of(30), smooth).grad[20],
      (0.5 + 0.5 / 65) * 1.603810890548638e-28,
      8e-6,
    );
    const wide = filled(new Float64Array(65), { 20: 40, 30: 740 });
    near(losses.crossEntropyWithGrad(wide, Int32Array.of(30), options).grad[20], Math.exp(-700), 1e-12);
  });

  test("weights near the largest number", () => {
    const logits = filled(new Float64Array(65), { 3: 100 });
    const weight = new Float64Array(65).fill(1e285);
    const { grad } = losses.crossEntropyWithGrad(logits, Int32Array.of(0), { classes: 65, weight, reduction: "sum" });
    near(grad[3], 1e285, 1e-13);
    near(grad[0], -1e285, 1e-13);
    near(grad[1], 1e285 * Math.exp(-100), 1e-13);
  });

  test("an exponential below the smallest normal number, times a weight", () => {
    const logits = filled(new Float32Array(70), { 1: -100 });
    for (const classes of [70, 35]) {
      const weight = new Float32Array(classes).fill(1e30);
      const options = { classes, weight, reduction: "sum" as const };
      const { grad } = losses.crossEntropyWithGrad(logits.subarray(0, classes), Int32Array.of(0), options);
      near(grad[1], (Math.fround(1e30) * Math.exp(-100)) / (classes - 1), 1e-5);
    }
  });

  test("weights below the smallest normal number", () => {
    const weight = Float64Array.of(1e-310, 1e-310);
    for (const out of [undefined, new Float64Array(2)]) {
      const { loss, grad } = losses.crossEntropyWithGrad(out ?? new Float64Array(2), Int32Array.of(0), {
        classes: 2,
        weight,
        out,
      });
      expect(grad).toEqual(Float64Array.of(-0.5, 0.5));
      near(loss, Math.LN2, 1e-12);
    }
    const smooth = losses.crossEntropyWithGrad(new Float64Array(2), Int32Array.of(0), {
      classes: 2,
      weight,
      labelSmoothing: 1,
    });
    expect(smooth.grad).toEqual(new Float64Array(2));
  });

  test("weights whose sum overflows", () => {
    const options = { classes: 2, weight: Float64Array.of(1e308, 1e308) };
    const { grad } = losses.crossEntropyWithGrad(new Float64Array(40), new Int32Array(20), options);
    for (let i = 0; i < 40; i++) near(grad[i], i % 2 ? 0.025 : -0.025, 1e-14);
  });

  test("a row of one logit and a class that is left out, smoothed", () => {
    const { grad } = losses.crossEntropyWithGrad(Float32Array.of(-Infinity, -43.7), Int32Array.of(1), {
      classes: 2,
      labelSmoothing: 1,
      weight: Float32Array.of(1, 1e30),
      reduction: "sum",
    });
    expect(grad[0]).toBe(-0.5);
  });

  test("a weight far below the others", () => {
    const logits = filled(new Float32Array(120), { 20: 20, 80: 20 });
    const weight = filled(new Float32Array(60).fill(1e30), { 5: 1 });
    const { grad } = losses.crossEntropyWithGrad(logits, Int32Array.of(5, 6), { classes: 60, weight });
    near(grad[20], 1 / (1 + 59 * Math.exp(-20)) / (1 + Math.fround(1e30)), 2e-6);
  });

  test("probabilities and weights near the smallest number", () => {
    const q = new Float64Array(2000).fill(0.5);
    q[0] = 1e-310;
    const { grad } = losses.crossEntropyWithGrad(q, new Int32Array(1000), { classes: 2, input: "probabilities" });
    near(grad[0], -1e307, 1e-12);
    const small = losses.crossEntropyWithGrad(Float64Array.of(1e-200, 1), Float64Array.of(1e-200, 0), {
      classes: 2,
      input: "probabilities",
      weight: Float64Array.of(1e-200, 1),
    });
    near(small.grad[0], -1e-200, 1e-14);
    const log = losses.crossEntropyWithGrad(new Float64Array(2), Int32Array.of(1), {
      classes: 2,
      input: "logProbabilities",
      weight: Float64Array.of(1, 1e-310),
    });
    near(log.grad[1], -1, 1e-14);
  });

  test("rows whose targets all weigh nothing have no mean, and gradient 0, smoothed or not", () => {
    for (const classes of [2, 80]) {
      const weight = filled(new Float64Array(classes).fill(1), { 0: 0 });
      const logits = filled(new Float64Array(2 * classes), { 1: 3 });
      for (const labelSmoothing of [0, 0.1, 1]) {
        for (const input of ["logits", "probabilities", "logProbabilities"] as const) {
          const options = { classes, weight, labelSmoothing, ignoreIndex: 7, input };
          for (const labels of [Int32Array.of(0, 0), Int32Array.of(0, 7), Int32Array.of(7, 7)]) {
            expect(losses.crossEntropy(logits, labels, options)).toBeNaN();
            const { loss, grad } = losses.crossEntropyWithGrad(logits, labels, options);
            expect(loss).toBeNaN();
            expect(grad).toEqual(new Float64Array(2 * classes));
          }
          // a sum has what smoothing adds
          if (labelSmoothing === 0 || input !== "logits") continue;
          const { loss, grad } = losses.crossEntropyWithGrad(logits, Int32Array.of(0, 0), {
            ...options,
            reduction: "sum",
          });
          expect(loss).toBeGreaterThan(0);
          expect(grad[1]).not.toBe(0);
        }
      }
    }
  });

  test("a product of a weight and an exponential below the smallest number, times the inverse of the weights", () => {
    const weight = Float64Array.of(1e-255, 0);
    const { grad } = losses.crossEntropyWithGrad(Float64Array.of(250, 0, 250, 0), Int32Array.of(0, 1), {
      classes: 2,
      weight,
      labelSmoothing: 1,
    });
    near(grad[3], 0.5 * Math.exp(-250), 1e-12);
  });

  test("a weight near the largest number beside labels' weights near the smallest", () => {
    const classes = 3;
    for (const [own, digits] of [
      [3e-308, 1e-12],
      [1.5e-308, 1e-12],
      [1e-310, 1e-9],
    ]) {
      const weight = Float64Array.of(1e290, own, 0);
      const logits = Float64Array.of(1300, 1300, 0);
      const { grad } = losses.crossEntropyWithGrad(logits, Int32Array.of(1), { classes, weight, labelSmoothing: 0.3 });
      expect(grad[0]).toBe(-Infinity);
      expect(grad[1]).toBe(Infinity);
      // Σ c q_2 / w[y]
      near(grad[2], (1e289 * Math.exp(-650) * Math.exp(-650)) / 2 / own, digits);
    }
  });

  test("a weight beside which the others' sum is nothing", () => {
    // Σ c - c_0 would be 0, but the gradient at 0 is the other classes' (Σ_(k > 0) c_k q_0 - c_0 (1 - q_0)) / w[y]
    const weight = Float64Array.of(1e250, 1, 1e-200);
    const logits = Float64Array.of(800, 0, 0);
    const { grad } = losses.crossEntropyWithGrad(logits, Int32Array.of(2), {
      classes: 3,
      weight,
      labelSmoothing: 0.3,
    });
    near(grad[0], 1e199, 1e-13);
    near(grad[1], -1e199, 1e-13);
    near(grad[2], 1e200 * Math.exp(-400) * 1e249 * Math.exp(-400), 1e-12);
  });
});
