import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { domainOf } from "../src/descriptions/domains.ts";
import { ELEMENTWISE } from "../src/descriptions/elementwise.ts";
import type { ElementwiseLoss } from "../src/descriptions/elementwiseLoss.ts";
import { float16 } from "../src/dtype.ts";
import { openAll } from "./backends.ts";
import { everything } from "./breadth.ts";
import { fitting, isWithin } from "./domains.ts";
import { testFamily } from "./elementwiseFamily.ts";
import { repeated } from "./engines/pattern.ts";
import { any, expectError, notFloatArrays, untyped } from "./expectError.ts";
import {
  arrayOf,
  dtypes,
  elementCounts,
  expectClose,
  expectSame,
  type FloatArray,
  floats,
  mulberry32,
  outsideOf,
  values,
  zeros,
} from "./inputs.ts";
import * as oracle from "./oracle.ts";

// Every element-wise loss of the list, from its description, and rmse.

await testFamily();

const opened = await openAll();
const strict = opened.filter(({ losses }) => !losses.relaxed);
const reference = strict.find(({ losses }) => losses.backend === "js")!.losses;

/** Roundings are relative to 2^-24 or 2^-53; the least numbers there are. */
const rounding = { float32: 2 ** -24, float64: 2 ** -53 };
const least = { float32: 2 ** -149, float64: 2 ** -1074 };

const finite = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 100 });

// ---------------------------------------------------------------------------------------------- of one loss or another

