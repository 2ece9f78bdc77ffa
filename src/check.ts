import {
  type ArrayType,
  dtypeOf,
  type FloatArray,
  HalfBits,
  halfBits,
  isArrayType,
  isFloatArray,
  isLabelArray,
  type LabelArray,
  type NumericArray,
} from "./dtype.ts";
import { nearest } from "./nearest.ts";

// Checks at the door. TypeError for the wrong kind, RangeError for the wrong value; one line that names the function, the
// argument, the place and both numbers. `name` is the public function's.

/** What a value is, for a message: `an Int32Array`, `undefined`, `a number`. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (value instanceof HalfBits) return "a half-precision array";
  const kind = typeof value === "object" ? (value.constructor?.name ?? "object") : typeof value;
  // of an iframe, or of a vm context: its constructors are others, of the same names
  const foreign = ArrayBuffer.isView(value) && !(value instanceof Object) ? " of another realm" : "";
  return `${/^[AEIO]/i.test(kind) ? "an" : "a"} ${kind}${foreign}`;
}

/** Of an array without elements: that it did not lose them with its buffer, detached or shrunk. */
export function checkAttached(name: string, argument: string, value: FloatArray | HalfBits | LabelArray): void {
  try {
    (value instanceof HalfBits ? value.bits : value).includes(0 as never);
  } catch {
    throw new TypeError(`${name}: ${argument} is detached`);
  }
}

export function checkOptionsObject(name: string, options: unknown): void {
  if (Object(options) === options) return;
  throw new TypeError(`${name}: options must be an object, but is ${kindOf(options)}`);
}

/** Options are an object, of which every name that has a value is known. */
export function checkOptions(name: string, options: object, known: readonly string[]): void {
  checkOptionsObject(name, options);
  for (const option in options) {
    if (known.includes(option) || (options as Record<string, unknown>)[option] === undefined) continue;
    const like = nearest(option, known);
    throw new TypeError(`${name}: ${option} is no option${like === undefined ? "" : ` (${like}?)`}`);
  }
}

/** A number within the bounds of an option. */
export function checkNumber(name: string, { name: argument, ...bounds }: NumericBounds, value: unknown): void {
  if (typeof value !== "number") throw new TypeError(`${name}: ${argument} must be a number, but is ${kindOf(value)}`);
  const { above = -Infinity, atLeast = -Infinity, below = Infinity, atMost = Infinity } = bounds;
  const within = value >= atLeast && value <= atMost;
  if (within && (value > above || above === -Infinity) && (value < below || below === Infinity)) return;
  const words = { above: "above", atLeast: "at least", below: "below", atMost: "at most" };
  const must = Object.entries(words).flatMap(([key, word]) => {
    const bound = bounds[key as keyof typeof words];
    return bound === undefined ? [] : [`${word} ${bound}`];
  });
  throw new RangeError(`${name}: ${argument} is ${value}, but must be ${must.join(" and ") || "a number"}`);
}

/** Bounds of an option, and its name. */
export interface NumericBounds {
  readonly name: string;
  readonly above?: number;
  readonly atLeast?: number;
  readonly below?: number;
  readonly atMost?: number;
}

export function checkFloats(name: string, argument: string, value: unknown): asserts value is FloatArray {
  if (isFloatArray(value)) return;
  throw new TypeError(`${name}: ${argument} must be a Float32Array or a Float64Array, but is ${kindOf(value)}`);
}

/** Logits in any precision; half-precision ones as their bits. */
export function checkLogits(name: string, argument: string, value: unknown): FloatArray | HalfBits {
  if (isFloatArray(value)) return value;
  const half = halfBits(value);
  if (half) return half;
  throw new TypeError(
    `${name}: ${argument} must be a Float32Array, a Float64Array or a half-precision array, but is ${kindOf(value)}`,
  );
}

/** Whether targets are class indices (true) or probabilities. */
export function checkTargets(name: string, value: unknown): value is LabelArray {
  if (isFloatArray(value)) return false;
  if (isLabelArray(value)) return true;
  throw new TypeError(
    `${name}: targets must be labels (an integer typed array) or probabilities (a float one), but are ${kindOf(value)}`,
  );
}

/** The constructor of a typed array this library knows. */
export function checkArrayType<A extends abstract new (...args: never[]) => NumericArray>(
  name: string,
  type: A,
): asserts type is A & ArrayType<InstanceType<A>> {
  if (isArrayType(type)) return;
  const kind = typeof type === "function" ? (type as { name: string }).name : kindOf(type);
  throw new TypeError(`${name}: type must be a typed array's constructor, but is ${kind}`);
}

