import { round, toInteger } from "./exactSum.ts";
import { ExactTotal, FINITE } from "./exactTotal.ts";

/** The units of an ExactTotal, 2^-1074, are 2^1074 times those of a ProductTotal. */
const SHIFT = 1074n;
const HALF = 1n << 1073n;
const FEW = 1n << 60n;

/** An exact sum of products of two float64: as ExactTotal, in units of 2^-2148. */
export class ProductTotal extends ExactTotal {
  override add(x: number): void {
    if (Number.isFinite(x)) this.units += toInteger(x) << SHIFT;
    else super.add(x);
  }

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
