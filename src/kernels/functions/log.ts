import { SMALLEST_NORMAL, STEPS } from "../../descriptions/exp64Constants.ts";
import type { Dtype } from "../../dtype.ts";
import * as places from "../../generated/table.ts";
import { highWord, withHighWord } from "../../numeric/bits.ts";
import { constant, constantsFrom } from "../constant.ts";
import { POWERS_OF_2, power64, powerOf2 } from "./exp64.ts";

// ln and ln(1 + x) with the bits of assembly/functions/log.ts, and exp(-x) of a short row's target with those of exp.ts there: the
// same operations in the same order. exp of float64 is in exp64.ts, of float32 in exp32.ts.

/** exp's lowest and magic numbers for N = 0: see assembly/functions/exp.ts. */
export const LOWEST = constant(places.LOWEST);
export const MAGIC = constant(places.MAGIC);

const STEP = constant(places.STEP).f64;
const HALF_SQUARE = constant(places.HALF_SQUARE).f64;
const MAGIC_INVERSE = constant(places.MAGIC_INVERSE).f64;

/** exp(-x) 2^-15 of a number from -300 to 30, with the digits that rows of the dtype need. */
export function inverseExp(x: number, dtype: Dtype): number {
  if (dtype === "f64") return power64(-x, LOWEST.f64, MAGIC_INVERSE);
  const y = x * STEPS;
  const t = MAGIC_INVERSE - y;
  const f = y + (t - MAGIC_INVERSE);
  const power = powerOf2(t);
  return power + power * ((HALF_SQUARE * f - STEP) * f);
}

const [L1, L2, L3, L4, L5, L6, L7] = constantsFrom(places.L1, 7).map(({ f64 }) => f64);
const [S1, S2, S3] = constantsFrom(places.S1, 3).map(({ f64 }) => f64);
const LN2 = constant(places.LN2).f64;
const LN2_HIGH = constant(places.LN2_HIGH).f64;
const LN2_LOW = constant(places.LN2_LOW).f64;
const TWO_54 = constant(places.TWO_54).f64;
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
 * ln(1 + x) for x from 0 to 2^512 or NaN, with the digits of a small x; in rows of float32 a shorter polynomial does.
 */
export function log1p(x: number, dtype: Dtype): number {
  if (!(x <= Number.MAX_VALUE)) return x;
  const v = 1 + x;
  const high = highWord(v);
  let k = (high >>> 20) - 1023;
  if (withHighWord(v, (high & 0xfffff) | 0x3ff00000) >= SQRT2) k += 1;
  const scale = POWERS_OF_2[1023 - k];
  const f = x * scale + (scale - 1);
  const s = f / (2 + f);
  const z = s * s;
  return dtype === "f32" ? k * LN2 + s * (((S3 * z + S2) * z + S1) * z + 2) : combine(f, s, z, k);
}
