import { describe, expect, test } from "vitest";
import {
  bfloat16,
  createLosses,
  float16,
  mergeStates,
  type RegressionEvaluator,
  regressionEvaluator,
  regressionOf,
} from "../src/index.node.ts";
import { openThreaded } from "./backends.ts";
import { everything } from "./breadth.ts";
import { bfloat16Bits, fromBfloat16 } from "./files.ts";
import { arrayOf, type Dtype, dtypes, elementCounts, type FloatArray, mulberry32, normal, zeros } from "./inputs.ts";
import { FULL, lowerHalf, MANY, timesState } from "./manyRows.ts";

const opened = await openThreaded();
const cramped = await createLosses({ backend: "wasm", arenaBytes: 0 });
/** Every way of adding up; all of them give the same bytes. */
const makers: [name: string, make: () => RegressionEvaluator][] = [
  ...opened.map(
    ({ name, losses }) => [name, () => losses.regressionEvaluator()] as [string, () => RegressionEvaluator],
  ),
  ["wasm without room", () => cramped.regressionEvaluator()],
  ["no engine", regressionEvaluator],
];

const double = new DataView(new ArrayBuffer(8));

/** A float64 in units of the smallest one, 2^-1074. */
function exact(x: number): bigint {
  double.setFloat64(0, x);
  const bits = double.getBigUint64(0);
  const exponent = (bits >> 52n) & 2047n;
  const significand = bits & (2n ** 52n - 1n);
  const size = exponent === 0n ? significand : (significand + 2n ** 52n) << (exponent - 1n);
  return x < 0 ? -size : size;
}

/** A number of units of 2^-1074. */
const ONE = 2n ** 1074n;
const sumOf = (values: Iterable<number>, of = exact) => Array.from(values, of).reduce((sum, x) => sum + x, 0n);
const bitsIn = (x: bigint) => 4 * x.toString(16).length;

/** a / b, b above 0, rounded once: of 60 bits or more the last one says whether something is left, and Number() rounds integers. */
function quotient(a: bigint, b: bigint): number {
  if (a < 0n) return -quotient(-a, b);
  const shift = 70 - bitsIn(a) + bitsIn(b);
  const [dividend, divisor] = shift > 0 ? [a << BigInt(shift), b] : [a, b << BigInt(-shift)];
  const rest = dividend % divisor === 0n ? 0n : 1n;
  const half = Math.trunc(shift / 2);
  return Number((dividend / divisor) | rest) / 2 ** half / 2 ** (shift - half);
}

/** Each quotient is rounded, their sum is not; integers have no infinity. */
function meanQuotient(errors: readonly number[], targets: readonly number[]): number {
  const quotients = errors.map((d, i) => (d === 0 ? 0 : d / Math.abs(targets[i])));
  const { POSITIVE_INFINITY: inf } = Number;
  return (quotients.includes(inf) ? inf : quotient(sumOf(quotients), ONE)) / targets.length;
}

/** Figures by integers without rounding: shares nothing with the code but the roundings of an error and of a float64 square. */
function figuresOf(p: FloatArray, t: FloatArray) {
  const narrow = p instanceof Float32Array ? Math.fround : (x: number) => x;
  const errors = Array.from(p, (x, i) => Math.abs(narrow(x - t[i])));
  // in units of 2^-2148
  const square = (d: number) => exact(d) ** 2n;
  const squares = sumOf(errors, (d) => (d * d < 2 ** -960 ? square(d) : exact(d * d) * ONE));
  const targets = Array.from(t);
  const n = targets.length;
  const mse = quotient(squares, ONE ** 2n) / n;
  // n times the variation
  const variation = BigInt(n) * sumOf(targets, square) - sumOf(targets) ** 2n;
  return {
    count: n,
    mse,
    rmse: Math.sqrt(mse),
    mae: quotient(sumOf(errors), ONE) / n,
    maximumError: Math.max(...errors),
    mape: meanQuotient(errors, targets),
    r2: variation === 0n ? Number.NaN : quotient(variation - BigInt(n) * squares, variation),
  };
}

