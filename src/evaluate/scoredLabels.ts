import { checkInteger, checkLength, kindOf, labelsOf } from "../check.ts";
import type { IntegerArray, LabelArray } from "../dtype.ts";

/** What says which labels are scored, and where. */
interface Scored {
  mask?: LabelArray | readonly boolean[] | undefined;
  shift?: number | undefined;
}

/** Of a mask, whether each label is scored. */
function maskOf(name: string, mask: Scored["mask"], length: number): ArrayLike<unknown> {
  const isOfBooleans = Array.isArray(mask) && mask.some((it) => typeof it === "boolean");
  const odd = isOfBooleans ? (mask as unknown[]).findIndex((it) => typeof it !== "boolean") : -1;
  if (odd >= 0) {
    throw new TypeError(
      `${name}: mask[${odd}] must be a boolean as others are, but is ${kindOf((mask as unknown[])[odd])}`,
    );
  }
  const values = isOfBooleans ? (mask as readonly boolean[]) : labelsOf(name, mask, "mask");
  checkLength(name, "mask", values.length, length, "labels");
  return values;
}

/** The label that each row is scored by: those that the mask leaves out are ignoreIndex; with a shift the next position's. */
export function scoredLabels(
  name: string,
  labels: IntegerArray,
  { mask, shift }: Scored,
  ignoreIndex: number,
): IntegerArray {
  const { length } = labels;
  if (shift !== undefined) {
    checkInteger(name, "shift", shift, 1, Number.MAX_SAFE_INTEGER);
    if (length % shift !== 0) {
      throw new RangeError(
        `${name}: labels has length ${length}, which is not a multiple of shift ${shift} (positions)`,
      );
    }
  }
  if (mask === undefined && shift === undefined) return labels;
  const isScored = mask === undefined ? undefined : maskOf(name, mask, length);
  // what int32 does not hold stays as it is, for the message
  const isWide = labels instanceof BigInt64Array || labels instanceof BigUint64Array || labels instanceof Uint32Array;
  const scored = isWide ? new BigInt64Array(length) : new Int32Array(length);
  for (let row = 0; row < length; row++) {
    const at = shift === undefined ? row : row + 1;
    const isLast = shift !== undefined && at % shift === 0;
    // 0, 0n and false
    const counts = !isLast && (isScored === undefined || Boolean(isScored[at]));
    const label = counts ? labels[at] : ignoreIndex;
    scored[row] = (isWide ? BigInt(label) : label) as never;
  }
  return scored;
}
