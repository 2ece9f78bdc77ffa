/** What programs give and get where they read files: see formats.node.ts. */
import type { LabelArray } from "../dtype.ts";
import type { FileInput } from "./fileInput.ts";
import type { InputKind, TensorArray, TensorDtype } from "./tensor.ts";

/** Numbers of a file as the library's functions take them. */
export interface FileNumbers {
  /** In C order. */
  readonly data: TensorArray;
  readonly dims: readonly number[];
  /** `float32`, `int64`, ...; of `float16` and `bfloat16` the data are bits. */
  readonly type: string;
}

/** A format of files; csv is any table in text, jsonl samples of lm-evaluation-harness. */
export type FileFormat = "npy" | "npz" | "safetensors" | "csv" | "parquet" | "jsonl" | "llama.cpp" | "raw";

/** Options of openTensor(). */
export interface TensorOptions {
  /** Of a file of several arrays: the name of the one to read. */
  tensor?: string | undefined;
  /** Of raw binary, which it makes of a file without a format of its own; of other files it is checked. Tables are read as f64, or f32. */
  dtype?: TensorDtype | undefined;
  /** What the file is, where its name does not tell by its ending: see FileFormat. */
  format?: FileFormat | undefined;
  /** What is looked for where several arrays or columns are there. Default: logits. */
  role?: "logits" | "labels" | undefined;
  /** Of tables: the columns of the logits, by names or numbers from 1, or as ranges: `["2-11"]`. */
  columns?: readonly string[] | undefined;
  /** Of tables: the column of the labels, by its name or its number from 1. */
  labelColumn?: string | undefined;
  /** So many bytes are read at once, of whole rows. Default: 4 MiB. */
  batchBytes?: number | undefined;
}

/** One array of a file, that is read from front to end: by read(), by rows (`for await`), or whole. */
export interface FileTensor {
  /** Rows, so many at a time. */
  [Symbol.asyncIterator](): AsyncIterator<FileNumbers>;
  /** As messages call the file. */
  readonly path: string;
  /** Of a file of several arrays. */
  readonly name: string | undefined;
  readonly dtype: TensorDtype;
  /** Undefined of raw binary, and of tables, whose length is known at their end. */
  readonly shape: readonly number[] | undefined;
  /** Elements; undefined of what does not say before its end. */
  readonly length: number | undefined;
  /** For people: which columns were taken. */
  readonly note: string | undefined;
  /** Fills `into`, an array of the dtype, with the next elements and says how many: fewer than its length only at the end. */
  read(into: TensorArray): Promise<number>;
  /** All that is left, in memory. */
  readAll(): Promise<FileNumbers>;
  /** Lets the file go; so do the end of a loop over it and readAll(). */
  close(): Promise<void>;
}

/** Options of openBatches(): what there is beside the logits, and where they are in their files. */
export interface BatchesOptions extends Omit<TensorOptions, "role"> {
  /** The file of the labels. Default: that of the logits holds both. */
  labels?: FileInput | undefined;
  /** As `tensor`, `dtype` and `format`, of the labels. */
  labelsTensor?: string | undefined;
  labelsDtype?: TensorDtype | undefined;
  labelsFormat?: FileFormat | undefined;
  /** A file of integers, one a row: rows of 0 are left out. Of several arrays or columns the one that is called mask. */
  mask?: FileInput | undefined;
  /** A file of integers, one a row: standard errors are clustered by them. Of several arrays or columns the one called groups. */
  groups?: FileInput | undefined;
  /** Of logits [sequences, positions, classes] and their tokens: position t scores token t + 1. The mask is of tokens, too. */
  shift?: boolean | undefined;
  /** Of logits without a shape. Otherwise it is checked. */
  classes?: number | undefined;
  /** Which of a table's columns, where several kinds are there. Default: what their names say, else logits. */
  input?: InputKind | undefined;
  /** The label of rows that are not counted. Default: -100. */
  ignoreIndex?: number | undefined;
}

/** Rows of files, as evaluateStream() takes them. Their arrays are filled again when the next batch but one is asked for. */
export interface FileBatch {
  /** Of dims [rows, classes]. */
  readonly logits: FileNumbers;
  /** One a row. */
  readonly labels: LabelArray;
  /** One a row, where a file of them was given. */
  readonly mask?: LabelArray;
  readonly groups?: LabelArray;
  /** With `shift`: positions of a sequence; rows of `worst` are told by them. */
  readonly positions?: number;
}

/** Logits and labels of files, batch by batch. */
export interface FileBatches {
  /** The batches, once. */
  [Symbol.asyncIterator](): AsyncIterator<FileBatch>;
  readonly classes: number;
  /** Undefined of what does not say before its end. */
  readonly rows: number | undefined;
  /** What the logits are, for evaluateStream(): as the option says, else as the file does. */
  readonly input: InputKind;
  /** For people: which columns were taken. */
  readonly notes: readonly string[];
  /** Of samples of lm-evaluation-harness: acc_norm. */
  readonly normalizedAccuracy: number | undefined;
  /** Lets the files go; so does the end of a loop over the batches. */
  close(): Promise<void>;
}

/** Options of openPairs(). */
export interface PairsOptions extends Omit<TensorOptions, "role"> {
  /** The file of the targets. Default: that of the predictions holds both. */
  targets?: FileInput | undefined;
  /** As `tensor`, `dtype` and `format`, of the targets. */
  targetsTensor?: string | undefined;
  targetsDtype?: TensorDtype | undefined;
  targetsFormat?: FileFormat | undefined;
}

/** Elements of predictions and targets, one after the other; their arrays are filled again when the next pair but one is asked for. */
export interface FilePair {
  readonly predictions: FileNumbers;
  readonly targets: FileNumbers;
}

/** Predictions and targets of files, batch by batch. */
export interface FilePairs {
  /** The pairs, once. */
  [Symbol.asyncIterator](): AsyncIterator<FilePair>;
  /** Undefined of what does not say before its end. */
  readonly length: number | undefined;
  /** For people: which columns were taken. */
  readonly notes: readonly string[];
  /** Lets the files go; so does the end of a loop over the pairs. */
  close(): Promise<void>;
}
