import type { Backend, Reduce } from "../backends/backend.ts";
import { dtypeOf, type FloatArray } from "../dtype.ts";
import { weighRows } from "../generated/kernels.ts";
import type { ExactSum } from "../numeric/exactSum.ts";

/**
 * The sampleWeight of rows, as it is or, of a mean, as shares of a power of two near the largest: so that a mean, which is the
 * same with all weights times one number, and its gradient lose nothing to weights that are all tiny or huge. Of sums and of single
 * rows a share would make a row's gradient depend on the other rows' weights.
 */
export class RowWeights {
  readonly weights: FloatArray;
  /** Of a mean the largest power of two up to the largest weight; 1 where that is 0 or infinite, and of all else. */
  readonly unit: number;

  constructor(weights: FloatArray, isMean: boolean) {
    this.weights = weights;
    let largest = 0;
    if (isMean) for (const weight of weights) if (weight > largest) largest = weight;
    let unit = 1;
    if (largest > 0 && largest < Number.POSITIVE_INFINITY) {
      for (; unit * 2 <= largest; unit *= 2);
      for (; unit > largest; unit /= 2);
    }
    this.unit = unit;
  }

  /** Multiplies n numbers of rows from `first` on by the weights over the unit: 0 where either is 0, whatever the other is. */
  weigh(values: Float64Array, n: number, first: number): void {
    const { weights, unit } = this;
    for (let i = 0; i < n; i++) {
      const weight = weights[first + i];
      values[i] = weight === 0 || values[i] === 0 ? 0 : (weight / unit) * values[i];
    }
  }

  /** A reduction that weighs what it hands on. */
  before(reduce: Reduce): Reduce {
    return (values, n, first) => {
      this.weigh(values, n, first);
      reduce(values, n, first);
    };
  }

  /** Their sum over the unit, exactly. */
  total(sum: ExactSum): number {
    for (const weight of this.weights) sum.add(weight / this.unit);
    return sum.value();
  }

  /** Multiplies the gradients of rows from `first` on by the weights over the unit, in place. */
  weighGradient(backend: Backend, grad: FloatArray, rows: number, classes: number, first: number): void {
    const sampleWeight = this.weights.subarray(first, first + rows);
    const args = { values: grad, sampleWeight, out: grad, classes, unit: this.unit };
    backend.run(weighRows, dtypeOf(grad), rows, args);
  }
}
