import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ELEMENTWISE, type ElementwiseLoss } from "../src/descriptions/elementwise.ts";
import { bfloat16, float16 } from "../src/dtype.ts";
import { type Losses, openAll } from "./backends.ts";
import { any, expectError, notFloatArrays, untyped } from "./expectError.ts";
import { facesOf } from "./faces.ts";
import {
  arrayOf,
  bfloat16Value,
  combinationsOf,
  type Dtype,
  differences,
  dtypes,
  elementCounts,
  expectClose,
  expectSame,
  extremesOf,
  type FloatArray,
  float16Value,
  floats,
  integer,
  mulberry32,
  outsideOf,
  unaligned,
  values,
  zeros,
} from "./inputs.ts";
import * as oracle from "./oracle.ts";

// Every element-wise loss of the list, from its description, and rmse.

const opened = await openAll();
const backends = opened.map(({ name, losses }) => [name, losses] as const);
/** Those with the same bits. */
const strict = opened.filter(({ losses }) => !losses.relaxed);
const reference = strict.find(({ losses }) => losses.backend === "js")!.losses;

const reductions = ["mean", "sum", "none"] as const;
type Options = Readonly<Record<string, number>>;

/** Roundings are relative to 2^-24 or 2^-53; the least numbers there are. */
const rounding = { float32: 2 ** -24, float64: 2 ** -53 };
const least = { float32: 2 ** -149, float64: 2 ** -1074 };

/** What a description says of errors: roundings of each loss and of each slope, and what sums add, of Σ |loss|. */
function statedOf({ name, tolerance }: ElementwiseLoss, dtype: Dtype) {
  const text = dtype === "float32" ? tolerance.f32 : tolerance.f64;
  const stated = /^2\^(-\d+) of Σ \|loss\| beside (\d+) x 2\^-\d+ of each; gradient (\d+) x 2\^-\d+$/.exec(text);
  if (!stated) throw new Error(`${name}: "${text}" states no errors that could be tested`);
  const [sums, each, slope] = stated.slice(1).map(Number);
  return { sums: 2 ** sums, each: each * rounding[dtype], slope: slope * rounding[dtype] };
}

/** All that a loss gives, in order. */
function resultsOf(losses: Losses, name: string, p: FloatArray, t: FloatArray, options: object, out?: FloatArray) {
  const { loss, withGrad } = facesOf(losses, name);
  const alone = reductions.map((reduction) => loss(p, t, { ...options, reduction }));
  const grads = reductions.map((reduction) => {
    const result = withGrad(p, t, { ...options, reduction, out: out?.subarray() });
    return { loss: result.loss, grad: result.grad.slice() };
  });
  return [...alone, ...grads.flatMap(({ loss, grad }) => [loss, grad])].map((result) =>
    typeof result === "number" ? [result] : result,
  );
}

function expectResults(got: ArrayLike<number>[], wanted: ArrayLike<number>[], where: string): void {
  got.forEach((result, i) => {
    expectSame(result, wanted[i], `${where} [${i}]`);
  });
}

/** What no model should give, and where float32 or float64 end. */
const SPECIAL = [0, -0, 1, -1, 0.5, 1 + 2 ** -23, 1e-30, -1e-30, 1e-45, 2e-40, 5e-324, -5e-324, 2 ** -126, 3e38, -3e38]
  .concat([1e19, 1.9e19, 1e200, -1e200, Number.MAX_VALUE, Infinity, -Infinity, NaN])
  .sort();

const anyValue = fc.oneof(
  { weight: 12, arbitrary: fc.double({ min: -20, max: 20, noNaN: true }) },
  { weight: 2, arbitrary: fc.constantFrom(...SPECIAL) },
  { weight: 1, arbitrary: fc.double() },
);
const lengths = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 70 }) },
  { weight: 2, arbitrary: fc.constantFrom(1023, 1024, 1025, 2048, 3001) },
);
const patterns = fc.array(anyValue, { minLength: 1, maxLength: 100 });
const finite = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 100 });

