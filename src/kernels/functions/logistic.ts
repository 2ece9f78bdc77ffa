import * as places from "../../generated/table.ts";
import { constant, constantsFrom } from "../constant.ts";
import { fineExpF32, fineExpF64 } from "./fineExp.ts";
import { log1p } from "./log.ts";

// The logistic function, and ln(1 + e^-|x|), of one number with the bits of assembly/functions/logistic.ts.

const { abs, fround } = Math;
const TINY = constant(places.TINY);
const [R1, R2, R3, R4] = constantsFrom(places.R1, 4).map(({ f32 }) => f32);

/** e^-|x| */
export function decayF32(x: number): number {
  return fineExpF32(-abs(x));
}

export function decayF64(x: number): number {
  return fineExpF64(-abs(x));
}

/** 1 / (1 + e^-x), where e = e^-|x|. */
export function logisticOfF32(x: number, e: number): number {
  if (!(x < 0)) return fround(1 / fround(1 + e));
  return e < TINY.f32 ? e : fround(e - fround(e * fround(e / fround(1 + e))));
}

export function logisticOfF64(x: number, e: number): number {
  if (!(x < 0)) return 1 / (1 + e);
  return e < TINY.f64 ? e : e - e * (e / (1 + e));
}

/** 1 / (1 + e^-x). */
export function logisticF32(x: number): number {
  return logisticOfF32(x, decayF32(x));
}

export function logisticF64(x: number): number {
  return logisticOfF64(x, decayF64(x));
}

/** ln(1 + e), e from 0 to 1. */
export function log1pUnitF32(e: number): number {
  if (e < TINY.f32) return e;
  const s = fround(e / fround(2 + e));
  const z = fround(s * s);
  const half = fround(0.5 * fround(e * e));
  const high = fround(fround(fround(fround(R4 * z) + R3) * z) + R2);
  const r = fround(fround(high * z) + R1);
  return fround(e - fround(half - fround(s * fround(fround(r * z) + half))));
}

export function log1pUnitF64(e: number): number {
  return log1p(e, "f64");
}

/** ln(1 + e^-|x|): what softplus(x) has beside max(x, 0). */
export function softplusTailF32(x: number): number {
  return log1pUnitF32(decayF32(x));
}

export function softplusTailF64(x: number): number {
  return log1pUnitF64(decayF64(x));
}
