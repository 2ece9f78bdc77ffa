import * as places from "../../generated/table.ts";
import { highWord, withHighWord } from "../../numeric/bits.ts";
import { constant, constantsFrom } from "../constant.ts";
import { POWERS_OF_2 } from "./exp64.ts";
import { log, log1p } from "./log.ts";

// ln x and ln(1 + x) of one number with the bits of assembly/functions/naturalLog.ts.

const { fround } = Math;
const [S1, S2, S3] = constantsFrom(places.S1, 3).map(({ f32 }) => f32);
const LN2_HIGH = constant(places.LN2_HIGH).f32;
const LN2_LOW = constant(places.LN2_LOW).f32;
const TWO_54 = constant(places.TWO_54).f64;
/** Twice what float32 has for sqrt(1/2). */
const SQRT2_32 = 2 * constant(places.SQRT_HALF).f32;

/** k ln 2 + ln(1 + f) of float32. */
function sumF32(f: number, k: number): number {
  const s = fround(f / fround(2 + f));
  const z = fround(s * s);
  const r = fround(fround(fround(fround(fround(S3 * z) + S2) * z) + S1) * z);
  const half = fround(0.5 * fround(f * f));
  const correction = fround(fround(s * fround(half + r)) + fround(k * LN2_LOW));
  return fround(fround(k * LN2_HIGH) - fround(fround(half - correction) - f));
}

/** The exponent k of v = 2^k (1 + f), 1 + f from sqrt(1/2) to sqrt 2; no float32 number is subnormal in float64. */
function exponentF32(v: number): number {
  const high = highWord(v);
  const m = withHighWord(v, (high & 0xfffff) | 0x3ff00000);
  return (high >>> 20) - (m >= SQRT2_32 ? 1022 : 1023);
}

/** The logarithm of a number that has none, or none that is finite. */
function limit(v: number): number {
  return v === 0 ? Number.NEGATIVE_INFINITY : v < 0 ? Number.NaN : v;
}

export function lnF32(x: number): number {
  if (!(x > 0 && x <= Number.MAX_VALUE)) return limit(x);
  const k = exponentF32(x);
  return sumF32(x * POWERS_OF_2[1023 - k] - 1, k);
}

export const lnF64 = log;

export function log1pF32(x: number): number {
  if (!(x > -1 && x <= Number.MAX_VALUE)) return limit(1 + x);
  if (x === 0) return x;
  const v = fround(1 + x);
  const k = exponentF32(v);
  const scale = POWERS_OF_2[1023 - k];
  const f = x > TWO_54 ? v * scale - 1 : fround(x * scale + fround(scale - 1));
  return sumF32(f, k);
}

export function log1pF64(x: number): number {
  if (x > TWO_54) return log(x);
  if (!(x > -1)) return limit(1 + x);
  return x === 0 ? x : log1p(x, "f64");
}
