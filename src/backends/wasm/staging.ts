import { BLOCK_ELEMENTS } from "../../descriptions/thresholds.ts";
import { type FloatArray, HalfBits } from "../../dtype.ts";
import { copyLabels } from "../../memory/copyLabels.ts";
import { ARENA, PARTIALS } from "../../memory/map.ts";

import type { Data, Slot } from "../slots.ts";
import type { Exports } from "./plan.ts";

/** Up to so many elements a loop copies faster than TypedArray.set, which takes 26 ns to begin with. */
const SHORT = 24;

/** Arrays to remember: V8 takes 15 ns to say where one starts, and again for its buffer. */
const KNOWN = 8;

/** Copies arrays into memory below the arena and out of it. */
export class Staging {
  readonly #buffer: ArrayBufferLike;
  readonly #exports: Exports;
  // made once: a view takes 25 ns, and 200 bytes
  readonly #f32: Float32Array;
  readonly #f64: Float64Array;
  readonly #i32: Int32Array;
  readonly #u16: Uint16Array;

  /** Views of the buffer that were seen lately, and where they start. */
  readonly #known: (Data | null)[] = new Array(KNOWN).fill(null);
  readonly #addresses: number[] = new Array(KNOWN).fill(0);
  #next = 0;

  constructor(buffer: ArrayBufferLike, exports: Exports) {
    this.#buffer = buffer;
    this.#exports = exports;
    this.#f32 = new Float32Array(buffer, 0, ARENA / 4);
    this.#f64 = new Float64Array(buffer, 0, ARENA / 8);
    this.#i32 = new Int32Array(buffer, 0, ARENA / 4);
    this.#u16 = new Uint16Array(buffer, 0, ARENA / 2);
  }

  /** Where a kernel can work on an array as it is; 0 for one that must be copied. */
  addressOf(array: Data, { type }: Slot): number {
    if (type === "i32" && !(array instanceof Int32Array)) return 0;
    const known = this.#known;
    for (let i = 0; i < KNOWN; i++) if (known[i] === array) return this.#addresses[i];
    if (array instanceof HalfBits) return 0;
    const address = array.byteOffset;
    if (address < PARTIALS || array.buffer !== this.#buffer) return 0;
    const i = this.#next;
    this.#next = (i + 1) % KNOWN;
    known[i] = array;
    this.#addresses[i] = address;
    return address;
  }

  /** Elements [from, from + n) of an array, as the type of its parameter. */
  copyIn(array: Data, { type }: Slot, from: number, n: number, address: number, ignoreIndex: number): void {
    if (array instanceof Float32Array) put(array, from, n, this.#f32, address / 4);
    else if (array instanceof Float64Array) put(array, from, n, this.#f64, address / 8);
    else if (array instanceof Int32Array) put(array, from, n, this.#i32, address / 4);
    else if (array instanceof HalfBits) this.#widen(array.subarray(from, from + n), address);
    else if (type === "u16") put(array as Uint16Array, from, n, this.#u16, address / 2);
    else copyLabels(array, from, n, this.#i32, ignoreIndex, address / 4);
  }

  /** The other way. */
  copyOut(array: FloatArray, from: number, n: number, address: number): void {
    if (array instanceof Float32Array) take(array, from, n, this.#f32, address / 4);
    else take(array, from, n, this.#f64, address / 8);
  }

  /** Widens half-precision bits from where they are or, if that is outside, from the upper half of their window. */
  #widen({ bits, format, length }: HalfBits, address: number): void {
    const inside = bits.buffer === this.#buffer;
    const from = inside ? bits.byteOffset : address + 2 * length;
    if (!inside) this.#u16.set(bits, from / 2);
    const f = format === "f16" ? this.#exports.widenFloat16 : this.#exports.widenBfloat16;
    f(0, Math.ceil(length / BLOCK_ELEMENTS), from, address, length);
  }
}

type Numbers = FloatArray | Int32Array | Uint16Array;

function put(array: Numbers, from: number, n: number, to: Numbers, at: number): void {
  if (n <= SHORT) for (let i = 0; i < n; i++) to[at + i] = array[from + i];
  else to.set(n === array.length ? array : array.subarray(from, from + n), at);
}

function take(array: FloatArray, from: number, n: number, of: FloatArray, at: number): void {
  if (n <= SHORT) for (let i = 0; i < n; i++) array[from + i] = of[at + i];
  else array.set(of.subarray(at, at + n), from);
}
