import { EXPONENTS, round, toInteger } from "./exactSum.ts";

/** From this exponent on, bins hold values divided by 2^64: see ExactSum. */
const HUGE_EXPONENT = 2000;

/** What a sum is besides finite. NaN takes in everything, infinities of both signs become NaN. */
export const FINITE = 0;
export const POSITIVE_INFINITY = 1;
export const NEGATIVE_INFINITY = 2;
export const NOT_A_NUMBER = 3;

const VALUES = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];

/**
 * An exact sum that can be written down: an integer in units of 2^-1074, and what infinities and NaN made of it. The same
 * for every order and every way of splitting the values.
 */
export class ExactTotal {
  units: bigint;
  kind: number;

  constructor(units = 0n, kind = FINITE) {
    this.units = units;
    this.kind = kind;
  }

  add(x: number): void {
    if (Number.isFinite(x)) this.units += toInteger(x);
    else this.#mark(Number.isNaN(x) ? NOT_A_NUMBER : x > 0 ? POSITIVE_INFINITY : NEGATIVE_INFINITY);
  }

  /** Adds n times x, which is finite. */
  addTimes(x: number, n: number): void {
    this.units += toInteger(x) * BigInt(n);
  }

  addTotal(other: ExactTotal): void {
    this.units += other.units;
    this.#mark(other.kind);
  }

  /** Empties bins as ExactSum has them into this. */
  addBins(bins: Float64Array): void {
    for (let i = 0; i < 2 * EXPONENTS; i++) {
      const x = bins[i];
      if (x === 0) continue;
      bins[i] = 0;
      const exponent = i % EXPONENTS;
      if (exponent === EXPONENTS - 1) this.add(x);
      else this.units += exponent < HUGE_EXPONENT ? toInteger(x) : toInteger(x) << 64n;
    }
  }

  /** The sum, correctly rounded. */
  value(): number {
    return this.kind === FINITE ? round(this.units) : VALUES[this.kind];
  }

  #mark(kind: number): void {
    this.kind |= kind;
  }
}

/** A running exact sum of finite values as a few numbers that don't overlap: quick to add to, whatever their exponents. */
export class Expansion {
  readonly #parts: number[] = [];

  add(value: number): void {
    const parts = this.#parts;
    let x = value;
    let kept = 0;
    for (let i = 0; i < parts.length; i++) {
      const y = parts[i];
      const sum = x + y;
      const part = sum - x;
      const error = x - (sum - part) + (y - part);
      if (error !== 0) parts[kept++] = error;
      x = sum;
    }
    parts.length = kept;
    parts.push(x);
  }

  /** Empties it into a total. */
  drain(to: ExactTotal): void {
    for (const part of this.#parts) to.add(part);
    this.#parts.length = 0;
  }
}
