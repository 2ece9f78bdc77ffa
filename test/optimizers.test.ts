import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KERNELS } from "../src/descriptions/list.ts";
import { OPTIMIZERS } from "../src/descriptions/optimizers.ts";
import { bfloat16, float16 } from "../src/dtype.ts";
import type { Optimizer } from "../src/exports.ts";
import { type Losses, openAll, openBackends, threaded } from "./backends.ts";
import { everything } from "./breadth.ts";
import { PATTERN, repeated } from "./engines/pattern.ts";
import { any, expectError, notFloatArrays, untyped } from "./expectError.ts";
import {
  bfloat16Value,
  type Dtype,
  dtypes,
  elementCounts,
  expectClose,
  expectSame,
  type FloatArray,
  float16Value,
  floats,
  integer,
  mulberry32,
  normal,
  outsideOf,
  type Random,
  unaligned,
  zeros,
} from "./inputs.ts";
import * as oracle from "./oracle.ts";

// Every optimizer of the list, from its description.

const opened = await openAll();
const backends = opened.map(({ name, losses }) => [name, losses] as const);
const reference = opened.find(({ losses }) => losses.backend === "js")!.losses;
/** Engines whose arena has room for no moments. */
const crowded = await openBackends({ arenaBytes: 64 }, threaded);

type Options = Readonly<Record<string, number | boolean>>;
type Make = (parameters: FloatArray | readonly FloatArray[], options: object) => Optimizer;

const makeOf = (losses: Losses, name: string) => (losses as unknown as Record<string, Make>)[name];
const names = OPTIMIZERS.map(({ name }) => name);

/** Options with which each branch of each kernel runs. */
const VARIANTS: Readonly<Record<string, readonly Options[]>> = {
  sgd: [
    { learningRate: 0.1 },
    { learningRate: 0.1, weightDecay: 0.25 },
    { learningRate: 0.1, momentum: 0.9 },
    { learningRate: 0.01, momentum: 0.5, nesterov: true, weightDecay: 0.01 },
    { learningRate: 1, momentum: 1, nesterov: true },
  ],
  adam: [
    { learningRate: 0.1 },
    { learningRate: 0.01, beta1: 0, beta2: 0, epsilon: 1e-3 },
    { learningRate: 0.01, beta1: 0.5, beta2: 0.75, weightDecay: 0.25 },
  ],
  adamW: [
    { learningRate: 0.1 },
    { learningRate: 0.01, beta1: 0.5, weightDecay: 0.5 },
    { learningRate: 1, weightDecay: 0 },
  ],
  rmsProp: [
    { learningRate: 0.1 },
    { learningRate: 0.01, alpha: 0, epsilon: 1e-3, weightDecay: 0.25 },
    { learningRate: 0.01, alpha: 0.5, momentum: 0.9, weightDecay: 0.01 },
  ],
};
const variants = names.flatMap((name) => VARIANTS[name].map((options) => ({ name, options })));
const titled = variants.map(({ name, options }) => [`${name} ${JSON.stringify(options)}`, name, options] as const);

/** All options as numbers, with what they are by default. */
function numbersOf(name: string, options: Options): Record<string, number> {
  const { options: numbers, flags } = OPTIMIZERS.find((each) => each.name === name)!;
  const all = [...numbers.map((option) => [option.name, option.default]), ...flags.map((flag) => [flag, false])];
  return Object.fromEntries(all.map(([key, value]) => [key, Number(options[key as string] ?? value)]));
}

/** At most PATTERN values are drawn, and repeated. */
function drawn(draw: () => number, dtype: Dtype, length: number): FloatArray {
  return repeated(zeros(dtype, Math.min(length, PATTERN)).map(draw) as FloatArray, length);
}

/** Of sizes from 1/2 to 2, both signs. */
function ordinary(random: Random, dtype: Dtype, length: number): FloatArray {
  return drawn(() => (random() < 0.5 ? -1 : 1) * (0.5 + 1.5 * random()), dtype, length);
}

function anything(random: Random, dtype: Dtype, length: number): FloatArray {
  return drawn(() => normal(random) * 10 ** (4 * random() - 2), dtype, length);
}

/** Parameters and the state after a few steps. */
function trained(losses: Losses, name: string, options: Options, parameters: FloatArray, gradients: FloatArray[]) {
  const optimizer = makeOf(losses, name)(parameters, options);
  for (const gradient of gradients) optimizer.step(gradient);
  const state = optimizer.state();
  optimizer.close();
  return { parameters, state };
}

