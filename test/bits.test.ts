import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ExactSum } from "../src/numeric/exactSum.ts";
import { type Losses, openThreaded } from "./backends.ts";
import { everything } from "./breadth.ts";
import { type Dtype, dtypes, expectSame, type FloatArray, zeros } from "./inputs.ts";

// One answer: the same bits for every backend, for every place of a row, however the data came in.

const opened = await openThreaded();
const [reference, ...others] = opened;
const wasm = opened.find(({ name }) => name === "wasm")!.losses;

/** Values that a model may give, and all that it should not. */
const anyValue = fc.oneof(
  { weight: 12, arbitrary: fc.double({ min: -20, max: 20, noNaN: true }) },
  { weight: 3, arbitrary: fc.double({ min: -1e4, max: 1e4, noNaN: true }) },
  { weight: 2, arbitrary: fc.constantFrom(0, -0, 1, 88, -87.5, -103, -126.7, -745, 1e8, -1e8, 5e-324, 3e38, -3e38) },
  { weight: 1, arbitrary: fc.double() },
);
const finite = fc.double({ min: -30, max: 30, noNaN: true });
const special = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);

/** Sizes around lanes, rounds, blocks and chunks. */
const classCounts = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 70 }) },
  { weight: 2, arbitrary: fc.constantFrom(127, 128, 129, 255, 256, 257, 1000) },
  { weight: 1, arbitrary: fc.constantFrom(2047, 2048, 2049, 4095, 4096, 4097, 8200) },
);

interface Case {
  dtype: Dtype;
  classes: number;
  rows: number;
  logits: FloatArray;
  labels: Int32Array;
  probabilities: FloatArray;
  weight: FloatArray;
}

/** A pattern of values is repeated: fast-check shrinks a short one better, and long rows stay cheap to make. */
const cases = fc
  .record({
    dtype: fc.constantFrom(...dtypes),
    classes: classCounts,
    rows: fc.integer({ min: 1, max: 9 }),
    values: fc.array(
      fc.oneof({ weight: 30, arbitrary: fc.oneof(finite, anyValue) }, { weight: 1, arbitrary: special }),
      {
        minLength: 1,
        maxLength: 300,
      },
    ),
    shares: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 50 }),
    places: fc.array(fc.nat(), { minLength: 1, maxLength: 9 }),
  })
  .map(({ dtype, classes, rows, values, shares, places }): Case => {
    const fill = (length: number, from: readonly number[]) => zeros(dtype, length).map((_, i) => from[i % from.length]);
    const labels = Int32Array.from({ length: rows }, (_, i) => {
      const place = places[i % places.length];
      return place % 7 === 3 ? -100 : place % classes;
    });
    return {
      dtype,
      classes,
      rows,
      labels,
      logits: fill(rows * classes, values),
      // with one class any other target is one of binaryCrossEntropy
      probabilities: classes === 1 ? zeros(dtype, rows).fill(1) : fill(rows * classes, shares),
      weight: fill(classes, shares),
    };
  });

const options = fc.record({
  labelSmoothing: fc.constantFrom(0, 0, 0.1, 0.35, 1),
  weighted: fc.boolean(),
  soft: fc.boolean(),
  input: fc.constantFrom("logits", "logits", "logits", "probabilities", "logProbabilities"),
});
type Options = { labelSmoothing: number; weighted: boolean; soft: boolean; input: string };

/** What a call gives, as a list of arrays to compare. */
type Call = (losses: Losses, c: Case, o: Options, logits: FloatArray, out?: FloatArray) => FloatArray[];

function crossEntropyOptions(c: Case, o: Options) {
  return {
    classes: c.classes,
    labelSmoothing: o.labelSmoothing,
    weight: o.weighted ? c.weight : undefined,
    input: o.input as "logits",
  };
}

const targetsOf = (c: Case, o: Options) => (o.soft ? c.probabilities : c.labels);

/** Functions of rows: each gives values row by row. */
const rowCalls: Record<string, Call> = {
  softmax: (losses, c, _, x, out) => [losses.softmax(x, { classes: c.classes, out })],
  logSoftmax: (losses, c, _, x, out) => [losses.logSoftmax(x, { classes: c.classes, out })],
  logSumExp: (losses, c, _, x) => [losses.logSumExp(x, { classes: c.classes })],
  crossEntropy: (losses, c, o, x) => [
    losses.crossEntropy(x, targetsOf(c, o), { ...crossEntropyOptions(c, o), reduction: "none" }),
  ],
  crossEntropyWithGrad: (losses, c, o, x, out) => {
    const { loss, grad } = losses.crossEntropyWithGrad(x, targetsOf(c, o), {
      ...crossEntropyOptions(c, o),
      reduction: "none",
      out,
    });
    return [loss, grad];
  },
};

/** Functions whose results are reduced. */
const reducedCalls: Record<string, Call> = {
  "mean and sum": (losses, c, o, x) => [
    Float64Array.of(
      losses.crossEntropy(x, targetsOf(c, o), crossEntropyOptions(c, o)),
      losses.crossEntropy(x, targetsOf(c, o), { ...crossEntropyOptions(c, o), reduction: "sum" }),
    ),
  ],
  "mean with gradient": (losses, c, o, x, out) => {
    const { loss, grad } = losses.crossEntropyWithGrad(x, targetsOf(c, o), { ...crossEntropyOptions(c, o), out });
    return [Float64Array.of(loss), grad];
  },
};

