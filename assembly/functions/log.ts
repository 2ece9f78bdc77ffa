// ln and ln(1 + x) of two float64 lanes; kernels of float32 rows widen first. (naturalLog.ts has float32 lanes.)
//
// The way is that of fdlibm (Sun Microsystems, 1993; e_log.c and s_log1p.c), without branches and with coefficients of our own:
// x = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt 2), s = f / (2 + f), ln(1 + f) = f - (f^2/2 - s (f^2/2 + R(s^2))), ln 2 in two
// parts.

import {
  HALF,
  HIGHEST,
  L1,
  L2,
  L3,
  L4,
  L5,
  L6,
  L7,
  LN2,
  LN2_HIGH,
  LN2_LOW,
  NEGATIVE_INFINITY,
  ONE,
  S1,
  S2,
  S3,
  SMALLEST_NORMAL,
  TWO_54,
} from "../constants";
import { constant } from "../lanes";

/** The bits of sqrt(1/2), and of the mantissa. */
const SQRT_HALF: i64 = 0x3fe6a09e667f3bcd;
const MANTISSA: i64 = 0x000fffffffffffff;
/** 1.5 2^52: an integer added to its bits and the number taken away again is the integer as a float64. */
export const INTEGER: i64 = 0x4338000000000000;

/**
 * k ln 2 + ln(1 + f), s = f / (2 + f), z = s^2; ln(1 + f) = f - (f^2/2 - s (f^2/2 + R(z))), R a minimax polynomial, of float32
 * lanes with three coefficients.
 */
@inline export function combine<T>(f: v128, s: v128, z: v128, k: v128): v128 {
  const seven = sizeof<T>() == 8;
  let r = v128.add<T>(v128.mul<T>(constant<T>(seven ? L7 : S3), z), constant<T>(seven ? L6 : S2));
  r = v128.add<T>(v128.mul<T>(r, z), constant<T>(seven ? L5 : S1));
  if (seven) {
    r = f64x2.add(f64x2.mul(r, z), constant<f64>(L4));
    r = f64x2.add(f64x2.mul(r, z), constant<f64>(L3));
    r = f64x2.add(f64x2.mul(r, z), constant<f64>(L2));
    r = f64x2.add(f64x2.mul(r, z), constant<f64>(L1));
  }
  r = v128.mul<T>(r, z);
  const half = v128.mul<T>(constant<T>(HALF), v128.mul<T>(f, f));
  const correction = v128.add<T>(v128.mul<T>(s, v128.add<T>(half, r)), v128.mul<T>(k, constant<T>(LN2_LOW)));
  return v128.sub<T>(v128.mul<T>(k, constant<T>(LN2_HIGH)), v128.sub<T>(v128.sub<T>(half, correction), f));
}

/** ln x for normal positive finite x. Relative error at most 2^-52; rounded to float32 0.501 ulp (every 257th input). */
export function logNormal(x: v128): v128 {
  const bits = i64x2.sub(x, i64x2.splat(SQRT_HALF));
  const n = i64x2.shr_s(bits, 52);
  const k = f64x2.sub(i64x2.add(n, i64x2.splat(INTEGER)), f64x2.splat(reinterpret<f64>(INTEGER)));
  const m = i64x2.add(v128.and(bits, i64x2.splat(MANTISSA)), i64x2.splat(SQRT_HALF));
  const f = f64x2.sub(m, constant<f64>(ONE));
  const s = f64x2.div(f, f64x2.add(f64x2.splat(2), f));
  const z = f64x2.mul(s, s);
  return combine<f64>(f, s, z, k);
}

/** ln x of two float64 lanes for any x. ln 0 = -inf, ln of a negative number NaN, ln inf = inf, subnormals included. */
export function log(x: v128): v128 {
  const tiny = f64x2.lt(x, constant<f64>(SMALLEST_NORMAL));
  const scaled = v128.bitselect(f64x2.mul(x, constant<f64>(TWO_54)), x, tiny);
  let y = logNormal(scaled);
  const offset = v128.and(tiny, f64x2.splat(54));
  y = f64x2.sub(f64x2.sub(y, f64x2.mul(offset, constant<f64>(LN2_LOW))), f64x2.mul(offset, constant<f64>(LN2_HIGH)));
  const zero = f64x2.splat(0);
  y = v128.bitselect(constant<f64>(NEGATIVE_INFINITY), y, f64x2.eq(x, zero));
  // x < 0, x = +inf and NaN: NaN, inf and NaN
  const odd = v128.not(f64x2.le(x, constant<f64>(HIGHEST)));
  y = v128.bitselect(x, y, odd);
  return v128.bitselect(f64x2.splat(NaN), y, f64x2.lt(x, zero));
}

/**
 * ln(1 + x) of two float64 lanes for x from 0 to 2^512 or NaN, with the digits of a small x: 1 + x = 2^k (1 + f), where
 * f = x 2^-k + (2^-k - 1) has lost nothing to the rounding of 1 + x. Relative error 2^-51. For rows of float32 (`T`) 2^-29 will do,
 * far below the error of x, with a third of the operations.
 */
@inline export function ln1p<T>(x: v128): v128 {
  const one = constant<f64>(ONE);
  const v = f64x2.add(one, x);
  // 1 + x is positive: the shift without a sign takes one operation instead of five
  const n = i64x2.shr_u(i64x2.sub(v, i64x2.splat(SQRT_HALF)), 52);
  const k = f64x2.sub(i64x2.add(n, i64x2.splat(INTEGER)), f64x2.splat(reinterpret<f64>(INTEGER)));
  const scale = i64x2.sub(one, i64x2.shl(n, 52));
  const f = f64x2.add(f64x2.mul(x, scale), f64x2.sub(scale, one));
  const two = f64x2.add(one, one);
  const s = f64x2.div(f, f64x2.add(two, f));
  const z = f64x2.mul(s, s);
  if (sizeof<T>() == 8) return combine<f64>(f, s, z, k);
  let p = f64x2.add(f64x2.mul(constant<f64>(S3), z), constant<f64>(S2));
  p = f64x2.add(f64x2.mul(p, z), constant<f64>(S1));
  p = f64x2.add(f64x2.mul(p, z), two);
  return f64x2.add(f64x2.mul(k, constant<f64>(LN2)), f64x2.mul(s, p));
}

/** ln1p for x that may be +inf, as in a row that held several infinities. */
export function log1p<T>(x: v128): v128 {
  return v128.bitselect(ln1p<T>(x), x, f64x2.le(x, constant<f64>(HIGHEST)));
}

@inline export function log1pOf<T>(x: f64): f64 {
  return f64x2.extract_lane(log1p<T>(f64x2.splat(x)), 0);
}
