// tanh on vectors. The JavaScript of src/kernels/functions/tanh.ts gives the same bits.

import { MINUS_ZERO, ONE, T1, T10, T2, T3, T4, T5, T6, T7, T8, T9, TANH_SPLIT } from "../constants";
import { constant, mulAdd } from "../lanes";
import { fineExp } from "./fineExp";

/** tanh(a) / a - 1 by z = a^2, divided by z: a minimax polynomial of degree 4, in float64 of degree 9. */
@inline function curve<T>(z: v128): v128 {
  const g = v128.mul<T>(z, z);
  const low = mulAdd<T>(constant<T>(T2), z, constant<T>(T1));
  const next = mulAdd<T>(constant<T>(T4), z, constant<T>(T3));
  if (sizeof<T>() == 4) return mulAdd<T>(mulAdd<T>(constant<T>(T5), g, next), g, low);
  const h = f64x2.mul(g, g);
  const middle = mulAdd<T>(
    mulAdd<T>(constant<T>(T8), z, constant<T>(T7)),
    g,
    mulAdd<T>(constant<T>(T6), z, constant<T>(T5)),
  );
  const high = mulAdd<T>(mulAdd<T>(constant<T>(T10), z, constant<T>(T9)), h, middle);
  return mulAdd<T>(high, h, mulAdd<T>(next, g, low));
}

/**
 * tanh of each lane: of a = |x| up to 0.64 (float64: 0.55) a + a^3 P(a^2), and from there 1 - 2 e / (1 + e), e = e^-2a. -0 stays
 * -0, NaN stays NaN. At most 1.5 ulp (asserted on every 257th float32 input).
 */
@inline export function tanh<T>(x: v128): v128 {
  const one = constant<T>(ONE);
  const sign = constant<T>(MINUS_ZERO);
  const a = v128.andnot(x, sign);
  const e = fineExp<T>(v128.neg<T>(v128.add<T>(a, a)));
  const large = v128.sub<T>(one, v128.div<T>(v128.add<T>(e, e), v128.add<T>(one, e)));
  const z = v128.mul<T>(a, a);
  const small = mulAdd<T>(a, v128.mul<T>(z, curve<T>(z)), a);
  return v128.or(v128.bitselect(small, large, v128.lt<T>(a, constant<T>(TANH_SPLIT))), v128.and(x, sign));
}
