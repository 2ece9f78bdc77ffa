import type { FloatArray } from "../../dtype.ts";
import * as places from "../../generated/table.ts";
import { constant, constantsFrom } from "../constant.ts";
import type { Exponentials, Powers } from "./exp64.ts";
import { LOWEST, MAGIC } from "./log.ts";

// exp of a stretch of float32 values, with the bits of assembly/functions/exp.ts. In three loops over arrays of its own instead of one: a
// value's operations wait for each other, and only in short loops are those of enough values under way at once. 12.6 ns a
// value against 22.4 (Node 20; Math.exp alone: 10), of which the last of two loops made into two is 0.7. A store into a
// Float32Array rounds as Math.fround does.

const LOG2E = constant(places.LOG2E).f32;
const HIGH = constant(places.LN2_HIGH).f32;
const LOW = constant(places.LN2_LOW).f32;
const [A2, A3, A4, A5] = constantsFrom(places.E2, 4).map(({ f32 }) => f32);
const [F2, F3, F4, F5, F6] = constantsFrom(places.F2, 5).map(({ f32 }) => f32);
/** Takes a product to an integer of float64 as `magic` takes it to one of float32, halves to the same side: no rounding. */
const WIDER = 1.5 * 2 ** 52 - 1.5 * 2 ** 23;
/** What t is above the biased exponent. */
const INTEGER = 1.5 * 2 ** 52;
/** 2^(i - 127), 0 and +inf at the ends. */
const POWERS = new Float32Array(Int32Array.from({ length: 256 }, (_, i) => i << 23).buffer);

const { fround } = Math;

/** The functions for stretches of at most `length` values. */
export function createStretch(length: number): {
  exp: Exponentials;
  /** exp(x - m) of one. */
  expOf: (x: number, m: number) => number;
  powers: Powers;
  finePowers: Powers;
} {
  const shifted = new Float32Array(length);
  const rests = new Float32Array(length);
  const scales = new Float32Array(length);
  const squares = new Float32Array(length);
  const lower = new Float32Array(length);
  const upper = new Float32Array(length);

  /** r = z - n ln 2 and 2^(n - N). */
  function reduce(x: FloatArray, from: number, n: number, lowest: number, magic: number): void {
    const wide = magic + WIDER;
    for (let j = 0; j < n; j++) {
      const z = x[from + j];
      const y = z < lowest ? lowest : z;
      const t = fround(y * LOG2E) + wide;
      const k = t - wide;
      rests[j] = y - k * HIGH - fround(k * LOW);
      scales[j] = POWERS[(t - INTEGER) | 0];
    }
  }

  function finish(n: number, out: FloatArray, at: number): void {
    for (let j = 0; j < n; j++) {
      const g = squares[j];
      const p = fround(fround(fround(fround(upper[j] * g) + lower[j]) * g) + rests[j]);
      out[at + j] = fround(p + 1) * scales[j];
    }
  }

  const powers: Powers = (x, from, to, lowest, magic, out, at) => {
    const n = to - from;
    reduce(x, from, n, lowest, magic);
    for (let j = 0; j < n; j++) {
      const r = rests[j];
      squares[j] = r * r;
      lower[j] = fround(A3 * r) + A2;
      upper[j] = fround(A5 * r) + A4;
    }
    finish(n, out, at);
  };

  const finePowers: Powers = (x, from, to, lowest, magic, out, at) => {
    const n = to - from;
    reduce(x, from, n, lowest, magic);
    for (let j = 0; j < n; j++) {
      const r = rests[j];
      const g = fround(r * r);
      squares[j] = g;
      lower[j] = fround(F3 * r) + F2;
      upper[j] = fround(F6 * g) + fround(fround(F5 * r) + F4);
    }
    finish(n, out, at);
  };

  const exp: Exponentials = (x, from, to, m, out, at) => {
    for (let j = from; j < to; j++) shifted[j - from] = x[j] - m;
    powers(shifted, 0, to - from, LOWEST.f32, MAGIC.f32, out, at);
  };

  const expOf = (x: number, m: number): number => {
    shifted[0] = x - m;
    powers(shifted, 0, 1, LOWEST.f32, MAGIC.f32, shifted, 0);
    return shifted[0];
  };

  return { exp, expOf, powers, finePowers };
}
