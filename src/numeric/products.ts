import { round, toInteger } from "./exactSum.ts";
import { ExactTotal, FINITE } from "./exactTotal.ts";

/** Splits a float64 into two halves of its bits, whose products are exact. */
export const SPLITTER = 2 ** 27 + 1;

/** Sizes of products of two float64, and of these, whose rounding errors are float64 and are found by productError. */
export const SMALLEST_PRODUCT = 2 ** -960;
export const LARGEST_PRODUCT = 2 ** 960;

/** What rounding took from `product` = x y (Dekker): a float64, where the product is not extreme. */
export function productError(x: number, y: number, product: number): number {
  const c = SPLITTER * x;
  const xHigh = c - (c - x);
  const xLow = x - xHigh;
  const d = SPLITTER * y;
  const yHigh = d - (d - y);
  const yLow = y - yHigh;
  return xLow * yLow - (product - xHigh * yHigh - (xHigh * yLow + xLow * yHigh));
}

/** Whether a product of finite numbers is none of two float64. */
export function isExtreme(x: number, y: number): boolean {
  if (x === 0 || y === 0 || x - x !== 0 || y - y !== 0) return false;
  const product = Math.abs(x * y);
  const largest = Math.max(Math.abs(x), Math.abs(y), product);
  return product < SMALLEST_PRODUCT || largest > LARGEST_PRODUCT;
}

/** The units of an ExactTotal, 2^-1074, are 2^1074 times those of a ProductTotal. */
const SHIFT = 1074n;
const HALF = 1n << 1073n;
const FEW = 1n << 60n;

/** An exact sum of products of two float64: as ExactTotal, in units of 2^-2148. */
export class ProductTotal extends ExactTotal {
  override addBins(bins: Float64Array, first?: number, last?: number): void {
    const sum = new ExactTotal();
    sum.addBins(bins, first, last);
    this.addSum(sum);
  }

  /** Adds a sum in units of 2^-1074. */
  addSum({ units, kind }: ExactTotal): void {
    this.addTotal(new ExactTotal(units << SHIFT, kind));
  }

  /** The sum, none of it negative, rounded. */
  override value(): number {
    if (this.kind !== FINITE) return super.value();
    const whole = this.units >> SHIFT;
    // below 2^-1014 to a multiple of 2^-1074; else the last bit of many says that something was cut off
    if (whole < FEW) return round((this.units + HALF) >> SHIFT);
    return round(whole << SHIFT === this.units ? whole : whole | 1n);
  }

  /** Adds a product of finite numbers. */
  addProduct(x: number, y: number): void {
    this.units += toInteger(x) * toInteger(y);
  }
}

/** The loss times its weight: 0 where that is 0, whatever the row holds. */
export const weightedLoss = (loss: number, weight: number) => (weight === 0 ? 0 : weight * loss);
