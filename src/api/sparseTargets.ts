import { checkLength, checkSameDtype, floatsOf, kindOf } from "../check.ts";
import { type FloatArray, type HalfBits, isFloatArray, isIntegerArray, owned } from "../dtype.ts";
import type { SparseTargets } from "./crossEntropyOptions.ts";
import { ONE_LOGIT } from "./labelCheck.ts";

/** Targets that are probabilities of a few classes a row, or null of anything else. */
export function sparseTargetsOf(name: string, value: unknown): SparseTargets | null {
  if (isFloatArray(value) || isIntegerArray(value) || Object(value) !== value) return null;
  const { indices, probabilities } = value as Partial<SparseTargets>;
  if (indices === undefined || probabilities === undefined) return null;
  const own = owned(indices);
  if (!(own instanceof Int32Array)) {
    throw new TypeError(`${name}: indices must be an Int32Array, but is ${kindOf(indices)}`);
  }
  return { indices: own, probabilities: floatsOf(name, "probabilities", probabilities) };
}

/** As many of each row, of the logits' dtype, of classes that there are. */
export function checkSparseTargets(
  name: string,
  { indices, probabilities }: SparseTargets,
  rows: number,
  classes: number,
  logits: FloatArray | HalfBits,
): void {
  const { length } = indices;
  checkSameDtype(name, "probabilities", probabilities, "logits", logits);
  checkLength(name, "probabilities", probabilities.length, length, "indices");
  if (rows === 0 ? length > 0 : length === 0 || length % rows !== 0) {
    throw new RangeError(
      `${name}: indices has length ${length}, but must have as many of each row, and logits has ${rows}`,
    );
  }
  for (let i = 0; i < length; i++) {
    if (indices[i] >= 0 && indices[i] < classes) continue;
    throw new RangeError(
      `${name}: indices[${i}] is ${indices[i]}, but classes is ${classes} (allowed 0..${classes - 1})`,
    );
  }
  if (classes === 1) checkOnlyClass(name, probabilities, length / rows);
}

/** Of one logit a row softmax is 1, whatever the logit: targets that don't add up to 1 are meant for another loss. */
export function checkOnlyClass(name: string, targets: FloatArray, entries = 1): void {
  for (let i = 0; i < targets.length; i += entries) {
    let sum = 0;
    for (let k = 0; k < entries; k++) sum += targets[i + k];
    if (sum === 1) continue;
    throw new RangeError(`${name}: probabilities[${i}] is ${sum}, but classes is 1 (allowed 1)${ONE_LOGIT}`);
  }
}
