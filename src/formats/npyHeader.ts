/**
 * The header of npy files, versions 1.0 to 3.0, as bytes: nothing here touches a file.
 *
 *     0  6 bytes  \x93NUMPY
 *     6  2 bytes  version, major and minor
 *     8  u16 (version 1) or u32 (2, 3), little-endian: length of the text
 *     .. text     a Python dict: {'descr': '<f4', 'fortran_order': False, 'shape': (2000, 10), }
 *
 * Source: the format's description in NumPy (numpy/lib/format.py).
 */
import { owned } from "../dtype.ts";
import { FormatError } from "./error.ts";

const arrays = {
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  u1: Uint8Array,
  i2: Int16Array,
  u2: Uint16Array,
  i4: Int32Array,
  u4: Uint32Array,
  i8: BigInt64Array,
  u8: BigUint64Array,
  // bits: few platforms have a Float16Array
  f2: Uint16Array,
  // 0 and 1
  b1: Uint8Array,
} as const;

type Kind = keyof typeof arrays;
/** The constructor of a typed array that npy files are read into. */
export type NpyArrayType = (typeof arrays)[Kind];
/** The arrays that npy files are read into and written from. */
export type NpyArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;
export type NpyVersion = 1 | 2 | 3;

export interface NpyHeader {
  /** As the file spells it: `<f4`, `|i1`. */
  readonly descr: string;
  /** The typed array that holds such elements; the bits of <f2. */
  readonly arrayType: NpyArrayType;
  /** Whether each element's most significant byte comes first. */
  readonly bigEndian: boolean;
  /** Whether the first axis varies fastest; false where at most one axis is longer than 1, so that both orders are one. */
  readonly fortran: boolean;
  /** Empty for a single number. */
  readonly shape: readonly number[];
  /** Elements: the product of the shape. */
  readonly length: number;
  /** Where the data begins, and how many bytes it takes. */
  readonly dataOffset: number;
  readonly dataBytes: number;
}

/** As many bytes as are needed to know where any header ends. */
export const npyPreambleBytes = 12;

/** Real headers take 80 to 200 bytes; what claims more than this is refused before anything is allocated for it. */
const maxHeaderBytes = 2 ** 20;
/** NumPy's own limit. */
export const maxDimensions = 64;

export const npyMagic: readonly number[] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/**
 * Where the text of the header begins and ends.
 * @param bytes the first `npyPreambleBytes` of the file, or all of a shorter one
 * @throws FormatError for a wrong magic, an unknown version, a header that is cut off here or longer than 1 MiB
 */
