import type { FloatArray } from "../../dtype.ts";
import { widened } from "../../kernels/widenLoops.ts";
import type { TensorArray, TensorDtype } from "../tensor.ts";

/** A file's floats as numbers; half-precision ones are converted. */
export function floatsOf(dtype: TensorDtype, array: TensorArray): FloatArray {
  return array instanceof Uint16Array ? widened(array, dtype === "f16" ? "f16" : "bf16") : (array as FloatArray);
}
