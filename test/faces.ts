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

type Face = Faces["loss"] & Faces["withGrad"];

/** Those of that name, bound: packages that a bench compares with may need their `this`. */
export function facesOf(losses: object, name: string): Faces {
  const functions = losses as Record<string, Face | undefined>;
  const bound = (face: string) => functions[face]?.bind(losses) as Face;
  return { loss: bound(name), withGrad: bound(`${name}WithGrad`) };
}
