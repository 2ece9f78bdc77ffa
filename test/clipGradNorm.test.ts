import { Decimal } from "decimal.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openAll } from "./backends.ts";
import { once } from "./breadth.ts";
import { any, expectError, notFloatArrays } from "./expectError.ts";
import {
  elementCounts,
  expectClose,
  expectSame,
  type FloatArray,
  integer,
  mulberry32,
  normal,
  type Random,
} from "./inputs.ts";

const opened = await openAll();
const backends = opened.map(({ name, losses }) => [name, losses] as const);

// decimal.js has no bound of its own on exponents that float64 reaches
const Exact = Decimal.clone({ precision: 2400, minE: -9e15, maxE: 9e15 });
const Rounded = Decimal.clone({ precision: 60, minE: -9e15, maxE: 9e15 });

/** The norm, of an exact sum of squares. */
function normOf(arrays: readonly FloatArray[]): number {
  let sum = new Exact(0);
  for (const array of arrays) for (const x of array) sum = sum.plus(new Exact(x).pow(2));
  return Number(new Rounded(sum).sqrt());
}

function expectNorm(got: number, wanted: number, where: string): void {
  expectClose([got], [wanted], () => 2 ** -52 * wanted + 2 ** -1074, where);
}

type Draw = (random: Random) => number;

/** Gradients that no sum of squares in plain float64 gets right. */
const SPREADS: Readonly<Record<string, Draw>> = {
  ordinary: normal,
  sparse: (random) => (random() < 0.9 ? 0 : normal(random)),
  "of 60 octaves": (random) => normal(random) * 2 ** integer(random, 60),
  "of all of float32": (random) => normal(random) * 2 ** (integer(random, 250) - 140),
};
const WIDE: typeof SPREADS = {
  ...SPREADS,
  huge: (random) => normal(random) * 2 ** 1015,
  tiny: (random) => normal(random) * 2 ** -1060,
  "of all of float64": (random) => normal(random) * 2 ** (integer(random, 2000) - 1040),
};

const types = [
  { type: Float32Array, spreads: SPREADS },
  { type: Float64Array, spreads: WIDE },
];

/** Gradients of each length with their norm, worked out once for all backends. */
function withNorms(type: (typeof types)[number]["type"], lengths: readonly number[], seed: number, draw: Draw) {
  return once(() => {
    const random = mulberry32(seed);
    return lengths.map((n) => {
      const gradients = new type(n).map(() => draw(random));
      return { gradients, norm: normOf([gradients]) };
    });
  });
}

const spread = types.flatMap(({ type, spreads }) =>
  Object.entries(spreads).map(
    ([title, draw]) =>
      [`${type.name}: ${title}`, withNorms(type, [1, 2, 3, 5, 67, 1023, 1025, 2100], 4, draw)] as const,
  ),
);
const ordinary = types.map(({ type }) => withNorms(type, elementCounts, 7, normal));

