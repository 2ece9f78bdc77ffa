import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openJs } from "../src/backends/js/openJs.ts";
import { createWasmBackend } from "../src/backends/wasm/wasmBackend.ts";
import { extractSums } from "../src/generated/kernels.ts";
import { inlinedModule } from "../src/module/inlined.ts";
import { compile, createMemory } from "../src/module/load.ts";
import { EXPONENTS, ExactSum } from "../src/numeric/exactSum.ts";
import { ExactTotal, FINITE } from "../src/numeric/exactTotal.ts";
import { LOOPS } from "../src/numeric/loops.ts";
import { addMoments } from "../src/numeric/moments.ts";
import { ProductTotal } from "../src/numeric/productTotal.ts";

/** A float64 as a fraction: numerator over 2^1074. */
function fractionOf(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 2047n);
  const significand = bits & ((1n << 52n) - 1n);
  const magnitude = exponent === 0 ? significand : (significand | (1n << 52n)) << BigInt(exponent - 1);
  return bits >> 63n ? -magnitude : magnitude;
}

/** Whether y is a float64 nearest to the exact sum: no neighbour is nearer. An oracle that shares nothing with the code. */
function isNearest(y: number, values: readonly number[]): boolean {
  const exact = values.reduce((sum, x) => sum + fractionOf(x), 0n);
  const distance = (x: number) => {
    const d = exact - fractionOf(x);
    return d < 0n ? -d : d;
  };
  const view = new DataView(new ArrayBuffer(8));
  const neighbour = (step: bigint) => {
    view.setFloat64(0, y);
    view.setBigUint64(0, view.getBigUint64(0) + step);
    return view.getFloat64(0);
  };
  if (y === 0) return exact === 0n;
  return [1n, -1n].every((step) => {
    const x = neighbour(step);
    if (!Number.isFinite(x)) return true;
    const closer = distance(x) < distance(y);
    const tie = distance(x) === distance(y);
    view.setFloat64(0, y);
    return !closer && (!tie || (view.getBigUint64(0) & 1n) === 0n);
  });
}

const value = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: -10, max: 10, noNaN: true }),
  fc.constantFrom(1e100, -1e100, 1, 2 ** -53, -(2 ** -53), 2 ** -54, 5e-324, -5e-324, 2 ** -1022, 0, -0),
);

function sumOf(values: readonly number[]): number {
  const sum = new ExactSum();
  for (const x of values) sum.add(x);
  return sum.value();
}

test("the sum is the float64 nearest to the exact one", () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 300 }), (values) => {
      const sum = sumOf(values);
      if (Number.isFinite(sum)) expect(isNearest(sum, values), `${sum}`).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test("order, splitting and the way of adding don't matter", () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 200 }), fc.nat(), (values, cut) => {
      const wanted = sumOf(values);
      const at = cut % (values.length + 1);
      const turned = [...values.slice(at), ...values.slice(0, at).reverse()];
      expect(sumOf(turned)).toBe(wanted);
      const all = new ExactSum();
      all.addAll(Float64Array.from(values), at, LOOPS);
      all.addAll(Float64Array.from(values.slice(at)), values.length - at, LOOPS);
      expect(all.value()).toBe(wanted);
    }),
    { numRuns: 500 },
  );
});

