import {
  type FileBatches,
  type FileInput,
  type FileNumbers,
  FormatError,
  openBatches,
  openPairs,
  openTensor,
} from "../../src/formats/formats.node.ts";
import type { Losses } from "../../src/index.node.ts";

// As losses.ts: compiled by lint, and by test/projects/types.ts with every TypeScript that the package is for; never run.

/** Iterated without syntax that old targets lack. */
export function files(losses: Losses, file: FileInput) {
  const bytes: FileInput = new Uint8Array(8);
  const opened: Promise<FileBatches> = openBatches(file, { labels: bytes, shift: true, mask: "mask.npy" });
  const evaluated = opened.then((batches) => {
    const classes: number = batches.classes;
    return losses.evaluateStream(batches, { input: batches.input, classes, topK: [5] });
  });
  const whole: Promise<FileNumbers> = openTensor("x.npz", { tensor: "x", format: "npz" }).then((it) => it.readAll());
  const softmax = whole.then((numbers) => losses.softmax(numbers));
  const pairs = openPairs("test.csv", { labelColumn: "y", columns: ["y_pred"] }).then((it) => it.length);
  const isFormat = (error: unknown) => error instanceof FormatError && error.message;
  // @ts-expect-error: no bytes
  openTensor(7);
  // @ts-expect-error: no such option
  openBatches(bytes, { label: bytes });
  // @ts-expect-error: no such format
  openTensor(bytes, { format: "hdf5" });
  return [evaluated, softmax, pairs, isFormat];
}
