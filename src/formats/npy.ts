/**
 * npy files on disk, for Node: read in pieces of any size, so that memory does not grow with the file.
 *
 * @module wasm-loss/npy
 */
import { closeSync, fchmodSync, fstatSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { kindOf } from "../check.ts";
import { owned } from "../dtype.ts";
import { FormatError } from "./error.ts";
import {
  formatNpyHeader,
  inFortranOrder,
  maxDimensions,
  type NpyArray,
  type NpyArrayType,
  type NpyHeader,
  npyHeaderRange,
  npyPreambleBytes,
  npyTypeOf,
  parseNpyHeader,
  shapeText,
} from "./npyHeader.ts";
import { isReplaced, placeOf, temporaryOf, writtenTo } from "./place.ts";
import { swapBytes } from "./swapBytes.ts";

export type { NpyArray } from "./npyHeader.ts";

/** One call reads or writes at most this much: Node takes no more than 2^31 - 1 bytes at a time. */
const maxTransferBytes = 2 ** 30;

/** An npy file that is open: see openNpy. */
export interface NpyReader extends Omit<NpyHeader, "bigEndian" | "fortran" | "dataOffset" | "dataBytes"> {
  readonly path: string;
  /**
   * Fills `into` with the next elements and returns how many there were: fewer than its length only at the end.
   * @throws TypeError if `into` is not of `arrayType`
   * @throws FormatError if the data ends before the shape is filled, or goes on after it
   */
  read(into: NpyArray): number;
  /** Closes the file; closing twice is fine. */
  close(): void;
}

/**
 * Opens an npy file and reads its header; the data is read piece by piece, by `read`.
 *
 * Read are versions 1.0 to 3.0 in C order, of <f2 (as bits, for float16()), <f4 and <f8, of integers of 1 to 8 bytes and of
 * booleans (as 0 and 1); big-endian ones are swapped.
 * A pipe can be read as well; that its length is right is then only known at the end.
 *
 * ```ts
 * const file = openNpy("logits.npy");
 * const rows = new Float32Array(1000 * file.shape[1]);
 * for (let n = file.read(rows); n > 0; n = file.read(rows)) use(rows.subarray(0, n));
 * file.close();
 * ```
 *
 * @throws FormatError, with the path and one line of reason, for anything else; the error of node:fs if it can't be read
 */
export function openNpy(path: string): NpyReader {
  const file = openSync(path, "r");
  try {
    return new NpyFile(path, file, readHeader(path, file));
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/**
 * Writes an array as an npy file (version 1.0, C order) that appears under its name when it is complete:
 * it is written beside it, as `<path>.<process id>.tmp` (a name that gets too long is cut), and renamed. Links are
 * followed, and the mode of a file that was there is kept; a device or a pipe is written into.
 *
 * ```ts
 * writeNpy("logits.npy", logits, [rows, classes]);
 * ```
 *
 * @throws TypeError of anything but typed arrays; RangeError if the sizes in `shape` don't multiply to the length of `data`,
 * or are too many; the error of node:fs if it can't be written
 */
export function writeNpy(path: string, data: NpyArray, shape: readonly number[]): void {
  const type = npyTypeOf(data);
  if (type === undefined) {
    throw new TypeError(`writeNpy: data must be a typed array of numbers, but is ${kindOf(data)}`);
  }
  if (!Array.isArray(shape)) throw new TypeError(`writeNpy: shape must be an array of sizes, but is ${kindOf(shape)}`);
  // holes, too
  const sizes: unknown[] = [...shape];
  const length = sizes.reduce((product: number, size) => product * Number(size), 1);
  if (length !== data.length || !sizes.every((size) => Number.isSafeInteger(size) && (size as number) >= 0)) {
    throw new RangeError(`writeNpy: shape is ${shapeText(shape)}, but data.length is ${data.length}`);
  }
  if (sizes.length > maxDimensions) {
    throw new RangeError(`writeNpy: shape has ${sizes.length} dimensions, but at most ${maxDimensions} are read`);
  }
  const header = formatNpyHeader(type, shape);
  const place = placeOf(path);
  if (!isReplaced(place)) {
    const to = writtenTo(path, place);
    if (typeof to === "string") writeParts(openSync(to, "w"), header, data);
    else for (const part of [header, data]) writeFully(to, part);
    return;
  }
  const temporary = temporaryOf(place);
  try {
    const file = openSync(temporary, "w");
    // the mode of the file that gives way
    if (place.stat) fchmodSync(file, Number(place.stat.mode) & 0o7777);
    writeParts(file, header, data);
    renameSync(temporary, place.path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** And closes the file. */
function writeParts(file: number, ...parts: ArrayBufferView[]): void {
  try {
    for (const part of parts) writeFully(file, part);
  } finally {
    closeSync(file);
  }
}

class NpyFile implements NpyReader {
  readonly path: string;
  readonly descr: string;
  readonly arrayType: NpyArrayType;
  readonly shape: readonly number[];
  readonly length: number;
  readonly #bigEndian: boolean;
  readonly #dataBytes: number;
  #file: number | undefined;
  #position = 0;

  constructor(path: string, file: number, header: NpyHeader) {
    this.path = path;
    this.#file = file;
    this.descr = header.descr;
    this.arrayType = header.arrayType;
    this.shape = header.shape;
    this.length = header.length;
    this.#bigEndian = header.bigEndian;
    this.#dataBytes = header.dataBytes;
  }

  read(into: NpyArray): number {
    if (this.#file === undefined) throw new Error(`read: ${this.path} is closed`);
    if (!(owned(into) instanceof this.arrayType)) {
      throw new TypeError(`read: ${this.path} holds ${this.descr}, but into is ${kindOf(into)}`);
    }
    const length = Math.min(into.length, this.length - this.#position);
    const bytes = new Uint8Array(into.buffer, into.byteOffset, length * into.BYTES_PER_ELEMENT);
    const found = readFully(this.path, this.#file, bytes);
    const before = this.#position * into.BYTES_PER_ELEMENT;
    if (found < bytes.length) throw truncated(this.path, this.#dataBytes, before + found);
    if (this.#bigEndian) swapBytes(bytes, into.BYTES_PER_ELEMENT);
    this.#position += length;
    if (this.#position === this.length && readFully(this.path, this.#file, new Uint8Array(1)) > 0) {
      throw trailing(this.path, this.#dataBytes, "more");
    }
    return length;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** Leaves the file at the first byte of the data; checks the size of what has one. */
function readHeader(path: string, file: number): NpyHeader {
  const stat = fstatSync(file);
  const preamble = new Uint8Array(npyPreambleBytes);
  const found = readFully(path, file, preamble);
  const { end } = npyHeaderRange(preamble.subarray(0, found), path);
  if (stat.isFile() && end > stat.size) {
    throw new FormatError(`${path}: truncated header: ${end} bytes expected, ${stat.size} found`);
  }
  // A version 1 header may be shorter than the preamble: then there is no dict in it, and parsing says so.
  const bytes = new Uint8Array(Math.max(end, npyPreambleBytes));
  bytes.set(preamble);
  const read = npyPreambleBytes + readFully(path, file, bytes.subarray(npyPreambleBytes));
  const header = parseNpyHeader(bytes.subarray(0, read), path);
  if (header.fortran) throw inFortranOrder(path);
  if (stat.isFile()) {
    const dataBytes = stat.size - header.dataOffset;
    if (dataBytes < header.dataBytes) throw truncated(path, header.dataBytes, dataBytes);
    if (dataBytes > header.dataBytes) throw trailing(path, header.dataBytes, dataBytes);
  }
  return header;
}

function truncated(path: string, expected: number, found: number): FormatError {
  return new FormatError(`${path}: truncated data: ${expected} bytes expected, ${found} found`);
}

function trailing(path: string, expected: number, found: number | "more"): FormatError {
  return new FormatError(`${path}: trailing bytes: ${expected} bytes of data expected, ${found} found`);
}

/** Fills `bytes` from where the file stands; fewer are returned only at its end. */
function readFully(path: string, file: number, bytes: Uint8Array): number {
  let done = 0;
  try {
    while (done < bytes.length) {
      const read = readSync(file, bytes, done, Math.min(bytes.length - done, maxTransferBytes), null);
      if (read === 0) break;
      done += read;
    }
  } catch (error) {
    // Node names the file only where it opens it.
    throw Object.assign(error as Error, { path });
  }
  return done;
}

function writeFully(file: number, data: ArrayBufferView): void {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(file, bytes, done, Math.min(bytes.length - done, maxTransferBytes));
  }
}
