import { BLOCK_ELEMENTS } from "../generated/thresholds";
import { blockSum, report } from "./blocks";

/** The sum of a block's weights, and the number of the first that is not 0 or more, or -1. */
export function sampleWeights<T>(
  begin: i32,
  end: i32,
  sampleWeight: usize,
  sums: usize,
  count: i32,
  scratch: usize,
): void {
  for (let block = begin; block < end; block++) {
    const first = block * BLOCK_ELEMENTS;
    const elements = min(BLOCK_ELEMENTS, count - first);
    const from = sampleWeight + <usize>first * sizeof<T>();
    const bytes = <usize>elements * sizeof<T>();
    const refused = firstRefused<T>(from, bytes);
    report(true, sums, block, blockSum<T>(from, bytes, scratch), refused < 0 ? refused : first + refused);
  }
}

function firstRefused<T>(from: usize, bytes: usize): i32 {
  const zero = v128.splat<T>(0);
  const whole = bytes & ~15;
  let taken = v128.eq<T>(zero, zero);
  for (let i: usize = 0; i < whole; i += 16) taken = v128.and(taken, v128.ge<T>(v128.load(from + i), zero));
  for (let i: usize = i32x4.all_true(taken) ? whole : 0; i < bytes; i += sizeof<T>()) {
    if (!(load<T>(from + i) >= 0)) return <i32>(i / sizeof<T>());
  }
  return -1;
}
