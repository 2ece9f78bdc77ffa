import { readSync, writeSync } from "node:fs";
import type { EvaluatedRows } from "../../evaluate/evaluatorOptions.ts";

// What is kept of each row until all are evaluated: 32 bytes, at its place, so that threads write them in any order.

const RECORD_BYTES = 32;
/** In float64. */
const LOSS = 0;
const LOG_PROBABILITY = 1;
/** In int32. */
const LABEL = 4;
const PREDICTED = 5;
const RANK = 6;

/** Where records go: an open file, in which the one of `firstRow` comes first. */
export interface RecordFile {
  readonly descriptor: number;
  readonly firstRow: number;
}

/** Figures of rows, one array each. */
export interface Columns {
  readonly loss: Float64Array;
  readonly label: Int32Array;
  readonly predicted: Int32Array;
  readonly rank: Int32Array;
  readonly logProbability: Float64Array;
}

/** A listener that writes what it is told of. */
export function recordWriter({ descriptor, firstRow }: RecordFile): (rows: EvaluatedRows) => void {
  let bytes = new Uint8Array(0);
  return (rows) => {
    if (bytes.length < rows.count * RECORD_BYTES) bytes = new Uint8Array(rows.count * RECORD_BYTES);
    const [floats, integers] = [new Float64Array(bytes.buffer), new Int32Array(bytes.buffer)];
    for (let i = 0; i < rows.count; i++) {
      floats[4 * i + LOSS] = rows.loss(i);
      floats[4 * i + LOG_PROBABILITY] = rows.logProbability(i);
      integers[8 * i + LABEL] = rows.label(i);
      integers[8 * i + PREDICTED] = rows.predicted(i);
      integers[8 * i + RANK] = rows.rank(i);
    }
    writeAt(descriptor, bytes.subarray(0, rows.count * RECORD_BYTES), (rows.first - firstRow) * RECORD_BYTES);
  };
}

/** Rows [first, first + count) of what was written. */
export function readRecords(descriptor: number, first: number, count: number): Columns {
  const bytes = new Uint8Array(count * RECORD_BYTES);
  for (let done = 0; done < bytes.length; ) {
    const read = readSync(descriptor, bytes, done, bytes.length - done, first * RECORD_BYTES + done);
    if (read === 0) throw new Error(`the records of rows end before row ${first + count}`);
    done += read;
  }
  const [floats, integers] = [new Float64Array(bytes.buffer), new Int32Array(bytes.buffer)];
  return {
    loss: Float64Array.from({ length: count }, (_, i) => floats[4 * i + LOSS]),
    label: Int32Array.from({ length: count }, (_, i) => integers[8 * i + LABEL]),
    predicted: Int32Array.from({ length: count }, (_, i) => integers[8 * i + PREDICTED]),
    rank: Int32Array.from({ length: count }, (_, i) => integers[8 * i + RANK]),
    logProbability: Float64Array.from({ length: count }, (_, i) => floats[4 * i + LOG_PROBABILITY]),
  };
}

/** All of `bytes`, from a place in a file on. */
export function writeAt(descriptor: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, at + done);
  }
}