export function npyHeaderRange(bytes: Uint8Array, name: string): { begin: number; end: number } {
  const wrong = npyMagic.findIndex((byte, i) => i < bytes.length && bytes[i] !== byte);
  if (wrong !== -1) throw new FormatError(`${name}: not an npy file (byte ${wrong} is not that of \\x93NUMPY)`);
  if (bytes.length < npyPreambleBytes) {
    throw new FormatError(`${name}: truncated header: the file ends after ${bytes.length} bytes`);
  }
  const [major, minor] = [bytes[6], bytes[7]];
  if (major < 1 || major > 3 || minor !== 0) {
    throw new FormatError(`${name}: unknown npy version ${major}.${minor} (known are 1.0, 2.0 and 3.0)`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const begin = major === 1 ? 10 : 12;
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > maxHeaderBytes) {
    throw new FormatError(`${name}: header of ${length} bytes (at most ${maxHeaderBytes} are read)`);
  }
  return { begin, end: begin + length };
}

/**
 * Reads a header, strictly.
 * @param bytes the file's beginning, at least up to the end of the header
 * @throws FormatError for everything `npyHeaderRange` refuses, a dict that is not exactly the three keys, a dtype not
 * read here, and shapes no file can have
 */
export function parseNpyHeader(bytes: Uint8Array, name: string): NpyHeader {
  const { begin, end } = npyHeaderRange(bytes.subarray(0, npyPreambleBytes), name);
  if (bytes.length < end) {
    throw new FormatError(`${name}: truncated header: ${end} bytes expected, ${bytes.length} found`);
  }
  // Outside of ASCII only the field names of structured dtypes have anything to say, and those are refused.
  const text = new TextDecoder("latin1").decode(bytes.subarray(begin, end));
  const { descr, fortran_order, shape } = parseDict(text, name);
  const arrayType = arrayTypeOf(descr, name);
  const length = shape.reduce((product, n) => product * n, 1);
  const dataBytes = length * arrayType.BYTES_PER_ELEMENT;
  if (!Number.isSafeInteger(dataBytes)) {
    throw new FormatError(`${name}: shape ${excerpt(shapeText(shape))} is larger than any file`);
  }
  const bigEndian = descr[0] === ">" && arrayType.BYTES_PER_ELEMENT > 1;
  const fortran = fortran_order && length > 0 && longAxes(shape).length > 1;
  return { descr, arrayType, bigEndian, fortran, shape, length, dataOffset: end, dataBytes };
}

/** The sizes of the axes that are longer than 1: the others change no order. */
export function longAxes(shape: readonly number[]): number[] {
  return shape.filter((n) => n > 1);
}

/** The error of an array that is needed in C order. */
export function inFortranOrder(name: string): FormatError {
  return new FormatError(`${name}: data in Fortran order; save it with np.ascontiguousarray(...)`);
}

/**
 * Writes a header: its text is padded so that the data begins at a multiple of 64.
 * @throws RangeError if the text does not fit into version 1.0 (65535 bytes)
 */
export function formatNpyHeader(type: NpyArrayType, shape: readonly number[], version: NpyVersion = 1): Uint8Array {
  const dict = `{'descr': '${descrOf(type)}', 'fortran_order': False, 'shape': ${shapeText(shape)}, }`;
  const begin = version === 1 ? 10 : 12;
  const end = Math.ceil((begin + dict.length + 1) / 64) * 64;
  const bytes = new Uint8Array(end).fill(0x20);
  const view = new DataView(bytes.buffer);
  bytes.set(npyMagic);
  bytes.set([version, 0], 6);
  if (end - begin > 0xffff && version === 1) throw new RangeError(`npy header of ${end - begin} bytes (at most 65535)`);
  if (version === 1) view.setUint16(8, end - begin, true);
  else view.setUint32(8, end - begin, true);
  bytes.set(new TextEncoder().encode(dict), begin);
  bytes[end - 1] = 0x0a;
  return bytes;
}

/** As Python prints it: `(2000, 10)`, `(7,)`, `()`. */
export function shapeText(shape: readonly number[]): string {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
}

/** The type of npy files that an array is of: a Buffer is a Uint8Array. */
export function npyTypeOf(data: unknown): NpyArrayType | undefined {
  const own = owned(data);
  return Object.values(arrays).find((type) => own instanceof type);
}

function descrOf(type: NpyArrayType): string {
  const [kind] = Object.entries(arrays).find(([, array]) => array === type)!;
  return (type.BYTES_PER_ELEMENT === 1 ? "|" : "<") + kind;
}

function arrayTypeOf(descr: string, name: string): NpyArrayType {
  const [order, kind] = [descr[0], descr.slice(1)];
  const type = Object.hasOwn(arrays, kind) ? arrays[kind as Kind] : undefined;
  // A single byte has no order: NumPy writes |i1, others <i1 or >i1.
  if (type && (order === "<" || order === ">" || (order === "|" && type.BYTES_PER_ELEMENT === 1))) return type;
  const known = "<f2 <f4 <f8 |b1 |i1 |u1 <i2 <u2 <i4 <u4 <i8 <u8";
  throw new FormatError(`${name}: unsupported dtype ${excerpt(descr)} (supported are ${known})`);
}

/** Exactly these three keys, in any order. */
interface Dict {
  descr: string;
  fortran_order: boolean;
  shape: number[];
}

function parseDict(text: string, name: string): Dict {
  const tokens = new Tokens(text, name);
  const dict: Partial<Dict> = {};
  tokens.expect("{");
  while (!tokens.take("}")) {
    if (!tokens.isString()) tokens.fail("has no key");
    const key = tokens.peek().slice(1, -1);
    if (Object.hasOwn(dict, key)) tokens.fail(`has ${key} twice`);
    tokens.next();
    tokens.expect(":");
    if (key === "descr") dict.descr = parseDescr(tokens);
    else if (key === "fortran_order") dict.fortran_order = parseBoolean(tokens);
    else if (key === "shape") dict.shape = parseShape(tokens);
    else tokens.fail(`has the unknown key ${excerpt(key)}`);
    if (tokens.peek() !== "}") tokens.expect(",");
  }
  if (tokens.peek() !== "") tokens.fail("goes on after its dict");
  const { descr, fortran_order, shape } = dict;
  if (descr === undefined) return tokens.fail("has no descr");
  if (fortran_order === undefined) return tokens.fail("has no fortran_order");
  if (shape === undefined) return tokens.fail("has no shape");
  return { descr, fortran_order, shape };
}

function parseDescr(tokens: Tokens): string {
  if (!tokens.isString()) tokens.fail("has a structured dtype (only plain numbers are supported)");
  return tokens.next().slice(1, -1);
}

function parseBoolean(tokens: Tokens): boolean {
  if (tokens.take("True")) return true;
  return tokens.take("False") ? false : tokens.fail("has neither True nor False for fortran_order");
}

function parseShape(tokens: Tokens): number[] {
  const shape: number[] = [];
  tokens.expect("(");
  while (!tokens.take(")")) {
    // Python 2 wrote long integers as 10L.
    const size = /^\d+L?$/.test(tokens.peek()) ? Number.parseInt(tokens.peek(), 10) : Number.NaN;
    if (!Number.isSafeInteger(size)) tokens.fail("has a size that is not an integer from 0 to 2^53 - 1");
    if (shape.length === maxDimensions) tokens.fail(`has more than ${maxDimensions} dimensions`);
    shape.push(size);
    tokens.next();
    // In Python (5) is a number; the shape is (5,).
    if (shape.length === 1 || tokens.peek() !== ")") tokens.expect(",");
  }
  return shape;
}

/** The tokens of a header's text: a string in its quotes, a number, a word or a mark; "" at the end or at what is none. */
class Tokens {
  readonly #text: string;
  readonly #name: string;
  #begin = 0;
  #end = 0;

  constructor(text: string, name: string) {
    this.#text = text;
    this.#name = name;
    this.next();
  }

  peek(): string {
    return this.#text.slice(this.#begin, this.#end);
  }

  isString(): boolean {
    return /^['"]/.test(this.peek());
  }

  next(): string {
    const token = this.peek();
    this.#begin = end(/[ \t\r\n]*/y, this.#text, this.#end);
    this.#end = end(/'[^'\\\n]*'|"[^"\\\n]*"|[-+]?\d[\w.+-]*|[A-Za-z_]\w*|[{}()[\]:,]/y, this.#text, this.#begin);
    // What is no token is an error wherever it stands, not the end.
    if (this.#end === this.#begin && this.#end < this.#text.length) this.fail("can't be read");
    return token;
  }

  take(token: string): boolean {
    if (this.peek() !== token) return false;
    this.next();
    return true;
  }

  expect(token: string): void {
    if (!this.take(token)) this.fail(`has no '${token}'`);
  }

  fail(what: string): never {
    const place = this.#begin < this.#text.length ? excerpt(this.#text.slice(this.#begin)) : "its end";
    throw new FormatError(`${this.#name}: header ${what}, at ${place}`);
  }
}

/** Where a sticky pattern that begins here ends; here, if it doesn't match. */
function end(pattern: RegExp, text: string, begin: number): number {
  pattern.lastIndex = begin;
  return pattern.test(text) ? pattern.lastIndex : begin;
}

/** The beginning of foreign text, fit for a line of a terminal. */
function excerpt(text: string): string {
  const clean = text.slice(0, 24).replace(/[^ -~]/g, "?");
  return `"${clean}${text.length > 24 ? "..." : ""}"`;
}
