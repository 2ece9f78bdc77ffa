import { EXPONENTS, HUGE_EXPONENT, round, toInteger } from "./exactSum.ts";
import { Expansion } from "./expansion.ts";

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

  addTotal(other: ExactTotal): void {
    this.units += other.units;
    this.#mark(other.kind);
  }

  /** Empties bins as ExactSum has them into this: those of the exponents [first, last), multiples of 4, the others being 0. */
  addBins(bins: Float64Array, first = 0, last = EXPONENTS): void {
    // a few integers instead of one a bin
    const finite = new Expansion();
    for (let half = 0; half < 2 * EXPONENTS; half += EXPONENTS) {
      for (let from = half + first; from < half + last; from += 4) {
        // nearly all are 0: twice as fast in fours
        if (bins[from] === 0 && bins[from + 1] === 0 && bins[from + 2] === 0 && bins[from + 3] === 0) continue;
        for (let i = from; i < from + 4; i++) {
          const x = bins[i];
          bins[i] = 0;
          const exponent = i - half;
          if (exponent < HUGE_EXPONENT) finite.add(x);
          else if (exponent === EXPONENTS - 1) this.add(x);
          else this.units += toInteger(x) << 64n;
        }
      }
    }
    finite.drain(this);
  }

  /** The sum, correctly rounded. */
  value(): number {
    return this.kind === FINITE ? round(this.units) : VALUES[this.kind];
  }

  #mark(kind: number): void {
    this.kind |= kind;
  }
}