describe.each(dtypes)("%s", (dtype) => {
  test("huber with a delta beyond all differences is half of mse", () => {
    const property = fc.property(finite, finite, (p0, t0) => {
      const p = floats(dtype, p0);
      const t = repeated(floats(dtype, t0), p.length);
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
      const t = repeated(grid(t0), p.length);
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

test("mse of more float32 pairs that differ by 1 than float32 counts to is exactly 1", () => {
  const n = everything ? 2 ** 25 : 2 ** 24 + 2 ** 16;
  const predictions = new Float32Array(n).fill(3);
  const targets = new Float32Array(n).fill(2);
  for (const { losses } of opened) {
    expect(losses.mse(predictions, targets, { reduction: "sum" })).toBe(n);
    if (!everything) continue;
    expect(losses.mse(predictions, targets)).toBe(1);
    expect(losses.rmse(predictions, targets)).toBe(1);
  }
});

// ----------------------------------------------------------------------------------------------------------- errors

/** Public functions, and what they take. */
const functions = [
  ...ELEMENTWISE.filter(({ name }, i) => ELEMENTWISE.findIndex((it) => it.name === name) === i).flatMap((loss) => [
    { ...loss, reduced: true, out: false },
    { ...loss, name: `${loss.name}WithGrad`, reduced: true, out: true },
  ]),
  { name: "rmse", options: [], reduced: false, out: false },
  { name: "rmseWithGrad", options: [], reduced: false, out: true },
] as const;

/** Without the second letter: delta, dlta. */
const misspelt = ({ name }: { name: string }) => name[0] + name.slice(2);

describe.each(functions)("errors of $name", ({ name, reduced, out, ...loss }) => {
  const { options } = loss;
  const { predictions, targets } = fitting(loss as Parameters<typeof fitting>[0]);
  describe.each(opened.filter(({ name }) => name === "js" || name === "wasm"))("$name", ({ losses }) => {
    const call = (...args: unknown[]) => untyped((losses as unknown as Record<string, unknown>)[name])(...args);

    describe.each(dtypes)("%s", (dtype) => {
      const other = dtype === "float32" ? "float64" : "float32";
      const p = predictions(values(mulberry32(20), dtype, 20));
      const t = targets(values(mulberry32(21), dtype, 20));
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
          if (option.flag) {
            for (const value of [1, "true", {}]) {
              expectError(() => call(p, t, { [option.name]: value }), TypeError, name, option.name, "a boolean");
            }
            continue;
          }
          for (const value of outsideOf(option)) {
            expectError(() => call(p, t, { [option.name]: value }), RangeError, name, `${option.name} is ${value}`);
          }
          for (const value of ["1", 1n, [1], {}]) {
            expectError(() => call(p, t, { [option.name]: value }), TypeError, name, option.name, "must be a number");
          }
          expect(call(p, t, { [option.name]: undefined })).toEqual(call(p, t));
        }
      });

      test("weights of the wrong kind, dtype or length, and those that are not 0 or more", () => {
        const wrongOf = (sampleWeight: unknown) => () => call(p, t, { sampleWeight });
        for (const wrong of [null, new Array(20).fill(1), 1, new Int32Array(20), zeros(other, 20)]) {
          expectError(wrongOf(wrong), TypeError, name, "sampleWeight");
        }
        for (const length of [0, 1, 19, 21]) {
          expectError(wrongOf(zeros(dtype, length)), RangeError, name, "sampleWeight", length, 20);
        }
        for (const value of [-1, -1e-30, NaN, -Infinity]) {
          for (const at of [0, 3, 19]) {
            const weights = zeros(dtype, 20).fill(1);
            weights[at] = value;
            const found = weights[at];
            expectError(wrongOf(weights), RangeError, name, `sampleWeight[${at}] is ${found}`, "0 or more");
          }
        }
        const many = zeros(dtype, 5000).fill(1);
        many[4321] = many[4999] = NaN;
        const long = (array: FloatArray) => repeated(array, 5000);
        const wrong = () => call(long(p), long(t), { sampleWeight: many });
        expectError(wrong, RangeError, name, "sampleWeight[4321] is NaN");
      });

      const { check } = domainOf(loss as ElementwiseLoss);
      test.skipIf(check === undefined)("predictions and targets that the loss does not take, by the first", () => {
        const n = 1301;
        const long = (array: FloatArray) => repeated(array, n);
        const inputs = [
          undefined,
          ...ELEMENTWISE.filter((it) => it.name === name.replace("WithGrad", "")).map((it) => it.input),
        ];
        for (const input of new Set(inputs)) {
          const own = ELEMENTWISE.find(
            (it) => it.name === name.replace("WithGrad", "") && it.input === (input ?? (loss as ElementwiseLoss).input),
          )!;
          const fit = fitting(own);
          const arrays = { predictions: fit.predictions(long(p)), targets: fit.targets(long(t)) };
          const given = input === undefined ? {} : { input };
          for (const [argument, range] of Object.entries(fit.domain)) {
            if (argument === "predictions" && own.domain !== "probabilities") continue;
            const wrong = [2, -2, 1.25, -1e-30, -Infinity].filter((x) => !isWithin(range, x));
            expect(wrong.length).toBeGreaterThan(1);
            const array = arrays[argument as keyof typeof arrays];
            const right = array.slice();
            for (const value of wrong) {
              for (const at of [0, 1024, n - 1]) {
                array[at] = value;
                array[n - 1] = value;
                const where = `${argument}[${at}] is ${array[at]}`;
                for (const reduction of ["mean", "none"]) {
                  const options = { ...given, reduction, ...(out && { out: arrays.predictions }) };
                  const before = arrays.predictions.slice();
                  expectError(() => call(arrays.predictions, arrays.targets, options), RangeError, name, where);
                  arrays.predictions.set(before);
                }
                // of weight 0 it does not matter
                const sampleWeight = zeros(dtype, n).fill(1);
                sampleWeight[at] = sampleWeight[n - 1] = 0;
                expect(() => call(arrays.predictions, arrays.targets, { ...given, sampleWeight })).not.toThrow();
                sampleWeight[at] = 0.5;
                const weighted = () => call(arrays.predictions, arrays.targets, { ...given, sampleWeight });
                expectError(weighted, RangeError, name, where);
                array.set(right);
              }
            }
          }
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
          whole.set(targets(predictions(values(mulberry32(22), dtype, 60))));
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
        for (const wrong of [
          ...(reduced ? [{ reduction: "all" }] : [{ reduction: "sum" }]),
          ...options.map((option) => ({ [option.name]: NaN })),
          { sampleWeight: zeros(dtype, 20).fill(-1) },
        ]) {
          expect(() => call(p, t, any({ out: kept, ...wrong }))).toThrow(name);
        }
        expect(() => call(p, zeros(dtype, 21), { out: kept })).toThrow(RangeError);
        expect(() => call(p, zeros(other, 20), { out: kept })).toThrow(TypeError);
        expectSame(kept, seven(), "out");
      });
    });
  });
});
