import { E10, E11, E2, E3, E4, E5, E6, E7, E8, E9, F6, LN2_HIGH, LN2_LOW, LOG2E, LOWEST, MAGIC, ONE } from "./constants";
import { constant, minusProduct, mulAdd } from "./lanes";

/**
 * exp(z) 2^-N of each lane, for z of at most (N + 127) ln 2 (float64: 1023), or NaN; `lowest` and `magic` stand for N, and
 * those of the constant table for N = 0.
 *
 * n = z log2 e rounded, by adding a magic number whose low bits then hold n - N + bias; exp(z) = 2^n exp(z - n ln 2), ln 2 in
 * two parts, the second factor by minimax polynomials. exp(0) is exactly 1, exp(-inf) exactly 0, and below 2^(N - 126)
 * (2^(N - 1022)) the result runs down to 0. NaN stays NaN because 2^n is multiplied, not added to the exponent bits.
 *
 * An N costs no operation, where taking a maximum away costs one and a pass before it; and the digits do not depend on
 * it: see rows.ts.
 *
 * Float32: degree 5, at most 2.3 ulp (asserted on every 257th input). A one-part reduction saves two of 20 operations,
 * but a row of one maximum above a thousand equal others then misses its bound by half: their errors are all the same.
 * `fine`: degree 6, e2 to e5 being F2 to F5, at most 1.1 ulp for two operations more (1.08 of the time). Float64: degree 11,
 * at most 1 ulp.
 *
 * Constants come as locals (registers, or the stack): see `expA` and `expB` for a and b. The last of float64 come straight
 * from the table.
 */
// @ts-ignore: decorator
@inline export function exp<T>(
  z: v128, log2e: v128, lowest: v128, magic: v128, one: v128, e2: v128, e3: v128, e4: v128, e5: v128, a: v128, b: v128,
  fine: bool = false,
): v128 {
  const x = v128.pmax<T>(z, lowest);
  const t = mulAdd<T>(x, log2e, magic), n = v128.sub<T>(t, magic);
  const r = minusProduct<T>(minusProduct<T>(x, n, a), n, b), g = v128.mul<T>(r, r);
  const low = mulAdd<T>(e3, r, e2), high = mulAdd<T>(e5, r, e4);
  let p: v128;
  if (sizeof<T>() == 4) p = mulAdd<T>(fine ? mulAdd<T>(constant<T>(F6), g, high) : high, g, low);
  else {
    p = mulAdd<T>(constant<T>(E11), r, constant<T>(E10));
    p = mulAdd<T>(p, g, mulAdd<T>(constant<T>(E9), r, constant<T>(E8)));
    p = mulAdd<T>(p, g, mulAdd<T>(constant<T>(E7), r, constant<T>(E6)));
    p = mulAdd<T>(mulAdd<T>(p, g, high), g, low);
  }
  p = mulAdd<T>(p, g, r);
  const power = sizeof<T>() == 4 ? i32x4.shl(t, 23) : i64x2.shl(t, 52);
  return ASC_FEATURE_RELAXED_SIMD
    ? v128.relaxed_madd<T>(p, power, power)
    : v128.mul<T>(v128.add<T>(p, one), power);
}

/** exp's a and b: ln 2 in two parts. */
// @ts-ignore: decorator
@inline export function expA<T>(): v128 { return constant<T>(LN2_HIGH); }
// @ts-ignore: decorator
@inline export function expB<T>(): v128 { return constant<T>(LN2_LOW); }

/** exp of one vector, the constants straight from the table: for what stands outside a loop. */
export function expLane<T>(z: v128): v128 {
  return exp<T>(
    z, constant<T>(LOG2E), constant<T>(LOWEST), constant<T>(MAGIC), constant<T>(ONE),
    constant<T>(E2), constant<T>(E3), constant<T>(E4), constant<T>(E5), expA<T>(), expB<T>(),
  );
}

/** exp(z) 2^-N of one number, `lowest` and `magic` those of N. */
export function powerOf<T>(z: T, lowest: v128, magic: v128): T {
  return v128.extract_lane<T>(exp<T>(
    v128.splat<T>(z), constant<T>(LOG2E), lowest, magic, constant<T>(ONE),
    constant<T>(E2), constant<T>(E3), constant<T>(E4), constant<T>(E5), expA<T>(), expB<T>(),
  ), 0);
}

/** exp of one number, with the bits of the lanes. */
// @ts-ignore: decorator
@inline export function expOf<T>(z: T): T { return v128.extract_lane<T>(expLane<T>(v128.splat<T>(z)), 0); }
