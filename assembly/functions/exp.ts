import {
  E2,
  E3,
  E4,
  E5,
  F6,
  HALF_SQUARE,
  LN2,
  LOWEST,
  MAGIC,
  MAGIC_INVERSE,
  ONE,
  ROOTS,
  STEP,
  STEP_HIGH,
  STEP_LOW,
  STEPS,
} from "../constants";
import { constant, minusProduct, mulAdd } from "../lanes";

/**
 * exp(z) 2^-N of each lane, for z of at most (N + 127) ln 2 (float64: 1023), or NaN; `lowest` and `magic` stand for N, and
 * those of the constant table for N = 0.
 *
 * n = z log2 e rounded, by adding a magic number whose low bits then hold n - N + bias; exp(z) = 2^n exp(z - n ln 2), ln 2 in
 * two parts, the second factor by a minimax polynomial. In float64 n counts in steps of 1/256 and 2^n comes from a table:
 * degree 4 instead of 11, 0.75 of the time of long rows. exp(0) is exactly 1, exp(-inf) exactly 0, and below 2^(N - 126)
 * (2^(N - 1022)) the result runs down to 0. NaN stays NaN because 2^n is multiplied, not added to the exponent bits.
 *
 * An N costs no operation, where taking a maximum away costs one and a pass before it; and the digits do not depend on
 * it: see rows.ts.
 *
 * Float32: degree 5, at most 2.3 ulp (asserted on every 257th input; relaxed 5.5 where N = 0 and |z| is large). A one-part reduction saves two of 20 operations,
 * but a row of one maximum above a thousand equal others then misses its bound by half: their errors are all the same.
 * `fine`: degree 6, e2 to e5 (and e6) being F2 to F5, at most 1.1 ulp for two operations more (1.08 of the time). Float64: at most
 * 1.04 ulp.
 *
 * Constants come as locals (registers, or the stack): see `expA` and `expB` for a and b.
 */
@inline export function exp<T>(
  z: v128,
  steps: v128,
  lowest: v128,
  magic: v128,
  one: v128,
  e2: v128,
  e3: v128,
  e4: v128,
  e5: v128,
  a: v128,
  b: v128,
  fine: bool = false,
  e6: v128 = constant<T>(F6),
): v128 {
  const x = v128.pmax<T>(z, lowest);
  const t = mulAdd<T>(x, steps, magic);
  const n = v128.sub<T>(t, magic);
  const s = minusProduct<T>(x, n, a);
  const r = isOnePart<T>() ? s : minusProduct<T>(s, n, b);
  const g = v128.mul<T>(r, r);
  const low = mulAdd<T>(e3, r, e2);
  if (sizeof<T>() == 8) {
    const p = mulAdd<T>(mulAdd<T>(e4, g, low), g, r);
    const power = powers(t);
    return mulAdd<T>(power, p, power);
  }
  const high = mulAdd<T>(e5, r, e4);
  const p = mulAdd<T>(mulAdd<T>(fine ? mulAdd<T>(e6, g, high) : high, g, low), g, r);
  const power = i32x4.shl(t, 23);
  return ASC_FEATURE_RELAXED_SIMD ? v128.relaxed_madd<T>(p, power, power) : v128.mul<T>(v128.add<T>(p, one), power);
}

/** 2^(k / 256 - 1023) of the k in the low bits of two lanes; what is not normal runs down to 0. */
@inline function powers(k: v128): v128 {
  const first = (<usize>(i32x4.extract_lane(k, 0) & 255)) << 3;
  const second = (<usize>(i32x4.extract_lane(k, 2) & 255)) << 3;
  return i64x2.add(v128.load_lane<i64>(second, v128.load64_zero(first, ROOTS), 1, ROOTS), i64x2.shl(k, 44));
}

/**
 * exp(-x) 2^-15 of two lanes for x from -300 to 30: of rows of float32 (`T`) with the digits that they need, to 2^-31, of rows
 * of float64 with all.
 */
@inline export function inverseExp<T>(x: v128): v128 {
  const steps = constant<f64>(STEPS);
  const magic = constant<f64>(MAGIC_INVERSE);
  if (sizeof<T>() == 8) {
    return exp<f64>(
      f64x2.neg(x),
      steps,
      constant<f64>(LOWEST),
      magic,
      constant<f64>(ONE),
      constant<f64>(E2),
      constant<f64>(E3),
      constant<f64>(E4),
      constant<f64>(E5),
      expA<f64>(),
      expB<f64>(),
    );
  }
  const y = f64x2.mul(x, steps);
  const t = f64x2.sub(magic, y);
  // e^(-f ln 2 / 256) = 1 + f (f (ln 2 / 256)^2 / 2 - ln 2 / 256)
  const f = f64x2.add(y, f64x2.sub(t, magic));
  const power = powers(t);
  const p = f64x2.mul(f64x2.sub(f64x2.mul(constant<f64>(HALF_SQUARE), f), constant<f64>(STEP)), f);
  return f64x2.add(power, f64x2.mul(power, p));
}

/**
 * Whether ln 2 is one part: in float32 fused multiply-add takes n ln 2 away unrounded. What ln 2 is off by itself, LN2_REST, makes
 * it exp(z + n LN2_REST): of n relative to N less than a rounding, of N see reference.ts.
 */
@inline export function isOnePart<T>(): bool {
  return ASC_FEATURE_RELAXED_SIMD && sizeof<T>() == 4;
}

/** exp's a and b: ln 2 (of float64 its 256th part) in two parts. */
@inline export function expA<T>(): v128 {
  return constant<T>(isOnePart<T>() ? LN2 : STEP_HIGH);
}

@inline export function expB<T>(): v128 {
  return constant<T>(STEP_LOW);
}

/** exp of one vector, the constants straight from the table: for what stands outside a loop. */
export function expLane<T>(z: v128): v128 {
  return exp<T>(
    z,
    constant<T>(STEPS),
    constant<T>(LOWEST),
    constant<T>(MAGIC),
    constant<T>(ONE),
    constant<T>(E2),
    constant<T>(E3),
    constant<T>(E4),
    constant<T>(E5),
    expA<T>(),
    expB<T>(),
  );
}

/** exp(z) 2^-N of one number, `lowest` and `magic` those of N. */
export function powerOf<T>(z: T, lowest: v128, magic: v128): T {
  return v128.extract_lane<T>(
    exp<T>(
      v128.splat<T>(z),
      constant<T>(STEPS),
      lowest,
      magic,
      constant<T>(ONE),
      constant<T>(E2),
      constant<T>(E3),
      constant<T>(E4),
      constant<T>(E5),
      expA<T>(),
      expB<T>(),
    ),
    0,
  );
}

/** exp of one number, with the bits of the lanes. */
@inline export function expOf<T>(z: T): T {
  return v128.extract_lane<T>(expLane<T>(v128.splat<T>(z)), 0);
}
