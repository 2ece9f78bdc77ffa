import { STEP_HIGH, STEP_LOW, STEPS } from "../../descriptions/exp64Constants.ts";
import * as places from "../../generated/table.ts";
import { constant, constantsFrom } from "../constant.ts";
import { POWERS_OF_2, REST_OF_ROOT, ROOT_OF_2 } from "./exp64.ts";

// exp and e^x - 1 of one number with the bits of assembly/functions/fineExp.ts: the same operations in the same order. Powers of
// two are exact, so it makes no difference where they are multiplied, but for the last product of fineExp.

const { abs, fround } = Math;

const [A2, A3, A4, A5, A6] = constantsFrom(places.F2, 5).map(({ f32 }) => f32);
const [B2, B3, B4, B5] = constantsFrom(places.F2, 4).map(({ f64 }) => f64);
const STEPS_32 = constant(places.STEPS).f32;
const HIGH_32 = constant(places.STEP_HIGH).f32;
const LOW_32 = constant(places.STEP_LOW).f32;
const LOWEST = constant(places.FULL_LOWEST);
const HIGHEST = constant(places.FULL_HIGHEST);
const EXPM1_LOWEST = constant(places.EXPM1_LOWEST);
const TINY = constant(places.TINY);

/** Adding it rounds to an integer, of float32's products to the side where MAGIC takes them in float32. */
const INTEGER = 1.5 * 2 ** 52;

/** e^r - 1, r = x - n ln 2. */
function growthF32(x: number, n: number): number {
  const r = fround(x - n * HIGH_32 - fround(n * LOW_32));
  const g = fround(r * r);
  const low = fround(fround(A3 * r) + A2);
  const high = fround(fround(A6 * g) + fround(fround(A5 * r) + A4));
  return fround(fround(fround(fround(high * g) + low) * g) + r);
}

/** The same, n being 256 times as large, less what is in the root of 2. */
function growthF64(x: number, n: number): number {
  const r = x - n * STEP_HIGH - n * STEP_LOW;
  const g = r * r;
  return r + (((B5 * r + B4) * g + (B3 * r + B2)) * g + REST_OF_ROOT[n & 255]);
}

/** x in units of ln 2, as an integer. */
function wholeF32(x: number): number {
  return fround(x * STEPS_32) + INTEGER - INTEGER;
}

/** x in units of ln 2 / 256, as an integer. */
function wholeF64(x: number): number {
  return x * STEPS + INTEGER - INTEGER;
}

/** x, or the bound that it is beyond. */
function clamp(x: number, lowest: number, highest: number): number {
  const y = x < lowest ? lowest : x;
  return y > highest ? highest : y;
}

/** e^x of a float32 number. */
export function fineExpF32(x: number): number {
  const y = clamp(x, LOWEST.f32, HIGHEST.f32);
  const n = wholeF32(y);
  return fround(fround(growthF32(y, n) + 1) * POWERS_OF_2[(n + 1023) | 0]);
}

/** e^x of a float64 number. */
export function fineExpF64(x: number): number {
  const y = clamp(x, LOWEST.f64, HIGHEST.f64);
  const n = wholeF64(y);
  const root = ROOT_OF_2[n & 255];
  const exponent = (n >> 8) + 2046;
  const outer = exponent >> 1;
  return (root + root * growthF64(y, n)) * POWERS_OF_2[exponent - outer] * POWERS_OF_2[outer];
}

/** e^x - 1 of a float32 number. */
export function expm1F32(x: number): number {
  if (abs(x) < TINY.f32) return x;
  const y = clamp(x, EXPM1_LOWEST.f32, HIGHEST.f32);
  const n = wholeF32(y);
  const half = POWERS_OF_2[(n + 1022) | 0];
  return fround(2 * fround(fround(half - 0.5) + fround(half * growthF32(y, n))));
}

/** e^x - 1 of a float64 number. */
export function expm1F64(x: number): number {
  if (abs(x) < TINY.f64) return x;
  const y = clamp(x, EXPM1_LOWEST.f64, HIGHEST.f64);
  const n = wholeF64(y);
  const half = ROOT_OF_2[n & 255] * POWERS_OF_2[(n >> 8) + 1022];
  return 2 * (half - 0.5 + half * growthF64(y, n));
}
