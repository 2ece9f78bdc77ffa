import { EXP, LOWEST, MAGIC, SMALLEST_NORMAL, STEP_HIGH, STEP_LOW, STEPS } from "../../descriptions/exp64Constants.ts";
import type { FloatArray } from "../../dtype.ts";

// exp of float64 with the bits of assembly/functions/exp.ts: the same operations in the same order. Its table and its loops
// stand here because rows of float64 took 1.1 times as long with the table or power64 in another file.

/** 2^(1 / 256) in 120 bits. */
const ROOT = 0x100b1afa5abcbed6129ab13ec11dc95n;

/** 2^(j / 256), rounded once, and what that took from it, as a share of it. */
export const ROOT_OF_2 = Float64Array.from({ length: 256 });
export const REST_OF_ROOT = Float64Array.from({ length: 256 });
for (let j = 0, root = 1n << 120n; j < 256; j++, root = (root * ROOT) >> 120n) {
  const rounded = Number(root);
  ROOT_OF_2[j] = rounded / 2 ** 120;
  REST_OF_ROOT[j] = Number(root - BigInt(rounded)) / rounded;
}

const [E2, E3, E4] = EXP;

/** What t is above the biased exponent that its low bits hold. */
const ROUND = 1.5 * 2 ** 52;

/** 2^(i - 1023), 0 and +inf at the ends: multiplying by it is faster than building the bits. */
export const POWERS_OF_2 = new Float64Array(BigInt64Array.from({ length: 2048 }, (_, i) => BigInt(i) << 52n).buffer);

/** 2^(k / 256 - 1023), k being what t is above ROUND; what is not normal runs down to 0. */
export function powerOf2(t: number): number {
  const k = (t - ROUND) | 0;
  const root = ROOT_OF_2[k & 255];
  return k > 255 ? root * POWERS_OF_2[k >> 8] : (root - 1) * SMALLEST_NORMAL;
}

/** exp(z) 2^-N. */
export function power64(z: number, lowest: number, magic: number): number {
  const y = z < lowest ? lowest : z;
  const t = y * STEPS + magic;
  const n = t - magic;
  const r = y - n * STEP_HIGH - n * STEP_LOW;
  const g = r * r;
  const p = (E4 * g + (E3 * r + E2)) * g + r;
  const power = powerOf2(t);
  return power + power * p;
}

/** exp of a z up to HIGHEST (or NaN). */
export function exp64(z: number): number {
  return power64(z, LOWEST, MAGIC);
}

/** out[at...] = exp(x[from..to) - m). */
export type Exponentials = (x: FloatArray, from: number, to: number, m: number, out: FloatArray, at: number) => void;

/** out[at...] = exp(x[from..to)) 2^-N, `lowest` and `magic` those of N. */
export type Powers = (
  x: FloatArray,
  from: number,
  to: number,
  lowest: number,
  magic: number,
  out: FloatArray,
  at: number,
) => void;

export const expFloat64: Exponentials = (x, from, to, m, out, at) => {
  for (let j = from; j < to; j++) out[at++] = power64(x[j] - m, LOWEST, MAGIC);
};

export const powersFloat64: Powers = (x, from, to, lowest, magic, out, at) => {
  for (let j = from; j < to; j++) out[at++] = power64(x[j], lowest, magic);
};

/** exp(x - m). */
export function expOf64(x: number, m: number): number {
  return exp64(x - m);
}
