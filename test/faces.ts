import type { FloatArray, LogitsArray } from "../src/dtype.ts";

/** The two functions of an element-wise loss, whatever its options. */
export interface Faces {
  loss(predictions: LogitsArray, targets: LogitsArray, options?: object): number | FloatArray;
  withGrad(
    predictions: LogitsArray,
    targets: LogitsArray,
    options?: object,
  ): { loss: number | FloatArray; grad: FloatArray };
}

/** Those of that name. */
export function facesOf(losses: object, name: string): Faces {
  const functions = losses as Record<string, unknown>;
  return { loss: functions[name], withGrad: functions[`${name}WithGrad`] } as Faces;
}
