/**
 * Trains a softmax regression on 8,000 handwritten digits, by plain descent and by Adam, then evaluates what the latter says about
 * 2,000 others, and compares its logits with themselves in 8 bits, as a quantized model with its original. `npm start` runs it. It comes out the same on every machine.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { SingleBar } from "cli-progress";
import { createLosses, type Optimizer } from "wasm-loss";
import { writeNpy } from "wasm-loss/npy";
import { loadDigits, pixels } from "./mnist.ts";
import { softmaxRegression } from "./softmaxRegression.ts";

const classes = 10;
const trainRows = 8000;
const batchRows = 100;
const epochs = 10;
const requiredAccuracy = 0.9;

/** Seconds that each part took. */
const seconds: [part: string, seconds: number][] = [];
let since = 0;
const took = (part: string) => {
  seconds.push([part, (performance.now() - since) / 1000]);
  since = performance.now();
};

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const { images, labels } = loadDigits(1);
const testImages = images.subarray(trainRows * pixels);
const testLabels = labels.subarray(trainRows);
const testLogits = new Float32Array(testLabels.length * classes);

took("start and data");
const losses = await createLosses();
const model = softmaxRegression(losses, pixels, classes, batchRows);

const progress = progressBar(2 * epochs);
const descent = await train(losses.sgd(model.parameters, { learningRate: 0.1 }));
const adam = await train(losses.adam(model.parameters, { learningRate: 0.003 }));
progress.stop();
losses.close();
took("training");

console.log(`\nAfter ${epochs} epochs    training loss    test accuracy`);
for (const [name, { loss, accuracy }] of Object.entries({ "plain descent": descent, adam })) {
  console.log(`${name.padEnd(19)}${loss.toFixed(4).padStart(10)}${accuracy.toFixed(4).padStart(17)}`);
}
const { accuracy } = adam;

mkdirSync("digits", { recursive: true });
writeNpy("digits/logits.npy", testLogits, [testLabels.length, classes]);
writeNpy("digits/labels.npy", BigInt64Array.from(testLabels, BigInt), [testLabels.length]);

// the same as text: a line a digit, its label first
const header = ["label", ...Array.from({ length: classes }, (_, k) => `logit_${k}`)].join();
const lines = Array.from(testLabels, (label, row) => [
  label,
  ...testLogits.subarray(row * classes, (row + 1) * classes),
]);
writeFileSync("digits/test.csv", [header, ...lines.map((line) => line.join())].join("\n"));

// in 8 bits: multiples of one step, from -127 to 127
const step = testLogits.reduce((most, x) => Math.max(most, Math.abs(x)), 0) / 127;
writeNpy(
  "digits/rounded.npy",
  testLogits.map((x) => step * Math.round(x / step)),
  [testLabels.length, classes],
);
took("writing files");

const [ofLogits, ofLabels] = ["digits/logits.npy", "digits/labels.npy"];
command("evaluate", ofLogits, ofLabels, "--worst", "5", "--report", "digits/report.html");
took("evaluation of the npy files, and report");
// the figures are the same, bit for bit
command("evaluate", "digits/test.csv", "--dtype", "f32");
took("evaluation of the csv file");
command("compare", ofLogits, "digits/rounded.npy", ofLabels, "--worst", "3", "--report", "digits/comparison.html");
took("comparison with 8 bits, and report");
console.log(
  "\nThe first and the last one with plots: digits/report.html, digits/comparison.html\n\nWhere the time went:",
);
for (const [part, time] of seconds) console.log(`${time.toFixed(2).padStart(7)} s  ${part}`);
if (accuracy < requiredAccuracy) {
  console.error(`digits: the test accuracy is ${accuracy}, but must be at least ${requiredAccuracy}`);
  process.exitCode = 1;
}

/** Runs the command line, as a user would. */
function command(...args: string[]): void {
  const all = ["dist/cli/main.js", ...args];
  console.log(`\n$ node ${all.join(" ")}`);
  const { status } = spawnSync(process.execPath, all, { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}

/** Trains from the start; the loss of the last epoch, and the share of the test digits that are recognized. */
async function train(optimizer: Optimizer<Float32Array[]>): Promise<{ loss: number; accuracy: number }> {
  model.reset();
  let epochLoss = 0;
  let accuracy = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    epochLoss = 0;
    for (let row = 0; row < trainRows; row += batchRows) {
      const x = images.subarray(row * pixels, (row + batchRows) * pixels);
      const y = labels.subarray(row, row + batchRows);
      const loss = model.step(x, y, optimizer);
      epochLoss += (loss * batchRows) / trainRows;
    }
    model.predict(testImages, testLogits);
    accuracy = losses.evaluate(testLogits, testLabels, { classes }).accuracy;
    progress.increment({ loss: epochLoss.toFixed(4), accuracy: accuracy.toFixed(4) });
    await setImmediate(); // a moment for the bar to be drawn
  }
  optimizer.close();
  return { loss: epochLoss, accuracy };
}

/** On a terminal a bar, elsewhere a line now and then; both on standard error. */
function progressBar(epochs: number) {
  const format = "training {bar} epoch {value} of {total} | loss {loss} | test accuracy {accuracy}";
  const bar = new SingleBar({ format, linewrap: true, noTTYOutput: true, notTTYSchedule: 500 });
  bar.start(epochs, 0, { loss: "-", accuracy: "-" });
  return bar;
}
