import type { Dtype, FloatArray } from "../dtype.ts";
import { highWord, withHighWord } from "../numeric/bits.ts";
import { constant } from "./constants.ts";

// exp and log with the bits of assembly/exp.ts and assembly/log.ts: the same operations in the same order. A float32
// operation is rounded by Math.fround, but for those that are exact (t - MAGIC, n HIGH), and the last by the store.

const LOWEST32 = constant("LOWEST").f32;
const MAGIC32 = constant("MAGIC").f32;
const LOG2E32 = constant("LOG2E").f32;
const HIGH32 = constant("LN2_HIGH").f32;
const LOW32 = constant("LN2_LOW").f32;
const [A2, A3, A4, A5] = [2, 3, 4, 5].map((i) => constant(`E${i}`).f32);

const LOWEST64 = constant("LOWEST").f64;
const MAGIC64 = constant("MAGIC").f64;
const LOG2E64 = constant("LOG2E").f64;
const [B1, B2, B3, B4, B5, B6, B7, B8, B9, B10] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((i) => constant(`E${i}`).f64);

const { fround } = Math;

/** 2^(i - 127), 0 and +inf at the ends: multiplying by it is faster than building the bits. */
const POWERS32 = new Float32Array(Int32Array.from({ length: 256 }, (_, i) => i << 23).buffer);
/** 2^(i - 1023). */
const POWERS64 = new Float64Array(BigInt64Array.from({ length: 2048 }, (_, i) => BigInt(i) << 52n).buffer);

/** exp of a float32 z <= 89 (or NaN); the last rounding is left to the store. */
function power32(z: number): number {
  const y = z < LOWEST32 ? LOWEST32 : z;
  const n = fround(fround(y * LOG2E32) + MAGIC32) - MAGIC32;
  const r = fround(y - n * HIGH32 - fround(n * LOW32));
  const g = fround(r * r);
  const low = fround(fround(A3 * r) + A2);
  const high = fround(fround(A5 * r) + A4);
  const p = fround(fround(fround(fround(high * g) + low) * g) + r);
  return fround(p + 1) * POWERS32[(n + 127) | 0];
}

/** exp of a float64 z <= 710 (or NaN). */
export function exp64(z: number): number {
  let y = z * LOG2E64;
  if (y < LOWEST64) y = LOWEST64;
  const n = y + MAGIC64 - MAGIC64;
  const f = y - n;
  const g = f * f;
  let p = B10 * f + B9;
  p = p * g + (B8 * f + B7);
  p = p * g + (B6 * f + B5);
  p = p * g + (B4 * f + B3);
  p = p * g + (B2 * f + B1);
  return (p * f + 1) * POWERS64[(n + 1023) | 0];
}

/** exp(x - m) in float32. */
export function expOf32(x: number, m: number): number {
  return fround(power32(fround(x - m)));
}

/** exp(x - m) in float64. */
export function expOf64(x: number, m: number): number {
  return exp64(x - m);
}

/** out[at...] = exp(x[from..to) - m) in float32. */
export function expFloat32(x: FloatArray, from: number, to: number, m: number, out: FloatArray, at: number): void {
  for (let j = from; j < to; j++) out[at++] = power32(fround(x[j] - m));
}

/** out[at...] = exp(x[from..to) - m) in float64. */
export function expFloat64(x: FloatArray, from: number, to: number, m: number, out: FloatArray, at: number): void {
  for (let j = from; j < to; j++) out[at++] = exp64(x[j] - m);
}

const [L1, L2, L3, L4, L5, L6, L7] = [1, 2, 3, 4, 5, 6, 7].map((i) => constant(`L${i}`).f64);
const [S1, S2, S3] = [1, 2, 3].map((i) => constant(`S${i}`).f64);
const LN2 = constant("LN2").f64;
const LN2_HIGH = constant("LN2_HIGH").f64;
const LN2_LOW = constant("LN2_LOW").f64;
const SMALLEST_NORMAL = constant("SMALLEST_NORMAL").f64;
const TWO_54 = constant("TWO_54").f64;
const SQRT2 = 1.4142135623730951;

/** k ln 2 + ln(1 + f), s = f / (2 + f), z = s^2. */
function combine(f: number, s: number, z: number, k: number): number {
  let r = L7 * z + L6;
  r = r * z + L5;
  r = r * z + L4;
  r = r * z + L3;
  r = r * z + L2;
  r = r * z + L1;
  r *= z;
  const half = 0.5 * (f * f);
  const correction = s * (half + r) + k * LN2_LOW;
  return k * LN2_HIGH - (half - correction - f);
}

/** ln x of a normal positive finite float64. */
function logNormal(x: number): number {
  const high = highWord(x);
  let k = (high >>> 20) - 1023;
  let m = withHighWord(x, (high & 0xfffff) | 0x3ff00000);
  if (m >= SQRT2) {
    m *= 0.5;
    k += 1;
  }
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  return combine(f, s, z, k);
}

/** ln x for any float64: error below 0.8 ulp. */
export function log(x: number): number {
  if (x >= SMALLEST_NORMAL && x <= Number.MAX_VALUE) return logNormal(x);
  if (x > 0 && x < SMALLEST_NORMAL) return logNormal(x * TWO_54) - 54 * LN2_LOW - 54 * LN2_HIGH;
  return x === 0 ? Number.NEGATIVE_INFINITY : x < 0 ? Number.NaN : x;
}

/**
 * ln(1 + x) for x from 0 to 2^64 or NaN, with the digits of a small x; in rows of float32 a shorter polynomial does.
 */
export function log1p(x: number, dtype: Dtype): number {
  if (!(x <= Number.MAX_VALUE)) return x;
  const v = 1 + x;
  const high = highWord(v);
  let k = (high >>> 20) - 1023;
  if (withHighWord(v, (high & 0xfffff) | 0x3ff00000) >= SQRT2) k += 1;
  const scale = POWERS64[1023 - k];
  const f = x * scale + (scale - 1);
  const s = f / (2 + f);
  const z = s * s;
  return dtype === "f32" ? k * LN2 + s * (((S3 * z + S2) * z + S1) * z + 2) : combine(f, s, z, k);
}
