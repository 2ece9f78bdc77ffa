import { partOf } from "../formats/partOf.ts";
import { arrayOf, type Tensor, type TensorArray } from "../formats/tensor.ts";

/** So many elements at a time are read that nobody wants. */
const SKIPPED = 2 ** 18;

/** Elements [begin, end) of a tensor, of the whole one's shape: where they can't be read alone, what comes before is read and dropped. */
export function rangeOf(tensor: Tensor, begin: number, end: number): Tensor {
  if (tensor.stretch) return partOf(tensor.stretch, begin, end);
  if (tensor.part) return tensor.part(begin, end);
  let position = 0;
  return {
    ...tensor,
    length: end - begin,
    async read(into) {
      if (position < begin) {
        const scrap = new (arrayOf(tensor.dtype))(Math.min(begin, SKIPPED));
        while (position < begin) {
          const found = await tensor.read(scrap.subarray(0, begin - position) as TensorArray);
          if (found === 0) return 0;
          position += found;
        }
      }
      const found = await tensor.read(into.subarray(0, end - position) as TensorArray);
      position += found;
      return found;
    },
  };
}
