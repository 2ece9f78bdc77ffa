// Trains a softmax regression on 8,000 handwritten digits, and tells how it goes: wasm-loss in a worker, as an example.
import { createLosses } from "wasm-loss";
import { softmaxRegression } from "../../examples/softmaxRegression.ts";
import { inkOf, PIXELS, TRAINED_ROWS } from "../digits.ts";
import { answer, turn } from "../job.ts";

export interface TrainRequest {
  readonly optimizer: "sgd" | "adam";
  readonly learningRate: number;
  readonly epochs: number;
}

/** After some steps; the accuracy of digits that were not trained on, at the end of an epoch. */
export interface TrainNews {
  readonly step: number;
  readonly loss: number;
  readonly accuracy?: number;
}

const classes = 10;
const batchRows = 100;
/** Steps whose losses are averaged to a point of the curve. */
const stepsPerPoint = 10;

// not awaited here: a worker hears what is said to it only when its script has run
const engine = createLosses();
const digits = load();

async function load() {
  const response = await fetch(new URL("digits/digits.deflate", location.href));
  if (!response.ok) throw new Error(`the digits: the server answered ${response.status}`);
  const inflated = response.body!.pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(inflated).arrayBuffer());
  const rows = bytes.length / (PIXELS + 1);
  const ink = Float32Array.from({ length: 256 }, (_, byte) => inkOf(byte));
  const images = Float32Array.from(bytes.subarray(0, rows * PIXELS), (byte) => ink[byte]);
  return { images, labels: Int32Array.from(bytes.subarray(rows * PIXELS)) };
}

answer(async ({ optimizer: name, learningRate, epochs }: TrainRequest, tell: (news: TrainNews) => void) => {
  const losses = await engine;
  const { images, labels } = await digits;
  const testLabels = labels.subarray(TRAINED_ROWS);
  const testLogits = new Float32Array(testLabels.length * classes);
  const model = softmaxRegression(losses, PIXELS, classes, batchRows);
  const optimizer = losses[name](model.parameters, { learningRate });
  try {
    let sum = 0;
    let step = 0;
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (let row = 0; row < TRAINED_ROWS; row += batchRows) {
        const x = images.subarray(row * PIXELS, (row + batchRows) * PIXELS);
        sum += model.step(x, labels.subarray(row, row + batchRows), optimizer);
        if (++step % stepsPerPoint !== 0) continue;
        tell({ step, loss: sum / stepsPerPoint });
        sum = 0;
        await turn(); // a moment in which Stop is heard
      }
      model.predict(images.subarray(TRAINED_ROWS * PIXELS), testLogits);
      const { accuracy, loss } = losses.evaluate(testLogits, testLabels, { classes });
      tell({ step, loss: loss.mean, accuracy });
    }
  } finally {
    optimizer.close();
    model.close();
  }
});
