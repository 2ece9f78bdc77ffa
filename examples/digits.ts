/**
 * Trains a softmax regression on 8,000 handwritten digits, then evaluates what it says about 2,000 others.
 * `npm start` runs it. It comes out the same on every machine.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { SingleBar } from "cli-progress";
import { createLosses } from "wasm-loss";
import { writeNpy } from "wasm-loss/npy";
import { loadDigits, pixels } from "./mnist.ts";

const classes = 10;
const trainRows = 8000;
const batchRows = 100;
const epochs = 20;
const learningRate = 0.05;
const momentum = 0.9;
const requiredAccuracy = 0.89;

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const { images, labels } = loadDigits(1);
const testImages = images.subarray(trainRows * pixels);
const testLabels = labels.subarray(trainRows);
const testLogits = new Float32Array(testLabels.length * classes);

// The model: logits = image * weights + bias.
const weights = new Float32Array(pixels * classes);
const bias = new Float32Array(classes);
const weightsVelocity = new Float32Array(weights.length);
const biasVelocity = new Float32Array(bias.length);

const losses = await createLosses();
const logits = losses.alloc(Float32Array, batchRows * classes);
const progress = progressBar();
let accuracy = 0;
for (let epoch = 1; epoch <= epochs; epoch++) {
  let epochLoss = 0;
  for (let row = 0; row < trainRows; row += batchRows) {
    const x = images.subarray(row * pixels, (row + batchRows) * pixels);
    const y = labels.subarray(row, row + batchRows);
    predict(x, logits);
    // The gradient takes the place of the logits.
    const { loss } = losses.crossEntropyWithGrad(logits, y, { classes, out: logits });
    descend(x, logits);
    epochLoss += (loss * batchRows) / trainRows;
  }
  predict(testImages, testLogits);
  accuracy = losses.evaluate(testLogits, testLabels, { classes }).accuracy;
  progress.update(epoch, { loss: epochLoss.toFixed(4), accuracy: accuracy.toFixed(4) });
  await setImmediate(); // a moment for the bar to be drawn
}
progress.stop();
losses.close();

mkdirSync("digits", { recursive: true });
writeNpy("digits/logits.npy", testLogits, [testLabels.length, classes]);
writeNpy("digits/labels.npy", BigInt64Array.from(testLabels, BigInt), [testLabels.length]);

const files = ["digits/logits.npy", "digits/labels.npy"];
const command = ["dist/cli/main.js", "evaluate", ...files, "--worst", "5", "--report", "digits/report.html"];
console.log(`\n$ node ${command.join(" ")}`);
const { status } = spawnSync(process.execPath, command, { stdio: "inherit" });
if (status !== 0) process.exitCode = 1;
else console.log("\nThe same with plots: digits/report.html");
if (accuracy < requiredAccuracy) {
  console.error(`digits: the test accuracy is ${accuracy}, but must be at least ${requiredAccuracy}`);
  process.exitCode = 1;
}

/** logits[row, k] = bias[k] + sum over pixels of x[row, pixel] weights[pixel, k] */
function predict(x: Float32Array, logits: Float32Array): void {
  for (let row = 0; row * pixels < x.length; row++) {
    logits.set(bias, row * classes);
    for (let pixel = 0; pixel < pixels; pixel++) {
      const ink = x[row * pixels + pixel];
      if (ink === 0) continue;
      for (let k = 0; k < classes; k++) logits[row * classes + k] += ink * weights[pixel * classes + k];
    }
  }
}

/** One step of gradient descent with momentum; grad[row, k] is that of the loss by logits[row, k]. */
function descend(x: Float32Array, grad: Float32Array): void {
  for (let i = 0; i < weights.length; i++) weightsVelocity[i] *= momentum;
  for (let k = 0; k < classes; k++) biasVelocity[k] *= momentum;
  for (let row = 0; row * pixels < x.length; row++) {
    for (let k = 0; k < classes; k++) biasVelocity[k] += grad[row * classes + k];
    for (let pixel = 0; pixel < pixels; pixel++) {
      const ink = x[row * pixels + pixel];
      if (ink === 0) continue;
      for (let k = 0; k < classes; k++) weightsVelocity[pixel * classes + k] += ink * grad[row * classes + k];
    }
  }
  for (let i = 0; i < weights.length; i++) weights[i] -= learningRate * weightsVelocity[i];
  for (let k = 0; k < classes; k++) bias[k] -= learningRate * biasVelocity[k];
}

/** On a terminal a bar, elsewhere a line now and then; both on standard error. */
function progressBar() {
  const format = "training {bar} epoch {value} of {total} | loss {loss} | test accuracy {accuracy}";
  const bar = new SingleBar({ format, linewrap: true, noTTYOutput: true, notTTYSchedule: 500 });
  bar.start(epochs, 0, { loss: "-", accuracy: "-" });
  return bar;
}
