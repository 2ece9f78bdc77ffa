import { checkAttached, checkInteger, checkNumber, checkOverlap, outOf } from "../check.ts";
import { dtypeOf, type FloatArray, floatArray, HalfBits } from "../dtype.ts";
import type { Out } from "./reduction.ts";

/** Options of functions of rows. */
export interface Rows {
  /** Length of a row, 1 to 2^24. */
  classes: number;
}

/** Options of functions of rows beside a tensor, whose last size is the classes. */
export type BesideTensor<O extends Rows> = Omit<O, "classes"> & Partial<Rows>;

const MAXIMAL_CLASSES = 2 ** 24;

/** Options of functions whose class axis need not be the last. */
export interface Inner {
  /**
   * Positions behind the class axis (ONNX and optax call it axis): [rows, classes, inner], as images [N, C, H * W]. Whatever has
   * one value a row then has one a position, [rows, inner]. Default 1.
   */
  inner?: number | undefined;
}

const TEMPERATURE = { name: "temperature", above: 0, below: Number.POSITIVE_INFINITY };

/** A number above 0 whose inverse, which gradients are times, is finite. */
export function checkTemperature(name: string, temperature: number): void {
  checkNumber(name, TEMPERATURE, temperature);
  if (1 / temperature < Number.POSITIVE_INFINITY) return;
  throw new RangeError(`${name}: temperature is ${temperature}, but its inverse must be finite`);
}

/** Checks row-major [rows, classes, inner] data; returns the number of positions, rows inner. */
export function checkPositions(
  name: string,
  argument: string,
  data: FloatArray | HalfBits,
  classes: number,
  inner: number,
): number {
  const positions = checkRows(name, argument, data, classes);
  if (inner === 1) return positions;
  checkInteger(name, "inner", inner, 1, Number.MAX_SAFE_INTEGER);
  if (positions % inner === 0) return positions;
  throw new RangeError(
    `${name}: ${argument} has length ${data.length}, which is not a multiple of classes ${classes} times inner ${inner}`,
  );
}

/** Checks row-major [rows, classes] data; returns the number of rows. */
export function checkRows(name: string, argument: string, data: FloatArray | HalfBits, classes: number): number {
  checkInteger(name, "classes", classes, 1, MAXIMAL_CLASSES);
  const { length } = data;
  const rows = length / classes;
  if (rows === 0) checkAttached(name, argument, data);
  if (Number.isInteger(rows)) return rows;
  throw new RangeError(`${name}: ${argument} has length ${length}, which is not a multiple of classes ${classes}`);
}

/** `out` as long as the logits, checked and as a view of this realm, or a new array. */
export function rowsOut(name: string, argument: string, data: FloatArray | HalfBits, out: Out["out"]): FloatArray {
  if (out === undefined) return floatArray(dtypeOf(data), data.length);
  const own = outOf(name, out, data, argument);
  const half = data instanceof HalfBits;
  checkOverlap(name, own, argument, half ? data.bits : data, !half);
  return own;
}
