import { E1, E10, E2, E3, E4, E5, E6, E7, E8, E9, LOG2E, LOWEST, MAGIC, ONE } from "./constants";
import { constant } from "./lanes";

/**
 * exp(z) of each lane, for z <= 0 or NaN: what a softmax needs after the maximum is taken away.
 *
 * y = z log2 e; n = y rounded (by adding a magic number whose low bits then hold n + bias); exp(z) = 2^n 2^(y - n) with a
 * minimax polynomial 1 + f P(f) (degree 5 or 10, in Estrin's form, the 1 added last: it rounds least). There is no two-part ln 2: the relative error grows as
 * |z| eps, just where the terms of a sum vanish. Below the smallest normal number the result runs down to 0; exp(-inf) is
 * exactly 0, exp(0) exactly 1. NaN stays NaN because 2^n is multiplied, not added to the exponent bits.
 *
 * The first nine constants come as locals (registers, or the stack), float64's further ones straight from the table.
 */
// @ts-ignore: decorator
@inline export function exp<T>(
  z: v128, log2e: v128, lowest: v128, magic: v128, one: v128, e1: v128, e2: v128, e3: v128, e4: v128, e5: v128,
): v128 {
  const y = v128.pmax<T>(v128.mul<T>(z, log2e), lowest);
  const t = v128.add<T>(y, magic);
  const f = v128.sub<T>(y, v128.sub<T>(t, magic));
  const g = v128.mul<T>(f, f);
  const low = v128.add<T>(v128.mul<T>(e2, f), e1), middle = v128.add<T>(v128.mul<T>(e4, f), e3);
  if (sizeof<T>() == 4) {
    const p = v128.add<T>(v128.mul<T>(v128.add<T>(v128.mul<T>(e5, g), middle), g), low);
    return v128.mul<T>(v128.add<T>(v128.mul<T>(p, f), one), i32x4.shl(t, 23));
  }
  const e65 = v128.add<T>(v128.mul<T>(constant<T>(E6), f), e5);
  const e87 = v128.add<T>(v128.mul<T>(constant<T>(E8), f), constant<T>(E7));
  let p = v128.add<T>(v128.mul<T>(constant<T>(E10), f), constant<T>(E9));
  p = v128.add<T>(v128.mul<T>(p, g), e87);
  p = v128.add<T>(v128.mul<T>(p, g), e65);
  p = v128.add<T>(v128.mul<T>(p, g), middle);
  p = v128.add<T>(v128.mul<T>(p, g), low);
  return v128.mul<T>(v128.add<T>(v128.mul<T>(p, f), one), i64x2.shl(t, 52));
}

/** exp of one vector, the constants straight from the table: for what stands outside a loop. */
export function expLane<T>(z: v128): v128 {
  return exp<T>(
    z, constant<T>(LOG2E), constant<T>(LOWEST), constant<T>(MAGIC), constant<T>(ONE),
    constant<T>(E1), constant<T>(E2), constant<T>(E3), constant<T>(E4), constant<T>(E5),
  );
}

/** exp of one number, with the bits of the lanes. */
// @ts-ignore: decorator
@inline export function expOf<T>(z: T): T { return v128.extract_lane<T>(expLane<T>(v128.splat<T>(z)), 0); }
