// Sums without rounding errors by splitting: a value is taken apart at two fixed places, and the parts of many values are so
// many multiples of one power of two that float64 adds them exactly. ExtractVector of Rump, Ogita and Oishi, Accurate
// Floating-Point Summation (SIAM J. Sci. Comput. 31, 2008), with places that do not depend on the values.

/** Sizes of values that have three parts of at most 42 bits: multiples of 2^-30, of 2^-73 and of 2^-115. So has 0. */
export const SMALLEST = 2 ** -63;
export const LARGEST = 2 ** 12;
/** The parts of so many values add up exactly. */
export const EXTRACTED = 1024;
/** Adding one and taking it away again rounds to a multiple of 2^-30 or 2^-73. */
export const C1 = 1.5 * 2 ** 22;
export const C2 = 1.5 * 2 ** -21;
/** Sums of a block of so many values. */
export const PARTS = 3;

/** The exact sums of the three parts of the values of each block; the first is NaN where a value has no such parts. */
export function extractSums(begin: number, end: number, values: Float64Array, sums: Float64Array, count: number): void {
  for (let block = begin; block < end; block++) {
    const stop = Math.min(count, (block + 1) * EXTRACTED);
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let i = block * EXTRACTED; i < stop; i++) {
      const x = values[i];
      const size = Math.abs(x);
      if (!(size < LARGEST && (size >= SMALLEST || size === 0))) s1 = Number.NaN;
      const h1 = x + C1 - C1;
      const rest = x - h1;
      const h2 = rest + C2 - C2;
      s1 += h1;
      s2 += h2;
      s3 += rest - h2;
    }
    sums[PARTS * block] = s1;
    sums[PARTS * block + 1] = s2;
    sums[PARTS * block + 2] = s3;
  }
}