describe("values that are hard to add", () => {
  const cases: [string, number[], number][] = [
    ["none", [], 0],
    ["one", [0.1], 0.1],
    ["a minus zero", [-0], 0],
    ["cancelling", [1e100, 1, -1e100], 1],
    ["a tie to even", [1, 2 ** -53], 1],
    ["just above a tie", [1, 2 ** -53, 2 ** -1074], 1 + 2 ** -52],
    ["a tie to even, upwards", [1 + 2 ** -52, 2 ** -53], 1 + 2 ** -51],
    ["subnormal", [5e-324, 5e-324], 1e-323],
    ["to the smallest normal number", [2 ** -1022, -5e-324, 5e-324], 2 ** -1022],
    ["beyond the largest and back", [1.7e308, 1.7e308, -1.7e308], 1.7e308],
    ["beyond the largest", [1.7e308, 1.7e308], Number.POSITIVE_INFINITY],
    ["infinite", [1, Number.POSITIVE_INFINITY], Number.POSITIVE_INFINITY],
    ["both infinities", [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY], Number.NaN],
    ["not a number", [1, Number.NaN], Number.NaN],
  ];
  test.each(cases)("%s", (_, values, wanted) => {
    expect(sumOf(values)).toBe(wanted);
  });

  test.each(cases)("%s, asked for twice, and among many", (_, values, wanted) => {
    const sum = new ExactSum();
    for (const x of values) sum.add(x);
    expect(sum.value()).toBe(wanted);
    expect(sum.value()).toBe(wanted);
    // 1000 values that cancel: no longer few
    for (let i = 0; i < 500; i++) sum.add(3 + i);
    for (let i = 0; i < 500; i++) sum.add(-3 - i);
    expect(sum.value()).toBe(wanted);
    expect(sum.value()).toBe(wanted);
    sum.clear();
    expect(sum.value()).toBe(0);
    for (const x of values) sum.add(x);
    expect(sum.value()).toBe(wanted);
  });

  test("three million of them, past the bins' limit", () => {
    const sum = new ExactSum();
    const values = new Float64Array(3_000_000).fill(0.1);
    sum.addAll(values, values.length, LOOPS);
    sum.add(1e20);
    sum.add(-1e20);
    // 3e6 times the float64 nearest to 0.1, which is 5.55e-18 above it
    expect(sum.value()).toBe(300000);
    // all the bits there are, and too large for parts: each goes to the bins
    const [power, rest] = [2 ** 13, 2 ** -40];
    sum.clear();
    sum.addAll(values.fill(power - rest), values.length, LOOPS);
    sum.add(-values.length * power);
    expect(sum.value()).toBe(-values.length * rest);
    sum.clear();
    expect(sum.value()).toBe(0);
    sum.add(2);
    expect(sum.value()).toBe(2);
  });
});

test("the WebAssembly kernel adds what the loop adds", async () => {
  const { createLosses } = await import("../src/index.node.ts");
  const [a, b] = await Promise.all((["wasm", "js"] as const).map((backend) => createLosses({ backend })));
  // of many values one is NaN, or there are both infinities: nothing else is seen then
  const finite = fc.oneof(value, fc.double({ noNaN: true, noDefaultInfinity: true }));
  const lists = [finite, fc.double({ min: -1e300, max: 1e300, noNaN: true }), fc.double()].map((one) =>
    fc.array(one, { minLength: 1, maxLength: 300 }),
  );
  fc.assert(
    fc.property(fc.oneof(...lists), (values) => {
      // with one class, the negative log-likelihood of row i is -x_i: any sum of float64 values can be asked for
      const input = Float64Array.from(values, (x) => -x);
      const labels = new Int32Array(values.length);
      const options = { classes: 1, input: "logProbabilities", reduction: "sum" } as const;
      const [x, y] = [a, b].map((losses) => losses.crossEntropy(input, labels, options));
      expect(x).toBe(y);
      expect(x).toBe(sumOf(values));
    }),
    { numRuns: 500 },
  );
});

async function openWasm() {
  const { memory } = createMemory(2 ** 22);
  const { exports } = await WebAssembly.instantiate(await compile(await inlinedModule(false)), { env: { memory } });
  return createWasmBackend(exports as never, memory, 2 ** 22, () => {});
}
const backends = { js: openJs(0), wasm: await openWasm() };