/** Predictions and targets as they come, and as they make it hard for a sum of two parts. */
const kinds: Record<string, (random: () => number, i: number) => [p: number, t: number]> = {
  normal: (random) => {
    const t = 10 * normal(random);
    return [t + normal(random), t];
  },
  "far from 0": (random) => [250_000 + 1000 * normal(random), 250_000 + 1000 * normal(random)],
  "the same targets": (random) => [normal(random), 3],
  "no errors, and zeros": (random, i) =>
    i % 3 === 0 ? [0, -0] : ([random(), random()].fill(random()) as [number, number]),
  "of 60 octaves": (random) => [2 ** (60 * random() - 30), -(2 ** (60 * random() - 30))],
  "one that is tiny": (random, i) => (i % 700 === 11 ? [1e-30, 3e-31] : [normal(random), 5 + normal(random)]),
  "one that is large": (random, i) => (i % 700 === 11 ? [1e15, 3e14] : [normal(random), 5 + normal(random)]),
  // around the limits of 18 and 16 octaves, with all the bits there are
  ...Object.fromEntries(
    [14, 16, 17, 18, 19, 22, 28].map((octaves) => [
      `of ${octaves} octaves`,
      (random: () => number, i: number): [number, number] => {
        const x = i % 500 === 17 ? 2 ** -octaves : 1 / 2;
        return [2 * x * (1 + random()), -x * (1 + random())];
      },
    ]),
  ),
  "below the normal": (random) => [1e-41 * random(), 1e-41 * random()],
  "at the edge of the range": (_, i) => [2 + 2 ** -(i % 20), 2 ** (1 - (i % 20))],
};

function dataOf(dtype: Dtype, n: number, kind: keyof typeof kinds): [p: FloatArray, t: FloatArray] {
  const random = mulberry32(n);
  const [p, t] = [zeros(dtype, n), zeros(dtype, n)];
  for (let i = 0; i < n; i++) [p[i], t[i]] = kinds[kind](random, i);
  return [p, t];
}

function expectFigures(got: ReturnType<RegressionEvaluator["result"]>, wanted: ReturnType<typeof figuresOf>): void {
  const { r2, ...rest } = wanted;
  expect(got).toMatchObject(rest);
  if (Number.isNaN(r2)) expect(got.r2).toBeNaN();
  else expect(Math.abs(got.r2 - r2)).toBeLessThanOrEqual(2 ** -52 * Math.max(1, Math.abs(r2)));
}

describe.each(dtypes)("%s", (dtype) => {
  test.each(Object.keys(kinds))("is the exact answer, the same bytes everywhere: %s", (kind) => {
    for (const n of kind === "normal" ? elementCounts : [1, 7, 1024, 2100]) {
      const [p, t] = dataOf(dtype, n, kind);
      const wanted = figuresOf(p, t);
      const states = makers.map(([name, make]) => {
        const evaluator = make();
        evaluator.add(p, t);
        expectFigures(evaluator.result(), wanted);
        return [name, Buffer.from(evaluator.state()).toString("hex")];
      });
      for (const [name, state] of states) expect(state, `${name}, ${n} elements`).toBe(states[0][1]);
    }
  });

  test("random partitions have one state", () => {
    const random = mulberry32(5);
    const n = 3000;
    const [p, t] = dataOf(dtype, n, "one that is tiny");
    const whole = regressionEvaluator();
    whole.add(p, t);
    const wanted = whole.state();
    for (let i = 0; i < (everything ? 300 : 100); i++) {
      const parts: Uint8Array[] = [];
      for (let at = 0; at < n; ) {
        const evaluator = makers[Math.floor(random() * makers.length)][1]();
        for (let batches = 1 + random() * 3; batches > 0 && at < n; batches--) {
          const end = Math.min(n, at + Math.floor(random() * random() * n));
          evaluator.add(p.subarray(at, end), t.subarray(at, end));
          at = end;
        }
        parts.unshift(evaluator.state());
      }
      const state = mergeStates(...parts);
      if (Buffer.compare(state, wanted) !== 0) expect(state, `partition ${i}`).toEqual(wanted);
    }
    expect(regressionOf(wanted)).toEqual(whole.result());
  });

  test("more elements than bins hold at once", { timeout: 300_000 }, () => {
    // one of them is tiny, so that each is added by its exponent
    const period = 64;
    const random = mulberry32(12);
    const isFull = (x: number) => dtype === "float32" || (lowerHalf(x) >= FULL && lowerHalf(x) % 2 === 1);
    // random() has 32 bits
    const full = (ofRandom: (x: number) => number) => {
      for (;;) {
        const x = random() + 2 ** -32 * random();
        if (isFull(ofRandom(x))) return ofRandom(x);
      }
    };
    const target = full((x) => 1 + x);
    const prediction = target - full((x) => 0.5 + x / 2);
    const [p, t] = [zeros(dtype, MANY).fill(prediction), zeros(dtype, MANY).fill(target)];
    for (let i = 0; i < MANY; i += period) [p[i], t[i]] = [3e-30, 1e-30];
    // each way with one of the dtypes, both languages with both
    const tried = makers.filter((_, i) => everything || (dtype === "float64") === i < 3);
    for (const [name, make] of tried) {
      const [few, many] = [make(), make()];
      few.add(p.subarray(0, period), t.subarray(0, period));
      many.add(p, t);
      expect(many.result().count).toBe(MANY);
      expect(Buffer.compare(many.state(), timesState(few.state(), MANY / period)), name).toBe(0);
    }
  });

  test("what is not finite", () => {
    const { POSITIVE_INFINITY: inf, NaN: nan } = Number;
    const cases: [p: number, t: number, mse: number, mae: number, maximum: number][] = [
      [nan, 1, nan, nan, nan],
      [1, nan, nan, nan, nan],
      [inf, 1, inf, inf, inf],
      [1, -inf, inf, inf, inf],
      [inf, inf, nan, nan, nan],
      dtype === "float32"
        ? [1e30, 0, Math.fround(1e30) ** 2 / 1100, Math.fround(1e30) / 1100, 0]
        : [1e200, 0, inf, 1e200 / 1100, 0],
    ];
    for (const [p, t, mse, mae, maximum] of cases) {
      for (const at of [0, 3, 1050, 1099]) {
        const [x, y] = [zeros(dtype, 1100), zeros(dtype, 1100).map((_, i) => i)];
        x.set(y);
        [x[at], y[at]] = [p, t];
        const states = makers.map(([, make]) => {
          const evaluator = make();
          evaluator.add(x, y);
          expect(evaluator.result()).toMatchObject({ mse, mae, maximumError: maximum || mae * 1100 });
          return Buffer.from(evaluator.state()).toString("hex");
        });
        expect(new Set(states).size).toBe(1);
      }
    }
  });
});