describe.each(backends)("%s", (_, losses) => {
  test.each(spread)("the norm of %s", (_, cases) => {
    for (const { gradients, norm } of cases()) {
      expectNorm(losses.clipGradNorm(gradients, Infinity), norm, String(gradients.length));
    }
  });

  test("lists of both dtypes, some beyond the range of the other", () => {
    const [single, huge, tiny] = [
      Float32Array.of(3, 1e-45, -3e38),
      Float64Array.of(1e200, -1e308),
      Float64Array.of(1e-200, 5e-324),
    ];
    for (const list of [
      [single, huge],
      [huge, tiny],
      [tiny, single],
      [tiny],
      [tiny, new Float32Array(9)],
      [huge, single, tiny],
    ]) {
      expectNorm(losses.clipGradNorm(list, Infinity), normOf(list), String(list));
    }
    expect(losses.clipGradNorm([new Float32Array(0), new Float64Array(9)], 1)).toBe(0);
  });

  test("the norm is exact where its square is a sum of squares", () => {
    expect(losses.clipGradNorm(Float32Array.of(3, 4), Infinity)).toBe(5);
    expect(losses.clipGradNorm(Float64Array.of(3 * 2 ** 1000, 4 * 2 ** 1000), Infinity)).toBe(5 * 2 ** 1000);
    expect(losses.clipGradNorm(Float64Array.of(3 * 2 ** -1070, 4 * 2 ** -1070), Infinity)).toBe(5 * 2 ** -1070);
  });

  test("a norm that is larger is brought down, others are left alone", () => {
    for (const { gradients: before, norm } of ordinary.flatMap((cases) => cases())) {
      const where = String(before.length);
      const rounding = before instanceof Float32Array ? 2 ** -23 : 2 ** -51;
      const gradients = before.slice();
      losses.clipGradNorm(gradients, norm * (1 + 1e-12));
      expectSame(gradients, before, "left alone");
      expectNorm(losses.clipGradNorm(gradients, norm / 3), norm, where);
      const wanted = Array.from(before, (x) => x / 3);
      expectClose(gradients, wanted, (i) => rounding * Math.abs(before[i]), where);
    }
    const tiny = Float64Array.of(3e-320, 4e-320);
    losses.clipGradNorm(tiny, 2.5e-320);
    expectClose(tiny, [1.5e-320, 2e-320], () => 5e-324, "tiny");
    const huge = Float64Array.of(3e307, 4e307);
    expectClose([losses.clipGradNorm(huge, 1e-10)], [5e307], () => 1e292, "huge");
    expectClose(huge, [6e-11, 8e-11], (i) => 2 ** -51 * huge[i], "to a tiny norm");
    losses.clipGradNorm(huge, 0);
    expect([...huge]).toEqual([0, 0]);
  });

  test("a norm that is not finite leaves gradients alone", () => {
    const cases: [FloatArray, number][] = [
      [Float32Array.of(1, Infinity, 2), Infinity],
      [Float64Array.of(-Infinity, 2), Infinity],
      [Float32Array.of(NaN, Infinity, 2), NaN],
      [Float64Array.of(1, NaN), NaN],
      // all finite, but no float64 is so large
      [Float64Array.of(1.7e308, 1.7e308), Infinity],
    ];
    for (const [gradients, wanted] of cases) {
      const before = gradients.slice();
      const other = Float64Array.of(100, 1e300);
      expect(losses.clipGradNorm([gradients, other], 1)).toBe(wanted);
      expectSame(gradients, before, String(before));
      expectSame(other, [100, 1e300], "the other");
    }
  });

  test("what is wrong is said, before anything is written", () => {
    const g = Float32Array.of(3, 4);
    for (const wrong of [-1, NaN]) {
      expectError(() => losses.clipGradNorm(g, wrong), RangeError, "clipGradNorm", "maxNorm", wrong);
    }
    expectError(() => losses.clipGradNorm(g, any("1")), TypeError, "clipGradNorm", "maxNorm", "a string");
    expectError(() => losses.clipGradNorm([], 1), RangeError, "clipGradNorm", "gradients", 0, 1);
    for (const wrong of notFloatArrays) {
      expectError(() => losses.clipGradNorm(any([g, wrong]), 1), TypeError, "clipGradNorm", "gradients[1]");
    }
    expect([...g]).toEqual([3, 4]);
  });
});

test("neither order nor arrays nor backend nor place change a bit", () => {
  const [first, ...others] = opened;
  fc.assert(
    fc.property(
      fc.nat(),
      fc.integer({ min: 1, max: 3000 }),
      fc.constantFrom(...Object.values(WIDE)),
      (seed, n, draw) => {
        const random = mulberry32(seed);
        const all = Float64Array.from({ length: n }, () => draw(random));
        const clipped = all.slice();
        const norm = first.losses.clipGradNorm(clipped, 1);
        const cut = integer(random, n + 1);
        for (const { name, losses } of others) {
          const parts = [all.slice(cut), new Float32Array(2), all.slice(0, cut)];
          expect(losses.clipGradNorm(parts, 1), name).toBe(norm);
          expectSame([...parts[2], ...parts[0]], clipped, name);
          const view = losses.alloc(Float64Array, n);
          view.set(all.toReversed());
          expect(losses.clipGradNorm(view, 1), name).toBe(norm);
          losses.free(view);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("several launches, on several threads", () => {
  const random = mulberry32(1);
  const n = 1_000_003;
  const draws = Array.from({ length: 4099 }, () => normal(random) * 2 ** (integer(random, 40) - 20));
  const gradients = new Float32Array(n).map((_, i) => draws[i % draws.length]);
  const [wanted, ...norms] = opened.map(({ losses }) => losses.clipGradNorm(gradients, Infinity));
  for (const norm of norms) expect(norm).toBe(wanted);
});
