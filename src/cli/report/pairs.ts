/** More points than a plot of some hundred pixels shows. */
const MOST = 4000;

/** A prediction and its target. */
export type Pair = readonly [prediction: number, target: number];

/** Predictions and targets, evenly spaced over all that are added: every one at first, then every second, every fourth. */
export class Pairs {
  readonly #pairs: Pair[] = [];
  #step = 1;
  #count = 0;

  add(predictions: ArrayLike<number>, targets: ArrayLike<number>): void {
    for (;;) {
      const at = this.#pairs.length * this.#step - this.#count;
      if (at >= predictions.length) break;
      this.#pairs.push([predictions[at], targets[at]]);
      if (this.#pairs.length < MOST) continue;
      for (let k = 0; k < MOST / 2; k++) this.#pairs[k] = this.#pairs[2 * k];
      this.#pairs.length = MOST / 2;
      this.#step *= 2;
    }
    this.#count += predictions.length;
  }

  /** In the order in which they were added. */
  get sample(): readonly Pair[] {
    return this.#pairs;
  }
}
