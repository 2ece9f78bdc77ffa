import { closeSync, openSync, writeSync } from "node:fs";
import { formatNpyHeader } from "../../src/formats/npyHeader.ts";

/** Rows that are written at once. */
const ROWS = 1000;

/** Writes logits (float32) and labels (int32) of so many rows: the same few over and over. */
export function writeInputs(logits: string, labels: string, rows: number, classes: number): void {
  const some = Math.min(rows, ROWS);
  writeRows(
    logits,
    [rows, classes],
    Float32Array.from({ length: some * classes }, (_, i) => 5 * Math.sin(i)),
  );
  writeRows(
    labels,
    [rows],
    Int32Array.from({ length: some }, (_, i) => i % classes),
  );
}

function writeRows(path: string, shape: readonly number[], some: Float32Array | Int32Array): void {
  const file = openSync(path, "w");
  writeSync(file, formatNpyHeader(some instanceof Float32Array ? Float32Array : Int32Array, shape));
  const length = shape.reduce((a, b) => a * b);
  for (let left = length; left > 0; left -= some.length) writeSync(file, some.subarray(0, Math.min(left, some.length)));
  closeSync(file);
}
