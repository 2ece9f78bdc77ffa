import { E1, E10, E2, E3, E4, E5, E6, E7, E8, E9, LN2_HIGH, LN2_LOW, LOG2E, LOWEST, MAGIC, ONE } from "./constants";
import { constant, minusProduct, mulAdd } from "./lanes";

/**
 * exp(z) of each lane, for z <= 0 or NaN: what a softmax needs after the maximum is taken away.
 *
 * n = z log2 e rounded (by adding a magic number whose low bits then hold n + bias); exp(z) = 2^n exp(z - n ln 2), with
 * minimax polynomials. exp(0) is exactly 1, exp(-inf) exactly 0, and below 2^-126 (2^-1022) the result runs down to 0.
 * NaN stays NaN because 2^n is multiplied, not added to the exponent bits.
 *
 * Float32: ln 2 in two parts, degree 5: at most 2.3 ulp (asserted on every 257th input). A one-part reduction saves two of 21 operations,
 * but a row of one maximum above a thousand equal others then misses its bound by half: their errors are all the same.
 * Float64: 2^(y - n) of y = z log2 e, degree 10: at most (4 + 3 |z|) 2^-53, which is far below float64's bound.
 *
 * Constants come as locals (registers, or the stack): see `expA` and `expB` for a and b. The last of float64 come straight
 * from the table.
 */
// @ts-ignore: decorator
@inline export function exp<T>(
  z: v128, log2e: v128, lowest: v128, magic: v128, one: v128, e2: v128, e3: v128, e4: v128, e5: v128, a: v128, b: v128,
): v128 {
  if (sizeof<T>() == 4) {
    const x = f32x4.pmax(z, lowest);
    const t = mulAdd<T>(x, log2e, magic), n = f32x4.sub(t, magic);
    const r = minusProduct<T>(minusProduct<T>(x, n, a), n, b), g = f32x4.mul(r, r);
    const low = mulAdd<T>(e3, r, e2), high = mulAdd<T>(e5, r, e4);
    const p = mulAdd<T>(mulAdd<T>(high, g, low), g, r);
    return f32x4.mul(f32x4.add(p, one), i32x4.shl(t, 23));
  }
  const y = f64x2.pmax(f64x2.mul(z, log2e), lowest);
  const t = f64x2.add(y, magic), f = f64x2.sub(y, f64x2.sub(t, magic)), g = f64x2.mul(f, f);
  let p = mulAdd<T>(constant<f64>(E10), f, constant<f64>(E9));
  p = mulAdd<T>(p, g, mulAdd<T>(constant<f64>(E8), f, constant<f64>(E7)));
  p = mulAdd<T>(p, g, mulAdd<T>(b, f, e5));
  p = mulAdd<T>(p, g, mulAdd<T>(e4, f, e3));
  p = mulAdd<T>(p, g, mulAdd<T>(e2, f, a));
  return f64x2.mul(mulAdd<T>(p, f, one), i64x2.shl(t, 52));
}

/** exp's a and b: ln 2 in two parts, or the first and the sixth coefficient. */
// @ts-ignore: decorator
@inline export function expA<T>(): v128 { return constant<T>(sizeof<T>() == 4 ? LN2_HIGH : E1); }
// @ts-ignore: decorator
@inline export function expB<T>(): v128 { return constant<T>(sizeof<T>() == 4 ? LN2_LOW : E6); }

/** exp of one vector, the constants straight from the table: for what stands outside a loop. */
export function expLane<T>(z: v128): v128 {
  return exp<T>(
    z, constant<T>(LOG2E), constant<T>(LOWEST), constant<T>(MAGIC), constant<T>(ONE),
    constant<T>(E2), constant<T>(E3), constant<T>(E4), constant<T>(E5), expA<T>(), expB<T>(),
  );
}

/** exp of one number, with the bits of the lanes. */
// @ts-ignore: decorator
@inline export function expOf<T>(z: T): T { return v128.extract_lane<T>(expLane<T>(v128.splat<T>(z)), 0); }
