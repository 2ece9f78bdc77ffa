import {
  DOWN_15,
  DOWN_LIFT_32,
  DOWN_LIFT_64,
  OWN_LEAST_32,
  OWN_LEAST_64,
  SCALED_LEAST_32,
  SCALED_LEAST_64,
} from "../../descriptions/thresholds.ts";
import type { Dtype, FloatArray } from "../../dtype.ts";

// Whether a gradient can be computed in the dtype from a row's exponentials: see assembly/crossEntropy/ordinary.ts.

const DOWN_LIFT = { f32: DOWN_LIFT_32, f64: DOWN_LIFT_64 };
const OWN_LEAST = { f32: OWN_LEAST_32, f64: OWN_LEAST_64 };
const SCALED_LEAST = { f32: SCALED_LEAST_32, f64: SCALED_LEAST_64 };

export const SMALLEST_NORMAL = { f32: 2 ** -126, f64: 2 ** -1022 };

/** Of a row that counts `own`, the sum of its coefficients. */
export function isOrdinary(dtype: Dtype, own: number, scale: number): boolean {
  return own >= OWN_LEAST[dtype] && own * scale * DOWN_LIFT[dtype] <= 1;
}

/** Of a short row with an index target, whose exponentials are times 2^15. */
export function isOrdinaryShort(dtype: Dtype, own: number, scale: number): boolean {
  if (own === 0) return true;
  const scaled = own * scale;
  return scaled >= SCALED_LEAST[dtype] && scaled * DOWN_15 <= 1 && own >= OWN_LEAST_64;
}

/** Whether short rows are ordinary whatever their targets are. */
export function areOrdinaryShort(dtype: Dtype, weights: FloatArray | null, scale: number): boolean {
  if (!weights) return isOrdinaryShort(dtype, 1, scale);
  for (const w of weights) if (!isOrdinaryShort(dtype, w, scale)) return false;
  return true;
}

/** Whether scale and the coefficients beta w_j stay in the dtype; those that run down to 0 matter where the scale is above 1. */
export function areOrdinary(dtype: Dtype, weights: FloatArray | null, beta: number, scale: number): boolean {
  const least = SMALLEST_NORMAL[dtype];
  if (!(beta >= least && scale >= least && scale * least <= 1)) return false;
  if (!weights || scale <= 1) return true;
  for (const w of weights) if (w !== 0 && w * beta < least) return false;
  return true;
}
