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
import { weightAt } from "../rows/dots";

@inline export function smallestNormal<T>(): f64 {
  return sizeof<T>() == 4 ? 2 ** -126 : 2 ** -1022;
}

/** Of a row that counts `own`, the sum of its coefficients: see OWN_LEAST_32. */
@inline export function isOrdinary<T>(own: f64, scale: f64): bool {
  return sizeof<T>() == 4
    ? own >= OWN_LEAST_32 && own * scale * DOWN_LIFT_32 <= 1
    : own >= OWN_LEAST_64 && own * scale * DOWN_LIFT_64 <= 1;
}

/** Of a short row with an index target, whose exponentials are times 2^15. */
@inline export function isOrdinaryShort<T>(own: f64, scale: f64): bool {
  if (own == 0) return true;
  const scaled = own * scale;
  const least = sizeof<T>() == 4 ? SCALED_LEAST_32 : SCALED_LEAST_64;
  return scaled >= least && scaled * DOWN_15 <= 1 && own >= OWN_LEAST_64;
}

/** Whether short rows are ordinary whatever their targets are. */
export function areOrdinaryShort<T>(weights: usize, bytes: usize, scale: f64): bool {
  if (!weights) return isOrdinaryShort<T>(1, scale);
  for (let j: usize = 0; j < bytes; j += sizeof<T>()) {
    if (!isOrdinaryShort<T>(<f64>load<T>(weights + j), scale)) return false;
  }
  return true;
}

/** Whether scale and the coefficients beta w_j stay in the dtype; those that run down to 0 matter where the scale is above 1. */
export function areOrdinary<T>(weights: usize, bytes: usize, beta: f64, scale: f64): bool {
  const least = smallestNormal<T>();
  if (!(beta >= least && scale >= least && scale * least <= 1)) return false;
  if (!weights || scale <= 1) return true;
  for (let j: usize = 0; j < bytes; j += sizeof<T>()) {
    const w = weightAt<T>(weights, j);
    if (w != 0 && w * beta < least) return false;
  }
  return true;
}
