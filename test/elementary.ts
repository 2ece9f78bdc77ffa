import { expect } from "vitest";
import type { Backend } from "../src/backends/backend.ts";
import { createJsBackend } from "../src/backends/js/jsBackend.ts";
import { createWasmBackend } from "../src/backends/wasm/wasmBackend.ts";
import type { FloatArray } from "../src/dtype.ts";
import * as kernels from "../src/generated/functionCalls.ts";
import { FUNCTIONS as STRICT } from "../src/generated/functions.ts";
import { RELAXED_FUNCTIONS as RELAXED } from "../src/generated/relaxedFunctions.ts";
import { FUNCTION_LOOPS } from "../src/kernels/functions/functionLoops.ts";
import { createScratch } from "../src/kernels/scratch.ts";
import { inflatedText } from "../src/module/inflate.ts";
import { compile, createMemory } from "../src/module/load.ts";
import type { Pair } from "./doubleDouble.ts";
import * as precise from "./doubleDouble.ts";
import "./relaxed.ts";

async function openModule(text: string): Promise<Backend> {
  const { memory } = createMemory(2 ** 22);
  const module = await compile(await inflatedText(text));
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  return createWasmBackend(exports as never, memory, 2 ** 22, () => {});
}

const js = createJsBackend(FUNCTION_LOOPS, createScratch(), 0);
const wasm = await openModule(STRICT);
const relaxed = await openModule(RELAXED);

export const backends = { js, wasm };

/** An elementary function, the errors that are stated for it, and what it is. */
export interface Elementary {
  readonly kernel: typeof kernels.exp;
  /** Largest errors in ulp; of a subnormal number, in units of the smallest. */
  readonly bounds: { readonly f32: number; readonly f64: number };
  /** With the engine's own functions: within two ulp of float64, far below float32's. */
  readonly truth: (x: number) => number;
  /** To 100 bits, times 2^shift; x is finite, and so is the result. */
  readonly precise: (x: number, shift: number) => Pair;
  /** Where no more is said than that results are below 2^-125 (2^-1021) or from 2^127 (2^1023) on; of rows' exp. */
  readonly limits?: { readonly f32: readonly [number, number]; readonly f64: readonly [number, number] };
}

const single =
  (f: (x: number) => Pair) =>
  (x: number, shift: number): Pair =>
    precise.scale(f(x), 2 ** shift);

const decay = (x: number) => Math.exp(-Math.abs(x));

/** By name. */
export const FUNCTIONS: Readonly<Record<string, Elementary>> = {
  exp: {
    kernel: kernels.exp,
    bounds: { f32: 2.3, f64: 1.3 },
    truth: Math.exp,
    precise: (x, shift) => precise.exp([x, 0], shift),
    limits: { f32: [-87.33, 88.37], f64: [-708.39, 709.78] },
  },
  log: { kernel: kernels.logarithm, bounds: { f32: 0.501, f64: 0.8 }, truth: Math.log, precise: single(precise.ln) },
  fineExp: {
    kernel: kernels.fineExp,
    bounds: { f32: 1.1, f64: 0.8 },
    truth: Math.exp,
    precise: (x, shift) => precise.exp([x, 0], shift),
  },
  expm1: {
    kernel: kernels.expm1,
    bounds: { f32: 1.7, f64: 1.6 },
    truth: Math.expm1,
    precise: (x, shift) => precise.expm1([x, 0], shift),
  },
  ln: { kernel: kernels.ln, bounds: { f32: 0.9, f64: 0.8 }, truth: Math.log, precise: single(precise.ln) },
  log1p: {
    kernel: kernels.log1p,
    bounds: { f32: 1.4, f64: 1.4 },
    truth: Math.log1p,
    precise: single(precise.log1p),
  },
  logistic: {
    kernel: kernels.logistic,
    bounds: { f32: 1.9, f64: 1.9 },
    truth: (x) => (x < 0 ? decay(x) : 1) / (1 + decay(x)),
    precise: precise.logistic,
  },
  tanh: { kernel: kernels.tanh, bounds: { f32: 1.5, f64: 1.5 }, truth: Math.tanh, precise: single(precise.tanh) },
  softplusTail: {
    kernel: kernels.softplusTail,
    bounds: { f32: 1.9, f64: 1.9 },
    truth: (x) => Math.log1p(decay(x)),
    precise: precise.softplusTail,
  },
};

function run<A extends FloatArray>(backend: Backend, name: string, x: A): A {
  const out = x.slice() as A;
  const dtype = x instanceof Float32Array ? "f32" : "f64";
  backend.run(FUNCTIONS[name].kernel, dtype, Math.ceil(x.length / 1024), { x, out }, x.length);
  return out;
}

/** A function's values in both backends, which must be the same bits; those of one. */
export function valuesOf<A extends FloatArray>(name: string, x: A): A {
  const [a, b] = [wasm, js].map((backend) => run(backend, name, x));
  expectSameBits(a, b, x, name);
  return a;
}

/** Its values in the relaxed build, whose bits are its own. */
export const relaxedValuesOf: typeof valuesOf = (name, x) => run(relaxed, name, x);