describe.each(Object.entries(backends))("sums of the parts of blocks, %s", (_, backend) => {
  /** Sizes from 2^-63 to 2^12, and 0. */
  const usual = fc.oneof(
    fc.double({ min: 2 ** -63, max: 4095, noNaN: true }),
    fc.double({ min: -4095, max: -(2 ** -63), noNaN: true }),
    fc.constantFrom(0, -0, 2 ** -63, -(2 ** -63), 4096 - 2 ** -41, 1 + 2 ** -52, 2 ** -62 + 2 ** -114),
  );
  const odd = fc.constantFrom(4096, -4096, 2 ** -64, 5e-324, -1e300, Infinity, -Infinity, Number.NaN);
  const block = fc.record({
    some: fc.array(usual, { minLength: 1, maxLength: 60 }),
    other: fc.option(odd),
    at: fc.nat(1023),
  });

  function sumsOf(values: Float64Array): Float64Array {
    const blocks = Math.ceil(values.length / 1024);
    const sums = new Float64Array(3 * blocks);
    backend.run(extractSums, "f64", blocks, { values, sums }, values.length);
    return sums;
  }

  test("exact for usual values, NaN where there is another", () => {
    fc.assert(
      fc.property(
        fc.array(block, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 1024 }),
        (blocks, last) => {
          const filled = blocks.flatMap(({ some, other, at }, k) => {
            const n = k === blocks.length - 1 ? last : 1024;
            const values = Array.from({ length: n }, (_, i) => some[i % some.length]);
            if (other !== null) values[at % n] = other;
            return [values];
          });
          const sums = sumsOf(Float64Array.from(filled.flat()));
          filled.forEach((values, k) => {
            const [first, second, third] = sums.subarray(3 * k);
            expect(Number.isNaN(first)).toBe(blocks[k].other !== null);
            if (blocks[k].other !== null) return;
            const exact = values.reduce((sum, x) => sum + fractionOf(x), 0n);
            expect(fractionOf(first) + fractionOf(second) + fractionOf(third)).toBe(exact);
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  test("exact for blocks of the largest and of the smallest", () => {
    for (const x of [4096 - 2 ** -41, -(4096 - 2 ** -41), 2 ** -62 - 2 ** -115]) {
      const [first, second, third] = sumsOf(new Float64Array(1024).fill(x));
      expect(fractionOf(first) + fractionOf(second) + fractionOf(third)).toBe(1024n * fractionOf(x));
    }
  });
});

test("many values, usual ones and others, add up as one by one, in blocks or not", () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 100 }), fc.integer({ min: 1, max: 5000 }), (some, n) => {
      const values = Float64Array.from({ length: n }, (_, i) => (i < 3000 ? (i % 7) / 3 : some[i % some.length]));
      const sum = new ExactSum();
      sum.addAll(values, values.length, LOOPS);
      expect(sum.value()).toBe(sumOf([...values]));
      sum.addAll(values, Math.ceil(n / 2), LOOPS);
      expect(sum.value()).toBe(sumOf([...values, ...values.slice(0, Math.ceil(n / 2))]));
    }),
    { numRuns: 50 },
  );
});

test("products, usual ones, large and small, add up without an error", () => {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
  const usual = fc.double({ noNaN: true, min: -60, max: 60 });
  const numbers = fc.array(fc.oneof(usual, usual, finite, fc.constant(0)), { minLength: 1, maxLength: 1024 });
  fc.assert(
    fc.property(numbers, fc.boolean(), (some, areSquares) => {
      const xs = Float64Array.from(some);
      const ys = areSquares ? xs : xs.slice().reverse();
      const [sums, products] = [new Float64Array(2 * EXPONENTS), new Float64Array(2 * EXPONENTS)];
      const total = new ProductTotal();
      addMoments(xs.length, xs, ys, areSquares ? sums : null, products, total);
      total.addBins(products);
      expect(total.kind).toBe(FINITE);
      expect(total.units).toBe(xs.reduce((sum, x, i) => sum + fractionOf(x) * fractionOf(ys[i]), 0n));
      const sum = new ExactTotal();
      sum.addBins(sums);
      expect(sum.units).toBe(areSquares ? xs.reduce((sum, x) => sum + fractionOf(x), 0n) : 0n);
    }),
    // a product of usual size whose factors are not, and one of a factor that is too large to be split and 0
    {
      numRuns: 200,
      examples: [
        [[-2.5e-323, -4.388899255034951e303], false],
        [[0, 1.7e308], false],
      ],
    },
  );
});
