/** The digits as the page has them, and what a model says about those that it has not seen. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { createLosses } from "wasm-loss";
import { writeNpy } from "wasm-loss/npy";
import { loadDigits, pixels } from "../examples/mnist.ts";
import { softmaxRegression } from "../examples/softmaxRegression.ts";
import { inkOf, TRAINED_ROWS } from "../page/digits.ts";

const classes = 10;
const batchRows = 100;
const epochs = 5;

export async function writeDigits(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { images, labels } = loadDigits(1);
  const bytes = Uint8Array.from(images, (ink) => Math.round(255 * ink));
  const wrong = bytes.findIndex((byte, i) => Math.fround(inkOf(byte)) !== images[i]);
  if (wrong >= 0)
    throw new Error(`digits: pixel ${wrong} is ${images[wrong]}, but its byte says ${inkOf(bytes[wrong])}`);
  // labels are small integers: a byte each behind the images
  const all = new Uint8Array(bytes.length + labels.length);
  all.set(bytes);
  all.set(labels, bytes.length);
  writeFileSync(join(folder, "digits.deflate"), deflateSync(all, { level: 9 }));

  const losses = await createLosses();
  const model = softmaxRegression(losses, pixels, classes, batchRows);
  const optimizer = losses.adam(model.parameters, { learningRate: 0.003 });
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let row = 0; row < TRAINED_ROWS; row += batchRows) {
      model.step(
        images.subarray(row * pixels, (row + batchRows) * pixels),
        labels.subarray(row, row + batchRows),
        optimizer,
      );
    }
  }
  const others = labels.slice(TRAINED_ROWS);
  const logits = new Float32Array(others.length * classes);
  model.predict(images.subarray(TRAINED_ROWS * pixels), logits);
  losses.close();
  writeNpy(join(folder, "logits.npy"), logits, [others.length, classes]);
  writeNpy(join(folder, "labels.npy"), BigInt64Array.from(others, BigInt), [others.length]);
}
