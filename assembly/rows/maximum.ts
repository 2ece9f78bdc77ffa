// The maximum of a row, and where its first one stands.

import { TAIL } from "../generated/scratchOfRows";
import { larger, largestLane, NOWHERE, ROUND } from "../lanes";

/** Maximum of `bytes` bytes at p (a last partial round is read from scratch), not below `start`; NaNs are passed over. */
export function maximum<T>(p: usize, bytes: usize, start: T, scratch: usize): T {
  const end = p + (bytes & ~(ROUND - 1));
  let a = v128.splat<T>(start);
  let b = a;
  let c = a;
  let d = a;
  for (; p < end; p += ROUND) {
    a = larger<T>(a, v128.load(p));
    b = larger<T>(b, v128.load(p, 16));
    c = larger<T>(c, v128.load(p, 32));
    d = larger<T>(d, v128.load(p, 48));
  }
  if (bytes & (ROUND - 1)) {
    a = larger<T>(a, v128.load(scratch, TAIL));
    b = larger<T>(b, v128.load(scratch, TAIL + 16));
    c = larger<T>(c, v128.load(scratch, TAIL + 32));
    d = larger<T>(d, v128.load(scratch, TAIL + 48));
  }
  return largestLane<T>(larger<T>(larger<T>(a, b), larger<T>(c, d)));
}

/** A bit a lane of a mask. */
@inline function bitsOf<T>(mask: v128): i32 {
  return sizeof<T>() == 4 ? i32x4.bitmask(mask) : i64x2.bitmask(mask);
}

/** Address of the first element from p on that equals `value`, or NOWHERE. */
export function firstEqual<T>(p: usize, end: usize, value: T): usize {
  const v = v128.splat<T>(value);
  const lanes = 16 / sizeof<T>();
  for (; p + ROUND <= end; p += ROUND) {
    const a = v128.eq<T>(v128.load(p), v);
    const b = v128.eq<T>(v128.load(p, 16), v);
    const c = v128.eq<T>(v128.load(p, 32), v);
    const d = v128.eq<T>(v128.load(p, 48), v);
    if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) continue;
    const bits = bitsOf<T>(a) | (bitsOf<T>(b) << lanes) | (bitsOf<T>(c) << (2 * lanes)) | (bitsOf<T>(d) << (3 * lanes));
    return p + <usize>ctz(bits) * sizeof<T>();
  }
  for (; p < end; p += sizeof<T>()) if (load<T>(p) == value) return p;
  return NOWHERE;
}

/** First element of a row that equals `value`, as an address; NOWHERE where none does (all -inf or NaN). */
@inline export function placeOf<T>(row: usize, bytes: usize, value: T): usize {
  return value == <T>-Infinity ? NOWHERE : firstEqual<T>(row, row + bytes, value);
}