describe("R2 is 1 only where the rest is below 2^-53", () => {
  const [p, t] = [
    [3, 1, 2],
    [1, 2, 3],
  ];
  test.each<[string, (values: readonly number[], power: number) => FloatArray, number[]]>([
    [
      "float32",
      (values, power) => Float32Array.from(values, (x) => x * power),
      [1e-23, 1e-40, 2 ** -149, 1, 1e19, 3e37],
    ],
    [
      "float64",
      (values, power) => Float64Array.from(values, (x) => x * power),
      [1e-23, 1e-170, 1e-307, 2 ** -1074, 1, 1e160, 1e300],
    ],
  ])("%s, of every size", (_, of, powers) => {
    for (const power of powers) {
      for (const [name, make] of makers) {
        const evaluator = make();
        evaluator.add(of(p, power), of(t, power));
        // 1 - 6 / 2
        expect(evaluator.result().r2, `${name}, ${power}`).toBeCloseTo(-2, 5);
        expect(regressionOf(evaluator.state())).toEqual(evaluator.result());
      }
    }
  });

  test("of errors far below the targets' spread", () => {
    for (const [name, make] of makers) {
      const r2Of = (error: number) => {
        const evaluator = make();
        evaluator.add(Float64Array.of(1 + error, 2, 3), Float64Array.of(1, 2, 3));
        return evaluator.result().r2;
      };
      expect(r2Of(2 ** -20), name).toBe(1 - 2 ** -41);
      expect([r2Of(2 ** -25), r2Of(2 ** -27), r2Of(0)], name).toEqual([1 - 2 ** -51, 1, 1]);
      // where the targets are all the same there is nothing to explain
      const same = make();
      same.add(Float32Array.of(1e-30, 2e-30), Float32Array.of(3e-30, 3e-30));
      expect(same.result().r2, name).toBeNaN();
    }
  });

  test("blocks of many in which some are extreme", () => {
    const random = mulberry32(9);
    const n = 3000;
    const t = Float64Array.from({ length: n }, (_, i) => (i % 5 === 0 ? 1e-300 : 1e-200) * normal(random));
    const predictions = t.map((x, i) => x * (i % 700 === 3 ? 3 : 1.5));
    const wanted = figuresOf(predictions, t);
    const states = makers.map(([, make]) => {
      const evaluator = make();
      evaluator.add(predictions, t);
      expectFigures(evaluator.result(), wanted);
      return Buffer.from(evaluator.state()).toString("hex");
    });
    expect(new Set(states).size).toBe(1);
  });
});

