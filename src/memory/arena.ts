import { MemPool } from "@thi.ng/malloc";
import type { NumericArray } from "../dtype.ts";

/** A constructor of typed arrays. */
export type ArrayType<A extends NumericArray = NumericArray> = {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): A;
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
};

/** Views start at cache lines. */
const ALIGNMENT = 64;
const LARGEST = 2 ** 31 - 1024;

/** Gives out typed-array views of a stretch of one buffer: zeroed, 64-byte aligned, free to be used again. */
export class Arena {
  readonly buffer: ArrayBufferLike;
  readonly bytes: number;
  readonly #pool: MemPool;
  /** Memory above this was never given out, and is zero. */
  #touched: number;

  constructor(buffer: ArrayBufferLike, start: number, bytes: number, overhead: number) {
    this.buffer = buffer;
    this.bytes = bytes;
    this.#touched = start;
    this.#pool = new MemPool({ buf: buffer, start, end: start + bytes + overhead, align: ALIGNMENT });
  }

  alloc<A extends NumericArray>(type: ArrayType<A>, length: number): A {
    const bytes = length * type.BYTES_PER_ELEMENT;
    // the allocator counts in 32 bits, with a sign
    const address = bytes < LARGEST ? this.#pool.malloc(Math.max(bytes, 1)) : 0;
    if (address === 0) {
      throw new RangeError(
        `alloc: ${type.name} of ${length} needs ${bytes} bytes, but ${this.available} of ${this.bytes} are free (arenaBytes)`,
      );
    }
    const view = new type(this.buffer, address, length);
    if (address < this.#touched) new Uint8Array(this.buffer, address, bytes).fill(0);
    this.#touched = Math.max(this.#touched, address + bytes);
    return view;
  }

  free(view: ArrayBufferView): void {
    if (view.buffer !== this.buffer || !this.#pool.free(view.byteOffset)) {
      throw new RangeError(`free: a ${view.constructor.name} of ${view.byteLength} bytes that alloc() did not give`);
    }
  }

  /** Bytes free, all together. */
  get available(): number {
    return Math.min(this.#pool.stats().available, this.bytes);
  }
}
