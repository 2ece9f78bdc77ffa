import { FormatError } from "../error.ts";
import { arrayOf, type Tensor, type TensorArray } from "../tensor.ts";
import { floatsOf } from "./floats.ts";
import { checkedLabel } from "./shift.ts";

/** Labels that are floats as the integers that they must be, `first` the number of the first one; `tell` is told once, by who has number 0. */
export function integralLabels(
  labels: Tensor,
  classes: number,
  ignoreIndex: number,
  tell: (line: string) => void,
  first = 0,
): Tensor {
  const { path, dtype } = labels;
  const type = arrayOf(dtype);
  let room: TensorArray = new type(0);
  let position = first;
  return {
    ...labels,
    stretch: undefined,
    part: undefined,
    dtype: "i32",
    async read(into) {
      if (room.length < into.length) room = new type(into.length);
      const found = await labels.read(room.subarray(0, into.length) as TensorArray);
      const values = floatsOf(dtype, room.subarray(0, found) as TensorArray);
      for (let i = 0; i < found; i++) {
        const at = position + i;
        if (!Number.isInteger(values[i]))
          throw new FormatError(`${path}: labels[${at}] is ${values[i]}, but must be an integer`);
        into[i] = checkedLabel(path, at, values[i], classes, ignoreIndex);
      }
      if (position === 0 && found > 0) tell(`${path}: labels are ${dtype}; taken as integers`);
      position += found;
      return found;
    },
  };
}
