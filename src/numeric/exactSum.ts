import { highWord, lowWord, withHighWord, withoutLowWord } from "./bits.ts";
import { Expansion } from "./expansion.ts";
import { EXTRACTED, PARTS } from "./extraction.ts";

/** Exponents of a float64: the length of each half of the bins. */
export const EXPONENTS = 2048;

/** So many values, and sums of the parts of 100,000, are added without bins: 10 ns each; looking the bins through takes 5 us. */
const FEW = 384;
/** Of so many values at once the parts are added up first. */
const MANY = 32;

/** A bin stays exact for this many values: 2^20 multiples below 2^33 of one power of two. */
const VALUES_BETWEEN_FLUSHES = 2 ** 20;

/** From this exponent on, the bins hold values divided by 2^64: 2^20 of the largest must not overflow. */
export const HUGE_EXPONENT = 2000;
export const DOWN_64 = 2 ** -64;

/** Significant bits of a float64, and the exponent of its smallest bit. */
const PRECISION = 53;
const SMALLEST_EXPONENT = -1074;

/** What the many values of a sum are added up with. */
export interface Loops {
  /** extractSums of the first n values. */
  extract(values: Float64Array, n: number): Float64Array;
  addToBins(begin: number, end: number, values: Float64Array, bins: Float64Array): void;
}

/**
 * The correctly rounded sum of any number of float64 values: the same for every order and every way of splitting them.
 *
 * Values are split by exponent into bins (upper 21 and lower 32 bits of the significand), in which float64 addition is
 * exact; the bins are gathered into a few numbers that don't overlap or, where those could overflow, into one integer, in
 * units of 2^-1074. Infinities and NaN add as in IEEE arithmetic.
 *
 * @example
 * const sum = new ExactSum();
 * sum.add(1e100); sum.add(1); sum.add(-1e100);
 * sum.value(); // 1
 */
export class ExactSum {
  /** Upper bins by exponent, then the lower ones. May stand in WebAssembly memory, where a kernel adds to them. */
  readonly bins: Float64Array;
  #total = 0n;
  #nonFinite = 0;
  /** Values in the bins since they were emptied. */
  #pending = 0;
  /** All values, while there are few: then there is nothing in the bins. */
  readonly #few = new Float64Array(FEW);
  #count = 0;
  #areFew = true;
  readonly #expansion = new Expansion();

  /** `bins`, where given, must be zero. */
  constructor(bins: Float64Array = new Float64Array(2 * EXPONENTS)) {
    this.bins = bins;
  }

