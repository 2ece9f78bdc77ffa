// ln x and ln(1 + x) of any x, on vectors of the dtype: float32 lanes are not widened. log.ts tells the way. The JavaScript of
// src/kernels/functions/naturalLog.ts gives the same bits.

import {
  EXPONENT_54,
  HIGHEST,
  MANTISSA,
  MINUS_ZERO,
  NEGATIVE_INFINITY,
  ONE,
  SMALLEST_NORMAL,
  SQRT_HALF,
  TWO,
  TWO_54,
} from "../constants";
import { constant } from "../lanes";
import { combine, INTEGER, log } from "./log";

// v = 2^k (1 + f), where 1 + f is from sqrt(1/2) to sqrt 2: `over` are the bits of v less those of sqrt(1/2)

@inline function over<T>(v: v128): v128 {
  return sizeof<T>() == 4 ? i32x4.sub(v, constant<T>(SQRT_HALF)) : i64x2.sub(v, constant<T>(SQRT_HALF));
}

@inline function exponent<T>(over: v128): v128 {
  return sizeof<T>() == 4 ? i32x4.shr_s(over, 23) : i64x2.shr_s(over, 52);
}

@inline function fraction<T>(over: v128): v128 {
  const bits = v128.and(over, constant<T>(MANTISSA));
  const m = sizeof<T>() == 4 ? i32x4.add(bits, constant<T>(SQRT_HALF)) : i64x2.add(bits, constant<T>(SQRT_HALF));
  return v128.sub<T>(m, constant<T>(ONE));
}

@inline function toFloat<T>(k: v128): v128 {
  if (sizeof<T>() == 4) return f32x4.convert_i32x4_s(k);
  return f64x2.sub(i64x2.add(k, i64x2.splat(INTEGER)), f64x2.splat(reinterpret<f64>(INTEGER)));
}

/** k ln 2 + ln(1 + f) */
@inline function sum<T>(f: v128, k: v128): v128 {
  const s = v128.div<T>(f, v128.add<T>(constant<T>(TWO), f));
  return combine<T>(f, s, v128.mul<T>(s, s), k);
}

/** The logarithm y of v; -inf where v is 0, NaN where it is negative, v itself where it is +inf or NaN. */
@inline function limits<T>(y: v128, v: v128): v128 {
  const zero = v128.splat<T>(<T>0);
  const infinite = v128.andnot(v, v128.le<T>(v, constant<T>(HIGHEST)));
  const ofZero = v128.and(constant<T>(NEGATIVE_INFINITY), v128.eq<T>(v, zero));
  return v128.or(v128.add<T>(y, v128.or(infinite, ofZero)), v128.lt<T>(v, zero));
}

/** ln x of each lane; subnormal numbers are lifted by 2^54, of which the exponent is taken away again. At most 0.9 ulp (asserted on every 257th float32 input). */
@inline export function ln<T>(x: v128): v128 {
  if (sizeof<T>() == 8) return log(x);
  const lift = v128.and(constant<f32>(EXPONENT_54), f32x4.lt(x, constant<f32>(SMALLEST_NORMAL)));
  const bits = i32x4.sub(over<f32>(f32x4.mul(x, i32x4.add(constant<f32>(ONE), lift))), lift);
  return limits<f32>(sum<f32>(fraction<f32>(bits), toFloat<f32>(exponent<f32>(bits))), x);
}

/**
 * ln(1 + x) of each lane: -inf of -1, NaN below; -0 stays -0. At most 1.4 ulp (asserted likewise).
 *
 * f = x 2^-k + (2^-k - 1), which has lost nothing to the rounding of v = 1 + x; for a large x 2^-k may be no number, and v is x.
 */
@inline export function log1p<T>(x: v128): v128 {
  const one = constant<T>(ONE);
  const v = v128.add<T>(one, x);
  const bits = over<T>(v);
  const k = exponent<T>(bits);
  const scale = sizeof<T>() == 4 ? i32x4.sub(one, i32x4.shl(k, 23)) : i64x2.sub(one, i64x2.shl(k, 52));
  const scaled = v128.add<T>(v128.mul<T>(x, scale), v128.sub<T>(scale, one));
  const f = v128.bitselect(fraction<T>(bits), scaled, v128.gt<T>(x, constant<T>(TWO_54)));
  return v128.or(limits<T>(sum<T>(f, toFloat<T>(k)), v), v128.and(x, constant<T>(MINUS_ZERO)));
}
