import { expect } from "vitest";
import { openJs } from "../src/backends/js/openJs.ts";
import { createWasmBackend } from "../src/backends/wasm/wasmBackend.ts";
import type { FloatArray } from "../src/dtype.ts";
import { exp, logarithm } from "../src/generated/kernels.ts";
import { inlinedModule } from "../src/module/inlined.ts";
import { compile, createMemory } from "../src/module/load.ts";

const js = openJs(0);
const { memory } = createMemory(2 ** 22);
const { exports } = await WebAssembly.instantiate(await compile(await inlinedModule()), { env: { memory } });
const wasm = createWasmBackend(exports as never, memory, 2 ** 22, () => {});

export const backends = { js, wasm };

/** exp and log with the engine's own functions: within one ulp of float64, far below float32's. */
export const functions = {
  exp: { kernel: exp, truth: Math.exp },
  log: { kernel: logarithm, truth: Math.log },
} as const;

const BATCH = 2 ** 18;

/** Distance between neighbouring float32 values at |x|, in the normal range. */
function ulp32(x: number): number {
  const e = Math.floor(Math.log2(Math.abs(x)));
  return 2 ** (Math.max(e, -126) - 23);
}

/** What a run over many inputs found. */
export interface Errors {
  /** Largest errors in ulp, float32. */
  exp: number;
  log: number;
}

/**
 * Every `stride`-th of the 2^32 float32 inputs: js and wasm agree in all bits. The errors are returned where they are
 * measured, which takes five times as long.
 */
export function compareFloat32(stride: number, measured: boolean): Errors {
  const bits = new Uint32Array(BATCH);
  const x = new Float32Array(bits.buffer);
  const errors: Errors = { exp: 0, log: 0 };
  for (let from = 0; from < 2 ** 32; from += BATCH * stride) {
    const n = Math.min(BATCH, Math.ceil((2 ** 32 - from) / stride));
    for (let i = 0; i < n; i++) bits[i] = from + i * stride;
    const input = x.subarray(0, n);
    for (const [name, { kernel, truth }] of Object.entries(functions)) {
      const [a, b] = [wasm, js].map((backend) => {
        const out = new Float32Array(n);
        backend.run(kernel, "f32", Math.ceil(n / 1024), { x: input, out }, n);
        return out;
      });
      expectSameBits(a, b, input, name);
      if (!measured) continue;
      const worst = worstError(name as keyof Errors, input, a, truth);
      errors[name as keyof Errors] = Math.max(errors[name as keyof Errors], worst);
    }
  }
  return errors;
}

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

function worstError(name: keyof Errors, x: Float32Array, y: Float32Array, truth: (x: number) => number): number {
  let worst = 0;
  for (let i = 0; i < x.length; i++) {
    const wanted = truth(x[i]);
    if (Number.isNaN(wanted)) {
      if (!Number.isNaN(y[i])) expect.fail(`${name}(${x[i]}) is ${y[i]}, not NaN`);
      continue;
    }
    // exp overflows a little early, at 88.37, and runs down to 0 below 2^-126
    if (!Number.isFinite(wanted) || (name === "exp" && (x[i] > 88.37 || x[i] < -87.33))) {
      const fits = name === "log" ? y[i] === wanted : x[i] > 0 ? y[i] >= 2 ** 127 : y[i] >= 0 && y[i] <= 2 ** -125;
      if (!fits) expect.fail(`${name}(${x[i]}) is ${y[i]}, wanted ${wanted}`);
      continue;
    }
    if (wanted === 0 || (Math.abs(wanted) < 2 ** -126 && y[i] === 0)) continue;
    const error = Math.abs(y[i] - wanted) / ulp32(wanted);
    if (error > worst) worst = error;
  }
  return worst;
}