function expectSameResults(got: FloatArray[], wanted: FloatArray[], where: string): void {
  got.forEach((array, i) => {
    expectSame(array, wanted[i], `${where} [${i}]`);
  });
}

const RUNS = { numRuns: everything ? 150 : 60 };

describe("the same bits", () => {
  describe.each(Object.entries({ ...rowCalls, ...reducedCalls }))("%s", (name, call) => {
    test("in every backend", () => {
      fc.assert(
        fc.property(cases, options, (c, o) => {
          const wanted = call(reference.losses, c, o, c.logits);
          for (const { name: other, losses } of others) {
            expectSameResults(call(losses, c, o, c.logits), wanted, `${name} ${other}`);
          }
        }),
        RUNS,
      );
    });

    test("staged, resident at any alignment, and in place", () => {
      fc.assert(
        fc.property(cases, options, fc.nat(20), (c, o, shift) => {
          const type = c.logits.constructor as Float32ArrayConstructor;
          for (const { losses } of opened) {
            const wanted = call(losses, c, o, c.logits);
            const memory = losses.alloc(type, c.logits.length + 2 * shift + 1) as FloatArray;
            const resident = memory.subarray(shift, shift + c.logits.length);
            resident.set(c.logits);
            try {
              expectSameResults(call(losses, c, o, resident), wanted, `${name} resident`);
              resident.set(c.logits);
              expectSameResults(call(losses, c, o, resident, resident), wanted, `${name} resident, in place`);
              const own = c.logits.slice();
              expectSameResults(call(losses, c, o, own, own), wanted, `${name} staged, in place`);
              resident.set(c.logits);
              const out = zeros(c.dtype, c.logits.length);
              expectSameResults(call(losses, c, o, resident, out), wanted, `${name} resident to an ordinary array`);
            } finally {
              losses.free(memory);
            }
          }
        }),
        RUNS,
      );
    });

    test("with what lies around the output left alone", () => {
      fc.assert(
        fc.property(cases, options, fc.nat(20), (c, o, shift) => {
          const { length } = c.logits;
          for (const { losses } of opened) {
            const type = c.logits.constructor as Float32ArrayConstructor;
            const resident = losses.alloc(type, length + shift + 40) as FloatArray;
            for (const memory of [resident, zeros(c.dtype, length + shift + 40)]) {
              memory.fill(7);
              const out = memory.subarray(shift, shift + length);
              call(losses, c, o, c.logits, out);
              const guards = [...memory.subarray(0, shift), ...memory.subarray(shift + length)];
              expect(guards.every((guard) => guard === 7)).toBe(true);
            }
            losses.free(resident);
          }
        }),
        RUNS,
      );
    });
  });

  test.each(Object.entries(rowCalls))("%s of a row alone, first, in the middle and last in a batch", (name, call) => {
    fc.assert(
      fc.property(cases, options, fc.nat(), (c, o, pick) => {
        const { classes } = c;
        const row = pick % c.rows;
        const rowOf = (array: FloatArray, i: number) =>
          array.slice((i * array.length) / c.rows, ((i + 1) * array.length) / c.rows);
        const alone: Case = {
          ...c,
          rows: 1,
          logits: rowOf(c.logits, row),
          probabilities: rowOf(c.probabilities, row),
          labels: c.labels.slice(row, row + 1),
        };
        for (const { losses } of opened) {
          const wanted = call(losses, alone, o, alone.logits);
          const got = call(losses, c, o, c.logits).map((array) => rowOf(array, row));
          expectSameResults(got, wanted, `${name} of row ${row} of ${c.rows}, ${classes} classes`);
        }
      }),
      RUNS,
    );
  });
});

test("a batch that is split has the same mean when its exact sums are added", () => {
  fc.assert(
    fc.property(cases, fc.nat(), (c, cut) => {
      const { classes, rows } = c;
      const at = cut % (rows + 1);
      const none = { classes, reduction: "none" } as const;
      const sum = new ExactSum();
      for (const loss of wasm.crossEntropy(c.logits.subarray(at * classes), c.labels.subarray(at), none)) sum.add(loss);
      for (const loss of wasm.crossEntropy(c.logits.subarray(0, at * classes), c.labels.subarray(0, at), none))
        sum.add(loss);
      const counted = c.labels.filter((label) => label !== -100).length;
      for (const { losses } of opened) {
        expectSame(
          Float64Array.of(losses.crossEntropy(c.logits, c.labels, { classes })),
          Float64Array.of(sum.value() / counted),
          "mean",
        );
      }
    }),
    { numRuns: 300 },
  );
});

test("an engine whose arena is too small for a row gives the bits of the others", () => {
  // rows beyond the staging windows run in JavaScript: 2^21 classes of float32 with a gradient
  const classes = 2 ** 21 + 3;
  const logits = new Float32Array(classes).map((_, i) => Math.fround(((i * 7919) % 10007) / 500));
  const labels = Int32Array.of(classes - 1);
  const [a, b] = opened.map(({ losses }) => losses.crossEntropyWithGrad(logits, labels, { classes }));
  expect(a.loss).toBe(b.loss);
  expectSame(a.grad, b.grad, "grad");
  const resident = wasm.alloc(Float32Array, classes);
  resident.set(logits);
  const c = wasm.crossEntropyWithGrad(resident, labels, { classes, out: resident });
  expect(c.loss).toBe(b.loss);
  expectSame(c.grad, b.grad, "resident grad");
  wasm.free(resident);
});
