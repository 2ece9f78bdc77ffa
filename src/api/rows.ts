import { checkFloats, checkInteger, checkOut, checkOverlap } from "../check.ts";
import { dtypeOf, type FloatArray, floatArray } from "../dtype.ts";
import type { Out } from "./reduction.ts";

/** Options of functions of rows. */
export interface Rows {
  /** Length of a row, 1 to 2^24. */
  classes: number;
}

const MAXIMAL_CLASSES = 2 ** 24;

/** Checks row-major [rows, classes] data; returns the number of rows. */
export function checkRows(name: string, argument: string, data: unknown, options: Rows | undefined): number {
  checkFloats(name, argument, data);
  const classes = options?.classes;
  checkInteger(name, "classes", classes, 1, MAXIMAL_CLASSES);
  const rows = data.length / (classes as number);
  if (Number.isInteger(rows)) return rows;
  throw new RangeError(`${name}: ${argument} has length ${data.length}, which is not a multiple of classes ${classes}`);
}

/** `out` as long as the logits, checked, or a new array. */
export function rowsOut(name: string, argument: string, data: FloatArray, options: Out | undefined): FloatArray {
  const out = options?.out;
  if (out === undefined) return floatArray(dtypeOf(data), data.length);
  checkOut(name, out, data, argument);
  checkOverlap(name, out, argument, data, true);
  return out;
}