/** All bits of two results, a NaN being as good as another. */
export function expectSameBits(a: FloatArray, b: FloatArray, x: FloatArray, name: string): void {
  const same = (p: number, q: number) => (p === q ? p !== 0 || 1 / p === 1 / q : Number.isNaN(p) && Number.isNaN(q));
  const words = (y: FloatArray) => new Int32Array(y.buffer, y.byteOffset, y.byteLength / 4);
  const [p, q] = [words(a), words(b)];
  const perElement = p.length / a.length;
  for (let w = 0; w < p.length; w++) {
    if (p[w] === q[w]) continue;
    const i = Math.floor(w / perElement);
    if (!same(a[i], b[i])) expect.fail(`${name}(${x[i]}): wasm gives ${a[i]}, js ${b[i]}`);
  }
}

const BATCH = 2 ** 18;

/** Every `stride`-th of the 2^32 float32 inputs, a batch after the other in one array. */
function* everyFloat32(stride: number): Generator<Float32Array> {
  const bits = new Uint32Array(BATCH);
  const inputs = new Float32Array(bits.buffer);
  for (let from = 0; from < 2 ** 32; from += BATCH * stride) {
    const n = Math.min(BATCH, Math.ceil((2 ** 32 - from) / stride));
    for (let i = 0; i < n; i++) bits[i] = from + i * stride;
    yield inputs.subarray(0, n);
  }
}

/**
 * The largest error in ulp on every `stride`-th of the 2^32 float32 inputs, of valuesOf in both backends with the same bits.
 * NaN and infinities must be those of the true value rounded, but for what is within the error of the largest number.
 */
export function worstOfFloat32(name: string, stride: number, values = valuesOf): number {
  let worst = 0;
  for (const x of everyFloat32(stride)) worst = Math.max(worst, worstOf(name, x, values(name, x)));
  return worst;
}

const wanted = new Float64Array(1);
const wantedWords = new Int32Array(wanted.buffer);
/** The upper half of a float64: little-endian, as wherever WebAssembly runs. */
const UPPER = 1;

/** The unit of float32 at the number in `wanted`. */
function unit32(): number {
  const exponent = ((wantedWords[UPPER] >>> 20) & 2047) - 1023;
  return POWERS[Math.max(exponent, -126) - 23 + 149];
}

/** 2^-149 and on. */
const POWERS = Float64Array.from({ length: 300 }, (_, i) => 2 ** (i - 149));

function worstOf(name: string, x: Float32Array, y: Float32Array): number {
  const { truth, limits } = FUNCTIONS[name];
  let worst = 0;
  for (let i = 0; i < x.length; i++) {
    const value = truth(x[i]);
    const rounded = Math.fround(value);
    if (y[i] === rounded || (Number.isNaN(y[i]) && Number.isNaN(value))) continue;
    if (limits && (x[i] < limits.f32[0] || x[i] >= limits.f32[1])) {
      const fits = x[i] > 0 ? y[i] >= 2 ** 127 : y[i] >= 0 && y[i] <= 2 ** -125;
      if (!fits) expect.fail(`${name}(${x[i]}) is ${y[i]}, wanted ${value}`);
      continue;
    }
    wanted[0] = value;
    // beyond the largest number: as if there were one more
    const reached = Number.isFinite(y[i]) || !Number.isFinite(value) ? y[i] : Math.sign(y[i]) * 2 ** 128;
    const error = Math.abs(reached - value) / unit32();
    if (!(error < 16)) expect.fail(`${name}(${x[i]}) is ${y[i]}, wanted ${value}`);
    if (error > worst) worst = error;
  }
  return worst;
}

/** The largest error in ulp on some float64 inputs, against 100 bits; in both backends with the same bits. */
export function worstOfFloat64(name: string, x: Float64Array, values = valuesOf): number {
  const { truth, precise, limits } = FUNCTIONS[name];
  const y = values(name, x);
  let worst = 0;
  for (let i = 0; i < x.length; i++) {
    const about = truth(x[i]);
    if (limits && (x[i] < limits.f64[0] || x[i] >= limits.f64[1])) {
      const fits = x[i] > 0 ? y[i] >= 2 ** 1023 : y[i] >= 0 && y[i] <= 2 ** -1021;
      if (!fits) expect.fail(`${name}(${x[i]}) is ${y[i]}, wanted ${about}`);
      continue;
    }
    if (!Number.isFinite(x[i]) || !Number.isFinite(about)) {
      if (!Object.is(y[i], about)) expect.fail(`${name}(${x[i]}) is ${y[i]}, wanted ${about}`);
      continue;
    }
    // so that nothing of the pair is subnormal or infinite
    const shift = Math.abs(about) < 2 ** -900 ? 200 : about > 2 ** 1000 ? -100 : 0;
    if (about === 0 || (Math.abs(x[i]) < 2 ** -900 && shift > 0)) {
      // x itself, and what is below the smallest number
      if (!Object.is(y[i], about)) expect.fail(`${name}(${x[i]}) is ${y[i]}, wanted ${about}`);
      continue;
    }
    const [high, low] = precise(x[i], shift);
    wanted[0] = about;
    const exponent = Math.max(((wantedWords[UPPER] >>> 20) & 2047) - 1023, -1022) - 52;
    const scaled = y[i] * 2 ** shift;
    const error = Math.abs(scaled - high - low) / 2 ** (exponent + shift);
    if (!(error < 16)) expect.fail(`${name}(${x[i]}) is ${y[i]}, wanted ${about}`);
    if (error > worst) worst = error;
  }
  return worst;
}
