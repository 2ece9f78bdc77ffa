import { checkInteger, checkLength, kindOf, labelsOf } from "../check.ts";
import type { IntegerArray, LabelArray } from "../dtype.ts";
import { shapeOf, type TensorLike } from "../tensorLike.ts";

/** Of a mask, whether each label is scored: 0, 0n and false are not. */
export function maskOf(name: string, given: LabelArray | TensorLike | readonly boolean[]): ArrayLike<unknown> {
  if (!Array.isArray(given)) return labelsOf(name, given, "mask");
  // each is read once: another time there may be something else
  const mask: unknown[] = Array.from(given);
  if (!mask.some((it) => typeof it === "boolean")) return labelsOf(name, mask, "mask");
  const odd = mask.findIndex((it) => typeof it !== "boolean");
  if (odd < 0) return mask;
  throw new TypeError(`${name}: mask[${odd}] must be a boolean as others are, but is ${kindOf(mask[odd])}`);
}

/** Positions of a sequence of logits [sequences, positions, classes]: what `shift` is, or what the tensor says; none without a shift. */
export function positionsOf(name: string, shift: boolean | number | undefined, logits: unknown): number | undefined {
  const positions = shapeOf(logits)?.at(-2);
  if (shift === false) return;
  if (shift !== true) return shift;
  if (positions !== undefined) return positions;
  throw new TypeError(
    `${name}: shift is true, but logits are no tensor of a shape: it must be the positions of a sequence`,
  );
}

/** The label that each row is scored by: those that the mask leaves out are ignoreIndex; with a shift the next position's. */
export function scoredLabels(
  name: string,
  labels: IntegerArray,
  mask: ArrayLike<unknown> | undefined,
  shift: number | undefined,
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
  if (mask !== undefined) checkLength(name, "mask", mask.length, length, "labels");
  // what int32 does not hold stays as it is, for the message
  const isWide = labels instanceof BigInt64Array || labels instanceof BigUint64Array || labels instanceof Uint32Array;
  const scored = isWide ? new BigInt64Array(length) : new Int32Array(length);
  for (let row = 0; row < length; row++) {
    const at = shift === undefined ? row : row + 1;
    const isLast = shift !== undefined && at % shift === 0;
    const counts = !isLast && (mask === undefined || Boolean(mask[at]));
    const label = counts ? labels[at] : ignoreIndex;
    scored[row] = (isWide ? BigInt(label) : label) as never;
  }
  return scored;
}
