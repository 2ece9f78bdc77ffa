/**
 * Files as batches for evaluateStream(), in Node and in browsers: npy, npz, safetensors, csv and more, from a File, a Blob, an
 * answer of fetch(), a stream, bytes, a path or an address, streamed in bounded memory.
 *
 * @module wasm-loss/formats
 */
import { fileURLToPath } from "node:url";
import type { FileInput, Platform } from "./fileInput.ts";
import type { BatchesOptions, FileBatches, FilePairs, FileTensor, PairsOptions, TensorOptions } from "./fileTypes.ts";
import { openArchive } from "./openFile.ts";
import { openSource } from "./openSource.ts";
import { openBatchesOn, openPairsOn, openTensorOn } from "./readers.ts";

export type { BlobLike } from "./blobSource.ts";
export { FormatError } from "./error.ts";
export type { FileInput, ResponseLike, UrlLike } from "./fileInput.ts";
export type {
  BatchesOptions,
  FileBatch,
  FileBatches,
  FileFormat,
  FileNumbers,
  FilePair,
  FilePairs,
  FileTensor,
  PairsOptions,
  TensorOptions,
} from "./fileTypes.ts";
export type { InputKind, TensorArray, TensorDtype } from "./tensor.ts";
export type { ByteStream } from "./webStream.ts";

const platform: Platform = {
  openNamed: async (name) => openSource(name.startsWith("file:") ? fileURLToPath(name) : name),
  openArchive,
};

/**
 * Opens one array of a file: npy, npz, safetensors, raw binary, csv, tsv, Parquet, jsonl of lm-evaluation-harness, base logits of
 * llama.cpp. The format is known by the name's ending, else by the first bytes. Nothing but headers is read before it is asked for.
 *
 * @param input a File or Blob, bytes, a Response, a stream of bytes, a path (in Node) or an address
 * @throws FormatError, with the file's name and one line of reason; TypeError of an input or an option that is none
 * @example
 * const tensor = await openTensor(file);
 * for await (const rows of tensor) losses.softmax(rows); // { data, dims: [rows, classes], type }
 * @see docs/formats.md
 */
export function openTensor(input: FileInput, options?: TensorOptions): Promise<FileTensor> {
  return openTensorOn(platform, input, options);
}

/**
 * Opens logits and labels as batches for evaluateStream(), of one file that holds both or of two.
 *
 * @param logits as openTensor()
 * @throws as openTensor(); FormatError of files that don't fit together
 * @example
 * const batches = await openBatches(logitsFile, { labels: labelsFile });
 * const { input } = batches;
 * const evaluation = await losses.evaluateStream(batches, { input });
 * @see docs/formats.md
 */
export function openBatches(logits: FileInput, options?: BatchesOptions): Promise<FileBatches> {
  return openBatchesOn(platform, logits, options);
}

/**
 * Opens predictions and targets of a regression, of one file that holds both or of two.
 *
 * @param predictions as openTensor()
 * @throws as openBatches()
 * @example
 * const evaluator = losses.regressionEvaluator();
 * for await (const { predictions, targets } of await openPairs("test.csv")) evaluator.add(predictions, targets);
 * evaluator.result().rmse;
 * @see docs/formats.md
 */
export function openPairs(predictions: FileInput, options?: PairsOptions): Promise<FilePairs> {
  return openPairsOn(platform, predictions, options);
}
