// Numbers whose exponents stand apart, lest products of them leave float64: x = m 2^n, |m| in [1, 2).

import { MAGIC } from "../constants";
import { constant } from "../lanes";
import { LN2_HIGH } from "../generated/thresholds";
import { powerOf } from "./exp";

/** floor(log2 |x|); 0 of 0, 1024 of what is not finite. */
export function exponentOf(x: f64): i32 {
  if (x == 0) return 0;
  const exponent = <i32>(reinterpret<i64>(x) >> 52) & 2047;
  if (exponent) return exponent - 1023;
  return (<i32>(reinterpret<i64>(x * 2 ** 54) >> 52) & 2047) - 1077;
}

@inline function powerOf2(n: i32): f64 {
  return reinterpret<f64>((<i64>n + 1023) << 52);
}

/** x 2^n, rounded once, for an x of 2^-70 to 2^120 (0, or not finite) and any n, or any x and an n that makes it such a one. */
export function timesPower(x: f64, n: i32): f64 {
  const m = min(max(n, -1200), 1100);
  const half = m >> 1;
  return x * powerOf2(half) * powerOf2(m - half);
}

/** x without its exponent. */
@inline export function mantissaOf(x: f64): f64 {
  return timesPower(x, -exponentOf(x));
}

/** exp(z) 2^-n, about 1 where n is expExponent(z). */
@inline export function expMantissa(z: f64, n: i32): f64 {
  return powerOf<f64>(
    z,
    f64x2.splat(<f64>(n - 1023) * LN2_HIGH),
    f64x2.sub(constant<f64>(MAGIC), f64x2.splat(<f64>(256 * n))),
  );
}