/** The same values in the engine's memory, an element past a line. */
function resident(losses: Losses, array: FloatArray): { view: FloatArray; free(): void } {
  const all = losses.alloc(array.constructor as Float32ArrayConstructor, array.length + 1);
  const view = all.subarray(1);
  view.set(array);
  return { view, free: () => losses.free(all) };
}

// ---------------------------------------------------------------------------------------------------------- values

interface Golden {
  optimizer: string;
  options: Options;
  dtype: "f32" | "f64";
  parameters: number[];
  /** The parameters after each step; the learning rate is that of the step, where there is one. */
  steps: { grad: number[]; parameters: number[]; learningRate?: number }[];
}

/**
 * Of torch.optim.SGD, Adam, AdamW and RMSprop (PyTorch 1.13; 2.13 documents the same algorithms) in float64, from parameters and
 * gradients that float32 or float64 holds exactly.
 */
const golden: Golden[] = JSON.parse(readFileSync(new URL("./fixtures/optimizers.json", import.meta.url), "utf8"));
const goldenCases = golden.map((item, i) => [`${i}: ${item.optimizer} ${JSON.stringify(item.options)}`, item] as const);

test("the golden values are of every optimizer", () => {
  expect([...new Set(golden.map(({ optimizer }) => optimizer))].sort()).toEqual(names.toSorted());
});

test.each(goldenCases)("the oracle agrees with PyTorch, %s", (_, { optimizer, options, parameters, steps }) => {
  const given = steps.map(({ grad, learningRate = options.learningRate }) => ({
    gradients: grad,
    options: numbersOf(optimizer, { ...options, learningRate }),
  }));
  oracle.optimize(optimizer, parameters, given).forEach((wanted, i) => {
    expectClose(wanted, steps[i].parameters, (k) => 1e-13 * Math.max(1, Math.abs(wanted[k])), `step ${i}`);
  });
});

