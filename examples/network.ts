/**
 * Trains a network with one hidden layer on 8,000 handwritten digits and plots its loss: `npx tsx examples/network.ts`, after
 * `npm run build`. Layers are loops in plain TypeScript; loss, clipping and AdamW are the library's.
 */
import { plot } from "asciichart";
import { createLosses } from "wasm-loss";
import { loadDigits, pixels } from "./mnist.ts";

const hidden = 48;
const classes = 10;
const trainRows = 8000;
const batchRows = 50;
const epochs = 5;
const learningRate = 0.004;

const { images, labels } = loadDigits(1);
const losses = await createLosses();
const floats = (length: number) => losses.alloc(Float32Array, length);

const parameters = [floats(pixels * hidden), floats(hidden), floats(hidden * classes), floats(classes)];
const gradients = parameters.map(({ length }) => floats(length));
const [weights1, bias1, weights2, bias2] = parameters;
const [weights1Grad, bias1Grad, weights2Grad, bias2Grad] = gradients;
initialize(weights1, pixels);
initialize(weights2, hidden);

const activations = new Float32Array(batchRows * hidden);
const activationsGrad = new Float32Array(batchRows * hidden);
const logits = floats(batchRows * classes);
const optimizer = losses.adamW(parameters, { learningRate });

/** Means of 20 batches each. */
const curve: number[] = [];
const steps = (epochs * trainRows) / batchRows;
let sum = 0;
for (let step = 0; step < steps; step++) {
  const row = (step * batchRows) % trainRows;
  const x = images.subarray(row * pixels, (row + batchRows) * pixels);
  forward(x, logits);
  const { loss } = losses.crossEntropyWithGrad(logits, labels.subarray(row, row + batchRows), { classes, out: logits });
  backward(x, logits);
  losses.clipGradNorm(gradients, 1);
  // smaller steps at the end
  optimizer.step(gradients, { learningRate: learningRate * (1 - step / steps) });
  sum += loss;
  if (step % 20 === 19) {
    curve.push(sum / 20);
    sum = 0;
  }
}
optimizer.close();

console.log(`The loss of ${steps} batches:\n`);
console.log(plot(curve, { height: 12, min: 0, format: (x) => x.toFixed(2).padStart(6) }));

const evaluator = losses.evaluator({ classes });
for (let row = trainRows; row < labels.length; row += batchRows) {
  forward(images.subarray(row * pixels, (row + batchRows) * pixels), logits);
  evaluator.add(logits, labels.subarray(row, row + batchRows));
}
const { accuracy, loss } = evaluator.result();
console.log(`\n2,000 other digits: loss ${loss.mean.toFixed(4)}, accuracy ${accuracy.toFixed(4)}`);
losses.close();
if (accuracy < 0.94) {
  console.error("network: the accuracy must be at least 0.94");
  process.exitCode = 1;
}

/** Uniform, with the variance 2 / inputs (He and others, 2015), from the random numbers of mulberry32. */
function initialize(weights: Float32Array, inputs: number): void {
  const limit = Math.sqrt(6 / inputs);
  let state = inputs;
  weights.forEach((_, i) => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    weights[i] = limit * (((bits ^ (bits >>> 14)) >>> 0) / 2 ** 31 - 1);
  });
}

/** y = x weights + bias; x is [rows, inputs], weights [inputs, outputs]. */
function linear(x: Float32Array, inputs: number, weights: Float32Array, bias: Float32Array, y: Float32Array): void {
  const outputs = bias.length;
  for (let row = 0; row * inputs < x.length; row++) {
    y.set(bias, row * outputs);
    for (let j = 0; j < inputs; j++) {
      const value = x[row * inputs + j];
      if (value === 0) continue;
      for (let k = 0; k < outputs; k++) y[row * outputs + k] += value * weights[j * outputs + k];
    }
  }
}

/** Adds the gradients of a linear layer by weights and bias, from that by y. */
function linearGrad(
  x: Float32Array,
  inputs: number,
  grad: Float32Array,
  weightsGrad: Float32Array,
  biasGrad: Float32Array,
): void {
  const outputs = biasGrad.length;
  for (let row = 0; row * inputs < x.length; row++) {
    for (let k = 0; k < outputs; k++) biasGrad[k] += grad[row * outputs + k];
    for (let j = 0; j < inputs; j++) {
      const value = x[row * inputs + j];
      if (value === 0) continue;
      for (let k = 0; k < outputs; k++) weightsGrad[j * outputs + k] += value * grad[row * outputs + k];
    }
  }
}

/** logits = relu(x weights1 + bias1) weights2 + bias2 */
function forward(x: Float32Array, logits: Float32Array): void {
  linear(x, pixels, weights1, bias1, activations);
  for (let i = 0; i < activations.length; i++) activations[i] = Math.max(0, activations[i]);
  linear(activations, hidden, weights2, bias2, logits);
}

/** The gradients of all parameters; grad is that by the logits. */
function backward(x: Float32Array, grad: Float32Array): void {
  for (const each of gradients) each.fill(0);
  linearGrad(activations, hidden, grad, weights2Grad, bias2Grad);
  for (let row = 0; row < batchRows; row++) {
    for (let j = 0; j < hidden; j++) {
      const at = row * hidden + j;
      activationsGrad[at] = 0;
      if (activations[at] === 0) continue;
      for (let k = 0; k < classes; k++) activationsGrad[at] += weights2[j * classes + k] * grad[row * classes + k];
    }
  }
  linearGrad(x, pixels, activationsGrad, weights1Grad, bias1Grad);
}
