import { describe, expect, test } from "vitest";
import { pixels as allPixels, loadDigits } from "../examples/mnist.ts";
import { openBackends } from "./backends.ts";

// Every optimizer trains a softmax regression on the handwritten digits, at half their resolution.

const classes = 10;
const trainRows = 8000;
const batchRows = 100;
const side = 14;
const pixels = side * side;
const { images: large, labels } = loadDigits(1);
const images = halved(large);

/** The mean ink of each square of four pixels. */
function halved(x: Float32Array): Float32Array {
  return new Float32Array(x.length / 4).map((_, i) => {
    const [row, pixel] = [Math.floor(i / pixels), i % pixels];
    const at = row * allPixels + 4 * side * Math.floor(pixel / side) + 2 * (pixel % side);
    return (x[at] + x[at + 1] + x[at + 2 * side] + x[at + 2 * side + 1]) / 4;
  });
}

const [{ losses }] = await openBackends();

/** logits = x weights + bias, of rows with little ink. */
function predict(x: Float32Array, weights: Float32Array, bias: Float32Array): Float32Array {
  const rows = x.length / pixels;
  const logits = new Float32Array(rows * classes);
  for (let row = 0; row < rows; row++) {
    const own = logits.subarray(row * classes, (row + 1) * classes);
    own.set(bias);
    for (let pixel = 0; pixel < pixels; pixel++) {
      const ink = x[row * pixels + pixel];
      if (ink === 0) continue;
      for (let k = 0; k < classes; k++) own[k] += ink * weights[pixel * classes + k];
    }
  }
  return logits;
}

/** Gradients by weights and bias of those by the logits. */
function backpropagate(x: Float32Array, grad: Float32Array): [Float32Array, Float32Array] {
  const weightsGrad = new Float32Array(pixels * classes);
  const biasGrad = new Float32Array(classes);
  for (let row = 0; row * classes < grad.length; row++) {
    const own = grad.subarray(row * classes, (row + 1) * classes);
    for (let k = 0; k < classes; k++) biasGrad[k] += own[k];
    for (let pixel = 0; pixel < pixels; pixel++) {
      const ink = x[row * pixels + pixel];
      if (ink === 0) continue;
      for (let k = 0; k < classes; k++) weightsGrad[pixel * classes + k] += ink * own[k];
    }
  }
  return [weightsGrad, biasGrad];
}

function accuracyOf(optimizer: "sgd" | "adam" | "adamW" | "rmsProp", options: { learningRate: number }): number {
  const weights = new Float32Array(pixels * classes);
  const bias = new Float32Array(classes);
  const it = losses[optimizer]([weights, bias], options);
  const rate = options.learningRate;
  const epochs = 4;
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let row = 0; row < trainRows; row += batchRows) {
      const x = images.subarray(row * pixels, (row + batchRows) * pixels);
      const y = labels.subarray(row, row + batchRows);
      const { grad } = losses.crossEntropyWithGrad(predict(x, weights, bias), y, { classes });
      const gradients = backpropagate(x, grad);
      expect(losses.clipGradNorm(gradients, 5)).toBeLessThan(100);
      // smaller steps at the end
      it.step(gradients, { learningRate: rate * (1 - (epoch + row / trainRows) / epochs) + rate / 100 });
    }
  }
  it.close();
  const logits = predict(images.subarray(trainRows * pixels), weights, bias);
  return losses.evaluate(logits, labels.subarray(trainRows), { classes }).accuracy;
}

describe("2,000 digits that were not trained on are recognized by at least 0.90 of them", () => {
  test.each([
    ["sgd", { learningRate: 2 }],
    ["sgd", { learningRate: 0.3, momentum: 0.9 }],
    ["sgd", { learningRate: 0.3, momentum: 0.9, nesterov: true, weightDecay: 1e-5 }],
    ["adam", { learningRate: 0.03 }],
    ["adamW", { learningRate: 0.03 }],
    ["rmsProp", { learningRate: 0.02 }],
    ["rmsProp", { learningRate: 0.01, momentum: 0.5 }],
  ] as const)("%s %j", (optimizer, options) => {
    expect(accuracyOf(optimizer, options)).toBeGreaterThanOrEqual(0.9);
  });
});