describe.each(backends)("%s", (_, losses) => {
  test.each(goldenCases)("agrees with PyTorch, %s", (_, { optimizer, options, dtype, parameters, steps }) => {
    const name = dtype === "f32" ? "float32" : "float64";
    const own = floats(name, parameters);
    const it = makeOf(losses, optimizer)(own, options);
    const largest = [parameters, ...steps.map((step) => step.parameters)]
      .flat()
      .reduce((a, b) => Math.max(a, Math.abs(b)), 1);
    steps.forEach(({ grad, parameters: wanted, learningRate }, i) => {
      it.step(any(floats(name, grad)), { learningRate });
      expectClose(own, wanted, () => (dtype === "f32" ? 1e-6 : 1e-13) * largest, `step ${i}`);
    });
    it.close();
  });

  test.each(titled)("a step is within the stated error, %s", (_, name, options) => {
    const random = mulberry32(5);
    const description = KERNELS.find(
      (kernel) => kernel.name === OPTIMIZERS.find((each) => each.name === name)!.kernel,
    )!;
    for (const dtype of dtypes) {
      const text = dtype === "float32" ? description.tolerance.f32 : description.tolerance.f64;
      const [, p, step] = /^(\d+) x 2\^-\d+ of p, (\d+) x 2\^-\d+ of the step$/.exec(text)!.map(Number);
      const rounding = dtype === "float32" ? 2 ** -24 : 2 ** -53;
      for (const n of elementCounts) {
        const parameters = ordinary(random, dtype, n);
        // of the parameters' signs, so that weight decay and gradient do not cancel
        const gradients = ordinary(random, dtype, n).map(
          (g, i) => Math.abs(g) * Math.sign(parameters[i]),
        ) as FloatArray;
        const given = [{ gradients, options: numbersOf(name, options) }];
        const [wanted] = oracle.optimize(name, parameters, given);
        const before = parameters.slice();
        const optimizer = makeOf(losses, name)(parameters, options);
        optimizer.step(any(gradients));
        optimizer.close();
        const allowed = (i: number) => {
          const stepped = Math.abs(wanted[i] - before[i]);
          // the oracle rounds in float64, too
          const oracles = dtype === "float64" ? 2 : 1;
          return oracles * rounding * (p * Math.abs(before[i]) + step * stepped);
        };
        expectClose(parameters, wanted, allowed, `${dtype}, ${n}`);
      }
    }
  });

  test.each(names)("%s: a NaN stays in its element, gradients of 0 move nothing", (name) => {
    for (const options of VARIANTS[name]) {
      const random = mulberry32(9);
      const given = ordinary(random, "float32", 77);
      const gradients = ordinary(random, "float32", 77);
      const [clean, spoilt] = [given.slice(), given.slice()];
      const both = [clean, spoilt].map((parameters) => makeOf(losses, name)(parameters, options));
      both[0].step(any(gradients));
      gradients[33] = NaN;
      both[1].step(any(gradients));
      clean[33] = NaN;
      expectSame(spoilt, clean, JSON.stringify(options));
      for (const it of both) it.close();
      if (numbersOf(name, options).weightDecay > 0) continue;
      const still = given.slice();
      const optimizer = makeOf(losses, name)(still, options);
      optimizer.step(any(new Float32Array(77)));
      expectSame(still, given, "0");
      optimizer.close();
    }
  });

  test("epsilon 0 divides 0 by 0, as in PyTorch, and nothing where the gradient is not 0", () => {
    for (const name of ["adam", "adamW", "rmsProp"]) {
      const parameters = Float64Array.of(1, 1, 1);
      const optimizer = makeOf(losses, name)(parameters, { learningRate: 0.125, epsilon: 0, weightDecay: 0 });
      optimizer.step(any(Float64Array.of(4, 0, -4)));
      optimizer.close();
      const far = name === "rmsProp" ? 1.25 : 0.125;
      expectClose(parameters, [1 - far, NaN, 1 + far], () => 1e-13, name);
    }
  });

  test("without weight decay an infinite parameter stays infinite", () => {
    for (const name of names) {
      const parameters = Float32Array.of(Infinity, -Infinity, 1);
      const optimizer = makeOf(losses, name)(parameters, { learningRate: 0.5, weightDecay: 0 });
      optimizer.step(any(Float32Array.of(1, 1, 1)));
      optimizer.close();
      expect([...parameters.subarray(0, 2)], name).toEqual([Infinity, -Infinity]);
    }
  });

  test("at a learning rate of 0, where schedules begin and end, only what is remembered changes", () => {
    for (const name of names) {
      const [parameters, others] = [Float32Array.of(1, -2), Float32Array.of(1, -2)];
      const momentum = name === "sgd" ? { momentum: 0.5 } : {};
      const optimizer = makeOf(losses, name)(parameters, { learningRate: 0, ...momentum });
      optimizer.step(any(Float32Array.of(3, 4)));
      expect([...parameters], name).toEqual([1, -2]);
      const other = makeOf(losses, name)(others, { learningRate: 0.5, ...momentum });
      other.restore(optimizer.state());
      expect(other.learningRate).toBe(0);
      for (const each of [optimizer, other]) each.step(any(Float32Array.of(3, 4)), { learningRate: 0.25 });
      expect(parameters[0], name).toBeLessThan(1);
      expectSame(others, parameters, name);
      optimizer.close();
      other.close();
    }
  });

  test("the learning rate can be set for all steps to come, or for one", () => {
    const parameters = Float64Array.of(8);
    const optimizer = losses.sgd(parameters, { learningRate: 1 });
    optimizer.step(Float64Array.of(1), { learningRate: 4 });
    expect(parameters[0]).toBe(4);
    expect(optimizer.learningRate).toBe(1);
    optimizer.step(Float64Array.of(1), { learningRate: undefined });
    expect(parameters[0]).toBe(3);
    optimizer.learningRate = 0.5;
    optimizer.step(Float64Array.of(1));
    expect(parameters[0]).toBe(2.5);
    for (const wrong of [-1, NaN, Infinity]) {
      expectError(() => optimizer.step(Float64Array.of(1), { learningRate: wrong }), RangeError, "sgd.step", wrong);
      expectError(() => Object.assign(optimizer, { learningRate: wrong }), RangeError, "sgd", "learningRate", wrong);
    }
    expectError(() => Object.assign(optimizer, { learningRate: "1" }), TypeError, "sgd", "learningRate", "a string");
    expect([parameters[0], optimizer.learningRate]).toEqual([2.5, 0.5]);
    optimizer.close();
  });

  test("weight decay goes by the learning rate of the step", () => {
    for (const name of names) {
      const [a, b] = [Float64Array.of(8), Float64Array.of(8)];
      const options = { weightDecay: 0.5 };
      const [one, other] = [
        makeOf(losses, name)(a, { ...options, learningRate: 0.25 }),
        makeOf(losses, name)(b, { ...options, learningRate: 1 }),
      ];
      one.step(any(Float64Array.of(1)));
      other.step(any(Float64Array.of(1)), { learningRate: 0.25 });
      expectSame(a, b, name);
      one.close();
      other.close();
    }
  });

  test("gradients of half precision are the float32 numbers they stand for", () => {
    const random = mulberry32(3);
    for (const [half, value] of [
      [float16, float16Value],
      [bfloat16, bfloat16Value],
    ] as const) {
      for (const n of [1, 5, 1025, everything ? 300_001 : 70_001]) {
        const bits = Uint16Array.from(
          { length: n },
          () => 0x3000 + integer(random, 0x800) + 0x8000 * integer(random, 2),
        );
        const given = ordinary(random, "float32", n);
        const [a, b] = [half(bits), Float32Array.from(bits, value)].map((gradients) => {
          const parameters = given.slice();
          const optimizer = losses.adam(parameters as Float32Array, { learningRate: 0.1 });
          for (let i = 0; i < 2; i++) optimizer.step(gradients);
          optimizer.close();
          return parameters;
        });
        expectSame(a, b, String(n));
      }
    }
    const optimizer = losses.sgd(new Float64Array(2), { learningRate: 1 });
    expectError(() => optimizer.step(any(float16(new Uint16Array(2)))), TypeError, "sgd.step", "gradients");
    optimizer.close();
  });

  test("arrays of another realm are updated where they are", () => {
    const [p, g] = ["Float32Array.of(1, 2)", "Float32Array.of(1, 1)"].map((text) => runInNewContext(text));
    const optimizer = losses.sgd([p, new Float64Array(1)], { learningRate: 0.5 });
    optimizer.step([g, Float64Array.of(1)]);
    optimizer.close();
    expect([...p]).toEqual([0.5, 1.5]);
  });
});

