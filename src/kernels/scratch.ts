import { type Dtype, dtypeOf, type FloatArray } from "../dtype.ts";
import { createStretch } from "./functions/exp32.ts";
import { type Exponentials, expFloat64, expOf64, type Powers, powersFloat64 } from "./functions/exp64.ts";

/** What the exponentials of a row are relative to: see reference.ts. */
export interface Reference {
  shift: number;
  exponent: number;
  /** exp's lowest and magic numbers for the exponent. */
  lowest: number;
  magic: number;
}

/** What differs between the dtypes in the JavaScript loops, and working memory of the dtype: its stores round. */
export interface Lanes {
  readonly dtype: Dtype;
  /** Lanes of a vector; elements of a block (1 KiB): see assembly/lanes.ts. */
  readonly width: number;
  readonly block: number;
  /** Rounds a number to the dtype. */
  readonly narrow: (x: number) => number;
  /** exp(x - m) of a stretch of an array, and of one number. */
  readonly exp: Exponentials;
  readonly expOf: typeof expOf64;
  /** exp(x) 2^-N of a stretch. */
  readonly powers: Powers;
  /** The same with more digits, where float32 needs them. */
  readonly finePowers: Powers;
  /** Exponentials, coefficients or terms of one block. */
  readonly values: FloatArray;
  readonly more: FloatArray;
  readonly shifted: FloatArray;
  readonly accumulators: FloatArray;
  /** What the exponentials of the row at hand are relative to. */
  readonly reference: Reference;
}

export interface Scratch {
  readonly f32: Lanes & Round<Float32Array>;
  readonly f64: Lanes & Round<Float64Array>;
}

/** Sixteen losses of an element-wise one, and the float64 lanes in which they are summed. */
export interface Round<A extends FloatArray> {
  readonly round: A;
  readonly lanes: Float64Array;
}

/** Working memory for the JavaScript loops of one engine. */
export function createScratch(): Scratch {
  const lanes = (
    dtype: Dtype,
    make: (length: number) => FloatArray,
    width: number,
  ): Omit<Lanes, "narrow" | "exp" | "expOf" | "powers" | "finePowers"> => ({
    dtype,
    width,
    block: 64 * width,
    values: make(64 * width),
    more: make(64 * width),
    shifted: make(64 * width),
    accumulators: make(16),
    reference: { shift: 0, exponent: 0, lowest: 0, magic: 0 },
  });
  return {
    f32: {
      ...lanes("f32", (n) => new Float32Array(n), 4),
      narrow: Math.fround,
      ...createStretch(64 * 4),
      round: new Float32Array(16),
      lanes: new Float64Array(4),
    },
    f64: {
      ...lanes("f64", (n) => new Float64Array(n), 2),
      narrow: (x) => x,
      exp: expFloat64,
      expOf: expOf64,
      powers: powersFloat64,
      finePowers: powersFloat64,
      round: new Float64Array(16),
      lanes: new Float64Array(16),
    },
  };
}

export function lanesOf(scratch: Scratch, array: FloatArray): Lanes {
  return scratch[dtypeOf(array)];
}
