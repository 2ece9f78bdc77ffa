// exp and e^x - 1 of any x, on vectors, for losses whose value is the result itself and not a share of a sum: more digits than
// exp.ts has, and results down to the smallest subnormal number. The JavaScript of src/kernels/functions/fineExp.ts gives the
// same bits.
//
// The way is that of exp.ts: x = n ln 2 + r, e^r - 1 a minimax polynomial (float32: degree 6; float64: degree 5, n in steps of
// 1/256). In float64 a second table has what rounding took from the roots of 2.

import {
  EXPM1_LOWEST,
  EXPM1_MAGIC,
  F2,
  F3,
  F4,
  F5,
  F6,
  FULL_HIGHEST,
  FULL_LOWEST,
  FULL_MAGIC,
  HALF,
  MINUS_ZERO,
  ONE,
  ROOT_RESTS,
  STEP_HIGH,
  STEP_LOW,
  STEPS,
  TINY,
} from "../constants";
import { constant, minusProduct, mulAdd } from "../lanes";
import { powers } from "./exp";

/** The rests of the roots of the k in the low bits of two lanes, as shares of them. */
@inline function rests(k: v128): v128 {
  const first = (<usize>(i32x4.extract_lane(k, 0) & 255)) << 3;
  const second = (<usize>(i32x4.extract_lane(k, 2) & 255)) << 3;
  return v128.load_lane<i64>(second, v128.load64_zero(first, ROOT_RESTS), 1, ROOT_RESTS);
}

/** e^r - 1 where x = n ln 2 + r, t = n + magic; in float64 with the rest of the root of 2, so that e^x = root (1 + it) 2^k. */
@inline function growth<T>(x: v128, t: v128, magic: v128): v128 {
  const n = v128.sub<T>(t, magic);
  const r = minusProduct<T>(minusProduct<T>(x, n, constant<T>(STEP_HIGH)), n, constant<T>(STEP_LOW));
  const g = v128.mul<T>(r, r);
  const low = mulAdd<T>(constant<T>(F3), r, constant<T>(F2));
  const middle = mulAdd<T>(constant<T>(F5), r, constant<T>(F4));
  const high = sizeof<T>() == 4 ? mulAdd<T>(constant<T>(F6), g, middle) : middle;
  const q = mulAdd<T>(high, g, low);
  return sizeof<T>() == 4 ? mulAdd<T>(q, g, r) : f64x2.add(r, mulAdd<T>(q, g, rests(t)));
}

/** 2^n of exponents that a number has, t = n + magic. */
@inline function normalPower<T>(t: v128): v128 {
  return sizeof<T>() == 4 ? i32x4.shl(t, 23) : powers(t);
}

/**
 * e^x of each lane: +inf where it rounds to that, subnormal numbers as they are, 0 below; NaN stays NaN. e^0 is exactly 1. At most
 * 1.0 ulp (asserted on every 257th float32 input), in float64 0.51 and of a subnormal number 0.76.
 *
 * 2^n is a product of two powers, about its root, since n goes from -1075 to 1024: the result is rounded once, in the last product.
 * Where that runs out of exponents it takes ten times as long, so that 0 (of -inf, too) comes from a mask and not from it.
 */
@inline export function fineExp<T>(x: v128): v128 {
  const magic = constant<T>(FULL_MAGIC);
  const below = v128.lt<T>(x, constant<T>(FULL_LOWEST));
  const y = v128.pmin<T>(v128.andnot(x, below), constant<T>(FULL_HIGHEST));
  const t = mulAdd<T>(y, constant<T>(STEPS), magic);
  const p = growth<T>(y, t, magic);
  const outer = sizeof<T>() == 4 ? i32x4.shl(i32x4.shr_u(t, 1), 23) : i64x2.shl(i64x2.shr_u(t, 9), 52);
  const power = normalPower<T>(t);
  const inner = sizeof<T>() == 4 ? i32x4.sub(power, outer) : i64x2.sub(power, outer);
  return v128.andnot(v128.mul<T>(mulAdd<T>(inner, p, inner), outer), below);
}

/** Whether |x| is above 80 in a lane of one of two float32 vectors, or NaN: bits of -|x| as integers are larger where |x| is. */
@inline export function isFar(a: v128, b: v128): bool {
  const sign = constant<f32>(MINUS_ZERO);
  const larger = i32x4.max_s(v128.or(a, sign), v128.or(b, sign));
  return v128.any_true(i32x4.gt_s(larger, constant<f32>(EXPM1_LOWEST)));
}

/** fineExp where |x| is at most 80, with the same bits: 2^n is one power, and nothing has to be kept within bounds. */
@inline export function nearExp(x: v128): v128 {
  const magic = constant<f32>(FULL_MAGIC);
  const one = constant<f32>(ONE);
  const t = mulAdd<f32>(x, constant<f32>(STEPS), magic);
  return f32x4.mul(f32x4.add(growth<f32>(x, t, magic), one), i32x4.sub(normalPower<f32>(t), one));
}

/**
 * e^x - 1 of each lane: +inf where it rounds to that; x itself near 0, so that -0 stays -0 and a subnormal number what it is. At
 * most 1.7 ulp (asserted likewise).
 *
 * It is twice (2^(n - 1) - 1/2) + 2^(n - 1) (e^r - 1): 2^n is too large for the largest results.
 */
@inline export function expm1<T>(x: v128): v128 {
  const magic = constant<T>(EXPM1_MAGIC);
  const y = v128.pmin<T>(v128.pmax<T>(x, constant<T>(EXPM1_LOWEST)), constant<T>(FULL_HIGHEST));
  const t = mulAdd<T>(y, constant<T>(STEPS), magic);
  const p = growth<T>(y, t, magic);
  const power = normalPower<T>(t);
  const half = mulAdd<T>(power, p, v128.sub<T>(power, constant<T>(HALF)));
  const tiny = v128.lt<T>(v128.andnot(x, constant<T>(MINUS_ZERO)), constant<T>(TINY));
  return v128.bitselect(x, v128.add<T>(half, half), tiny);
}