// ------------------------------------------------------------------------------------------------------------ bits

const strict = opened.filter(({ losses }) => !losses.relaxed);

test.each(titled)(
  "%s: the same bits from ordinary and resident arrays, with room for moments and without",
  (_, name, options) => {
    for (const dtype of dtypes) {
      for (const n of [...elementCounts.filter((n) => n % 13 < 2 || n > 1000), everything ? 150_001 : 70_001]) {
        const random = mulberry32(n);
        const parameters = anything(random, dtype, n);
        const gradients = Array.from({ length: 3 }, () => anything(random, dtype, n));
        const wanted = trained(reference, name, options, parameters.slice(), gradients);
        const check = (losses: Losses, own: FloatArray, given: FloatArray[], where: string) => {
          const got = trained(losses, name, options, own, given);
          expectSame(got.parameters, wanted.parameters, `${where}, ${dtype}, ${n}`);
          expect(Buffer.compare(got.state, wanted.state), `${where}, ${dtype}, ${n}: state`).toBe(0);
        };
        for (const { name: where, losses } of [...opened, ...crowded]) {
          check(losses, unaligned(parameters, 1 + (n % 3)), gradients, `${where}, ordinary`);
        }
        for (const { name: where, losses } of strict) {
          const [own, ...given] = [parameters, ...gradients].map((array) => resident(losses, array));
          check(
            losses,
            own.view,
            given.map(({ view }) => view),
            `${where}, resident`,
          );
          for (const { free } of [own, ...given]) free();
        }
      }
    }
  },
);

test.each(titled)("%s: several arrays are as one of them all", (_, name, options) => {
  fc.assert(
    fc.property(fc.array(fc.nat(40), { minLength: 1, maxLength: 6 }), fc.nat(), fc.nat(2), (lengths, seed, k) => {
      const { losses } = strict[k];
      const random = mulberry32(seed);
      for (const dtype of dtypes) {
        const total = lengths.reduce((a, b) => a + b, 0);
        const [all, first, second] = Array.from({ length: 3 }, () => anything(random, dtype, total));
        const partsOf = (array: FloatArray) => {
          let at = 0;
          return lengths.map((n) => {
            at += n;
            return array.slice(at - n, at) as FloatArray;
          });
        };
        const parts = partsOf(all);
        const [one, several] = [all, parts].map((parameters) => makeOf(losses, name)(parameters, options));
        for (const gradients of [first, second]) {
          one.step(any(gradients));
          several.step(partsOf(gradients));
        }
        expectSame(
          parts.flatMap((part) => [...part]),
          all,
          String(lengths),
        );
        one.close();
        several.close();
      }
    }),
    { numRuns: 25 },
  );
});

