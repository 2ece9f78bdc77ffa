// The elementary functions of a stretch of values in scratch, in place, a function a stretch: a loss that needs some writes their
// arguments there, has them replaced, and reads the values. So each function is in the module once, whoever calls it. `n` values
// of T are replaced, up to 31 bytes beyond them read and overwritten.
//
// Which function it is, is known when this is compiled.

import { expm1, fineExp } from "./fineExp";
import { log1pUnit, logistic } from "./logistic";
import { ln, log1p } from "./naturalLog";
import { tanh } from "./tanh";

const FINE_EXP = 0;
const EXPM1 = 1;
const LN = 2;
const LOG1P = 3;
const LOG1P_UNIT = 4;
const LOGISTIC = 5;
const TANH = 6;

@inline function value<T>(which: i32, x: v128): v128 {
  if (which == FINE_EXP) return fineExp<T>(x);
  if (which == EXPM1) return expm1<T>(x);
  if (which == LN) return ln<T>(x);
  if (which == LOG1P) return log1p<T>(x);
  if (which == LOG1P_UNIT) return log1pUnit<T>(x);
  if (which == LOGISTIC) return logistic<T>(x);
  return tanh<T>(x);
}

/** Two vectors a turn, for operations of two chains side by side. */
@inline function replace<T>(which: i32, values: usize, n: i32): void {
  let at = values;
  for (const end = at + <usize>n * sizeof<T>(); at < end; at += 32) {
    const a = value<T>(which, v128.load(at));
    const b = value<T>(which, v128.load(at, 16));
    v128.store(at, a);
    v128.store(at, b, 16);
  }
}

/** e^x of any x. */
export function fineExpBlock<T>(values: usize, n: i32): void {
  replace<T>(FINE_EXP, values, n);
}

/** e^x - 1 of any x. */
export function expm1Block<T>(values: usize, n: i32): void {
  replace<T>(EXPM1, values, n);
}

/** ln x of any x. */
export function lnBlock<T>(values: usize, n: i32): void {
  replace<T>(LN, values, n);
}

/** ln(1 + x) of any x. */
export function log1pBlock<T>(values: usize, n: i32): void {
  replace<T>(LOG1P, values, n);
}

/** ln(1 + e) of e from 0 to 1. */
export function log1pUnitBlock<T>(values: usize, n: i32): void {
  replace<T>(LOG1P_UNIT, values, n);
}

/** 1 / (1 + e^-x) of any x. */
export function logisticBlock<T>(values: usize, n: i32): void {
  replace<T>(LOGISTIC, values, n);
}

/** tanh x of any x. */
export function tanhBlock<T>(values: usize, n: i32): void {
  replace<T>(TANH, values, n);
}
