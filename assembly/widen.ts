// Half-precision numbers, as bits, to float32: exact. The bits may stand in the upper half of `out` itself.

import { BLOCK_ELEMENTS } from "./generated/thresholds";

/** float16, eight at a time. 2^112 moves the exponent, subnormals included; infinities and NaN get float32's. */
@inline function fromFloat16(h: v128): v128 {
  const magnitude = v128.and(h, i32x4.splat(0x7fff));
  const sign = i32x4.shl(v128.and(h, i32x4.splat(0x8000)), 16);
  const value = f32x4.mul(i32x4.shl(magnitude, 13), f32x4.splat(5.192296858534828e33));
  const special = v128.and(i32x4.gt_s(magnitude, i32x4.splat(0x7bff)), i32x4.splat(0x7f800000));
  return v128.or(v128.or(value, special), sign);
}

@inline function fromBfloat16(h: v128): v128 {
  return i32x4.shl(h, 16);
}

@inline function widen(begin: i32, end: i32, bits: usize, out: usize, count: i32, float16: bool): void {
  const last = min(end * BLOCK_ELEMENTS, count);
  let i = begin * BLOCK_ELEMENTS;
  for (; i + 8 <= last; i += 8) {
    const h = v128.load(bits + ((<usize>i) << 1));
    const to = out + ((<usize>i) << 2);
    const lower = i32x4.extend_low_i16x8_u(h);
    const upper = i32x4.extend_high_i16x8_u(h);
    v128.store(to, float16 ? fromFloat16(lower) : fromBfloat16(lower));
    v128.store(to, float16 ? fromFloat16(upper) : fromBfloat16(upper), 16);
  }
  for (; i < last; i++) {
    const h = i32x4.splat(<i32>load<u16>(bits + ((<usize>i) << 1)));
    store<f32>(out + ((<usize>i) << 2), f32x4.extract_lane(float16 ? fromFloat16(h) : fromBfloat16(h), 0));
  }
}

export function widenFloat16(begin: i32, end: i32, bits: usize, out: usize, count: i32): void {
  widen(begin, end, bits, out, count, true);
}

export function widenBfloat16(begin: i32, end: i32, bits: usize, out: usize, count: i32): void {
  widen(begin, end, bits, out, count, false);
}