  /** Back to a sum of no values. */
  clear(): void {
    if (this.#pending > 0) this.bins.fill(0);
    this.#total = 0n;
    this.#nonFinite = 0;
    this.#pending = 0;
    this.#count = 0;
    this.#areFew = true;
  }

  add(x: number): void {
    if (this.#expect(1)) this.#few[this.#count - 1] = x;
    else addToBins(this.bins, x);
  }

  /** Adds the first n values. */
  addAll(values: Float64Array, n: number, loops: Loops): void {
    if (n <= MANY) {
      this.#addFrom(values, 0, n);
      return;
    }
    const sums = loops.extract(values, n);
    for (let begin = 0, at = 0; begin < n; begin += EXTRACTED, at += PARTS) {
      if (Number.isNaN(sums[at])) {
        const end = Math.min(n, begin + EXTRACTED);
        this.#spill();
        this.#expect(end - begin);
        loops.addToBins(begin, end, values, this.bins);
      } else this.#addFrom(sums, at, at + PARTS);
    }
  }

  /** Adds the values from begin to end. Not one by one through `add`: a number handed over is 16 bytes of garbage. */
  #addFrom(values: Float64Array, begin: number, end: number): void {
    const from = this.#count - begin;
    if (this.#expect(end - begin)) for (let i = begin; i < end; i++) this.#few[from + i] = values[i];
    else for (let i = begin; i < end; i++) addToBins(this.bins, values[i]);
  }

  /** The sum, correctly rounded (ties to even); 0 for none. */
  value(): number {
    if (this.#areFew && this.#count === 1) return this.#few[0] + 0;
    if (this.#expand()) {
      const sum = this.#expansion.value();
      if (sum - sum === 0) return sum;
    }
    this.#spill();
    this.#flush();
    return this.#nonFinite !== 0 ? this.#nonFinite : round(this.#total);
  }

  /** All values as an expansion: without integers, which leave garbage behind. Whether that could be had. */
  #expand(): boolean {
    if (this.#total !== 0n || this.#nonFinite !== 0) return false;
    const count = this.#areFew ? this.#count : this.#gather();
    if (count < 0) return false;
    this.#expansion.clear();
    this.#expansion.addAll(this.#few, count);
    return true;
  }

  /** Copies the bins that are in use to the few values: how many, or -1 where they are not few, or too large. */
  #gather(): number {
    const { bins } = this;
    let count = 0;
    for (let from = 0; from < 2 * EXPONENTS; from += 4) {
      // nearly all are 0: twice as fast in fours
      if (bins[from] === 0 && bins[from + 1] === 0 && bins[from + 2] === 0 && bins[from + 3] === 0) continue;
      for (let i = from; i < from + 4; i++) {
        if (bins[i] === 0) continue;
        if (i % EXPONENTS >= HUGE_EXPONENT || count === FEW) return -1;
        this.#few[count++] = bins[i];
      }
    }
    return count;
  }

  /** Counts n further values, and makes room for them. Whether they belong to the few. */
  #expect(n: number): boolean {
    if (this.#areFew && this.#count + n <= FEW) {
      this.#count += n;
      return true;
    }
    this.#spill();
    if (this.#pending + n > VALUES_BETWEEN_FLUSHES) this.#flush();
    this.#pending += n;
    return false;
  }

  /** Moves the few to the bins. */
  #spill(): void {
    if (!this.#areFew) return;
    for (let i = 0; i < this.#count; i++) addToBins(this.bins, this.#few[i]);
    this.#pending += this.#count;
    this.#areFew = false;
  }

  #flush(): void {
    const { bins } = this;
    for (let i = 0; i < 2 * EXPONENTS; i++) {
      const x = bins[i];
      if (x === 0) continue;
      bins[i] = 0;
      const exponent = i % EXPONENTS;
      if (exponent === 2047) this.#nonFinite += x;
      else this.#total += exponent < HUGE_EXPONENT ? toInteger(x) : toInteger(x) << 64n;
    }
    this.#pending = 0;
  }
}

/** Adds one value to bins that ExactSum describes. */
export function addToBins(bins: Float64Array, x: number): void {
  const exponent = (highWord(x) >>> 20) & 2047;
  if (exponent === 2047) {
    bins[exponent] += x;
    return;
  }
  const scaled = exponent < HUGE_EXPONENT ? x : x * DOWN_64;
  const upper = withoutLowWord(scaled);
  bins[exponent] += upper;
  bins[exponent + EXPONENTS] += scaled - upper;
}

/** Adds one value below 2^977 n times, which is as n values. */
export function addTimesToBins(bins: Float64Array, x: number, n: number): void {
  const exponent = (highWord(x) >>> 20) & 2047;
  const upper = withoutLowWord(x);
  bins[exponent] += n * upper;
  bins[exponent + EXPONENTS] += n * (x - upper);
}

/** A finite float64 in units of 2^-1074. */
export function toInteger(x: number): bigint {
  const high = highWord(Math.abs(x));
  const exponent = high >>> 20;
  const significand = BigInt(high & 0xfffff) * 0x100000000n + BigInt(lowWord(x));
  const magnitude = exponent === 0 ? significand : (significand + (1n << 52n)) << BigInt(exponent - 1);
  return x < 0 ? -magnitude : magnitude;
}

/** The float64 nearest to an integer in units of 2^-1074, ties to even. */
export function round(total: bigint): number {
  if (total < 0n) return -round(-total);
  const bits = total.toString(16).length * 4;
  // at least 55 bits are kept (the digit count is up to 3 bits too high), the last of them saying whether anything was cut
  // off below it: rounding those to 53 rounds right
  const excess = Math.max(0, bits - PRECISION - 5);
  const kept = total >> BigInt(excess);
  const sticky = kept << BigInt(excess) === total ? kept : kept | 1n;
  // a result below 2^-1022 has no excess and is exact; two factors keep the scale itself finite
  const exponent = SMALLEST_EXPONENT + excess;
  const half = Math.trunc(exponent / 2);
  return Number(sticky) * powerOfTwo(half) * powerOfTwo(exponent - half);
}

/** 2^n for a normal result; ** is not exact in every engine. */
function powerOfTwo(n: number): number {
  return withHighWord(0, (n + 1023) << 20);
}
