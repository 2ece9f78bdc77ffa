import { isFloat, type Tensor } from "../tensor.ts";
import { integralLabels } from "./integralLabels.ts";
import { oneHotLabels } from "./oneHotLabels.ts";
import type { LogitsShape } from "./shapes.ts";
import { type RowRange, shifted } from "./shift.ts";

/** How labels are made of what a file holds. */
export interface LabelOptions {
  readonly shape: LogitsShape;
  readonly isOneHot: boolean;
  /** Whether they are tokens, each the label of the position before it. */
  readonly shift: boolean;
  readonly ignoreIndex: number;
  /** Is told what they were taken as. */
  readonly tell: (line: string) => void;
}

/** Class indices, one a row, of what a file holds for all rows, or for those of `range`. */
export function classLabels(tensor: Tensor, options: LabelOptions, range?: RowRange): Tensor {
  const { shape, isOneHot, shift, ignoreIndex, tell } = options;
  const indices = isOneHot ? oneHotLabels(tensor, tell, range?.first) : tensor;
  const integral = isFloat(indices.dtype)
    ? integralLabels(indices, shape.classes, ignoreIndex, tell, range?.first)
    : indices;
  return shift ? shifted(integral, shape, ignoreIndex, range) : integral;
}