const repeated = (dtype: Dtype, length: number, pattern: readonly number[]) =>
  zeros(dtype, length).map((_, i) => pattern[i % pattern.length]) as FloatArray;

describe.each(ELEMENTWISE.map((loss) => [loss.name, loss] as const))("%s", (name, description) => {
  const { options } = description;
  const combinations = combinationsOf(options);
  const optionSets = fc.record(
    Object.fromEntries(
      options.map((option) => [
        option.name,
        fc.constantFrom(...combinations.map((set) => set[option.name]), ...extremesOf(option)),
      ]),
    ),
  );

  test("the oracle's slope is the derivative of its loss", () => {
    const random = mulberry32(5);
    const { loss, slope } = oracle.ELEMENTWISE[name];
    for (const set of combinations) {
      const p = values(random, "float64", 300, 2);
      const t = values(random, "float64", 300, 2);
      const derivative = (step: number) =>
        Array.from(
          p,
          (x, i) =>
            differences(
              ([x]) => loss(x, t[i], set),
              Float64Array.of(x),
              () => step,
            )[0],
        );
      const [fine, coarse] = [derivative(2 ** -10), derivative(2 ** -9)];
      // at a kink they differ
      const smooth = Array.from(p.keys()).filter((i) => Math.abs(fine[i] - coarse[i]) < 1e-9 * (1 + Math.abs(fine[i])));
      expect(smooth.length).toBeGreaterThan(280);
      const slopes = smooth.map((i) => slope(p[i], t[i], set));
      const wanted = smooth.map((i) => fine[i]);
      expectClose(slopes, wanted, (i) => 1e-9 * (1 + Math.abs(wanted[i])), JSON.stringify(set));
    }
  });

  describe.each(dtypes)("%s", (dtype) => {
    const stated = statedOf(description, dtype);
    const array = (...numbers: number[]) => floats(dtype, numbers);

    test.each(backends)("%s: the oracle's losses, sums, means and gradients", (_, losses) => {
      const random = mulberry32(1);
      const { loss, withGrad } = facesOf(losses, name);
      for (const set of combinations) {
        for (const [k, n] of elementCounts.entries()) {
          const where = `${n} elements, ${JSON.stringify(set)}`;
          const p = k % 2 === 0 ? values(random, dtype, n, 3) : unaligned(values(random, dtype, n, 3), 1 + (k % 3));
          const t = k % 3 === 0 ? unaligned(values(random, dtype, n, 3), 1 + (k % 2)) : values(random, dtype, n, 3);
          const wanted = oracle.elementwise(name, p, t, set);
          const of = (i: number) => stated.each * Math.abs(wanted.losses[i]) + least[dtype];
          const total = (stated.sums + stated.each) * oracle.exactSum(wanted.losses.map(Math.abs)) + n * least[dtype];
          for (const reduction of reductions) {
            const by = reduction === "mean" ? n : 1;
            const got = withGrad(p, t, { ...set, reduction });
            const alone = loss(p, t, { ...set, reduction });
            expect(alone).toEqual(got.loss);
            if (typeof alone === "number") {
              expectClose([alone], [wanted.sum / by], () => total / by, `${reduction}, ${where}`);
            } else expectClose(alone, wanted.losses, of, `${reduction}, ${where}`);
            const gradient = wanted.slopes.map((slope) => slope / by);
            const ofSlope = (i: number) => stated.slope * Math.abs(gradient[i]) + least[dtype];
            expectClose(got.grad, gradient, ofSlope, `gradient of ${reduction}, ${where}`);
          }
          if (k === 0) expect(loss(p, t, set)).toBe(loss(p, t, { ...set, reduction: "mean" }));
        }
      }
      expect(loss(array(2, 3), array(1, 5))).toBe(loss(array(2, 3), array(1, 5), defaultsOf(description)));
    });

    test("the same bits in every backend, wherever arrays lie, in place, and nothing beside `out`", () => {
      const property = fc.property(
        lengths,
        patterns,
        patterns,
        optionSets,
        fc.nat(20),
        fc.nat(7),
        (length, p0, t0, set, shift, shiftOfTargets) => {
          const p = repeated(dtype, length, p0);
          const t = repeated(dtype, length, t0);
          const wanted = resultsOf(reference, name, p, t, set);
          for (const { name: backend, losses } of strict) {
            const same = (what: string, predictions: FloatArray, targets: FloatArray, out?: FloatArray) =>
              expectResults(resultsOf(losses, name, predictions, targets, set, out), wanted, `${backend}, ${what}`);
            same("ordinary", p, t);
            const type = arrayOf[dtype] as Float32ArrayConstructor;
            const memory = losses.alloc(type, 2 * length + 40).fill(7);
            const q = memory.subarray(shift, shift + length);
            const u = memory.subarray(length + 30, 2 * length + 30);
            const targets = unaligned(t, 1 + shiftOfTargets) as Float32Array;
            q.set(p);
            u.set(t);
            same("resident", q, u);
            same("resident beside ordinary", q, targets);
            const outside = zeros(dtype, length + 40).fill(7) as Float32Array;
            same("to an ordinary array", q, u, outside.subarray(shift, shift + length));
            same("to a resident array", p, targets, q);
            for (const whole of [outside, memory]) {
              const beside = [...whole.subarray(0, shift), ...whole.subarray(shift + length, length + 30)];
              expect(beside.every((it) => it === 7)).toBe(true);
            }
            // the gradient overwrites the predictions
            for (const reduction of reductions) {
              for (const place of [q, p.slice()]) {
                place.set(p);
                const { loss, grad } = facesOf(losses, name).withGrad(place, t, { ...set, reduction, out: place });
                expect(grad).toBe(place);
                const k = 3 + 2 * reductions.indexOf(reduction);
                const results = [typeof loss === "number" ? [loss] : loss, grad];
                expectResults(results, wanted.slice(k, k + 2), `${backend}, in place`);
              }
            }
            losses.free(memory);
          }
        },
      );
      fc.assert(property, { numRuns: 100 });
    });

    test("every special value beside every other: NaN where the oracle has it, and nowhere else", () => {
      const pairs = SPECIAL.flatMap((p) => SPECIAL.map((t) => [p, t]));
      const p = floats(
        dtype,
        pairs.map(([p]) => p),
      );
      const t = floats(
        dtype,
        pairs.map(([, t]) => t),
      );
      const extreme = options.flatMap((option) =>
        extremesOf(option).map((value) => ({ ...defaultsOf(description), [option.name]: value })),
      );
      for (const set of [...combinations, ...extreme]) {
        const rounded = Object.entries(set).map(([key, value]) => [key, representable(dtype, value)]);
        const wanted = oracle.elementwise(name, p, t, Object.fromEntries(rounded));
        for (const { name: backend, losses } of strict) {
          const { loss, grad } = facesOf(losses, name).withGrad(p, t, { ...set, reduction: "none" });
          for (const [i, [a, b]] of pairs.entries()) {
            const where = `${backend}, ${a} and ${b}, ${JSON.stringify(set)}`;
            expect(Number.isNaN((loss as FloatArray)[i]), where).toBe(Number.isNaN(wanted.losses[i]));
            expect(Number.isNaN(grad[i]), `gradient, ${where}`).toBe(Number.isNaN(wanted.slopes[i]));
          }
        }
      }
    });

    test("a NaN is its own element's alone, at every place of a round and of a block", () => {
      const random = mulberry32(2);
      const n = 1024 + 37;
      const p = values(random, dtype, n);
      const t = values(random, dtype, n);
      for (const { losses } of strict) {
        const { loss, withGrad } = facesOf(losses, name);
        const clean = withGrad(p, t, { reduction: "none" });
        for (const at of [...Array(33).keys(), 1023, 1024, 1030, n - 1]) {
          for (const spoilt of [p, t]) {
            const kept = spoilt[at];
            spoilt[at] = NaN;
            const got = withGrad(p, t, { reduction: "none" });
            expect(loss(p, t)).toBeNaN();
            spoilt[at] = kept;
            for (const [found, wanted] of [
              [got.loss as FloatArray, clean.loss as FloatArray],
              [got.grad, clean.grad],
            ]) {
              expect(found[at]).toBeNaN();
              found[at] = wanted[at];
              expectSame(found, wanted, `NaN at ${at}`);
            }
          }
        }
      }
    });

    test("blocks are summed by themselves, and added in order", () => {
      const property = fc.property(fc.integer({ min: 1, max: 4000 }), finite, finite, optionSets, (n, p0, t0, set) => {
        const p = repeated(dtype, n, p0);
        const t = repeated(dtype, n, t0);
        const { loss } = facesOf(reference, name);
        const sum = (p: FloatArray, t: FloatArray) => loss(p, t, { ...set, reduction: "sum" }) as number;
        let blocks = 0;
        for (let i = 0; i < n; i += 1024) blocks += sum(p.subarray(i, i + 1024), t.subarray(i, i + 1024));
        expect(sum(p, t)).toBe(blocks);
        expect(loss(p, t, { ...set, reduction: "mean" })).toBe(blocks / n);
        const none = loss(p, t, { ...set, reduction: "none" }) as FloatArray;
        expect(sum(p.subarray(0, 1), t.subarray(0, 1))).toBe(none[0] + 0);
      });
      fc.assert(property, { numRuns: 100 });
    });

    test("elements in another order: the same losses in that order, and the sum within what is stated", () => {
      const property = fc.property(fc.integer({ min: 1, max: 3000 }), finite, finite, fc.nat(), (n, p0, t0, seed) => {
        const p = repeated(dtype, n, p0);
        const t = repeated(dtype, n, t0);
        const random = mulberry32(seed);
        const order = Array.from({ length: n }, (_, i) => i);
        for (let i = n - 1; i > 0; i--) {
          const k = integer(random, i + 1);
          [order[i], order[k]] = [order[k], order[i]];
        }
        const permuted = (array: FloatArray) => array.map((_, i) => array[order[i]]) as FloatArray;
        const { loss, withGrad } = facesOf(reference, name);
        const a = withGrad(p, t, { reduction: "none" });
        const b = withGrad(permuted(p), permuted(t), { reduction: "none" });
        expectSame(b.loss as FloatArray, permuted(a.loss as FloatArray), "losses");
        expectSame(b.grad, permuted(a.grad), "gradient");
        const sums = [loss(p, t, { reduction: "sum" }), loss(permuted(p), permuted(t), { reduction: "sum" })];
        const size = oracle.exactSum(Array.from(a.loss as FloatArray, Math.abs));
        expect(Math.abs((sums[0] as number) - (sums[1] as number))).toBeLessThanOrEqual(2 * stated.sums * size);
      });
      fc.assert(property, { numRuns: 50 });
    });

    test("several launches: the same bits in every backend", () => {
      const random = mulberry32(3);
      const n = 150_001;
      const p = values(random, dtype, n);
      const t = values(random, dtype, n);
      const wanted = resultsOf(reference, name, p, t, {});
      for (const { name: backend, losses } of strict) {
        expectResults(resultsOf(losses, name, p, t, {}), wanted, backend);
      }
    });

    test.each(backends)("%s: of nothing the mean is NaN and the sum 0", (_, losses) => {
      const { loss, withGrad } = facesOf(losses, name);
      const empty = zeros(dtype, 0);
      expect(loss(empty, empty)).toBeNaN();
      expect(loss(empty, empty, { reduction: "sum" })).toBe(0);
      expect(loss(empty, empty, { reduction: "none" })).toEqual(empty);
      expect(withGrad(empty, empty)).toEqual({ loss: NaN, grad: empty });
      expect(withGrad(empty, empty, { reduction: "none" })).toEqual({ loss: empty, grad: empty });
    });

    test.each(backends)(
      "%s: results are the dtype's, new or `out` itself, and inputs stay as they are",
      (_, losses) => {
        const { loss, withGrad } = facesOf(losses, name);
        const p = values(mulberry32(4), dtype, 100);
        const t = values(mulberry32(5), dtype, 100);
        const before = [p.slice(), t.slice()];
        const none = loss(p, t, { reduction: "none" }) as FloatArray;
        expect(none.constructor).toBe(arrayOf[dtype]);
        const first = withGrad(p, t).grad;
        const kept = [none.slice(), first.slice()];
        expect(first.constructor).toBe(arrayOf[dtype]);
        expect(withGrad(t, p).grad.buffer).not.toBe(first.buffer);
        loss(t, p, { reduction: "none" });
        expect([none, first]).toEqual(kept);
        const out = zeros(dtype, 100).fill(7);
        expect(withGrad(p, t, { out }).grad).toBe(out);
        expect([out, p, t]).toEqual([first, ...before]);
      },
    );
  });

  test("half precision: what the float32 values that it stands for give", () => {
    const n = 300_001;
    const random = mulberry32(6);
    const halves = [float16, bfloat16].map((half, k) => {
      const bits = Uint16Array.from({ length: n }, () => random() * 65536);
      return { half: half(bits), wide: Float32Array.from(bits, k === 0 ? float16Value : bfloat16Value) };
    });
    for (const { name: backend, losses } of strict) {
      const { loss, withGrad } = facesOf(losses, name);
      for (const length of [0, 1, 17, 1025, n]) {
        const [a, b] = halves.map(({ half, wide }) => ({
          half: half.subarray(0, length),
          wide: wide.slice(0, length),
        }));
        for (const [p, t] of [
          [a.half, b.half],
          [b.half, a.wide],
          [a.wide, a.half],
        ]) {
          const wide = [p, t].map((it) => (it === a.half ? a.wide : it === b.half ? b.wide : (it as Float32Array)));
          const where = `${backend}, ${length} elements`;
          const out = new Float32Array(length);
          const got = withGrad(p, t, { reduction: "none", out });
          const wanted = withGrad(wide[0], wide[1], { reduction: "none" });
          expect(got.grad).toBe(out);
          expectSame(got.loss as FloatArray, wanted.loss as FloatArray, where);
          expectSame(got.grad, wanted.grad, where);
          expect(loss(p, t)).toEqual(loss(wide[0], wide[1]));
        }
      }
    }
  });

  test("an option of a dtype is never 0 where it may not be, nor infinite", () => {
    for (const option of options) {
      for (const dtype of dtypes) {
        const p = floats(dtype, [Infinity, -Infinity, 3e38, 1, 0]);
        for (const value of extremesOf(option)) {
          const { loss } = facesOf(reference, name);
          const [a, b] = [value, representable(dtype, value)].map(
            (it) => loss(p, zeros(dtype, 5), { [option.name]: it, reduction: "none" }) as FloatArray,
          );
          expectSame(a, b, `${option.name} ${value}`);
        }
      }
    }
  });
});

