// Whether a gradient can be computed in the dtype from a row's exponentials: by the weights and the scale of the call and, where
// these say so, of the row. What is not ordinary goes through carefulGradient.

import {
  DOWN_15,
  DOWN_LIFT_32,
  DOWN_LIFT_64,
  OWN_LEAST_32,
  OWN_LEAST_64,
  SCALED_LEAST_32,
  SCALED_LEAST_64,
} from "../generated/thresholds";
import { valueAt } from "../rows/dots";

@inline export function smallestNormal<T>(): f64 {
  return sizeof<T>() == 4 ? 2 ** -126 : 2 ** -1022;
}

/** Of a row that counts `own`, the sum of its coefficients: see OWN_LEAST_32. */
export function isOrdinary(own: f64, scale: f64, single: bool): bool {
  return own >= (single ? OWN_LEAST_32 : OWN_LEAST_64) && own * scale * (single ? DOWN_LIFT_32 : DOWN_LIFT_64) <= 1;
}

/** Of a short row with an index target, whose exponentials are times 2^15. */
export function isOrdinaryShort(own: f64, scale: f64, single: bool): bool {
  if (own == 0) return true;
  const scaled = own * scale;
  return scaled >= (single ? SCALED_LEAST_32 : SCALED_LEAST_64) && scaled * DOWN_15 <= 1 && own >= OWN_LEAST_64;
}

/** Whether short rows are ordinary whatever their targets are. */
export function areOrdinaryShort(weights: usize, bytes: usize, scale: f64, single: bool): bool {
  if (!weights) return isOrdinaryShort(1, scale, single);
  for (let j: usize = 0; j < bytes; j += single ? 4 : 8) {
    if (!isOrdinaryShort(valueAt(weights + j, single), scale, single)) return false;
  }
  return true;
}

/** Whether scale and the coefficients beta w_j stay in the dtype; those that run down to 0 matter where the scale is above 1. */
export function areOrdinary(weights: usize, bytes: usize, beta: f64, scale: f64, single: bool): bool {
  const least = single ? smallestNormal<f32>() : smallestNormal<f64>();
  if (!(beta >= least && scale >= least && scale * least <= 1)) return false;
  if (!weights || scale <= 1) return true;
  for (let j: usize = 0; j < bytes; j += single ? 4 : 8) {
    const w = valueAt(weights + j, single);
    if (w != 0 && w * beta < least) return false;
  }
  return true;
}
