import { NODES } from "../descriptions/thresholds.ts";
import { ExactTotal, FINITE } from "../numeric/exactTotal.ts";
import { Expansion } from "../numeric/expansion.ts";
import type { Reader, Writer } from "./stateBytes.ts";

/**
 * By which temperature logits are best divided: that of the smallest mean loss. `best` is within 0.5 % and `lossAfter` within 3e-4 for
 * temperatures from 0.3 to 3, within 2 % and 2e-3 up to 8 (as measured; the bracket holds for certain).
 */
export interface Temperature {
  best: number;
  /** In which the best one lies for certain; [8, Infinity] and [0, 1/4] beyond the ends. */
  bracket: [low: number, high: number];
  /** Mean losses at a temperature of 1, and at the best one. */
  lossBefore: number;
  lossAfter: number;
}

/** Values of a row: its loss and the loss's slope at each inverse temperature k / 8. */
export const CURVE = 2 * NODES;

/** Sums of the losses of rows, and of their slopes, at many temperatures. Rows without a finite loss are left out. */
export class TemperatureSums {
  rows = 0;
  /** Σ w of these rows. */
  readonly #weight = new ExactTotal();
  readonly #weights = new Expansion();
  readonly #sums = Array.from({ length: CURVE }, () => new ExactTotal());
  readonly #pending = Array.from({ length: CURVE }, () => new Expansion());

  /** Takes the curve of a row, curves[at..at + CURVE), times its weight. */
  add(curves: Float64Array, at: number, weight: number): void {
    for (let i = 0; i < CURVE; i++) if (!Number.isFinite(curves[at + i])) return;
    this.rows++;
    this.#weights.add(weight);
    for (let i = 0; i < CURVE; i++) this.#pending[i].add(weight * curves[at + i]);
  }

  /** Σ w, and the sums of the curves. */
  #gathered(): readonly ExactTotal[] {
    this.#weights.drain(this.#weight);
    this.#pending.forEach((it, i) => {
      it.drain(this.#sums[i]);
    });
    return [this.#weight, ...this.#sums];
  }

  merge(other: TemperatureSums): void {
    this.rows += other.rows;
    const sums = other.#gathered();
    [this.#weight, ...this.#sums].forEach((sum, i) => {
      sum.addTotal(sums[i]);
    });
  }

  write(to: Writer): void {
    to.count(this.rows);
    for (const sum of this.#gathered()) to.total(sum);
  }

  /** Reads what write() wrote into this one, which is empty. */
  read(from: Reader): void {
    this.rows = from.count("rows with a curve");
    for (const sum of [this.#weight, ...this.#sums]) {
      sum.addTotal(from.total());
      if (sum.kind !== FINITE) from.fail("has a curve that is not finite");
    }
  }

  /**
   * The mean loss is convex in beta = 1 / T, so that the smallest one lies between the nodes at which its slope changes sign; there
   * the cubic through both ends, with their slopes, is minimized.
   *
   * @see C. Guo and others, On calibration of modern neural networks, 2017 (temperature scaling)
   */
  best(): Temperature {
    const [weight, ...totals] = this.#gathered();
    const sums = totals.map((sum) => sum.value() / weight.value());
    const loss = (k: number) => sums[2 * (k - 1)];
    const slope = (k: number) => sums[2 * (k - 1) + 1];
    const lossBefore = loss(8);
    if (this.rows === 0)
      return { best: Number.NaN, bracket: [Number.NaN, Number.NaN], lossBefore, lossAfter: Number.NaN };
    if (slope(1) >= 0) return { best: 8, bracket: [8, Number.POSITIVE_INFINITY], lossBefore, lossAfter: loss(1) };
    if (slope(NODES) <= 0) return { best: 8 / NODES, bracket: [0, 8 / NODES], lossBefore, lossAfter: loss(NODES) };
    let k = 1;
    while (slope(k + 1) < 0) k++;
    const [f0, f1, g0, g1] = [loss(k), loss(k + 1), slope(k) / 8, slope(k + 1) / 8];
    // f0 + g0 t + c t^2 + d t^3 for t from 0 to 1
    const c = 3 * (f1 - f0) - 2 * g0 - g1;
    const d = g0 + g1 - 2 * (f1 - f0);
    const root = Math.sqrt(Math.max(0, c * c - 3 * d * g0));
    const t = Math.min(1, Math.max(0, c + root > 0 ? -g0 / (c + root) : 1));
    return {
      best: 8 / (k + t),
      bracket: [8 / (k + 1), 8 / k],
      lossBefore,
      lossAfter: f0 + t * (g0 + t * (c + t * d)),
    };
  }
}
