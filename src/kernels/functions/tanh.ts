import * as places from "../../generated/table.ts";
import { constant, constantsFrom } from "../constant.ts";
import { fineExpF32, fineExpF64 } from "./fineExp.ts";

// tanh of one number with the bits of assembly/functions/tanh.ts.

const { abs, fround } = Math;
const PLACES = constantsFrom(places.T1, 10);
const [A1, A2, A3, A4, A5] = PLACES.map(({ f32 }) => f32);
const [B1, B2, B3, B4, B5, B6, B7, B8, B9, B10] = PLACES.map(({ f64 }) => f64);
const SPLIT = constant(places.TANH_SPLIT);

/** tanh x where that of |x| is y. */
const signed = (y: number, x: number) => (x < 0 ? -y : x === 0 ? x : y);

export function tanhF32(x: number): number {
  const a = abs(x);
  if (!(a < SPLIT.f32)) {
    const e = fineExpF32(-2 * a);
    return signed(fround(1 - fround((2 * e) / fround(1 + e))), x);
  }
  const z = fround(a * a);
  const g = fround(z * z);
  const high = fround(fround(A5 * g) + fround(fround(A4 * z) + A3));
  const curve = fround(fround(high * g) + fround(fround(A2 * z) + A1));
  return signed(fround(fround(a * fround(z * curve)) + a), x);
}

export function tanhF64(x: number): number {
  const a = abs(x);
  if (!(a < SPLIT.f64)) {
    const e = fineExpF64(-2 * a);
    return signed(1 - (2 * e) / (1 + e), x);
  }
  const z = a * a;
  const g = z * z;
  const h = g * g;
  const high = (B10 * z + B9) * h + ((B8 * z + B7) * g + (B6 * z + B5));
  const curve = high * h + ((B4 * z + B3) * g + (B2 * z + B1));
  return signed(a * (z * curve) + a, x);
}
