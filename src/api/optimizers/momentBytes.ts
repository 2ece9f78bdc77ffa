import { kindOf } from "../../check.ts";
import { type FloatArray, owned } from "../../dtype.ts";
import { crc32 } from "../../evaluate/stateBytes.ts";

// The bytes of an optimizer's state: docs/state-format.md describes them.

const MAGIC = "wlop";
const VERSION = 1;
/** Magic, version, the number of the optimizer, two bytes of 0; then float64 numbers. */
const HEAD = 8;
const CHECKSUM = 4;
/** In the order of their numbers in a state. */
const NAMES = ["sgd", "adam", "adamW", "rmsProp"];

/** What a state is written of and compared with. */
export interface Held {
  readonly name: string;
  /** Options but the learning rate, in the order of the list. */
  readonly options: readonly (readonly [name: string, value: number])[];
  readonly learningRate: number;
  readonly powers: readonly number[];
  readonly parameters: readonly FloatArray[];
  /** Of each array of parameters. */
  readonly moments: readonly (readonly FloatArray[])[];
}

/** The numbers between head and moments: what two states must have alike begins behind learning rate and powers. */
function numbersOf({ learningRate, powers, options, parameters }: Held): number[] {
  return [
    learningRate,
    ...powers,
    ...options.map(([, value]) => value),
    parameters.length,
    ...parameters.flatMap((array) => [array.BYTES_PER_ELEMENT, array.length]),
  ];
}

const bytesOf = ({ buffer, byteOffset, byteLength }: FloatArray) => new Uint8Array(buffer, byteOffset, byteLength);

/** Engines write NaN in several ways; a state has one. */
function writeCanonical(moments: FloatArray, to: Uint8Array): void {
  to.set(bytesOf(moments));
  const view = new DataView(to.buffer, to.byteOffset, to.byteLength);
  const single = moments instanceof Float32Array;
  for (let i = 0; i < moments.length; i++) {
    if (!Number.isNaN(moments[i])) continue;
    if (single) view.setUint32(4 * i, 0x7fc00000, true);
    else view.setBigUint64(8 * i, 0x7ff8000000000000n, true);
  }
}

/** The state as bytes: the same for every backend, number of threads and machine. */
export function encode(held: Held): Uint8Array {
  const numbers = numbersOf(held);
  const moments = held.moments.flat();
  const start = HEAD + 8 * numbers.length;
  const length = moments.reduce((sum, { byteLength }) => sum + byteLength, start) + CHECKSUM;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < MAGIC.length; i++) bytes[i] = MAGIC.charCodeAt(i);
  bytes[4] = VERSION;
  bytes[5] = NAMES.indexOf(held.name);
  numbers.forEach((x, i) => {
    view.setFloat64(HEAD + 8 * i, x, true);
  });
  let at = start;
  for (const each of moments) {
    writeCanonical(each, bytes.subarray(at, at + each.byteLength));
    at += each.byteLength;
  }
  view.setUint32(length - CHECKSUM, crc32(bytes.subarray(0, length - CHECKSUM)), true);
  return bytes;
}

/** What of a state is not compared but taken: and where its moments begin. */
export interface Taken {
  readonly learningRate: number;
  readonly powers: readonly number[];
  /** Copies the moments. */
  copyTo(moments: readonly (readonly FloatArray[])[]): void;
}

/**
 * Reads a state of the same optimizer, options and arrays.
 *
 * @throws TypeError of anything but bytes; RangeError of others, which says what is wrong
 */
export function decode(value: unknown, held: Held): Taken {
  const name = `${held.name}.restore: bytes`;
  const bytes = owned(value);
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`${name} must be a Uint8Array, but is ${kindOf(value)}`);
  const fail = (what: string): never => {
    throw new RangeError(`${name} ${what}`);
  };
  if (String.fromCharCode(...bytes.subarray(0, 4)) !== MAGIC) fail(`are no optimizer's state (no "${MAGIC}" at first)`);
  if (bytes.length < HEAD + CHECKSUM) fail(`are truncated: ${bytes.length} are too few for a state`);
  if (bytes[4] !== VERSION) fail(`are of version ${bytes[4]}, but only ${VERSION} is known`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - CHECKSUM;
  const [found, sum] = [view.getUint32(end, true), crc32(bytes.subarray(0, end))];
  if (found !== sum) {
    fail(`are truncated or were altered: their checksum is ${found.toString(16)}, but they give ${sum.toString(16)}`);
  }
  if (bytes[5] !== NAMES.indexOf(held.name)) fail(`are of ${NAMES[bytes[5]] ?? `optimizer ${bytes[5]}`}`);
  let at = HEAD;
  const next = () => {
    if (at + 8 > end) fail(`are too short: they end after ${bytes.length}`);
    at += 8;
    return view.getFloat64(at - 8, true);
  };
  const learningRate = next();
  if (!(learningRate >= 0 && learningRate < Infinity))
    fail(`have learningRate ${learningRate}, but it must be 0 or more`);
  const powers = held.powers.map(() => {
    const power = next();
    if (!(power >= 0 && power <= 1)) fail(`have a power ${power}, but it must be from 0 to 1`);
    return power;
  });
  for (const [option, own] of held.options) {
    const theirs = next();
    if (theirs !== own) fail(`have ${option} ${theirs}, but it is ${own} here`);
  }
  const count = next();
  if (count !== held.parameters.length) fail(`have ${count} arrays, but parameters has ${held.parameters.length}`);
  held.parameters.forEach((array, i) => {
    const [element, length] = [next(), next()];
    if (element === array.BYTES_PER_ELEMENT && length === array.length) return;
    const own = `${array.length} of ${8 * array.BYTES_PER_ELEMENT} bits`;
    fail(`have parameters[${i}] of ${length} elements of ${8 * element} bits, but here it has ${own}`);
  });
  const moments = held.moments.flat();
  const wanted = moments.reduce((sum, { byteLength }) => sum + byteLength, at) + CHECKSUM;
  if (bytes.length !== wanted) fail(`are ${bytes.length}, but must be ${wanted}`);
  return {
    learningRate,
    powers,
    copyTo(to) {
      for (const each of to.flat()) {
        bytesOf(each).set(bytes.subarray(at, at + each.byteLength));
        at += each.byteLength;
      }
    },
  };
}
