import { FormatError } from "../error.ts";
import { arrayOf, isFloat, type Tensor, type TensorArray } from "../tensor.ts";
import { floatsOf } from "./floats.ts";

/** The place of the only 1 among zeros; undefined of a row that holds anything else. */
export function classOf(values: ArrayLike<number | bigint>, begin: number, end: number): number | undefined {
  let found: number | undefined;
  for (let i = begin; i < end; i++) {
    const value = Number(values[i]);
    if (value === 0) continue;
    if (value !== 1 || found !== undefined) return undefined;
    found = i - begin;
  }
  return found;
}

/**
 * Labels of shape (..., classes), each row a 1 among zeros, as class indices of shape (...); `first` is the number of the first
 * row that is read. `tell` is told once, by who has row 0.
 */
export function oneHotLabels(labels: Tensor, tell: (line: string) => void, first = 0): Tensor {
  const { path, dtype, length } = labels;
  // of (rows, classes, 1), too
  const shape = labels.shape!.slice(0, labels.shape!.findLastIndex((n) => n !== 1) + 1);
  const classes = shape[shape.length - 1];
  const type = arrayOf(dtype);
  let room: TensorArray = new type(0);
  let position = first;
  return {
    ...labels,
    stretch: undefined,
    part: undefined,
    dtype: "i32",
    shape: shape.slice(0, -1),
    length: length && length / classes,
    async read(into) {
      const wanted = into.length * classes;
      if (room.length < wanted) room = new type(wanted);
      const found = (await labels.read(room.subarray(0, wanted) as TensorArray)) / classes;
      const values = isFloat(dtype) ? floatsOf(dtype, room) : room;
      for (let i = 0; i < found; i++) {
        const label = classOf(values, i * classes, (i + 1) * classes);
        if (label === undefined) {
          throw new FormatError(
            `${path}: labels of the logits' shape must be one-hot, but row ${position + i} is not a 1 among zeros`,
          );
        }
        into[i] = label;
      }
      if (position === 0 && found > 0) tell(`${path}: labels are one-hot; taken as the classes of their ones`);
      position += found;
      return found;
    },
  };
}
