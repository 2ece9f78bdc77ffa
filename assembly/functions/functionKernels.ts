// The elementary functions as kernels of their own, element by element: so that every input can be tested.

import { BLOCK_ELEMENTS } from "../generated/thresholds";
import { HIGHEST_EXPONENT, MINUS_ZERO } from "../constants";
import { VALUES } from "../generated/scratchOfFunctions";
import { expm1Block, fineExpBlock, lnBlock, log1pBlock, log1pUnitBlock, logisticBlock, tanhBlock } from "./blocks";
import { expLane } from "./exp";
import { log } from "./log";
import { constant, high, low, narrow, storePart } from "../lanes";

/** out = exp(x) for any x; above the largest finite result, and a little below, +inf. */
export function exp<T>(begin: i32, end: i32, x: usize, out: usize, count: i32, scratch: usize): void {
  const last = <usize>min(end * BLOCK_ELEMENTS, count) * sizeof<T>();
  const highest = constant<T>(HIGHEST_EXPONENT);
  const infinities = v128.splat<T>(<T>Infinity);
  for (let i = <usize>(begin * BLOCK_ELEMENTS) * sizeof<T>(); i < last; i += 16) {
    const z = v128.load(x + i);
    const y = v128.bitselect(infinities, expLane<T>(z), v128.ge<T>(z, highest));
    if (i + 16 <= last) v128.store(out + i, y);
    else storePart<T>(out + i, y, last - i);
  }
}

/** out = ln x for any x, computed in float64 and rounded once. */
export function logarithm<T>(begin: i32, end: i32, x: usize, out: usize, count: i32, scratch: usize): void {
  const last = <usize>min(end * BLOCK_ELEMENTS, count) * sizeof<T>();
  for (let i = <usize>(begin * BLOCK_ELEMENTS) * sizeof<T>(); i < last; i += 16) {
    const v = v128.load(x + i);
    const lower = log(low<T>(v));
    const y = sizeof<T>() == 4 ? narrow<T>(lower, log(high(v))) : lower;
    if (i + 16 <= last) v128.store(out + i, y);
    else storePart<T>(out + i, y, last - i);
  }
}

const FINE_EXP = 0;
const EXPM1 = 1;
const LN = 2;
const LOG1P = 3;
const LOGISTIC = 4;
const TANH = 5;
const SOFTPLUS_TAIL = 6;

/** -|x| of a block of values, in place. */
function negate<T>(values: usize, n: i32): void {
  for (let at = values, end = at + <usize>n * sizeof<T>(); at < end; at += 16) {
    v128.store(at, v128.or(v128.load(at), constant<T>(MINUS_ZERO)));
  }
}

/** out = a function of x, a block at a time. */
function overBlocks<T>(which: i32, begin: i32, end: i32, x: usize, out: usize, count: i32, scratch: usize): void {
  const values = scratch + VALUES;
  for (let block = begin; block < end; block++) {
    const first = block * BLOCK_ELEMENTS;
    const n = min(BLOCK_ELEMENTS, count - first);
    const at = <usize>first * sizeof<T>();
    const bytes = <usize>n * sizeof<T>();
    memory.copy(values, x + at, bytes);
    if (which == FINE_EXP) fineExpBlock<T>(values, values, n);
    else if (which == EXPM1) expm1Block<T>(values, values, n);
    else if (which == LN) lnBlock<T>(values, values, n);
    else if (which == LOG1P) log1pBlock<T>(values, values, n);
    else if (which == LOGISTIC) logisticBlock<T>(values, values, n);
    else if (which == TANH) tanhBlock<T>(values, values, n);
    else {
      negate<T>(values, n);
      fineExpBlock<T>(values, values, n);
      log1pUnitBlock<T>(values, values, n);
    }
    memory.copy(out + at, values, bytes);
  }
}

/** out = e^x */
export function fineExp<T>(begin: i32, end: i32, x: usize, out: usize, count: i32, scratch: usize): void {
  overBlocks<T>(FINE_EXP, begin, end, x, out, count, scratch);
}

/** out = e^x - 1 */
export function expm1<T>(begin: i32, end: i32, x: usize, out: usize, count: i32, scratch: usize): void {
  overBlocks<T>(EXPM1, begin, end, x, out, count, scratch);
}

/** out = ln x, in the lanes of the dtype */
export function ln<T>(begin: i32, end: i32, x: usize, out: usize, count: i32, scratch: usize): void {
  overBlocks<T>(LN, begin, end, x, out, count, scratch);
}

/** out = ln(1 + x) */
export function log1p<T>(begin: i32, end: i32, x: usize, out: usize, count: i32, scratch: usize): void {
  overBlocks<T>(LOG1P, begin, end, x, out, count, scratch);
}

/** out = 1 / (1 + e^-x) */
export function logistic<T>(begin: i32, end: i32, x: usize, out: usize, count: i32, scratch: usize): void {
  overBlocks<T>(LOGISTIC, begin, end, x, out, count, scratch);
}

/** out = tanh x */
export function tanh<T>(begin: i32, end: i32, x: usize, out: usize, count: i32, scratch: usize): void {
  overBlocks<T>(TANH, begin, end, x, out, count, scratch);
}

/** out = ln(1 + e^-|x|) */
export function softplusTail<T>(begin: i32, end: i32, x: usize, out: usize, count: i32, scratch: usize): void {
  overBlocks<T>(SOFTPLUS_TAIL, begin, end, x, out, count, scratch);
}
