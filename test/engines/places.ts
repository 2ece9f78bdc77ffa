import type { IntegerArray } from "../../src/dtype.ts";
import type { HalfArray } from "../../src/exports.ts";
import type { Losses } from "../backends.ts";
import { arrayOf, type Dtype, type FloatArray, integer, type Random } from "../inputs.ts";
import type { Input } from "./half.ts";

/** The arrays of one call after the other: copies, half of them in the engine's memory at any alignment. */
export class Places {
  readonly #losses: Losses;
  readonly #random: Random;
  #views: ArrayBufferView[] = [];

  constructor(losses: Losses, random: Random) {
    this.#losses = losses;
    this.#random = random;
  }

  copy<A extends FloatArray | IntegerArray>(array: A): A {
    if (this.#random() < 0.5) return array.slice() as A;
    const past = integer(this.#random, 4);
    const type = array.constructor as new (length: number) => A;
    const view = this.#losses.alloc(type, past + array.length);
    this.#views.push(view);
    const copy = view.subarray(past) as A;
    bytesOf(copy).set(bytesOf(array));
    return copy;
  }

  input(x: Input): FloatArray | HalfArray {
    return "wrap" in x ? x.wrap(this.copy(x.bits)) : this.copy(x);
  }

  /** Where a result goes: to a new array, to one that is given, or to the place of the input. */
  out(input: FloatArray | HalfArray, dtype: Dtype): FloatArray | undefined {
    const kind = integer(this.#random, 3);
    if (kind === 0) return undefined;
    if (kind === 1 && (input instanceof Float32Array || input instanceof Float64Array)) return input;
    return this.copy(new arrayOf[dtype](input.length).fill(7));
  }

  /** Gives the memory back: nothing of the last call is used any more. */
  clear(): void {
    for (const view of this.#views) this.#losses.free(view);
    this.#views = [];
  }
}

/** The bytes of an array. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
