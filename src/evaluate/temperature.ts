import { NODES } from "../descriptions/thresholds.ts";
import { ExactTotal } from "../numeric/exactTotal.ts";
import { addTerm, Expansion } from "../numeric/expansion.ts";
import { C1, C2, EXTRACTED, LARGEST, PARTS, SMALLEST } from "../numeric/extraction.ts";
import { Hermite } from "../numeric/hermite.ts";
import type { Writer } from "./stateBytes.ts";

/**
 * By which temperature logits are best divided: that of the smallest mean loss. The bracket holds for certain. `best` and `lossAfter`
 * are interpolated: for labels drawn at temperatures from 0.3 to 3 within 2e-3 relative and 3e-4, up to 8 within 2 % and 2e-3 (at most
 * 4e-4 and 3e-5, 7e-3 and 1.3e-3 off in 1200 random sets).
 */
export interface Temperature {
  best: number;
  /** In which the best one lies for certain; [8, Infinity] and [0, 1/4] beyond the ends. */
  bracket: [low: number, high: number];
  /** Mean losses at a temperature of 1, and at the best one. */
  lossBefore: number;
  lossAfter: number;
}

/** So many nodes around the best temperature are interpolated: of two (a cubic) it was up to 0.9 % off for temperatures below 3. */
const AROUND = 6;
/** As many as digits of a number between two nodes. */
const HALVINGS = 52;

/** Values of a row: its loss and the loss's slope at each inverse temperature k / 8. */
export const CURVE = 2 * NODES;

/** Sums of the losses of rows, and of their slopes, at many temperatures. Rows with one that is not finite, times its weight, are left out. */
export class TemperatureSums {
  rows = 0;
  /** Σ w of these rows. */
  readonly #weight = new ExactTotal();
  readonly #weights = new Expansion();
  readonly #sums = Array.from({ length: CURVE }, () => new ExactTotal());
  readonly #pending = Array.from({ length: CURVE }, () => new Expansion());
  /** Sums of the three parts of #split rows, those of a value together: twenty times as fast as an expansion (3.7 us a row). */
  readonly #parts = new Float64Array(PARTS * CURVE);
  #split = 0;

  /** Takes the curve of a row, curves[at..at + CURVE), times its weight. */
  add(curves: Float64Array, at: number, weight: number): void {
    for (let i = 0; i < CURVE; i++) {
      const x = weight * curves[at + i];
      if (x - x !== 0) return;
    }
    this.rows++;
    addTerm(weight, this.#weights, this.#weight);
    if (this.#split === EXTRACTED) this.#join();
    this.#split++;
    const parts = this.#parts;
    for (let i = 0, to = 0; i < CURVE; i++, to += PARTS) {
      const x = weight * curves[at + i];
      const size = Math.abs(x);
      if (size < LARGEST && (size >= SMALLEST || size === 0)) {
        const h1 = x + C1 - C1;
        const rest = x - h1;
        const h2 = rest + C2 - C2;
        parts[to] += h1;
        parts[to + 1] += h2;
        parts[to + 2] += rest - h2;
      } else addTerm(x, this.#pending[i], this.#sums[i]);
    }
  }

  /** Empties the sums of parts. */
  #join(): void {
    this.#pending.forEach((sum, i) => {
      for (let part = 0; part < PARTS; part++) sum.add(this.#parts[PARTS * i + part]);
    });
    this.#parts.fill(0);
    this.#split = 0;
  }

  /** Σ w, and the sums of the curves. */
  gathered(): readonly ExactTotal[] {
    this.#join();
    this.#weights.drain(this.#weight);
    this.#pending.forEach((it, i) => {
      it.drain(this.#sums[i]);
    });
    return [this.#weight, ...this.#sums];
  }

  merge(other: TemperatureSums): void {
    this.rows += other.rows;
    const sums = other.gathered();
    [this.#weight, ...this.#sums].forEach((sum, i) => {
      sum.addTotal(sums[i]);
    });
  }

  write(to: Writer): void {
    to.count(this.rows);
    for (const sum of this.gathered()) to.total(sum);
  }

  /**
   * The mean loss is convex in beta = 1 / T, so that the smallest one lies between the nodes at which its slope changes sign. There
   * the polynomial through the losses and slopes of the six nodes around is minimized.
   *
   * @see C. Guo and others, On calibration of modern neural networks, 2017 (temperature scaling)
   */
  best(): Temperature {
    const [weight, ...totals] = this.gathered();
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
    const first = Math.min(Math.max(1, k + 1 - AROUND / 2), NODES + 1 - AROUND);
    const nodes = Array.from({ length: AROUND }, (_, i) => first + i);
    // slopes by k: of beta times 1/8
    const curve = new Hermite(
      nodes,
      nodes.map(loss),
      nodes.map((node) => slope(node) / 8),
    );
    let [low, high] = [k, k + 1];
    for (let i = 0; i < HALVINGS; i++) {
      const middle = (low + high) / 2;
      if (curve.at(middle).slope < 0) low = middle;
      else high = middle;
    }
    return { best: 8 / high, bracket: [8 / (k + 1), 8 / k], lossBefore, lossAfter: curve.at(high).value };
  }
}
