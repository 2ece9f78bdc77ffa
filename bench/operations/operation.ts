import type { Losses } from "wasm-loss";
import type { Dtype, FloatArray, Random } from "../../test/inputs.ts";
import type { Piece } from "../check.ts";

/** Elements are [n, 1]. */
export interface Shape {
  readonly name: string;
  readonly rows: number;
  readonly classes: number;
}

/** What one case works on. */
export interface Inputs {
  readonly dtype: Dtype;
  readonly shape: Shape;
  /** Predictions, logits, probabilities or their logarithms, [rows, classes]. */
  readonly values: FloatArray;
  /** The same as float16 bits, where that is what is handed over. */
  readonly bits?: Uint16Array;
  /** [rows, classes] floats, or a label a row. */
  readonly targets: FloatArray | Int32Array | null;
  /** One a class. */
  readonly weight: FloatArray | null;
}

/** What a call returns: a loss, an array, or both. */
export type Result = number | ArrayLike<number> | { loss: number; grad: ArrayLike<number> };

/** A call with its arguments, to be run again and again. */
export type Call = () => Result;

/** What an operation is to be compared with: another of this package's on what is the same data to it. */
export interface Other {
  /** The name of the candidate. */
  readonly name: string;
  readonly operation: Operation;
  readonly inputs: Inputs;
}

/** A public operation with one set of options, in every way that it is computed here. */
export interface Operation {
  readonly name: string;
  readonly family: "elements" | "rows";
  /** The kernels that do the work: src/kernels. */
  readonly kernels: readonly string[];
  /** Of the data handed over, where not both. */
  readonly dtypes?: readonly Dtype[];
  inputs(random: Random, dtype: Dtype, shape: Shape): Inputs;
  /** This package's; `out` is as long as the values. */
  call(losses: Losses, inputs: Inputs, out: FloatArray): Call;
  /**
   * The plain loop's: a bound function, since V8 would take a short loop into a closure around it, where its middle
   * compiler kept it (0.65 ms for 1e5 elements instead of 0.10, Node.js 24).
   */
  plain(inputs: Inputs, out: FloatArray): Call;
  /** The oracle's. */
  wanted(inputs: Inputs): readonly Piece[];
  other?(inputs: Inputs): Other | undefined;
  /** Values read, where that is not all of them. */
  read?(inputs: Inputs): number;
  /** Bytes that a call keeps in the engine's memory beside what it is given, where it does. */
  kept?(inputs: Inputs): number;
  /** Bytes of results written, where that is not a number or two. */
  written?(inputs: Inputs): number;
}

export const asManyBytes = ({ values }: Inputs): number => values.byteLength;
