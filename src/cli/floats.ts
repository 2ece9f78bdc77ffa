import type { FloatArray } from "../dtype.ts";
import type { TensorArray, TensorDtype } from "../formats/tensor.ts";
import { widenBfloat16, widenFloat16 } from "../kernels/widenLoops.ts";

/** A file's floats as numbers; half-precision ones are converted. */
export function floatsOf(dtype: TensorDtype, array: TensorArray): FloatArray {
  if (!(array instanceof Uint16Array)) return array as FloatArray;
  const out = new Float32Array(array.length);
  const widen = dtype === "f16" ? widenFloat16 : widenBfloat16;
  widen(0, Number.POSITIVE_INFINITY, array, out, array.length);
  return out;
}
