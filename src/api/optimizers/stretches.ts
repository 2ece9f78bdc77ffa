import type { FloatArray, HalfBits } from "../../dtype.ts";

/** Bytes [begin, end) of a buffer, and the place of their array in its list. */
interface Stretch {
  readonly begin: number;
  readonly end: number;
  readonly index: number;
}

/** Where arrays stand, to be asked whether others overlap them: by their buffers, in order. */
export class Stretches {
  readonly #argument: string;
  readonly #isList: boolean;
  readonly #byBuffer = new Map<ArrayBufferLike, Stretch[]>();

  /** @throws RangeError where two of the arrays overlap */
  constructor(name: string, argument: string, arrays: readonly FloatArray[], isList: boolean) {
    this.#argument = argument;
    this.#isList = isList;
    arrays.forEach((array, index) => {
      const { buffer, byteOffset: begin, byteLength } = array;
      if (byteLength === 0) return;
      const known = this.#byBuffer.get(buffer);
      if (known) known.push({ begin, end: begin + byteLength, index });
      else this.#byBuffer.set(buffer, [{ begin, end: begin + byteLength, index }]);
    });
    for (const stretches of this.#byBuffer.values()) {
      stretches.sort((a, b) => a.begin - b.begin);
      for (let i = 1; i < stretches.length; i++) {
        const [before, after] = [stretches[i - 1], stretches[i]];
        if (after.begin >= before.end) continue;
        const bytes = Math.min(before.end, after.end) - after.begin;
        throw new RangeError(`${name}: ${this.#nameOf(before)} and ${this.#nameOf(after)} overlap by ${bytes} bytes`);
      }
    }
  }

  /** @throws RangeError where an array overlaps one of these */
  check(name: string, argument: string, value: FloatArray | HalfBits): void {
    const { buffer, byteOffset, byteLength } = "bits" in value ? value.bits : value;
    const stretches = this.#byBuffer.get(buffer);
    if (stretches === undefined || byteLength === 0) return;
    // the first that ends behind its begin: they are in order, and apart
    let low = 0;
    let high = stretches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (stretches[middle].end <= byteOffset) low = middle + 1;
      else high = middle;
    }
    if (low === stretches.length) return;
    const found = stretches[low];
    const bytes = Math.min(found.end, byteOffset + byteLength) - Math.max(found.begin, byteOffset);
    if (bytes <= 0) return;
    throw new RangeError(`${name}: ${argument} and ${this.#nameOf(found)} overlap by ${bytes} bytes`);
  }

  #nameOf({ index }: Stretch): string {
    return this.#isList ? `${this.#argument}[${index}]` : this.#argument;
  }
}
