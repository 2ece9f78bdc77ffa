/**
 * The polynomial of degree 2n - 1 that has given values and slopes at n nodes, in Newton's form.
 *
 * @see J. Stoer and R. Bulirsch, Introduction to numerical analysis, 2.1.5 (Hermite interpolation)
 */
export class Hermite {
  /** Each node twice. */
  readonly #nodes: readonly number[];
  readonly #coefficients: number[] = [];

  constructor(nodes: readonly number[], values: readonly number[], slopes: readonly number[]) {
    const twice = nodes.flatMap((node) => [node, node]);
    this.#nodes = twice;
    // divided differences, of which those of one node are its slope
    let differences = values.flatMap((value) => [value, value]);
    for (let order = 1; differences.length > 0; order++) {
      this.#coefficients.push(differences[0]);
      differences = differences.slice(1).map((next, i) => {
        const width = twice[i + order] - twice[i];
        return width === 0 ? slopes[i >> 1] : (next - differences[i]) / width;
      });
    }
  }

  /** Its value and slope at a place. */
  at(x: number): { value: number; slope: number } {
    let [value, slope] = [0, 0];
    for (let i = this.#coefficients.length - 1; i >= 0; i--) {
      const distance = x - this.#nodes[i];
      slope = slope * distance + value;
      value = value * distance + this.#coefficients[i];
    }
    return { value, slope };
  }
}
