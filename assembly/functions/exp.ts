// exp of rows, on vectors; ln and ln(1 + x) of theirs are in log.ts. functionKernels.ts makes kernels of them, so that every
// input can be tested. The JavaScript of src/kernels/functions/ gives the same bits.

import {
  E2,
  F2,
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
import { addressOf, constant, minusProduct, mulAdd } from "../lanes";

/**
 * exp(z) 2^-N of each lane, for z of at most (N + 127) ln 2 (float64: 1023), or NaN. `lowest` and `magic` stand for N; those
 * of the constant table are for N = 0.
 *
 * n = z log2 e is rounded by adding a magic number, whose low bits then hold n - N + bias. exp(z) = 2^n exp(z - n ln 2), where
 * ln 2 has two parts and the second factor is a minimax polynomial. In float64 n counts in steps of 1/256 and 2^n comes from a
 * table: degree 4 instead of 11, 0.75 of the time of long rows. exp(0) is exactly 1, exp(-inf) exactly 0, and below
 * 2^(N - 126) (2^(N - 1022)) the result runs down to 0. NaN stays NaN because 2^n is multiplied, not added to the exponent.
 *
 * N costs no operation, where taking a maximum away costs one, and a pass before it. The digits do not depend on N.
 *
 * Float32: degree 5, at most 2.3 ulp (asserted on every 257th input; relaxed 5.5 where N = 0 and |z| is large). With ln 2 in one
 * part there would be two of 20 operations less, but a row of one maximum above a thousand equal others would miss its bound by
 * half: their errors are all the same. With `degree6` at most 1.1 ulp, for two operations more (1.08 of the time). Float64: at
 * most 1.04 ulp, of results below 2^-1010 1.3. `polynomial` is where the coefficients stand: see polynomialOf.
 *
 * The constants are loaded in place. The compiler takes the loads out of loops without stores, and out of short rows' loops
 * they cost nothing; long rows that keep their exponentials took 1.11 to 1.14 of the time, so that they call expBy.
 */
@inline export function exp<T>(
  z: v128,
  lowest: v128,
  magic: v128,
  degree6: bool = false,
  polynomial: usize = polynomialOf<T>(degree6),
): v128 {
  // z stands for what is not needed: the compiler keeps a load even where nothing uses it
  return expBy<T>(
    z,
    lowest,
    magic,
    constant<T>(STEPS),
    sizeof<T>() == 4 ? constant<T>(ONE) : z,
    v128.load(polynomial),
    v128.load(polynomial, 32),
    v128.load(polynomial, 64),
    sizeof<T>() == 4 ? v128.load(polynomial, 96) : z,
    degree6 ? v128.load(polynomial, 128) : z,
    ln2First<T>(),
    isOnePart<T>() ? z : ln2Second<T>(),
    degree6,
  );
}

/**
 * The coefficients e2 to e6 of exp in the constant table, 32 bytes each; with degree 6 (`fine`), or with degree 5 and an e6 of
 * 0: there the operations of degree 6 give the bits of degree 5.
 */
@inline export function polynomialOf<T>(fine: bool): usize {
  return addressOf<T>(fine ? F2 : E2);
}

/** exp with its constants at hand: in registers, or on the stack. In float64 `one`, e5 and e6 are not used. */
@inline export function expBy<T>(
  z: v128,
  lowest: v128,
  magic: v128,
  steps: v128,
  one: v128,
  e2: v128,
  e3: v128,
  e4: v128,
  e5: v128,
  e6: v128,
  first: v128,
  second: v128,
  degree6: bool,
): v128 {
  const x = v128.pmax<T>(z, lowest);
  const t = mulAdd<T>(x, steps, magic);
  const n = v128.sub<T>(t, magic);
  const s = minusProduct<T>(x, n, first);
  const r = isOnePart<T>() ? s : minusProduct<T>(s, n, second);
  const g = v128.mul<T>(r, r);
  const low = mulAdd<T>(e3, r, e2);
  if (sizeof<T>() == 8) {
    const p = mulAdd<T>(mulAdd<T>(e4, g, low), g, r);
    const power = powers(t);
    return mulAdd<T>(power, p, power);
  }
  const high = mulAdd<T>(e5, r, e4);
  const p = mulAdd<T>(mulAdd<T>(degree6 ? mulAdd<T>(e6, g, high) : high, g, low), g, r);
  const power = i32x4.shl(t, 23);
  return ASC_FEATURE_RELAXED_SIMD ? v128.relaxed_madd<T>(p, power, power) : v128.mul<T>(v128.add<T>(p, one), power);
}

/** 2^(k / 256 - 1023) of the k in the low bits of two lanes; what is not normal runs down to 0. */
@inline export function powers(k: v128): v128 {
  const first = (<usize>(i32x4.extract_lane(k, 0) & 255)) << 3;
  const second = (<usize>(i32x4.extract_lane(k, 2) & 255)) << 3;
  return i64x2.add(v128.load_lane<i64>(second, v128.load64_zero(first, ROOTS), 1, ROOTS), i64x2.shl(k, 44));
}

/**
 * Whether ln 2 is one part: in relaxed float32 fused multiply-add takes n ln 2 away unrounded. As ln 2 itself is off by
 * LN2_REST, the result is exp(z + n LN2_REST): less than a rounding for n relative to N. See reference.ts for N itself.
 */
@inline export function isOnePart<T>(): bool {
  return ASC_FEATURE_RELAXED_SIMD && sizeof<T>() == 4;
}

/** ln 2 (in float64 its 256th part) in two parts. */
@inline export function ln2First<T>(): v128 {
  return constant<T>(isOnePart<T>() ? LN2 : STEP_HIGH);
}

@inline export function ln2Second<T>(): v128 {
  return constant<T>(STEP_LOW);
}

/**
 * exp(-x) 2^-15 of two lanes for x from -300 to 30: of rows of float32 (`T`) with the digits that they need, to 2^-31, of rows
 * of float64 with all.
 */
@inline export function inverseExp<T>(x: v128): v128 {
  const magic = constant<f64>(MAGIC_INVERSE);
  if (sizeof<T>() == 8) return exp<f64>(f64x2.neg(x), constant<f64>(LOWEST), magic);
  const y = f64x2.mul(x, constant<f64>(STEPS));
  const t = f64x2.sub(magic, y);
  // e^(-f ln 2 / 256) = 1 + f (f (ln 2 / 256)^2 / 2 - ln 2 / 256)
  const f = f64x2.add(y, f64x2.sub(t, magic));
  const power = powers(t);
  const p = f64x2.mul(f64x2.sub(f64x2.mul(constant<f64>(HALF_SQUARE), f), constant<f64>(STEP)), f);
  return f64x2.add(power, f64x2.mul(power, p));
}

/** exp of one vector, for what stands outside a loop. */
export function expLane<T>(z: v128): v128 {
  return exp<T>(z, constant<T>(LOWEST), constant<T>(MAGIC));
}

/** exp(z) 2^-N of one number, `lowest` and `magic` those of N. */
export function powerOf<T>(z: T, lowest: v128, magic: v128): T {
  return v128.extract_lane<T>(exp<T>(v128.splat<T>(z), lowest, magic), 0);
}

/** exp of one number, with the bits of the lanes. */
@inline export function expOf<T>(z: T): T {
  return v128.extract_lane<T>(expLane<T>(v128.splat<T>(z)), 0);
}
