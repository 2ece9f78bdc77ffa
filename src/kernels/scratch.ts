import { type Dtype, dtypeOf, type FloatArray } from "../dtype.ts";
import { expFloat32, expFloat64, expOf32, expOf64 } from "./elementary.ts";

/** What differs between the dtypes in the JavaScript loops, and working memory of the dtype: its stores round. */
export interface Lanes {
  readonly dtype: Dtype;
  /** Lanes of a vector; elements of a block (1 KiB) and a chunk (16 KiB): see assembly/lanes.ts. */
  readonly width: number;
  readonly block: number;
  readonly chunk: number;
  /** Rounds a number to the dtype. */
  readonly narrow: (x: number) => number;
  /** exp(x - m) of a stretch of an array, and of one number. */
  readonly exp: typeof expFloat32;
  readonly expOf: typeof expOf32;
  /** Exponentials, coefficients or terms of one block. */
  readonly values: FloatArray;
  readonly more: FloatArray;
  readonly accumulators: FloatArray;
  /** The running maximum of each chunk of a row. */
  readonly maxima: Float64Array;
}

export interface Scratch {
  readonly f32: Lanes;
  readonly f64: Lanes;
}

const MAXIMAL_CHUNKS = 8192;

/** Working memory for the JavaScript loops of one engine. */
export function createScratch(): Scratch {
  const maxima = new Float64Array(MAXIMAL_CHUNKS);
  const lanes = (
    dtype: Dtype,
    make: (length: number) => FloatArray,
    width: number,
  ): Omit<Lanes, "narrow" | "exp" | "expOf"> => ({
    dtype,
    width,
    block: 64 * width,
    chunk: 1024 * width,
    values: make(64 * width),
    more: make(64 * width),
    accumulators: make(16),
    maxima,
  });
  return {
    f32: { ...lanes("f32", (n) => new Float32Array(n), 4), narrow: Math.fround, exp: expFloat32, expOf: expOf32 },
    f64: { ...lanes("f64", (n) => new Float64Array(n), 2), narrow: (x) => x, exp: expFloat64, expOf: expOf64 },
  };
}

export function lanesOf(scratch: Scratch, array: FloatArray): Lanes {
  return scratch[dtypeOf(array)];
}