export function checkLabelArray(name: string, labels: unknown): asserts labels is LabelArray {
  if (isLabelArray(labels)) return;
  throw new TypeError(`${name}: labels must be an integer typed array, but is ${kindOf(labels)}`);
}

/** Two arrays are computed in one dtype: half precision in float32. */
export function checkSameDtype(
  name: string,
  argument: string,
  value: FloatArray | HalfBits,
  other: string,
  of: FloatArray | HalfBits,
): void {
  if (dtypeOf(value) === dtypeOf(of)) return;
  if (of instanceof HalfBits) {
    throw new TypeError(`${name}: ${argument} is ${kindOf(value)}, but ${other} is ${of.format}: computed in float32`);
  }
  throw new TypeError(`${name}: ${argument} is ${kindOf(value)}, but ${other} is ${kindOf(of)}`);
}

export function checkLength(name: string, argument: string, length: number, expected: number, of: string): void {
  if (length === expected) return;
  throw new RangeError(`${name}: ${argument} has length ${length}, but ${of} has ${expected}`);
}

export function checkInteger(name: string, argument: string, value: unknown, low: number, high: number): void {
  if (typeof value !== "number") {
    throw new TypeError(`${name}: ${argument} must be an integer, but is ${kindOf(value)}`);
  }
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new RangeError(`${name}: ${argument} is ${value}, but must be an integer from ${low} to ${high}`);
}

export function checkFraction(name: string, argument: string, value: unknown): void {
  if (typeof value !== "number") throw new TypeError(`${name}: ${argument} must be a number, but is ${kindOf(value)}`);
  if (value >= 0 && value <= 1) return;
  throw new RangeError(`${name}: ${argument} is ${value}, but must be from 0 to 1`);
}

/** A URL, as an object or in words, or nothing. */
export function checkAddress(name: string, argument: string, value: unknown): void {
  if (value === undefined || typeof value === "string" || value instanceof URL) return;
  throw new TypeError(`${name}: ${argument} must be a URL or a string, but is ${kindOf(value)}`);
}

/** One of a list of words. */
export function checkChoice<C extends string>(
  name: string,
  argument: string,
  value: unknown,
  choices: readonly C[],
): asserts value is C {
  if (choices.includes(value as C)) return;
  if (typeof value !== "string") {
    throw new TypeError(`${name}: ${argument} must be one of ${choices.join(", ")}, but is ${kindOf(value)}`);
  }
  throw new RangeError(`${name}: ${argument} is "${value}", but must be one of ${choices.join(", ")}`);
}

/** `out` has the type and length of `like`; float32 for half-precision numbers. */
export function checkOut(
  name: string,
  out: unknown,
  like: FloatArray | HalfBits,
  argument: string,
): asserts out is FloatArray {
  checkFloats(name, "out", out);
  checkSameDtype(name, "out", out, argument, like);
  checkLength(name, "out", out.length, like.length, argument);
}

/** `out` overlaps an input nowhere, unless it is the very same stretch and that is allowed. */
export function checkOverlap(
  name: string,
  out: ArrayBufferView,
  argument: string,
  input: ArrayBufferView,
  mayBeTheSame: boolean,
): void {
  // V8 takes 15 ns for each property of a view: the fewest first
  if ((mayBeTheSame && (out as unknown) === input) || out.buffer !== input.buffer) return;
  const begin = Math.max(out.byteOffset, input.byteOffset);
  const end = Math.min(out.byteOffset + out.byteLength, input.byteOffset + input.byteLength);
  if (begin >= end) return;
  if (mayBeTheSame && out.byteOffset === input.byteOffset && out.byteLength === input.byteLength) return;
  throw new RangeError(
    `${name}: out and ${argument} overlap by ${end - begin} bytes${mayBeTheSame ? "; they may be the same array, or apart" : ""}`,
  );
}

/** The largest int32: labels are such. */
export const INT32_MAX = 2147483647;

/** Weights of the classes, of the dtype of `logits` where there are some already. */
export function checkWeight(
  name: string,
  weight: unknown,
  classes: number,
  logits?: FloatArray | HalfBits,
): asserts weight is FloatArray {
  checkFloats(name, "weight", weight);
  if (logits !== undefined) checkSameDtype(name, "weight", weight, "logits", logits);
  checkLength(name, "weight", weight.length, classes, "a row (classes)");
  for (let j = 0; j < classes; j++) {
    if (!(weight[j] >= 0)) throw new RangeError(`${name}: weight[${j}] is ${weight[j]}, but must be 0 or more`);
  }
}
