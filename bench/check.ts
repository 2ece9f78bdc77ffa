import type { Dtype } from "../test/inputs.ts";
import type { Result } from "./operations/operation.ts";

/** A part of a result as the oracle has it, and what the error of each value is relative to: itself, if nothing is said. */
export interface Piece {
  readonly values: ArrayLike<number>;
  readonly scale?: ArrayLike<number>;
}

/**
 * Largest relative error that is not wrong. This package's stated errors are smaller and tested elsewhere: 1e-5 is what
 * they come to for the farthest logit here. Others may sum in float32; a loss that is off by more is not that loss.
 */
export const tolerance: Readonly<Record<"own" | "other", Readonly<Record<Dtype, number>>>> = {
  own: { float32: 1e-5, float64: 1e-12 },
  other: { float32: 1e-4, float64: 1e-9 },
};

/** A float32 result below this may have been flushed to 0. */
const NEGLIGIBLE = 1e-37;

/** The largest relative error of a result; Infinity for one of another length, or NaN where a number is wanted. */
export function relativeError(result: Result, wanted: readonly Piece[]): number {
  const got = piecesOf(result);
  if (got.length !== wanted.length) return Number.POSITIVE_INFINITY;
  return Math.max(...wanted.map((piece, k) => errorOfPiece(got[k], piece)));
}

function piecesOf(result: Result): ArrayLike<number>[] {
  if (typeof result === "number") return [[result]];
  return "loss" in result ? [[result.loss], result.grad] : [result];
}

function errorOfPiece(got: ArrayLike<number>, { values, scale = values }: Piece): number {
  if (got.length !== values.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    if (got[i] === values[i] || Object.is(got[i], values[i])) continue;
    const error = Math.abs(got[i] - values[i]) / Math.max(Math.abs(scale[i]), NEGLIGIBLE);
    if (!(error <= largest)) largest = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
  }
  return largest;
}
