import type { IntegerArray } from "../dtype.ts";

const INT32_MAX = 2147483647;

/**
 * Copies labels[from..from + n) to an Int32Array, from its element `at` on. What does not fit 32 bits becomes -1 (or -2
 * where -1 is ignored), which is out of range like the label itself.
 */
export function copyLabels(
  labels: IntegerArray,
  from: number,
  n: number,
  to: Int32Array,
  ignoreIndex: number,
  at = 0,
): void {
  const outOfRange = ignoreIndex === -1 ? -2 : -1;
  if (labels instanceof BigInt64Array || labels instanceof BigUint64Array) {
    // halves, not BigInts: 20 times faster
    const words = new Int32Array(labels.buffer, labels.byteOffset + 8 * from, 2 * n);
    const signed = labels instanceof BigInt64Array;
    for (let i = 0; i < n; i++) {
      const low = words[2 * i];
      const high = words[2 * i + 1];
      to[at + i] = high === (signed ? low >> 31 : 0) && (signed || low >= 0) ? low : outOfRange;
    }
  } else if (labels instanceof Uint32Array) {
    for (let i = 0; i < n; i++) to[at + i] = labels[from + i] > INT32_MAX ? outOfRange : labels[from + i];
  } else {
    to.set(n === labels.length ? labels : labels.subarray(from, from + n), at);
  }
}
