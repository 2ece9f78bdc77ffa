import { bfloat16, float16, type LogitsArray } from "../dtype.ts";
import { batchRows, type Input, type Room } from "../formats/rows/together.ts";
import { arrayOf, type Tensor, type TensorArray } from "../formats/tensor.ts";
import type { Losses } from "./ownLosses.ts";

/** Room in the arena for so many sets of batches, none of more rows than the longest input has. */
export function roomFor(losses: Losses, inputs: readonly Input[], sets: number): Room {
  const rows = batchRows(inputs);
  return Array.from({ length: sets }, () => inputs.map((input) => allocate(losses, input, rows)));
}

/** Arrays that are in an arena. */
const inArena = new WeakSet<TensorArray>();

/** Frees what is in the arena of a room that nobody reads to any more. */
export function releaseRoom(losses: Losses, room: Room | undefined): void {
  for (const array of room?.flat() ?? []) if (inArena.delete(array)) losses.free(array);
}

/** An array in the arena, so that rows are read to where they are used; an ordinary one where there is no room. */
function allocate(losses: Losses, { tensor, perRow }: Input, rows: number): TensorArray {
  const type = arrayOf(tensor.dtype);
  try {
    const array = losses.alloc(type as never, rows * perRow) as TensorArray;
    inArena.add(array);
    return array;
  } catch (error) {
    if (error instanceof RangeError) return new type(rows * perRow);
    throw error;
  }
}

/** Floats as the library takes them. */
export function logitsOf(tensor: Tensor, array: TensorArray): LogitsArray {
  if (tensor.dtype === "f16") return float16(array as Uint16Array);
  return tensor.dtype === "bf16" ? bfloat16(array as Uint16Array) : (array as Float32Array);
}
