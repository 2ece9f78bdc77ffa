import type { Losses, Optimizer } from "wasm-loss";

/** A model of one layer: logits = inputs * weights + bias. */
export interface SoftmaxRegression {
  /** Weights, row-major [inputs, classes], and bias: what an optimizer changes. */
  readonly parameters: Float32Array[];
  /** Starts anew. */
  reset(): void;
  /** Writes the logits of some rows. */
  predict(x: Float32Array, logits: Float32Array): void;
  /** A step on a batch; the mean loss before it. */
  step(x: Float32Array, labels: Int32Array, optimizer: Optimizer<Float32Array[]>): number;
  /** Gives its memory back. */
  close(): void;
}

export function softmaxRegression(
  losses: Losses,
  inputs: number,
  classes: number,
  batchRows: number,
): SoftmaxRegression {
  // what is in the engine's memory is computed on where it is
  const weights = losses.alloc(Float32Array, inputs * classes);
  const bias = losses.alloc(Float32Array, classes);
  const weightsGrad = losses.alloc(Float32Array, weights.length);
  const biasGrad = losses.alloc(Float32Array, classes);
  const logits = losses.alloc(Float32Array, batchRows * classes);

  /** logits[row, k] = bias[k] + sum over inputs of x[row, i] weights[i, k] */
  function predict(x: Float32Array, logits: Float32Array): void {
    for (let row = 0; row * inputs < x.length; row++) {
      logits.set(bias, row * classes);
      for (let i = 0; i < inputs; i++) {
        const value = x[row * inputs + i];
        if (value === 0) continue;
        for (let k = 0; k < classes; k++) logits[row * classes + k] += value * weights[i * classes + k];
      }
    }
  }

  /** The gradients by weights and bias; grad[row, k] is that of the loss by logits[row, k]. */
  function backpropagate(x: Float32Array, grad: Float32Array): void {
    weightsGrad.fill(0);
    biasGrad.fill(0);
    for (let row = 0; row * inputs < x.length; row++) {
      for (let k = 0; k < classes; k++) biasGrad[k] += grad[row * classes + k];
      for (let i = 0; i < inputs; i++) {
        const value = x[row * inputs + i];
        if (value === 0) continue;
        for (let k = 0; k < classes; k++) weightsGrad[i * classes + k] += value * grad[row * classes + k];
      }
    }
  }

  return {
    parameters: [weights, bias],
    reset() {
      weights.fill(0);
      bias.fill(0);
    },
    predict,
    step(x, labels, optimizer) {
      predict(x, logits);
      // the gradient takes the place of the logits
      const { loss } = losses.crossEntropyWithGrad(logits, labels, { classes, out: logits });
      backpropagate(x, logits);
      optimizer.step([weightsGrad, biasGrad]);
      return loss;
    },
    close() {
      for (const array of [weights, bias, weightsGrad, biasGrad, logits]) losses.free(array);
    },
  };
}
