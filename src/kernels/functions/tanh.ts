import { constant } from "../../descriptions/constants.ts";
import { HIGHEST } from "../../descriptions/exp64Constants.ts";
import { POWERS_OF_2, ROOT_OF_2 } from "./exp64.ts";
import { fineExpF32, growthF64, wholeF64 } from "./fineExp.ts";

// tanh of one number with the bits of assembly/functions/tanh.ts.

const { abs, fround } = Math;
const [T1, T2, T3, T4, T5] = [1, 2, 3, 4, 5].map((i) => constant(`T${i}`).f32);
const SPLIT = constant("TANH_SPLIT");

/** tanh x where that of |x| is y. */
const signed = (y: number, x: number) => (x < 0 ? -y : x === 0 ? x : y);

export function tanhF32(x: number): number {
  const a = abs(x);
  if (a < SPLIT.f32) {
    const z = fround(a * a);
    const g = fround(z * z);
    const high = fround(fround(T5 * g) + fround(fround(T4 * z) + T3));
    const p = fround(fround(g * high) + fround(fround(T2 * z) + T1));
    return signed(fround(fround(a * fround(z * p)) + a), x);
  }
  const e = fineExpF32(-2 * a);
  return signed(fround(1 - fround((2 * e) / fround(1 + e))), x);
}

export function tanhF64(x: number): number {
  const a = abs(x);
  const y = 2 * a > HIGHEST ? HIGHEST : 2 * a;
  const n = wholeF64(y);
  const power = ROOT_OF_2[n & 255] * POWERS_OF_2[(n >> 8) + 1023];
  const whole = power - 1;
  const part = power * growthF64(y, n);
  const u = whole + part;
  const w = 2 + u;
  if (!(a < SPLIT.f64)) return signed(1 - 2 / w, x);
  const q = u / w;
  const lost = part - (u - whole);
  const off = u - (w - 2);
  return signed(q + 0.5 * (1 - q) * (lost - q * (off + lost)), x);
}
