import type { FloatArray } from "../inputs.ts";

/**
 * 64 bits of all that was added: two 32-bit FNV-1a hashes over words, the second one rotating. Every NaN is the same value,
 * 0 and -0 are two.
 */
export class Digest {
  #a = 0x811c9dc5;
  #b = 0x9e3779b9;
  readonly #number = new Float64Array(1);
  readonly #halves = new Int32Array(this.#number.buffer);
  /** Numbers that were added. */
  values = 0;

  /** Adds a number, a text, the elements of an array, or the properties of an object by their names. */
  add(result: number | string | object): void {
    if (typeof result === "number") {
      this.#number[0] = result;
      this.#addFloats(this.#number, this.#halves);
    } else if (typeof result === "string") for (let i = 0; i < result.length; i++) this.#addWord(result.charCodeAt(i));
    else if (result instanceof Float32Array || result instanceof Float64Array) {
      this.#addWord(result.length);
      this.#addFloats(result, new Int32Array(result.buffer, result.byteOffset, result.byteLength / 4));
    } else if (result instanceof Uint8Array) {
      this.#addWord(result.length);
      for (const byte of result) this.#addWord(byte);
      this.values += result.length;
    } else {
      // by name: the order in which a result is put together is no part of it
      for (const name of Object.keys(result).sort()) {
        const value = (result as Record<string, number | string | object | undefined>)[name];
        if (value === undefined) continue;
        this.add(name);
        this.add(value);
      }
    }
  }

  #addWord(word: number): void {
    this.#a = Math.imul(this.#a ^ word, 0x01000193);
    this.#b = Math.imul((this.#b << 13) | (this.#b >>> 19), 0x85ebca6b) ^ word;
  }

  #addFloats(array: FloatArray, words: Int32Array): void {
    const shift = array instanceof Float32Array ? 0 : 1;
    let a = this.#a;
    let b = this.#b;
    for (let i = 0; i < words.length; i++) {
      const word = Number.isNaN(array[i >> shift]) ? 0x7ff80000 : words[i];
      a = Math.imul(a ^ word, 0x01000193);
      b = Math.imul((b << 13) | (b >>> 19), 0x85ebca6b) ^ word;
    }
    this.#a = a;
    this.#b = b;
    this.values += array.length;
  }

  toString(): string {
    return [this.#a, this.#b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
  }
}
