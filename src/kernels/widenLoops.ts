import { BLOCK_ELEMENTS } from "../descriptions/thresholds.ts";
import { bitsOfFloat32, float32OfBits } from "../numeric/bits.ts";

/** The float32 that a float16's bits stand for. */
function fromFloat16(h: number): number {
  const magnitude = h & 0x7fff;
  let bits = bitsOfFloat32(float32OfBits(magnitude << 13) * 5.192296858534828e33); // 2^112
  if (magnitude > 0x7bff) bits |= 0x7f800000;
  return float32OfBits(bits | ((h & 0x8000) << 16));
}

function fromBfloat16(h: number): number {
  return float32OfBits(h << 16);
}

function loopOf(widen: (h: number) => number) {
  return (begin: number, end: number, bits: Uint16Array, out: Float32Array, count: number): void => {
    const stop = Math.min(end * BLOCK_ELEMENTS, count);
    for (let i = begin * BLOCK_ELEMENTS; i < stop; i++) out[i] = widen(bits[i]);
  };
}

export const widenFloat16 = loopOf(fromFloat16);

export const widenBfloat16 = loopOf(fromBfloat16);

/** Half-precision numbers as float32. */
export function widened(bits: Uint16Array, format: "f16" | "bf16"): Float32Array {
  const out = new Float32Array(bits.length);
  const widen = format === "f16" ? widenFloat16 : widenBfloat16;
  widen(0, Number.POSITIVE_INFINITY, bits, out, bits.length);
  return out;
}
