import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Range } from "../src/descriptions/domains.ts";
import { ELEMENTWISE } from "../src/descriptions/elementwise.ts";
import type { ElementwiseLoss } from "../src/descriptions/elementwiseLoss.ts";
import { bfloat16, float16 } from "../src/dtype.ts";
import { type Losses, openAll } from "./backends.ts";
import { COMBINATIONS, everything } from "./breadth.ts";
import { facesOfLoss, fitting, isWithin, titleOf } from "./domains.ts";
import { PATTERN, repeated } from "./engines/pattern.ts";
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
  type Random,
  unaligned,
  values,
  zeros,
} from "./inputs.ts";
import * as oracle from "./oracle.ts";

const reductions = ["mean", "sum", "none"] as const;
type Options = Readonly<Record<string, number>>;

/** Roundings are relative to 2^-24 or 2^-53; the least numbers there are. */
const rounding = { float32: 2 ** -24, float64: 2 ** -53 };
const largest = { float32: (2 - 2 ** -23) * 2 ** 127, float64: Number.MAX_VALUE };
const least = { float32: 2 ** -149, float64: 2 ** -1074 };

/** What a description says of errors: roundings of each loss and of each slope, and what sums add, of Σ |loss|. */
function statedOf({ name, tolerance }: ElementwiseLoss, dtype: Dtype) {
  const text = dtype === "float32" ? tolerance.f32 : tolerance.f64;
  const pattern =
    /^2\^(-\d+) of Σ \|loss\| beside (\d+) x 2\^-\d+ of each(?:'s terms)?; gradient (\d+) x 2\^-\d+(?: of its terms)?$/;
  const stated = pattern.exec(text);
  if (!stated) throw new Error(`${name}: "${text}" states no errors that could be tested`);
  const [sums, each, slope] = stated.slice(1).map(Number);
  return { sums: 2 ** sums, each: each * rounding[dtype], slope: slope * rounding[dtype] };
}

const numbersOf = (result: number | FloatArray): ArrayLike<number> => (typeof result === "number" ? [result] : result);

/** All that a loss gives, in order. */
function resultsOf(
  losses: Losses,
  description: ElementwiseLoss,
  p: FloatArray,
  t: FloatArray,
  options: object,
  out?: FloatArray,
  those: readonly (typeof reductions)[number][] = reductions,
) {
  const { loss, withGrad } = facesOfLoss(losses, description);
  const alone = those.map((reduction) => loss(p, t, { ...options, reduction }));
  const grads = those.map((reduction) => {
    const result = withGrad(p, t, { ...options, reduction, out: out?.subarray() });
    return { loss: result.loss, grad: result.grad.slice() };
  });
  return [...alone, ...grads.flatMap(({ loss, grad }) => [loss, grad])].map(numbersOf);
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

/** Weights of 0 to 1, a fifth of them 0. */
function sampleWeightsOf(random: Random, dtype: Dtype, n: number): FloatArray {
  return zeros(dtype, n).map(() => (random() < 0.2 ? 0 : random())) as FloatArray;
}

/** Both half precisions, with what all bit patterns stand for. */
const HALVES = [
  { half: float16, numbers: Float32Array.from({ length: 65536 }, (_, bits) => float16Value(bits)) },
  { half: bfloat16, numbers: Float32Array.from({ length: 65536 }, (_, bits) => bfloat16Value(bits)) },
];

/** Away from the ends of a range, where derivatives grow. */
const middleOf =
  ({ above, atLeast, atMost }: Range) =>
  (x: number): number => {
    if (atMost !== undefined) return 0.5 + 0.15 * (x - 0.5);
    return atLeast === undefined && above === undefined ? x : x + 0.6;
  };

/** The nearest number of the dtype that is neither 0 nor infinite, where the given one is not 0. */
function representable(dtype: Dtype, x: number): number {
  const largest = dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
  if (x === 0) return x;
  return Math.sign(x) * Math.max(least[dtype], Math.min(Math.abs(x), largest));
}

function defaultsOf({ options }: ElementwiseLoss): Options {
  return Object.fromEntries(options.map((option) => [option.name, option.default]));
}

/** Every element-wise loss of the list, from its description; where not everything runs, each size has some combinations of options. */
export async function testFamily(): Promise<void> {
  const runs = everything ? Math.ceil(100 / COMBINATIONS) : 6;
  const opened = await openAll();
  const backends = opened.map(({ name, losses }) => [name, losses] as const);
  /** Those with the same bits. */
  const strict = opened.filter(({ losses }) => !losses.relaxed);
  const reference = strict.find(({ losses }) => losses.backend === "js")!.losses;

  describe.each(ELEMENTWISE.map((loss) => [titleOf(loss), loss] as const))("%s", (title, description) => {
    const { options } = description;
    const { predictions, targets, domain } = fitting(description);
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
      const { loss, slope } = oracle.ELEMENTWISE[title];
      for (const set of combinations) {
        // away from where a logarithm ends
        const p = predictions(values(random, "float64", 300, 2)).map(middleOf(domain.predictions)) as FloatArray;
        const t = targets(values(random, "float64", 300, 2));
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
        const smooth = Array.from(p.keys()).filter(
          (i) => Math.abs(fine[i] - coarse[i]) < 1e-9 * (1 + Math.abs(fine[i])),
        );
        expect(smooth.length).toBeGreaterThan(270);
        const slopes = smooth.map((i) => slope(p[i], t[i], set));
        const wanted = smooth.map((i) => fine[i]);
        expectClose(slopes, wanted, (i) => 1e-9 * (1 + Math.abs(wanted[i])), JSON.stringify(set));
      }
    });

    describe.each(dtypes)("%s", (dtype) => {
      const stated = statedOf(description, dtype);
      const array = (...numbers: number[]) => floats(dtype, numbers);

      test("the oracle's losses, sums, means and gradients, in every backend", () => {
        // one of them a size where not everything runs
        const step = everything ? Math.min(COMBINATIONS, combinations.length) : combinations.length;
        for (const [k, n] of elementCounts.entries()) {
          // each size in a third of the backends, the largest in all
          const some = opened.filter((_, turn) => everything || n >= 1000 || (k + turn) % 3 === 0);
          for (const set of combinations.filter((_, i) => i % step === k % step)) {
            const random = mulberry32(k);
            const isWeighted = k % 4 > 1;
            const placed = (array: FloatArray, by: number) => (by > 0 ? unaligned(array, by) : array);
            const p = placed(predictions(values(random, dtype, n, 3)), k % 2 && 1 + (k % 3));
            const t = placed(targets(values(random, dtype, n, 3)), k % 3 ? 0 : 1 + (k % 2));
            const s = isWeighted ? placed(sampleWeightsOf(random, dtype, n), k % 5) : undefined;
            const wanted = oracle.elementwise(title, p, t, set, s);
            const weighed = isWeighted ? rounding[dtype] : 0;
            const of = (i: number) => (stated.each + weighed) * wanted.sizes[i] + 2 * least[dtype];
            const total =
              stated.sums * oracle.exactSum(wanted.losses.map(Math.abs)) +
              (stated.each + weighed) * oracle.exactSum(wanted.sizes) +
              2 * n * least[dtype];
            // what stands at elements of weight 0 does not matter
            for (const i of s?.keys() ?? []) {
              if (s?.[i] === 0)
                [p[i], t[i]] = [
                  [NaN, 7e5],
                  [Infinity, NaN],
                  [-3, -0.5],
                ][i % 3];
            }
            for (const reduction of reductions) {
              const by = reduction === "mean" ? wanted.weight : 1;
              const given = { ...set, reduction, sampleWeight: s };
              const gradient = wanted.slopes.map((slope) => (by === 0 ? 0 : slope / by));
              // the sum of weights has the errors of a sum
              const slopeError = stated.slope + weighed + (isWeighted ? stated.sums : 0);
              const ofSlope = (i: number) => (slopeError * wanted.slopeSizes[i]) / (by || 1) + 2 * least[dtype];
              for (const { name, losses } of some) {
                const where = `${reduction}, ${name}, ${n} elements${isWeighted ? ", weighted" : ""}, ${JSON.stringify(set)}`;
                const { loss, withGrad } = facesOfLoss(losses, description);
                const got = withGrad(p, t, given);
                const alone = loss(p, t, given);
                expectResults([numbersOf(alone)], [numbersOf(got.loss)], where);
                if (typeof alone === "number") {
                  const error = total / by + (isWeighted ? stated.sums * Math.abs(wanted.sum / by) : 0);
                  expectClose([alone], [wanted.sum / by], () => error, where);
                } else expectClose(alone, wanted.losses, of, where);
                expectClose(got.grad, gradient, ofSlope, `gradient of ${where}`);
                if (!s && reduction === "mean") expect(loss(p, t, set)).toBe(alone);
              }
            }
          }
        }
        const few = [predictions(array(2, 3)), targets(array(1, 5))] as const;
        for (const { losses } of opened) {
          const { loss } = facesOfLoss(losses, description);
          expect(loss(...few)).toBe(loss(...few, defaultsOf(description)));
        }
      });

      test("the same bits in every backend, wherever arrays lie, in place, and nothing beside `out`", () => {
        const property = fc.property(
          lengths,
          patterns,
          patterns,
          optionSets,
          fc.nat(20),
          fc.nat(7),
          fc.boolean(),
          (length, p0, t0, options, shift, shiftOfTargets, isWeighted) => {
            const p = predictions(repeated(floats(dtype, p0), length));
            const t = targets(repeated(floats(dtype, t0), length));
            const s = isWeighted ? { sampleWeight: sampleWeightsOf(mulberry32(length), dtype, length) } : {};
            const set = { ...options, ...s };
            const wanted = resultsOf(reference, description, p, t, set);
            for (const { name: backend, losses } of strict) {
              const same = (what: string, predictions: FloatArray, targets: FloatArray, out?: FloatArray) =>
                expectResults(
                  resultsOf(losses, description, predictions, targets, set, out),
                  wanted,
                  `${backend}, ${what}`,
                );
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
                  const { loss, grad } = facesOfLoss(losses, description).withGrad(place, t, {
                    ...set,
                    reduction,
                    out: place,
                  });
                  expect(grad).toBe(place);
                  const k = 3 + 2 * reductions.indexOf(reduction);
                  expectResults([numbersOf(loss), grad], wanted.slice(k, k + 2), `${backend}, in place`);
                }
              }
              losses.free(memory);
            }
          },
        );
        fc.assert(property, { numRuns: runs });
      });

      test("every special value beside every other: NaN where the oracle has it, and nowhere else", () => {
        const some = [...floats(dtype, [...SPECIAL, 0.25])];
        const pairs = some
          .filter((p) => isWithin(domain.predictions, p))
          .flatMap((p) => some.filter((t) => isWithin(domain.targets, t)).map((t) => [p, t]));
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
        for (const set of [...(everything ? combinations : [defaultsOf(description)]), ...extreme]) {
          const rounded = Object.entries(set).map(([key, value]) => [key, representable(dtype, value)]);
          const wanted = oracle.elementwise(title, p, t, Object.fromEntries(rounded));
          for (const { name: backend, losses } of strict) {
            const { loss, grad } = facesOfLoss(losses, description).withGrad(p, t, { ...set, reduction: "none" });
            for (const [i, [a, b]] of pairs.entries()) {
              // of terms of two signs that are beyond the dtype's numbers, as PyTorch has it
              if (wanted.sizes[i] > largest[dtype] && oracle.ELEMENTWISE[title].terms) continue;
              const same = (got: ArrayLike<number>, wanted: number[]) =>
                Number.isNaN(got[i]) === Number.isNaN(wanted[i]);
              if (same(loss as FloatArray, wanted.losses) && same(grad, wanted.slopes)) continue;
              expect.fail(`${backend}, ${a} and ${b}, ${JSON.stringify(set)}: ${(loss as FloatArray)[i]}, ${grad[i]}`);
            }
          }
        }
      });

      test("a NaN is its own element's alone, at every place of a round and of a block", () => {
        const random = mulberry32(2);
        const n = 1024 + 37;
        const p = predictions(values(random, dtype, n));
        const t = targets(values(random, dtype, n));
        for (const { losses } of strict) {
          const { loss, withGrad } = facesOfLoss(losses, description);
          const clean = withGrad(p, t, { reduction: "none" });
          for (const at of everything ? [...Array(33).keys(), 1023, 1024, 1030, n - 1] : [0, 3, 15, 16, 1024, n - 1]) {
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
        const property = fc.property(
          fc.integer({ min: 1, max: 4000 }),
          finite,
          finite,
          optionSets,
          (n, p0, t0, set) => {
            const p = predictions(repeated(floats(dtype, p0), n));
            const t = targets(repeated(floats(dtype, t0), n));
            const { loss } = facesOfLoss(reference, description);
            const sum = (p: FloatArray, t: FloatArray) => loss(p, t, { ...set, reduction: "sum" }) as number;
            let blocks = 0;
            for (let i = 0; i < n; i += 1024) blocks += sum(p.subarray(i, i + 1024), t.subarray(i, i + 1024));
            expect(sum(p, t)).toBe(blocks);
            expect(loss(p, t, { ...set, reduction: "mean" })).toBe(blocks / n);
            const none = loss(p, t, { ...set, reduction: "none" }) as FloatArray;
            expect(sum(p.subarray(0, 1), t.subarray(0, 1))).toBe(none[0] + 0);
          },
        );
        fc.assert(property, { numRuns: runs });
      });

      test("elements in another order: the same losses in that order, and the sum within what is stated", () => {
        const property = fc.property(fc.integer({ min: 1, max: 3000 }), finite, finite, fc.nat(), (n, p0, t0, seed) => {
          const p = predictions(repeated(floats(dtype, p0), n));
          const t = targets(repeated(floats(dtype, t0), n));
          const random = mulberry32(seed);
          const order = Array.from({ length: n }, (_, i) => i);
          for (let i = n - 1; i > 0; i--) {
            const k = integer(random, i + 1);
            [order[i], order[k]] = [order[k], order[i]];
          }
          const permuted = (array: FloatArray) => array.map((_, i) => array[order[i]]) as FloatArray;
          const { loss, withGrad } = facesOfLoss(reference, description);
          const a = withGrad(p, t, { reduction: "none" });
          const b = withGrad(permuted(p), permuted(t), { reduction: "none" });
          expectSame(b.loss as FloatArray, permuted(a.loss as FloatArray), "losses");
          expectSame(b.grad, permuted(a.grad), "gradient");
          const sums = [loss(p, t, { reduction: "sum" }), loss(permuted(p), permuted(t), { reduction: "sum" })];
          const size = oracle.exactSum(Array.from(a.loss as FloatArray, Math.abs));
          if (!(size < largest[dtype])) return;
          expect(Math.abs((sums[0] as number) - (sums[1] as number))).toBeLessThanOrEqual(2 * stated.sums * size);
        });
        fc.assert(property, { numRuns: runs });
      });

      test("several launches: the same bits in every backend", () => {
        const random = mulberry32(3);
        const n = everything ? 150_001 : 70_001;
        // a few thousand are drawn, and repeated: no two blocks are alike
        const [p, t] = [predictions, targets].map((taken) => repeated(taken(values(random, dtype, PATTERN)), n));
        // a sum's launches are those of a mean
        const those = everything ? reductions : (["mean", "none"] as const);
        const resultsWith = (losses: Losses) => resultsOf(losses, description, p, t, {}, undefined, those);
        const wanted = resultsWith(reference);
        for (const { name: backend, losses } of strict) {
          if (losses !== reference) expectResults(resultsWith(losses), wanted, backend);
        }
      });

      test.each(backends)("%s: of nothing the mean is NaN and the sum 0", (_, losses) => {
        const { loss, withGrad } = facesOfLoss(losses, description);
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
          const { loss, withGrad } = facesOfLoss(losses, description);
          const some = (seed: number) => values(mulberry32(seed), dtype, 100);
          const [p, t] = [predictions(some(4)), targets(some(5))];
          const [q, u] = [predictions(some(5)), targets(some(4))];
          const before = [p.slice(), t.slice()];
          const none = loss(p, t, { reduction: "none" }) as FloatArray;
          expect(none.constructor).toBe(arrayOf[dtype]);
          const first = withGrad(p, t).grad;
          const kept = [none.slice(), first.slice()];
          expect(first.constructor).toBe(arrayOf[dtype]);
          expect(withGrad(q, u).grad.buffer).not.toBe(first.buffer);
          loss(q, u, { reduction: "none" });
          expect([none, first]).toEqual(kept);
          const out = zeros(dtype, 100).fill(7);
          expect(withGrad(p, t, { out }).grad).toBe(out);
          expect([out, p, t]).toEqual([first, ...before]);
        },
      );
    });

    test("half precision: what the float32 values that it stands for give", () => {
      const n = everything ? 300_001 : 1025;
      const random = mulberry32(6);
      // of each format, bits of predictions, and of targets
      const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
      const halves = HALVES.map(({ half, numbers }) => {
        const draw = (range: Range) => {
          const taken = all.filter((bits) => isWithin(range, numbers[bits]));
          const bits = Uint16Array.from({ length: n }, () => taken[integer(random, taken.length)]);
          return { half: half(bits), wide: Float32Array.from(bits, (it) => numbers[it]) };
        };
        return { p: draw(domain.predictions), t: draw(domain.targets) };
      });
      for (const { name: backend, losses } of strict) {
        const { loss, withGrad } = facesOfLoss(losses, description);
        for (const length of everything ? [0, 1, 17, 1025, n] : [0, 1, 17, 1025]) {
          const part = ({ half, wide }: (typeof halves)[number]["p"]) => ({
            half: half.subarray(0, length),
            wide: wide.subarray(0, length),
          });
          const [a, b] = halves.map(({ p, t }) => ({ p: part(p), t: part(t) }));
          for (const [p, t, ...wide] of [
            [a.p.half, b.t.half, a.p.wide, b.t.wide],
            [b.p.half, a.t.wide, b.p.wide, a.t.wide],
            [a.p.wide, b.t.half, a.p.wide, b.t.wide],
          ] as const) {
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
          const p = predictions(floats(dtype, [Infinity, -Infinity, 3e38, 1, 0]));
          const t = targets(zeros(dtype, 5));
          for (const value of extremesOf(option)) {
            const { loss } = facesOfLoss(reference, description);
            const [a, b] = [value, representable(dtype, value)].map(
              (it) => loss(p, t, { [option.name]: it, reduction: "none" }) as FloatArray,
            );
            expectSame(a, b, `${option.name} ${value}`);
          }
        }
      }
    });
  });
}
