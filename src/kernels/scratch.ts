import { BLOCK_ELEMENTS } from "../descriptions/thresholds.ts";
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

/** What a row with an index target is computed from. */
export interface Others {
  /** All logits but the target's: the last class's stands in the target's place. */
  logits: FloatArray;
  /** Their exponentials, after `shift` is taken from them. */
  exponentials: FloatArray;
  count: number;
  /** Whether the row is near 0; and what is taken from its logits, 0 or the row's maximum. */
  near: boolean;
  shift: number;
  /** The largest of the other logits; anything where one is NaN. */
  top: number;
  /** What makes exponentials relative to the target's, or to the maximum, and their sum times that. */
  measure: number;
  sum: number;
  /** The target's own exponential to that measure, and its logit less the maximum: 1 and 0 but for a maximum. */
  own: number;
  distance: number;
}

/** A row's sums of exponentials e, e (x - base) and e^2 without the target's, and its largest logit but for that. */
export interface RowSums {
  others: number;
  products: number;
  squares: number;
  base: number;
  top: number;
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
  /** A short row taken apart, and one near 0 of which three numbers do; the sums of a long row that is evaluated. */
  readonly others: Others;
  readonly near: Pick<Others, "measure" | "sum" | "own">;
  readonly rowSums: RowSums;
  /** Two float64 lanes each of Σ e (x - base) and Σ e^2 while they are added up. */
  readonly products: Float64Array;
  readonly squares: Float64Array;
}

export interface Scratch {
  readonly f32: Lanes & Round<Float32Array>;
  readonly f64: Lanes & Round<Float64Array>;
}

/** Of element-wise losses. */
export interface Round<A extends FloatArray> {
  /** Sixteen losses, and the float64 lanes in which they are summed. */
  readonly round: A;
  readonly lanes: Float64Array;
  /** The losses of a block before they are weighted; its predictions and targets where some have weight 0. */
  readonly each: A;
  readonly masked: readonly [A, A];
}

function roundOf<A extends FloatArray>(make: (length: number) => A, lanes: number): Round<A> {
  return {
    round: make(16),
    lanes: new Float64Array(lanes),
    each: make(BLOCK_ELEMENTS),
    masked: [make(BLOCK_ELEMENTS), make(BLOCK_ELEMENTS)],
  };
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
    others: {
      logits: make(0),
      exponentials: make(0),
      count: 0,
      near: false,
      shift: 0,
      top: 0,
      measure: 0,
      sum: 0,
      own: 0,
      distance: 0,
    },
    near: { measure: 0, sum: 0, own: 1 },
    rowSums: { others: 0, products: 0, squares: 0, base: 0, top: 0 },
    products: new Float64Array(2),
    squares: new Float64Array(2),
  });
  return {
    f32: {
      ...lanes("f32", (n) => new Float32Array(n), 4),
      narrow: Math.fround,
      ...createStretch(64 * 4),
      ...roundOf((n) => new Float32Array(n), 4),
    },
    f64: {
      ...lanes("f64", (n) => new Float64Array(n), 2),
      narrow: (x) => x,
      exp: expFloat64,
      expOf: expOf64,
      powers: powersFloat64,
      finePowers: powersFloat64,
      ...roundOf((n) => new Float64Array(n), 16),
    },
  };
}

export function lanesOf(scratch: Scratch, array: FloatArray): Lanes {
  return scratch[dtypeOf(array)];
}