// ---------------------------------------------------------------------------------------------------------- states

describe.each(threadedBackends())("%s: states", (_, losses) => {
  test.each(titled)("an optimizer that is restored goes on as one that was not interrupted, %s", (_, name, options) => {
    const random = mulberry32(8);
    const given = () => [anything(random, "float32", 37), anything(random, "float64", 1025)];
    const parameters = given();
    const gradients = Array.from({ length: 6 }, given);
    const copies = parameters.map((array) => array.slice() as FloatArray);
    const whole = makeOf(losses, name)(parameters, options);
    const before = makeOf(losses, name)(copies, { ...options, learningRate: 7 });
    before.learningRate = options.learningRate as number;
    for (const each of gradients.slice(0, 3)) before.step(each);
    const state = before.state();
    before.close();
    // in another engine
    const after = makeOf(reference, name)(copies, { ...options, learningRate: 9 });
    after.step(gradients[5]);
    copies.forEach((copy, i) => {
      copy.set(parameters[i]);
    });
    const replay = makeOf(losses, name)(copies, options);
    for (const each of gradients.slice(0, 3)) replay.step(each);
    expect(Buffer.compare(replay.state(), state)).toBe(0);
    after.restore(state);
    expect(Buffer.compare(after.state(), state)).toBe(0);
    expect(after.learningRate).toBe(options.learningRate);
    for (const each of gradients) whole.step(each);
    for (const each of gradients.slice(3)) after.step(each);
    copies.forEach((copy, i) => {
      expectSame(copy, parameters[i], `${i}`);
    });
    expect(Buffer.compare(after.state(), whole.state())).toBe(0);
    for (const it of [whole, after, replay]) it.close();
  });

  test("NaN has one way to be written", () => {
    const states = [0, 1].map((i) => {
      const optimizer = losses.rmsProp([new Float32Array(3), new Float64Array(3)], { learningRate: 1, momentum: 0.5 });
      const bits = [0x7fc00001, -0x400000][i];
      const single = new Float32Array(3);
      new Int32Array(single.buffer)[1] = bits;
      const double = new Float64Array(3);
      new Int32Array(double.buffer)[3] = [0x7ff80000, -0x7ffff][i];
      optimizer.step([single, double]);
      const state = optimizer.state();
      optimizer.close();
      return state;
    });
    expect(Buffer.compare(states[0], states[1])).toBe(0);
  });

  test("a state that was altered, cut off, or is another's is refused, and nothing changes", () => {
    const make = (options = {}, n = 3) => losses.adam(new Float32Array(n), { learningRate: 0.1, ...options });
    const optimizer = make();
    optimizer.step(Float32Array.of(1, 2, 3));
    const state = optimizer.state();
    const name = "adam.restore";
    for (let i = 0; i < state.length; i++) {
      const altered = state.slice();
      altered[i] ^= 16;
      expectError(() => optimizer.restore(altered), RangeError, name, "bytes");
      expectError(() => optimizer.restore(state.subarray(0, i)), RangeError, name, "bytes");
    }
    expectError(() => optimizer.restore(any([1, 2])), TypeError, name, "Uint8Array");
    expectError(() => optimizer.restore(any(new Float32Array(9))), TypeError, name, "Uint8Array");
    expectError(() => make({ beta1: 0.8 }).restore(state), RangeError, name, "beta1", 0.9, 0.8);
    expectError(() => make({ weightDecay: 0.5 }).restore(state), RangeError, name, "weightDecay", 0, 0.5);
    expectError(() => make({}, 4).restore(state), RangeError, name, "parameters[0]", 3, 4);
    const own = { learningRate: 1 };
    expectError(() => losses.adamW(new Float32Array(3), own).restore(state), RangeError, "adamW.restore", "adam");
    expectError(() => losses.adam(new Float64Array(3), own).restore(state), RangeError, name, 32, 64);
    const two = losses.adam([new Float32Array(1), new Float32Array(2)], own);
    expectError(() => two.restore(state), RangeError, name, 1, 2);
    const evaluation = losses.evaluator({ classes: 2 }).state();
    expectError(() => optimizer.restore(evaluation), RangeError, name, "wlop");
    expect(Buffer.compare(optimizer.state(), state)).toBe(0);
    optimizer.restore(runInNewContext("Uint8Array.from(bytes)", { bytes: [...state] }));
    optimizer.close();
  });
});

