import { bfloat16, float16, type HalfArray } from "../../src/exports.ts";
import { type FloatArray, integer, type Random } from "../inputs.ts";
import { PATTERN } from "./pattern.ts";

/** Half-precision numbers as bits, and what makes an array of them. */
export interface Half {
  readonly bits: Uint16Array;
  readonly wrap: (bits: Uint16Array) => HalfArray;
}

export type Input = FloatArray | Half;

export interface Format {
  readonly name: "float16" | "bfloat16";
  readonly wrap: Half["wrap"];
  /** Bits of 1/4, and how far those of twice a number are from its own. */
  readonly quarter: number;
  readonly octave: number;
}

type Float16ArrayType = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => HalfArray;
const { Float16Array } = globalThis as { Float16Array?: Float16ArrayType };

export const FORMATS: readonly Format[] = [
  {
    name: "float16",
    // a platform's own arrays hold the same bits
    wrap: (bits) =>
      Float16Array && bits.length % 2 === 1
        ? new Float16Array(bits.buffer, bits.byteOffset, bits.length)
        : float16(bits),
    quarter: 0x3400,
    octave: 0x400,
  },
  { name: "bfloat16", wrap: bfloat16, quarter: 0x3e80, octave: 0x80 },
];

export const SIGN = 0x8000;

/**
 * The bits, or their pattern, of numbers from 1/4 to 16 of both signs; of many rows some hold NaN, infinities and what is
 * denormal.
 */
export function halfBits(random: Random, { quarter, octave }: Format, rows: number, classes: number): Uint16Array {
  const length = Math.min(rows * classes, PATTERN);
  const bits = Uint16Array.from({ length }, () => quarter + integer(random, 6 * octave) + SIGN * integer(random, 2));
  if (rows > 15) {
    const infinity = SIGN - octave;
    bits.set([infinity + 1, infinity + 2, SIGN + infinity + 1], 0);
    bits.set([infinity, SIGN + infinity, 1], classes);
    bits.fill(SIGN + infinity, 2 * classes, 3 * classes);
    bits.set([SIGN + infinity, 0, SIGN], 3 * classes);
    bits.set([infinity - 1, octave - 1, SIGN + 1], 4 * classes);
  }
  return bits;
}
