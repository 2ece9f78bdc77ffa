// The logistic function and ln(1 + e^-|x|), what softplus(x) has beside max(x, 0), on vectors. Both come of e = e^-|x|, so a loss
// that has it already takes the forms of e. The JavaScript of src/kernels/functions/logistic.ts gives the same bits.

import { HALF, MINUS_ZERO, ONE, R1, R2, R3, R4, TINY, TWO } from "../constants";
import { constant, minusProduct, mulAdd } from "../lanes";
import { fineExp } from "./fineExp";
import { ln1p } from "./log";

/** e^-|x| */
@inline export function decay<T>(x: v128): v128 {
  return fineExp<T>(v128.or(x, constant<T>(MINUS_ZERO)));
}

/** v, and 0 where e is so small that its square may be subnormal: such products take ten times as long. */
@inline function unlessTiny<T>(v: v128, e: v128): v128 {
  return v128.andnot(v, v128.lt<T>(e, constant<T>(TINY)));
}

/**
 * 1 / (1 + e^-x), where e = e^-|x|; of a negative x e / (1 + e), as e - e (e / (1 + e)), which has half of the error, or e where
 * it is tiny.
 */
@inline export function logisticOf<T>(x: v128, e: v128): v128 {
  const one = constant<T>(ONE);
  const negative = v128.lt<T>(x, v128.splat<T>(<T>0));
  const q = v128.div<T>(v128.bitselect(e, one, negative), v128.add<T>(one, e));
  return v128.bitselect(minusProduct<T>(e, e, unlessTiny<T>(q, e)), q, negative);
}

/** 1 / (1 + e^-x) of each lane: 0 and 1 of the infinities, subnormal numbers as they are. At most 1.9 ulp. */
@inline export function logistic<T>(x: v128): v128 {
  return logisticOf<T>(x, decay<T>(x));
}

/**
 * ln(1 + e) of each lane, e from 0 to 1. With s = e / (2 + e), float32: e - (h - s (h + R(s^2))), h = e^2 / 2, R a minimax
 * polynomial of degree 4: as in log.ts, and with no power of two to be taken out. e itself where it is tiny. At most 1.3 ulp.
 */
@inline export function log1pUnit<T>(given: v128): v128 {
  if (sizeof<T>() == 8) return ln1p<f64>(given);
  const e = unlessTiny<f32>(given, given);
  const s = f32x4.div(e, f32x4.add(constant<f32>(TWO), e));
  const z = f32x4.mul(s, s);
  const half = f32x4.mul(constant<f32>(HALF), f32x4.mul(e, e));
  let r = mulAdd<f32>(constant<f32>(R4), z, constant<f32>(R3));
  r = mulAdd<f32>(r, z, constant<f32>(R2));
  r = mulAdd<f32>(r, z, constant<f32>(R1));
  return f32x4.sub(given, f32x4.sub(half, f32x4.mul(s, mulAdd<f32>(r, z, half))));
}
