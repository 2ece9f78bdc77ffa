/** x 2^n, in steps that don't leave the range before x does. */
function scaled(x: number, n: number): number {
  let y = x;
  for (let left = Math.abs(n); left > 0; left -= 1000) {
    const step = Number(1n << BigInt(Math.min(left, 1000)));
    y = n > 0 ? y * step : y / step;
  }
  return y;
}

/** The bits of a positive integer, up to 3 too many. */
const lengthOf = (n: bigint) => 4 * n.toString(16).length;

/** A quotient of about 100 bits, and the even power of two that it is to be divided by. */
function quotientOf(numerator: bigint, denominator: bigint): { quotient: number; shift: number } {
  if (numerator === 0n) return { quotient: 0, shift: 0 };
  const shift = (100 - lengthOf(numerator) + lengthOf(denominator)) & ~1;
  const quotient = shift > 0 ? (numerator << BigInt(shift)) / denominator : (numerator >> BigInt(-shift)) / denominator;
  return { quotient: Number(quotient), shift };
}

/** numerator / denominator, of 0 or more and a positive integer: within 2^-52 of itself. */
export function ratio(numerator: bigint, denominator: bigint): number {
  const { quotient, shift } = quotientOf(numerator, denominator);
  return scaled(quotient, -shift);
}

/** The square root of that. */
export function rootOfRatio(numerator: bigint, denominator: bigint): number {
  const { quotient, shift } = quotientOf(numerator, denominator);
  return scaled(Math.sqrt(quotient), -shift / 2);
}

/** n / sqrt(square), of any integer and a positive one. */
export function withRoot(n: bigint, square: bigint): number {
  const root = rootOfRatio(n * n, square);
  return n < 0n ? -root : root;
}
