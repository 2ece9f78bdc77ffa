import { LN2_HIGH } from "../../descriptions/thresholds.ts";
import { highWord } from "../../numeric/bits.ts";
import { POWERS_OF_2, power64 } from "./exp64.ts";
import { MAGIC } from "./log.ts";

// Numbers whose exponents stand apart, x = m 2^n, with the bits of assembly/functions/scaled.ts.

/** floor(log2 |x|); 0 of 0, 1024 of what is not finite. */
export function exponentOf(x: number): number {
  if (x === 0) return 0;
  const bits = (highWord(x) >>> 20) & 2047;
  return bits === 0 ? exponentOf(x * 2 ** 54) - 54 : bits - 1023;
}

/** x 2^n, rounded once. */
export function timesPower(x: number, n: number): number {
  const exponent = exponentOf(x);
  return inTwoSteps(inTwoSteps(x, -exponent), Math.min(Math.max(n + exponent, -1200), 1100));
}

function inTwoSteps(x: number, n: number): number {
  const half = n >> 1;
  return x * POWERS_OF_2[half + 1023] * POWERS_OF_2[n - half + 1023];
}

/** x without its exponent. */
export function mantissaOf(x: number): number {
  return timesPower(x, -exponentOf(x));
}

/** exp(z) 2^-n. */
export function expMantissa(z: number, n: number): number {
  return power64(z, (n - 1023) * LN2_HIGH, MAGIC.f64 - 256 * n);
}