test("errors relative to targets: 0 / 0 is 0, any other error of a target of 0 is infinite", () => {
  const { POSITIVE_INFINITY: inf, NaN: nan } = Number;
  const cases: [p: number, t: number, mape: number][] = [
    [0, 0, 0],
    [0, -0, 0],
    [2, 2, 0],
    [1, 0, inf],
    [-1, -0, inf],
    [1, -2, 1.5],
    [inf, 1, inf],
    [1, inf, nan],
    [nan, 0, nan],
    [0, nan, nan],
  ];
  for (const type of [Float32Array, Float64Array]) {
    for (const [p, t, wanted] of cases) {
      // in a whole vector, in what is left of one, and in another block
      for (const at of [0, 1026, 1028]) {
        const states = makers.map(([name, make]) => {
          const evaluator = make();
          const [x, y] = [new type(1029).fill(1), new type(1029).fill(1)];
          [x[at], y[at]] = [p, t];
          evaluator.add(x, y);
          expect(evaluator.result().mape, `${name}: ${p} for ${t}`).toBe(wanted / 1029);
          return Buffer.from(evaluator.state()).toString("hex");
        });
        expect(new Set(states).size).toBe(1);
      }
    }
  }
});

test("half precision is what it stands for", () => {
  const random = mulberry32(3);
  const [p, t] = [0, 1].map(() => bfloat16Bits(Float32Array.from({ length: 1500 }, () => normal(random))));
  const halves = Uint16Array.of(0x3c00, 0xc000, 0x3800, 0x0001);
  for (const [, make] of makers) {
    const [narrow, wide] = [make(), make()];
    narrow.add(bfloat16(p), bfloat16(t));
    wide.add(fromBfloat16(p), fromBfloat16(t));
    expect(narrow.state()).toEqual(wide.state());
    const few = make();
    few.add(float16(halves), new Float32Array(4));
    expect(few.result()).toMatchObject({ count: 4, maximumError: 2, mse: (5.25 + 2 ** -48) / 4 });
  }
});

test("an evaluator of rows and one of numbers share an engine and don't mix", () => {
  const logits = Float32Array.of(1, 2, 3, 4);
  const labels = Int32Array.of(1, 0);
  for (const { losses } of opened) {
    const [rows, numbers] = [losses.evaluator({ classes: 2 }), losses.regressionEvaluator()];
    for (let i = 0; i < 3; i++) {
      rows.add(logits, labels);
      numbers.add(
        logits,
        logits.map((x) => x + 1),
      );
    }
    expect(rows.result()).toMatchObject({ counted: 6, accuracy: 0.5 });
    expect(numbers.result()).toMatchObject({ count: 12, mse: 1, mae: 1, maximumError: 1 });
  }
});

test("nothing, and what can't be added", async () => {
  for (const [, make] of makers) {
    const evaluator = make();
    const { elements, count, ...figures } = evaluator.result();
    expect([elements, count]).toEqual([0, 0]);
    expect(figures).toEqual({ mse: NaN, rmse: NaN, mae: NaN, maximumError: NaN, mape: NaN, r2: NaN });
    const add = (p: unknown, t: unknown) => () => evaluator.add(p as Float32Array, t as Float32Array);
    expect(add(new Float32Array(2), new Float64Array(2))).toThrow(
      new TypeError("add: targets is a Float64Array, but predictions is a Float32Array"),
    );
    expect(add(new Float32Array(2), new Float32Array(3))).toThrow(
      new RangeError("add: targets has length 3, but predictions has 2"),
    );
    expect(add([1], new Float32Array(1))).toThrow(TypeError);
    expect(evaluator.result().count).toBe(0);
  }
  const losses = await createLosses();
  const evaluator = losses.regressionEvaluator();
  evaluator.add(arrayOf.float32.of(1), arrayOf.float32.of(2));
  losses.close();
  expect(() => evaluator.add(new Float32Array(1), new Float32Array(1))).toThrow("add: this Losses is closed");
  expect(() => losses.regressionEvaluator()).toThrow("regressionEvaluator: this Losses is closed");
  expect(() => mergeStates(regressionEvaluator().state(), new Uint8Array(40))).toThrow(
    'mergeStates: states[1] is not a state of this kind of evaluator (it does not begin with "wlrg")',
  );
});
