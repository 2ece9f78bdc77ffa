// What is done to a block of 1024 elements whatever the loss: its sum, its weights, what a check found.

import { BLOCK_ELEMENTS } from "../generated/thresholds";
import { LOSSES, PREDICTIONS, TARGETS, TAIL } from "../generated/scratchOfElements";
import { copyTail, high, low, pairSum, ROUND, roundSum, splat, storeTail } from "../lanes";

/** Bytes of a round of sixteen elements. */
@inline export function roundBytes<T>(): usize {
  return 16 * sizeof<T>();
}

/** Where element 0 of a call would stand, if this block of it stood at `place`: blocks of a call are numbered. */
@inline export function displaced<T>(place: usize, block: i32): usize {
  return place - <usize>block * BLOCK_ELEMENTS * sizeof<T>();
}

/** The last elements of a block, fewer than sixteen, and `fill` behind them. */
export function partialRound<T>(from: usize, bytes: usize, fill: v128, to: usize): usize {
  const first = min(bytes, ROUND);
  copyTail(from, first, fill, to);
  if (sizeof<T>() == 8) copyTail(from + ROUND, bytes - first, fill, to + ROUND);
  return to;
}

/** The sum of so many bytes of numbers, in the order in which a loss is summed. */
export function blockSum<T>(from: usize, bytes: usize, scratch: usize): f64 {
  const step = roundBytes<T>();
  const rest = bytes & (step - 1);
  let at = from;
  let stop = from + bytes - rest;
  let a0 = f64x2.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  let a4 = a0;
  let a5 = a0;
  let a6 = a0;
  let a7 = a0;
  for (let last = !rest; ; last = true) {
    for (; at < stop; at += step) {
      if (sizeof<T>() == 4) {
        const sum = roundSum<T>(v128.load(at), v128.load(at, 16), v128.load(at, 32), v128.load(at, 48));
        a0 = f64x2.add(a0, low<T>(sum));
        a1 = f64x2.add(a1, high(sum));
      } else {
        a0 = f64x2.add(a0, v128.load(at));
        a1 = f64x2.add(a1, v128.load(at, 16));
        a2 = f64x2.add(a2, v128.load(at, 32));
        a3 = f64x2.add(a3, v128.load(at, 48));
        a4 = f64x2.add(a4, v128.load(at, 64));
        a5 = f64x2.add(a5, v128.load(at, 80));
        a6 = f64x2.add(a6, v128.load(at, 96));
        a7 = f64x2.add(a7, v128.load(at, 112));
      }
    }
    if (last) break;
    at = partialRound<T>(at, rest, splat<T>(0), scratch + TAIL);
    stop = at + step;
  }
  if (sizeof<T>() == 8) {
    a0 = f64x2.add(f64x2.add(a0, a1), f64x2.add(a2, a3));
    a1 = f64x2.add(f64x2.add(a4, a5), f64x2.add(a6, a7));
  }
  return pairSum(f64x2.add(a0, a1));
}

/** Copies the first `bytes` bytes: nothing beyond is written. */
export function copyBlock<T>(from: usize, bytes: usize, to: usize): void {
  const whole = bytes & ~15;
  for (let i: usize = 0; i < whole; i += 16) v128.store(to + i, v128.load(from + i));
  storeTail<T>(from + whole, bytes - whole, to + whole);
}

/** A block's sum and, of losses that check what they are given, the number of the first refused element, or -1. */
@inline export function report(checks: bool, sums: usize, block: i32, sum: f64, refused: i32): void {
  if (checks) {
    store<f64>(sums + ((<usize>block) << 4), sum);
    store<f64>(sums + ((<usize>block) << 4), <f64>refused, 8);
  } else store<f64>(sums + ((<usize>block) << 3), sum);
}

/** The number of the first element that a check C refuses, -1 where it takes all. */
export function firstRefused<C, T>(predictions: usize, targets: usize, first: i32, stop: i32): i32 {
  for (let i = first; i < stop; i++) {
    const p = <f64>load<T>(predictions + <usize>i * sizeof<T>());
    const t = <f64>load<T>(targets + <usize>i * sizeof<T>());
    if (changetype<C>(0).refuses(p, t)) return i;
  }
  return -1;
}

/** Copies a block of predictions and targets to scratch, those of weight 0 as 0 and 1, which every loss takes. */
export function maskBlock<T>(
  block: i32,
  count: i32,
  predictions: usize,
  targets: usize,
  sampleWeight: usize,
  scratch: usize,
): void {
  const offset = <usize>block * BLOCK_ELEMENTS * sizeof<T>();
  const bytes = <usize>min(BLOCK_ELEMENTS, count - block * BLOCK_ELEMENTS) * sizeof<T>();
  const one = splat<T>(1);
  for (let i: usize = 0; i < bytes; i += 16) {
    const at = offset + i;
    const counts = v128.ne<T>(v128.load(sampleWeight + at), splat<T>(0));
    v128.store(scratch + PREDICTIONS + i, v128.and(v128.load(predictions + at), counts));
    v128.store(scratch + TARGETS + i, v128.bitselect(v128.load(targets + at), one, counts));
  }
}

/** x times s, and 0 where s is 0, whatever x is. */
@inline export function weighted<T>(x: v128, s: v128): v128 {
  return v128.and(v128.mul<T>(x, s), v128.ne<T>(s, splat<T>(0)));
}

/** A block's gradient times the weights, where it is. */
export function weighGradient<T>(gradient: usize, sampleWeight: usize, bytes: usize): void {
  const whole = bytes & ~15;
  for (let i: usize = 0; i < whole; i += 16) {
    v128.store(gradient + i, weighted<T>(v128.load(gradient + i), v128.load(sampleWeight + i)));
  }
  for (let i = whole; i < bytes; i += sizeof<T>()) {
    const s = load<T>(sampleWeight + i);
    store<T>(gradient + i, s == 0 ? 0 : <T>(load<T>(gradient + i) * s));
  }
}

/** Weights the losses of a block, which stand in scratch, and its gradient; `checks` and what they found are in `sums`. */
export function weighBlock<T>(
  checks: bool,
  block: i32,
  count: i32,
  sampleWeight: usize,
  losses: usize,
  grad: usize,
  sums: usize,
  scratch: usize,
): void {
  const offset = <usize>block * BLOCK_ELEMENTS * sizeof<T>();
  const bytes = <usize>min(BLOCK_ELEMENTS, count - block * BLOCK_ELEMENTS) * sizeof<T>();
  const s = sampleWeight + offset;
  const l = scratch + LOSSES;
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(l + i, weighted<T>(v128.load(l + i), v128.load(s + i)));
  }
  if (losses) copyBlock<T>(l, bytes, losses + offset);
  if (grad) weighGradient<T>(grad + offset, s, bytes);
  if (!sums) return;
  const refused = checks ? <i32>load<f64>(sums + ((<usize>block) << 4), 8) : -1;
  // else what stands there is the prediction that was refused
  if (refused < 0) report(checks, sums, block, blockSum<T>(l, bytes, scratch), refused);
}
