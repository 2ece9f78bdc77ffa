// Bytes of a state: little-endian, counts as LEB128, integers of any size by sign and magnitude, a CRC-32 at the end.

import { owned } from "../dtype.ts";
import { ExactTotal } from "../numeric/exactTotal.ts";

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, i) => {
  let c = i;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

/** CRC-32 as of zip and PNG (reflected, polynomial 0x04c11db7), of these bytes after those of `before`. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let c = ~before;
  for (let i = 0; i < bytes.length; i++) c = CRC_TABLE[(c ^ bytes[i]) & 255] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/** Bytes of the largest sum there can be: 2^53 values below 2^1024, in units of 2^-1074; and of products of two, of 2^-2148. */
const MAXIMAL_BYTES = 272;
const MAXIMAL_PRODUCT_BYTES = 535;
/** The only NaN of a state, 0x7ff8000000000000. */
const NAN = [0, 0, 0, 0, 0, 0, 0xf8, 0x7f];
/** Magic, version and checksum. */
const SMALLEST_STATE = 9;

/** Whether bytes end with their checksum, as a state does. */
export function isWhole(state: Uint8Array): boolean {
  const end = state.length - 4;
  if (end < 0) return false;
  const sum = new DataView(state.buffer, state.byteOffset).getUint32(end, true);
  return sum === crc32(state.subarray(0, end));
}

export class Writer {
  #bytes = new Uint8Array(256);
  #length = 0;

  byte(value: number): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#length);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.#length++] = value;
  }

  text(ascii: string): void {
    for (let i = 0; i < ascii.length; i++) this.byte(ascii.charCodeAt(i));
  }

  /** An integer from 0 to 2^53 - 1. */
  count(value: number): void {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.byte(128 + (rest % 128));
    this.byte(rest);
  }

  uint32(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.byte((value >>> shift) & 255);
  }

  float64(value: number): void {
    const bytes = new DataView(new ArrayBuffer(8));
    bytes.setFloat64(0, value, true);
    for (let i = 0; i < 8; i++) this.byte(bytes.getUint8(i));
  }

  /** A float64 that may be NaN, of which there is one. */
  number(value: number): void {
    if (!Number.isNaN(value)) this.float64(value);
    else for (const byte of NAN) this.byte(byte);
  }

  signed(value: number): void {
    this.count(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** An exact sum: flags, and the bytes of its magnitude between those at either end that are 0. */
  total({ units, kind }: ExactTotal): void {
    const hex = (units < 0n ? -units : units).toString(16);
    const even = hex.padStart(hex.length + (hex.length & 1), "0");
    const digits = even.replace(/(?:00)+$/, "");
    this.byte(kind + (units < 0n ? 4 : 0));
    this.count(digits.length / 2);
    if (digits !== "") this.count((even.length - digits.length) / 2);
    for (let i = digits.length - 2; i >= 0; i -= 2) this.byte(Number.parseInt(digits.slice(i, i + 2), 16));
  }

  /** What `body` writes, after its tag and length. */
  section(tag: number, body: (to: Writer) => void): void {
    const to = new Writer();
    body(to);
    this.byte(tag);
    this.count(to.#length);
    for (let i = 0; i < to.#length; i++) this.byte(to.#bytes[i]);
  }

  /** All that was written, and its checksum. */
  finish(): Uint8Array {
    const sum = crc32(this.#bytes.subarray(0, this.#length));
    this.uint32(sum);
    return this.#bytes.slice(0, this.#length);
  }
}

/** Reads what a Writer wrote; `fail` throws. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly fail: (what: string) => never;
  #at = 0;

  constructor(bytes: Uint8Array, fail: (what: string) => never) {
    this.#bytes = bytes;
    this.fail = fail;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    if (this.left === 0) this.fail(`is truncated: it ends after ${this.#bytes.length} bytes`);
    return this.#bytes[this.#at++];
  }

  text(length: number): string {
    let text = "";
    for (let i = 0; i < length; i++) text += String.fromCharCode(this.byte());
    return text;
  }

  /** An integer from `least` to `most`. */
  count(what: string, most = Number.MAX_SAFE_INTEGER, least = 0): number {
    let value = 0;
    let unit = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * unit;
      if (value > most) this.fail(`has ${what} ${value}, but at most ${most} is possible`);
      if (byte < 128) {
        if (byte === 0 && unit > 1) this.fail("is not in its canonical form");
        if (value < least) this.fail(`has ${what} ${value}, but at least ${least} is possible`);
        return value;
      }
      unit *= 128;
      if (unit > 2 ** 53) this.fail(`has ${what} that is no number`);
    }
  }

  /** A number that is not NaN. */
  float64(): number {
    const value = this.number();
    return Number.isNaN(value) ? this.fail("has a number that is NaN") : value;
  }

  number(): number {
    const bytes = new DataView(new ArrayBuffer(8));
    for (let i = 0; i < 8; i++) bytes.setUint8(i, this.byte());
    return bytes.getFloat64(0, true);
  }

  signed(what: string, most: number): number {
    const n = this.count(what, most);
    return n % 2 === 1 ? -(n + 1) / 2 : n / 2;
  }

  uint32(): number {
    let value = 0;
    for (let unit = 1; unit < 2 ** 32; unit *= 256) value += this.byte() * unit;
    return value;
  }

  total(): ExactTotal {
    return this.#sum(MAXIMAL_BYTES);
  }

  /** A sum of products. */
  productTotal(): ExactTotal {
    return this.#sum(MAXIMAL_PRODUCT_BYTES);
  }

  /** A sum as version 1 has it: with the zeros at its lower end. */
  wholeTotal(): ExactTotal {
    return this.#sum(MAXIMAL_BYTES, true);
  }

  /** The rest as sections, by tag, which rise; of tags that `known` lists. */
  sections(known: readonly number[]): Map<number, Reader> {
    const sections = new Map<number, Reader>();
    let before = 0;
    while (this.left > 0) {
      const tag = this.byte();
      if (!known.includes(tag)) this.fail(`has a section of the unknown tag ${tag}: a later version wrote it`);
      if (tag <= before) this.fail(`has a section of the tag ${tag} behind that of ${before}`);
      before = tag;
      const length = this.count("a section in bytes", this.left);
      if (length > this.left) this.fail(`is truncated: a section of ${length} bytes has but ${this.left}`);
      sections.set(tag, new Reader(this.#bytes.subarray(this.#at, this.#at + length), this.fail));
      this.#at += length;
    }
    return sections;
  }

  /** Refuses what stands behind the last value. */
  end(what: string): void {
    if (this.left > 0) this.fail(`has ${what} with ${this.left} bytes too many`);
  }

  #sum(most: number, isWhole = false): ExactTotal {
    const sign = this.byte();
    if (sign > 7) this.fail(`has a sum of the unknown kind ${sign}`);
    const length = this.count("a sum in bytes", most);
    const zeros = isWhole || length === 0 ? 0 : this.count("zeros of a sum", most - length);
    let hex = "";
    for (let i = 0; i < length; i++) hex = this.byte().toString(16).padStart(2, "0") + hex;
    const ends = length === 0 ? sign < 4 : !hex.startsWith("00") && (isWhole || !hex.endsWith("00"));
    if (!ends) this.fail("is not in its canonical form");
    const magnitude = length === 0 ? 0n : BigInt(`0x${hex}`) << BigInt(8 * zeros);
    return new ExactTotal(sign & 4 ? -magnitude : magnitude, sign & 3);
  }
}

/** A Uint8Array of whatever realm. */
const isByteArray = (state: unknown): state is Uint8Array => owned(state) instanceof Uint8Array;

export function hasMagic(state: unknown, magic: string): state is Uint8Array {
  return isByteArray(state) && String.fromCharCode(...state.subarray(0, magic.length)) === magic;
}

/** Versions of states that are read; the last one is written. */
export const VERSION = 2;

/** Reads a state up to its version, from `first` on, and compares its checksum; `name` begins the message of what is wrong. */
export function openState(state: unknown, name: string, magic: string, first = 1): { version: number; from: Reader } {
  if (!isByteArray(state)) throw new TypeError(`${name} must be a Uint8Array`);
  const fail = (what: string): never => {
    throw new RangeError(`${name} ${what}`);
  };
  if (!hasMagic(state, magic)) fail(`is not a state of this kind of evaluator (it does not begin with "${magic}")`);
  if (state.length < SMALLEST_STATE) fail(`is truncated: ${state.length} bytes are too few for a state`);
  const version = state[magic.length];
  if (version < first || version > VERSION) {
    fail(
      `is of version ${version}, but only ${first === VERSION ? "" : `${first} and `}${VERSION} ${first === VERSION ? "is" : "are"} known`,
    );
  }
  const body = state.subarray(0, state.length - 4);
  const found = new Reader(state.subarray(body.length), fail).uint32();
  const sum = crc32(body);
  if (sum !== found) {
    fail(`is truncated or was altered: its checksum is ${found.toString(16)}, but its bytes give ${sum.toString(16)}`);
  }
  return { version, from: new Reader(body.subarray(magic.length + 1), fail) };
}

/** Refuses a merge of more than a state can count; `name` is that of the part that is too much. */
export function checkSum(
  name: string,
  what: string,
  before: number,
  more: number,
  most = Number.MAX_SAFE_INTEGER,
): void {
  if (more <= most - before) return;
  throw new RangeError(
    `${name} has ${more} ${what} besides ${before} of the others, but at most ${most} can be counted`,
  );
}

/** Every number is written in one way only: what was written in another was not written by a Writer. */
export function checkCanonical(state: Uint8Array, again: Uint8Array, name: string): void {
  if (again.length === state.length && again.every((byte, i) => byte === state[i])) return;
  throw new RangeError(`${name} is not in its canonical form`);
}
