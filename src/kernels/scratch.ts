import { type Dtype, dtypeOf, type FloatArray } from "../dtype.ts";
import { expFloat32, expFloat64 } from "./elementary.ts";

/** What differs between the dtypes in the JavaScript loops, and working memory of the dtype: its stores round. */
export interface Lanes {
  readonly dtype: Dtype;
  /** Elements of a round (64 bytes), a block (1 KiB) and a chunk (16 KiB): see assembly/lanes.ts. */
  readonly round: number;
  readonly block: number;
  readonly chunk: number;
  /** Rounds a number to the dtype. */
  readonly narrow: (x: number) => number;
  readonly exp: typeof expFloat32;
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
  const lanes = (dtype: Dtype, make: (length: number) => FloatArray, round: number): Omit<Lanes, "narrow" | "exp"> => ({
    dtype,
    round,
    block: 16 * round,
    chunk: 256 * round,
    values: make(16 * round),
    more: make(16 * round),
    accumulators: make(16),
    maxima,
  });
  return {
    f32: { ...lanes("f32", (n) => new Float32Array(n), 16), narrow: Math.fround, exp: expFloat32 },
    f64: { ...lanes("f64", (n) => new Float64Array(n), 8), narrow: (x) => x, exp: expFloat64 },
  };
}

export function lanesOf(scratch: Scratch, array: FloatArray): Lanes {
  return scratch[dtypeOf(array)];
}