/** The nearest number of the dtype that is neither 0 nor infinite, where the given one is not 0. */
function representable(dtype: Dtype, x: number): number {
  const largest = dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
  if (x === 0) return x;
  return Math.sign(x) * Math.max(least[dtype], Math.min(Math.abs(x), largest));
}

function defaultsOf({ options }: ElementwiseLoss): Options {
  return Object.fromEntries(options.map((option) => [option.name, option.default]));
}

// ---------------------------------------------------------------------------------------------- of one loss or another

describe.each(dtypes)("%s", (dtype) => {
  test("huber with a delta beyond all differences is half of mse", () => {
    const property = fc.property(finite, finite, (p0, t0) => {
      const p = floats(dtype, p0);
      const t = repeated(dtype, p.length, t0);
      const delta = 1e4;
      const half = reference.mse(p, t, { reduction: "none" }).map((square) => square / 2);
      // a square that is subnormal is rounded before it is halved
      const normal = (x: number, i: number) => (Math.abs(p[i] - t[i]) > 1e-18 ? x : 0);
      expectSame(
        (reference.huber(p, t, { delta, reduction: "none" }) as FloatArray).map(normal),
        (half as FloatArray).map(normal),
        "huber",
      );
      const a = reference.huberWithGrad(p, t, { delta, reduction: "sum" });
      const b = reference.mseWithGrad(p, t, { reduction: "sum" });
      expectSame(
        a.grad,
        (b.grad as FloatArray).map((g) => g / 2),
        "gradient",
      );
    });
    fc.assert(property, { numRuns: 100 });
  });

  test("huber has a delta of 1 where none is given, and it is above 0", () => {
    const random = mulberry32(33);
    const [p, t] = [values(random, dtype, 200, 3), values(random, dtype, 200, 3)];
    for (const { name, losses } of opened) {
      expect(losses.huberWithGrad(p, t), name).toEqual(losses.huberWithGrad(p, t, { delta: 1 }));
      for (const delta of [0, -0, -1, NaN]) expect(() => losses.huber(p, t, { delta }), name).toThrow(RangeError);
    }
  });

  test("huber with a delta below all differences is mae, but for the corner", () => {
    const p = values(mulberry32(7), dtype, 100);
    const t = p.map((x, i) => x + (i % 2 === 0 ? 3 : -2)) as FloatArray;
    const delta = 2 ** -20;
    const huber = reference.huber(p, t, { delta });
    expectClose([huber / delta], [reference.mae(p, t)], () => 1e-6, "huber / delta");
    const grad = reference.huberWithGrad(p, t, { delta, reduction: "sum" }).grad;
    expectSame(
      (grad as FloatArray).map((g) => g / delta),
      reference.maeWithGrad(p, t, { reduction: "sum" }).grad,
      "sign",
    );
  });

  test("mae of values times a power of two is as many times larger, mse the square of that", () => {
    const property = fc.property(finite, finite, fc.integer({ min: -8, max: 8 }), (p0, t0, exponent) => {
      const by = 2 ** exponent;
      const grid = (values: readonly number[]) =>
        floats(dtype, values).map((x) => Math.round(x * 64) / 64) as FloatArray;
      const p = grid(p0);
      const t = grid(repeated(dtype, p.length, t0) as unknown as number[]);
      const times = (array: FloatArray) => array.map((x) => x * by) as FloatArray;
      expect(reference.mae(times(p), times(t))).toBe(by * reference.mae(p, t));
      expect(reference.mse(times(p), times(t))).toBe(by * by * reference.mse(p, t));
    });
    fc.assert(property, { numRuns: 100 });
  });

  test("equal arrays: 0, and rmse and its gradient are 0", () => {
    const p = values(mulberry32(19), dtype, 100);
    for (const { losses } of opened) {
      expect([losses.mse(p, p), losses.mae(p, p), losses.huber(p, p), losses.rmse(p, p)]).toEqual([0, 0, 0, 0]);
      for (const grad of [
        losses.mseWithGrad(p, p).grad,
        losses.maeWithGrad(p, p).grad,
        losses.rmseWithGrad(p, p).grad,
      ]) {
        expect(grad).toEqual(zeros(dtype, 100));
      }
    }
  });

  test("rmse is the root of mse, and so is its gradient", () => {
    const random = mulberry32(8);
    for (const n of elementCounts) {
      const p = values(random, dtype, n, 3);
      const t = values(random, dtype, n, 3);
      const { loss, gradient } = oracle.rmse(p, t);
      const wanted = reference.rmseWithGrad(p, t);
      for (const { name, losses } of opened) {
        expect(losses.rmse(p, t), name).toBe(Math.sqrt(losses.mse(p, t)));
        const place = p.slice();
        const got = losses.rmseWithGrad(place, t, { out: any(place) });
        expect([got.loss, got.grad], name).toEqual([losses.rmse(p, t), place]);
        if (!losses.relaxed) expectSame(got.grad, wanted.grad, name);
        expectClose([got.loss], [loss], () => 1e-7 * loss, `${name}, rmse`);
        const tolerance = (i: number) => 8 * rounding[dtype] * Math.abs(gradient[i]) + least[dtype];
        expectClose(got.grad, gradient, tolerance, `${name}, gradient of rmse`);
      }
    }
    expect(reference.rmse(zeros(dtype, 0), zeros(dtype, 0))).toBeNaN();
  });

  test("the mean of 4,000,000 equal losses is that loss", () => {
    const p = zeros(dtype, 4_000_000).fill(0.1);
    const t = zeros(dtype, 4_000_000);
    for (const { losses } of strict) {
      const [square] = losses.mse(p.subarray(0, 1), t.subarray(0, 1), { reduction: "none" });
      expectClose([losses.mse(p, t)], [square], () => (dtype === "float32" ? 1e-7 : 1e-13) * square, "mean");
    }
  });
});

