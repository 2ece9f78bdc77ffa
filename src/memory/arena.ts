import { kindOf } from "../check.ts";
import type { ArrayType, NumericArray } from "../dtype.ts";

/** Views start at cache lines. */
const ALIGNMENT = 64;

interface Span {
  address: number;
  bytes: number;
}

/**
 * Gives out typed-array views of a stretch of one buffer: zeroed, 64-byte aligned, free to be used again. The first free
 * span that is large enough is taken. What is where is known out here: no kernel can write over it. (@thi.ng/malloc, which
 * did this, was 2 KB of what a page loads.)
 */
export class Arena {
  readonly buffer: ArrayBufferLike;
  readonly bytes: number;
  readonly #overhead: number;
  /** In the order of their addresses; no two touch. */
  readonly #free: Span[];
  /** By the view itself: the next one may start where a stale one did. */
  readonly #given = new Map<unknown, Span>();
  /** Memory above this was never given out, and is zero. */
  #touched: number;

  /** `overhead` beyond `bytes` is for the last view's last line. */
  constructor(buffer: ArrayBufferLike, start: number, bytes: number, overhead: number) {
    this.buffer = buffer;
    this.bytes = bytes;
    this.#overhead = overhead;
    this.#touched = start;
    this.#free = [{ address: start, bytes: bytes + overhead }];
  }

  alloc<A extends NumericArray>(type: ArrayType<A>, length: number): A {
    const bytes = length * type.BYTES_PER_ELEMENT;
    const lines = Math.max(1, Math.ceil(bytes / ALIGNMENT)) * ALIGNMENT;
    const place = this.#free.findIndex((span) => span.bytes >= lines);
    if (place < 0 || bytes > this.available) {
      throw new RangeError(
        `alloc: ${type.name} of ${length} needs ${lines} bytes, but ${this.available} of ${this.bytes} are free, ${Math.min(this.available, Math.max(0, ...this.#free.map((span) => span.bytes)))} in one piece (arenaBytes)`,
      );
    }
    const span = this.#free[place];
    const { address } = span;
    const view = new type(this.buffer, address, length);
    if (address < this.#touched) new Uint8Array(this.buffer, address, bytes).fill(0);
    this.#touched = Math.max(this.#touched, address + bytes);
    this.#given.set(view, { address, bytes: lines });
    span.address += lines;
    span.bytes -= lines;
    if (span.bytes === 0) this.#free.splice(place, 1);
    return view;
  }

  free(view: ArrayBufferView): void {
    const span = this.#given.get(view);
    if (span === undefined) {
      const Kind = ArrayBuffer.isView(view) ? RangeError : TypeError;
      throw new Kind(`free: view (${kindOf(view)}) is not of alloc(), or was given back already`);
    }
    this.#given.delete(view);
    const spans = this.#free;
    const next = spans.findIndex(({ address }) => address > span.address);
    const place = next < 0 ? spans.length : next;
    const [before, after] = [spans[place - 1], spans[place]];
    if (after?.address === span.address + span.bytes) {
      span.bytes += after.bytes;
      spans.splice(place, 1);
    }
    if (before && before.address + before.bytes === span.address) before.bytes += span.bytes;
    else spans.splice(place, 0, span);
  }

  /** Bytes free, all together. */
  get available(): number {
    return Math.max(0, this.#free.reduce((sum, { bytes }) => sum + bytes, 0) - this.#overhead);
  }
}
