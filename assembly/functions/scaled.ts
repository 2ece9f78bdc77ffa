// Numbers whose exponents stand apart, lest products of them leave float64: x = m 2^n, |m| in [1, 2). Few rows need them: these
// functions are too large for the compiler to copy them to where they are called.

import { MAGIC } from "../constants";
import { POWER } from "../generated/scratchOfScaled";
import { LN2_HIGH } from "../generated/thresholds";
import { constant } from "../lanes";
import { powerOf } from "./exp";

/** floor(log2 |x|); 0 of 0, 1024 of what is not finite. */
function exponentOf(x: f64): i32 {
  if (x == 0) return 0;
  let below = 1023;
  // subnormal
  for (; abs(x) < 2.2250738585072014e-308; below += 54) x *= 18014398509481984;
  return ((<i32>(reinterpret<u64>(x) >> 52)) & 2047) - below;
}

/** x 2^n, rounded once. */
export function timesPower(x: f64, n: i32): f64 {
  const exponent = exponentOf(x);
  // to the mantissa, exactly, and from there, each in two steps
  let rest = -exponent;
  for (let turn = 0; turn < 2; turn++) {
    for (let part = rest >> 1; rest; part = rest) {
      x *= reinterpret<f64>((<i64>part + 1023) << 52);
      rest -= part;
    }
    rest = min(max(n + exponent, -1200), 1100);
  }
  return x;
}

/** x without its exponent, which is added to POWER. */
export function mantissaOf(x: f64, scratch: usize): f64 {
  const exponent = exponentOf(x);
  store<i32>(scratch, load<i32>(scratch, POWER) + exponent, POWER);
  return timesPower(x, -exponent);
}

/** exp(z) 2^-n. */
@inline export function expMantissa(z: f64, n: i32): f64 {
  return powerOf<f64>(
    z,
    f64x2.splat(<f64>(n - 1023) * LN2_HIGH),
    f64x2.sub(constant<f64>(MAGIC), f64x2.splat(<f64>(256 * n))),
  );
}
