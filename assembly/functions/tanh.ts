// tanh on vectors. The JavaScript of src/kernels/functions/tanh.ts gives the same bits.

import {
  HALF,
  HIGHEST_EXPONENT,
  MAGIC,
  MINUS_ZERO,
  ONE,
  STEPS,
  T1,
  T2,
  T3,
  T4,
  T5,
  TANH_SPLIT,
  TWO,
} from "../constants";
import { constant, mulAdd } from "../lanes";
import { fineExp, growth, normalPower } from "./fineExp";

/** tanh of each lane: -0 stays -0, NaN stays NaN. At most 1.7 ulp (asserted on every 257th float32 input). */
@inline export function tanh<T>(x: v128): v128 {
  const sign = constant<T>(MINUS_ZERO);
  const a = v128.andnot(x, sign);
  return v128.or(sizeof<T>() == 4 ? tanh32(a) : tanh64(a), v128.and(x, sign));
}

/** Of a >= 0: up to 0.64 a + a^3 P(a^2), P a minimax polynomial of degree 4, and from there 1 - 2 e / (1 + e), e = e^-2a. */
@inline function tanh32(a: v128): v128 {
  const one = constant<f32>(ONE);
  const e = fineExp<f32>(f32x4.neg(f32x4.add(a, a)));
  const large = f32x4.sub(one, f32x4.div(f32x4.add(e, e), f32x4.add(one, e)));
  const z = f32x4.mul(a, a);
  const g = f32x4.mul(z, z);
  const high = mulAdd<f32>(constant<f32>(T5), g, mulAdd<f32>(constant<f32>(T4), z, constant<f32>(T3)));
  const p = mulAdd<f32>(g, high, mulAdd<f32>(constant<f32>(T2), z, constant<f32>(T1)));
  const small = mulAdd<f32>(a, f32x4.mul(z, p), a);
  return v128.bitselect(small, large, f32x4.lt(a, constant<f32>(TANH_SPLIT)));
}

/**
 * Of a >= 0, u = e^2a - 1: up to 0.55 q = u / (2 + u), and from there 1 - 2 / (2 + u). What the roundings of u and of
 * w = 2 + u took, `lost` and `off`, is put back into q: its slope by u is 2 / w^2, by w -q / w, where 1 / w = (1 - q) / 2.
 */
@inline function tanh64(a: v128): v128 {
  const one = constant<f64>(ONE);
  const two = constant<f64>(TWO);
  const magic = constant<f64>(MAGIC);
  const y = f64x2.pmin(f64x2.add(a, a), constant<f64>(HIGHEST_EXPONENT));
  const t = mulAdd<f64>(y, constant<f64>(STEPS), magic);
  const power = normalPower<f64>(t);
  const whole = f64x2.sub(power, one);
  const part = f64x2.mul(power, growth<f64>(y, t, magic));
  const u = f64x2.add(whole, part);
  const w = f64x2.add(two, u);
  const small = f64x2.lt(a, constant<f64>(TANH_SPLIT));
  const q = f64x2.div(v128.bitselect(u, two, small), w);
  const upper = f64x2.sub(one, q);
  const lost = f64x2.sub(part, f64x2.sub(u, whole));
  const off = f64x2.sub(u, f64x2.sub(w, two));
  const rest = f64x2.sub(lost, f64x2.mul(q, f64x2.add(off, lost)));
  const better = f64x2.add(q, f64x2.mul(f64x2.mul(constant<f64>(HALF), upper), rest));
  return v128.bitselect(better, upper, small);
}