test("mse of 2^25 float32 pairs that differ by 1 is exactly 1", () => {
  const predictions = new Float32Array(2 ** 25).fill(3);
  const targets = new Float32Array(2 ** 25).fill(2);
  for (const { losses } of opened) {
    expect(losses.mse(predictions, targets)).toBe(1);
    expect(losses.mse(predictions, targets, { reduction: "sum" })).toBe(2 ** 25);
    expect(losses.rmse(predictions, targets)).toBe(1);
  }
});

// ----------------------------------------------------------------------------------------------------------- errors

/** Public functions, and what they take. */
const functions = [
  ...ELEMENTWISE.flatMap(({ name, options }) => [
    { name, options, reduced: true, out: false },
    { name: `${name}WithGrad`, options, reduced: true, out: true },
  ]),
  { name: "rmse", options: [], reduced: false, out: false },
  { name: "rmseWithGrad", options: [], reduced: false, out: true },
];

/** Two letters in the other's place: delta, detla. */
const misspelt = ({ name }: { name: string }) => name.slice(0, 2) + name[3] + name[2] + name.slice(4);

describe.each(functions)("errors of $name", ({ name, options, reduced, out }) => {
  describe.each(opened.filter(({ name }) => name === "js" || name === "wasm"))("$name", ({ losses }) => {
    const call = (...args: unknown[]) => untyped((losses as unknown as Record<string, unknown>)[name])(...args);

    describe.each(dtypes)("%s", (dtype) => {
      const other = dtype === "float32" ? "float64" : "float32";
      const p = values(mulberry32(20), dtype, 20);
      const t = values(mulberry32(21), dtype, 20);
      const seven = (length = 20) => zeros(dtype, length).fill(7);

      test("arrays of the wrong kind, of two dtypes, of two lengths", () => {
        for (const wrong of notFloatArrays) {
          expectError(() => call(wrong, t), TypeError, name, "predictions");
          expectError(() => call(p, wrong), TypeError, name, "targets");
        }
        expectError(() => call(p, zeros(other, 20)), TypeError, name, "targets", /float32/i, /float64/i);
        const half = float16(new Uint16Array(20));
        if (dtype === "float64") expectError(() => call(half, t), TypeError, name, "targets", "f16");
        for (const length of [0, 1, 19, 21]) {
          expectError(() => call(p, zeros(dtype, length)), RangeError, name, "targets", length, 20);
        }
      });

      test("options that there are not, and what they are like", () => {
        const known = ["nothing like it", ...options.map(misspelt)];
        for (const option of known) {
          const like = options.find((each) => misspelt(each) === option);
          const parts = like ? [option, `(${like.name}?)`] : [option];
          expectError(() => call(p, t, { [option]: 1 }), TypeError, name, ...parts);
        }
        if (reduced) expectError(() => call(p, t, { reductoin: "sum" }), TypeError, name, "(reduction?)");
        if (!out) expectError(() => call(p, t, { out: seven() }), TypeError, name, "out is no option");
        for (const it of [null, "sum", 3]) {
          expectError(() => call(p, t, it), TypeError, name, "options must be an object");
        }
      });

      test("a reduction that there isn't, or where there is none", () => {
        const wrong = (reduction: unknown) => () => call(p, t, { reduction });
        if (!reduced) return expectError(wrong("sum"), TypeError, name, "reduction is no option");
        expectError(wrong("average"), RangeError, name, "reduction", "average", "mean", "sum", "none");
        expectError(wrong(1), TypeError, name, "reduction");
      });

      test("numbers beyond their bounds, and what is no number", () => {
        for (const option of options) {
          for (const value of outsideOf(option)) {
            expectError(() => call(p, t, { [option.name]: value }), RangeError, name, `${option.name} is ${value}`);
          }
          for (const value of ["1", 1n, [1], {}]) {
            expectError(() => call(p, t, { [option.name]: value }), TypeError, name, option.name, "must be a number");
          }
          expect(call(p, t, { [option.name]: undefined })).toEqual(call(p, t));
        }
      });

      if (!out) return;

      test("an `out` of the wrong kind, dtype or length", () => {
        for (const wrong of [
          null,
          new Array(20).fill(0),
          20,
          new Int32Array(20),
          new ArrayBuffer(160),
          zeros(other, 20),
        ]) {
          expectError(() => call(p, t, { out: wrong }), TypeError, name, "out");
        }
        for (const length of [0, 10, 19, 21]) {
          const wrong = seven(length);
          expectError(() => call(p, t, { out: wrong }), RangeError, name, "out", length, 20);
          expectSame(wrong, seven(length), "out");
        }
        const bits = new Uint16Array(40);
        if (dtype === "float32") {
          const inside = new Float32Array(bits.buffer);
          expectError(() => call(float16(bits.subarray(20)), t, { out: inside }), RangeError, name, "overlap");
        }
      });

      test("an `out` that overlaps an input without being the predictions", () => {
        const resident = losses.alloc(arrayOf[dtype] as Float32ArrayConstructor, 60);
        for (const whole of [zeros(dtype, 60), resident]) {
          whole.set(values(mulberry32(22), dtype, 60));
          const before = whole.slice();
          const input = whole.subarray(20, 40);
          for (const shift of [1, 4, 10, 19]) {
            for (const wrong of [whole.subarray(20 + shift, 40 + shift), whole.subarray(20 - shift, 40 - shift)]) {
              expectError(() => call(input, t, { out: wrong }), RangeError, name, "out", "predictions", "overlap");
              expectError(() => call(p, input, { out: wrong }), RangeError, name, "out", "targets", "overlap");
            }
          }
          expectError(() => call(p, input, { out: input }), RangeError, name, "out", "targets", "overlap");
          expectSame(whole, before, "memory");
          call(whole.subarray(40, 60), t, { out: whole.subarray(20, 40) });
          call(whole.subarray(0, 20), t, { out: whole.subarray(20, 40) });
        }
        losses.free(resident);
      });

      test("`out` is not written when another check fails", () => {
        const kept = seven();
        for (const wrong of [{ reduction: "all" }, ...options.map((option) => ({ [option.name]: NaN }))]) {
          expect(() => call(p, t, any({ out: kept, ...wrong }))).toThrow(name);
        }
        expect(() => call(p, zeros(dtype, 21), { out: kept })).toThrow(RangeError);
        expect(() => call(p, zeros(other, 20), { out: kept })).toThrow(TypeError);
        expectSame(kept, seven(), "out");
      });
    });
  });
});
