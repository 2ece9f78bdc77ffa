/** The value that is added alone. */
const ONE = new Float64Array(1);

/** Sums of as many of these as can be counted are finite. */
const LARGEST_TERM = 2 ** 960;

/** Whether an expansion takes x, whatever it is added to: sums on the way must be finite, too. */
export const isTerm = (x: number): boolean => Math.abs(x) <= LARGEST_TERM;

/** Adds x to a running sum, or, where that does not take it, to the total that it is emptied into. */
export function addTerm(x: number, sum: Expansion, total: { add(x: number): void }): void {
  if (isTerm(x)) sum.add(x);
  else total.add(x);
}

/** A running exact sum of finite values as a few numbers that don't overlap: quick to add to, whatever their exponents. */
export class Expansion {
  /** The first #count of them, the smallest first; kept longer, lest it be made again. */
  readonly #parts: number[] = [];
  #count = 0;

  add(value: number): void {
    ONE[0] = value;
    this.addAll(ONE, 1);
  }

  /** Adds the first n values. */
  addAll(values: Float64Array, n: number): void {
    const parts = this.#parts;
    let count = this.#count;
    for (let k = 0; k < n; k++) {
      let x = values[k];
      let kept = 0;
      for (let i = 0; i < count; i++) {
        const y = parts[i];
        const sum = x + y;
        const part = sum - x;
        const error = x - (sum - part) + (y - part);
        if (error !== 0) parts[kept++] = error;
        x = sum;
      }
      parts[kept] = x;
      count = kept + 1;
    }
    this.#count = count;
  }

  clear(): void {
    this.#count = 0;
  }

  /**
   * The sum, correctly rounded (ties to even); not finite where a value or a sum on the way was not.
   *
   * @see Shewchuk, Adaptive Precision Floating-Point Arithmetic; CPython, math.fsum: how the last digit is rounded
   */
  value(): number {
    const parts = this.#parts;
    let i = this.#count;
    if (i === 0) return 0;
    let sum = parts[--i];
    let error = 0;
    while (i > 0 && error === 0) {
      const x = sum;
      const y = parts[--i];
      sum = x + y;
      error = y - (sum - x);
    }
    // a tie was rounded to even as if there was nothing below it; what is there takes it up or down
    if (i > 0 && error !== 0 && error < 0 === parts[i - 1] < 0) {
      const up = sum + 2 * error;
      if (up - sum === 2 * error) sum = up;
    }
    return sum + 0;
  }

  /** Empties it into another sum. */
  drain(to: { add(x: number): void }): void {
    for (let i = 0; i < this.#count; i++) to.add(this.#parts[i]);
    this.#count = 0;
  }
}