test("the memory of moments is given back, once", async () => {
  const bytes = 2 ** 20;
  for (const { losses } of await openBackends({ arenaBytes: bytes }, threaded)) {
    for (let i = 0; i < 3; i++) {
      const optimizer = losses.adam(new Float32Array(1000), { learningRate: 1 });
      if (losses.backend === "wasm") expect(() => losses.alloc(Uint8Array, bytes)).toThrow(RangeError);
      optimizer.close();
      optimizer.close();
    }
    losses.free(losses.alloc(Uint8Array, bytes));
    for (const call of ["step", "state", "restore"] as const) {
      const optimizer = losses.sgd(new Float32Array(1), { learningRate: 1 });
      optimizer[Symbol.dispose]();
      const method = untyped(optimizer[call]);
      expectError(() => method.call(optimizer, new Float32Array(1)), TypeError, `sgd.${call}`, "closed");
    }
  }
});

function threadedBackends() {
  return strict.map(({ name, losses }) => [name, losses] as const);
}

// ---------------------------------------------------------------------------------------------------------- errors

describe.each(backends)("%s: what is wrong is said, before anything is written", (_, losses) => {
  test.each(names)("options of %s", (name) => {
    const make = makeOf(losses, name);
    const p = new Float32Array(2);
    const { options, flags } = OPTIMIZERS.find((each) => each.name === name)!;
    for (const option of options) {
      for (const wrong of outsideOf({ ...option, default: option.default ?? 1 })) {
        const given = { learningRate: 1, [option.name]: wrong };
        expectError(() => make(p, given), RangeError, name, option.name, wrong);
      }
      expectError(() => make(p, { learningRate: 1, [option.name]: "1" }), TypeError, name, option.name, "a string");
    }
    for (const flag of flags) expectError(() => make(p, { learningRate: 1, [flag]: 1 }), TypeError, name, flag);
    expectError(() => make(p, any(undefined)), TypeError, name, "options", "undefined");
    expectError(() => make(p, {}), TypeError, name, "learningRate", "undefined");
    expectError(() => make(p, { learningrate: 1 }), TypeError, name, "(learningRate?)");
    expectError(() => make(p, { learningRate: 1, weight_decay: 1 }), TypeError, name, "weight_decay", "(weightDecay?)");
    const it = make(p, { learningRate: 1 });
    expectError(() => it.step(any(p.slice()), any({ lerningRate: 1 })), TypeError, `${name}.step`, "(learningRate?)");
    it.close();
  });

  test("nesterov without momentum", () => {
    expectError(
      () => losses.sgd(new Float32Array(1), { learningRate: 1, nesterov: true }),
      RangeError,
      "sgd",
      "momentum",
    );
  });

  test("parameters and gradients", () => {
    const rate = { learningRate: 1 };
    for (const wrong of notFloatArrays) {
      const place = Array.isArray(wrong) ? "parameters[0]" : "parameters";
      expectError(() => losses.sgd(any(wrong), rate), TypeError, "sgd", place);
    }
    expectError(() => losses.sgd(any(float16(new Uint16Array(2))), rate), TypeError, "sgd", "half-precision");
    expectError(() => losses.sgd([], rate), RangeError, "sgd", 0, 1);
    const p = [new Float32Array(3), new Float64Array(2)];
    const optimizer = losses.sgd(p, rate);
    const [a, b] = [new Float32Array(3).fill(1), new Float64Array(2).fill(1)];
    const wrong: [unknown, typeof TypeError | typeof RangeError, ...(string | number)[]][] = [
      [a, TypeError, "gradients", "a list"],
      [[a], RangeError, 1, 2],
      [[a, b, b], RangeError, 3, 2],
      [[a, a], TypeError, "gradients[1]", "parameters[1]"],
      [[b, b], TypeError, "gradients[0]", "parameters[0]"],
      [[a, new Float64Array(3)], RangeError, "gradients[1]", 3, "parameters[1]", 2],
      [[a, undefined], TypeError, "gradients[1]", "undefined"],
      [[a, p[1]], RangeError, "gradients[1]", "parameters[1]", "overlap", 16],
      [[p[0], b], RangeError, "gradients[0]", "parameters[0]", "overlap", 12],
      [[p[0].subarray(0), b], RangeError, "overlap", 12],
    ];
    for (const [gradients, kind, ...parts] of wrong) {
      expectError(() => optimizer.step(any(gradients)), kind, "sgd.step", ...parts);
    }
    expect(p.flatMap((array) => [...array])).toEqual([0, 0, 0, 0, 0]);
    optimizer.close();
    const one = losses.sgd(new Float32Array(1), rate);
    expectError(() => one.step(any([new Float32Array(1)])), TypeError, "sgd.step", "one array", "a list of 1");
    one.close();
  });

  test("arrays that overlap, anywhere in a list", () => {
    const { buffer } = new Float32Array(100);
    const at = (from: number, n: number) => new Float32Array(buffer, 4 * from, n);
    const rate = { learningRate: 1 };
    losses.sgd([at(50, 50), at(0, 25), at(25, 25), at(30, 0)], rate).close();
    expectError(() => losses.sgd([at(50, 50), at(0, 26), at(25, 25)], rate), RangeError, "sgd", "[1]", "[2]", 4);
    expectError(() => losses.sgd([at(0, 100), at(10, 5)], rate), RangeError, "sgd", "[0]", "[1]", 20);
    const optimizer = losses.sgd([at(60, 20), at(0, 20)], rate);
    const apart = new Float32Array(20);
    optimizer.step([at(20, 20), at(40, 20)]);
    expectError(() => optimizer.step([apart, at(41, 20)]), RangeError, "sgd.step", "gradients[1]", "parameters[0]", 4);
    expectError(() => optimizer.step([at(19, 20), apart]), RangeError, "sgd.step", "gradients[0]", "parameters[1]", 4);
    optimizer.close();
    // it begins where one ends, and overlaps the next one
    const between = losses.sgd([at(0, 20), at(30, 20)], rate);
    expectError(() => between.step([apart, at(20, 20)]), RangeError, "sgd.step", "gradients[1]", "parameters[1]", 40);
    between.close();
    expectError(() => losses.clipGradNorm([at(0, 5), at(4, 5)], 1), RangeError, "clipGradNorm", "overlap", 4);
  });

  test("arrays that were detached, or changed their length", () => {
    const p = new Float32Array(4);
    const optimizer = losses.sgd(p, { learningRate: 1 });
    const gone = new Float32Array(4);
    structuredClone(gone, { transfer: [gone.buffer] });
    expectError(() => optimizer.step(gone), TypeError, "sgd.step", "gradients", "detached");
    expectError(() => losses.adam(gone, { learningRate: 1 }), TypeError, "adam", "parameters", "detached");
    expectError(() => losses.clipGradNorm(gone, 1), TypeError, "clipGradNorm", "gradients", "detached");
    structuredClone(p, { transfer: [p.buffer] });
    expectError(() => optimizer.step(new Float32Array(4)), TypeError, "sgd.step", "parameters", "detached");
    expectError(() => optimizer.step(new Float32Array(0)), TypeError, "sgd.step", "parameters", "detached");
    optimizer.close();
  });
});

test("of a Losses that is closed an optimizer does nothing but close", async () => {
  for (const { losses } of await openBackends({}, threaded)) {
    const optimizer = losses.adam(new Float32Array(2), { learningRate: 1 });
    const state = optimizer.state();
    losses.close();
    const closed = "this Losses is closed";
    expectError(() => optimizer.step(new Float32Array(2)), TypeError, "adam.step", closed);
    expectError(() => optimizer.state(), TypeError, "adam.state", closed);
    expectError(() => optimizer.restore(state), TypeError, "adam.restore", closed);
    expectError(() => losses.sgd(new Float32Array(2), { learningRate: 1 }), TypeError, "sgd", closed);
    expectError(() => losses.clipGradNorm(new Float32Array(2), 1), TypeError, "clipGradNorm", closed);
    optimizer.close();
  }
});
