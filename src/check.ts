import {
  type ArrayType,
  dtypeOf,
  type FloatArray,
  HalfBits,
  halfBits,
  type IntegerArray,
  isArrayType,
  isFloatArray,
  isIntegerArray,
  type NumericArray,
  owned,
} from "./dtype.ts";
import { nearest } from "./nearest.ts";
import { elementsOf, shapeOf } from "./tensorLike.ts";

// Checks at the door. TypeError for the wrong kind, RangeError for the wrong value; one line that names the function, the
// argument, the place and both numbers. `name` is the public function's.

/** The largest int32: labels are such. */
export const INT32_MAX = 2147483647;

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
export function checkAttached(name: string, argument: string, value: FloatArray | HalfBits | IntegerArray): void {
  try {
    (value instanceof HalfBits ? value.bits : value).includes(0 as never);
  } catch {
    throw new TypeError(`${name}: ${argument} is detached`);
  }
}

/** Options are an object, of which every name that has a value is known. */
export function checkOptions(name: string, options: object, known: readonly string[]): void {
  if (Object(options) !== options) {
    // where there are classes they are needed
    const isMissing = options === undefined && known.includes("classes");
    const what = `${kindOf(options)}${isMissing ? ": classes, the length of a row, is needed" : ""}`;
    throw new TypeError(`${name}: options must be an object, but is ${what}`);
  }
  for (const option in options) {
    if (known.includes(option) || (options as Record<string, unknown>)[option] === undefined) continue;
    const like = nearest(option, known);
    throw new TypeError(`${name}: ${option} is no option${like === undefined ? "" : ` (${like}?)`}`);
  }
}

/** An option that is true or false. */
export function checkFlag(name: string, argument: string, value: unknown): void {
  if (typeof value !== "boolean")
    throw new TypeError(`${name}: ${argument} must be a boolean, but is ${kindOf(value)}`);
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

/** A float array, of whatever realm. */
export function floatsOf(name: string, argument: string, value: unknown): FloatArray {
  if (isFloatArray(value)) return value;
  const own = owned(value);
  if (isFloatArray(own)) return own;
  throw new TypeError(
    `${name}: ${argument} must be a Float32Array or a Float64Array, but is ${kindOf(value)}${hint(own)}`,
  );
}

/** Logits in any precision; half-precision ones as their bits. */
export function logitsOf(name: string, argument: string, value: unknown): FloatArray | HalfBits {
  if (isFloatArray(value)) return value;
  const own = elementsOf(name, argument, value);
  const found = isFloatArray(own) ? own : halfBits(own);
  if (found) return found;
  throw new TypeError(
    `${name}: ${argument} must be a Float32Array, a Float64Array or a half-precision array, but is ${givenAs(value, own)}`,
  );
}

/** What was given: a tensor is told by its elements. */
function givenAs(value: unknown, own: unknown): string {
  return shapeOf(value) === undefined ? `${kindOf(value)}${hint(own)}` : `a tensor of ${kindOf(own)}`;
}

/** What was most likely meant. */
function hint(value: unknown): string {
  if (value instanceof Uint16Array) return " (bits of half precision? float16(bits), bfloat16(bits))";
  const { data } = Object(value) as { data?: unknown };
  return ArrayBuffer.isView(data) || Array.isArray(data)
    ? " (a tensor without dims or shape? its .data is an array)"
    : "";
}

/** Labels, of whatever realm; plain arrays of integers as a typed one. */
export function labelsOf(name: string, value: unknown, argument = "labels"): IntegerArray {
  if (isIntegerArray(value)) return value;
  const own = elementsOf(name, argument, value);
  if (isIntegerArray(own)) return own;
  if (Array.isArray(value)) return integersOf(name, value, argument);
  throw new TypeError(`${name}: ${argument} must be an integer typed array, but is ${givenAs(value, own)}`);
}

function integersOf(name: string, given: readonly unknown[], argument: string): IntegerArray {
  // each is read once: another time there may be something else
  const values = Array.from(given);
  for (let i = 0; i < values.length; i++) {
    if (Number.isSafeInteger(values[i])) continue;
    const what = typeof values[i] === "number" ? values[i] : kindOf(values[i]);
    const [must, hint] =
      Number.isInteger(values[i]) || typeof values[i] === "bigint"
        ? ["a safe integer", " (a BigInt64Array holds such integers)"]
        : ["an integer", ""];
    throw new TypeError(`${name}: ${argument}[${i}] must be ${must}, but is ${what}${hint}`);
  }
  const integers = values as readonly number[];
  const fits = integers.every((x) => x >= -INT32_MAX - 1 && x <= INT32_MAX);
  return fits ? Int32Array.from(integers) : BigInt64Array.from(integers, BigInt);
}

/** Labels or probabilities. */
export function targetsOf(name: string, value: unknown): IntegerArray | FloatArray {
  if (isFloatArray(value) || isIntegerArray(value)) return value;
  const own = elementsOf(name, "targets", value);
  if (isFloatArray(own)) return own;
  if (isIntegerArray(own) || Array.isArray(own)) return labelsOf(name, own);
  throw new TypeError(
    `${name}: targets must be labels (an integer typed array) or probabilities (a float one), but are ${givenAs(value, own)}`,
  );
}

/** One label a row of `logits`. */
export function checkLabelCount(name: string, labels: number, rows: number, classes: number, logits = "logits"): void {
  if (labels === rows) return;
  const oneHot = labels === rows * classes ? ": integers are labels, one a row; one-hot targets are floats" : "";
  throw new RangeError(`${name}: labels has length ${labels}, but ${logits} (in rows) has ${rows}${oneHot}`);
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

/** An integer within bounds; `or`: what else may stand there, for the message. */
export function checkInteger(name: string, argument: string, value: unknown, low: number, high: number, or = ""): void {
  if (typeof value !== "number") {
    throw new TypeError(`${name}: ${argument} must be an integer${or}, but is ${kindOf(value)}`);
  }
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new RangeError(`${name}: ${argument} is ${value}, but must be an integer from ${low} to ${high}${or}`);
}

export function checkFraction(name: string, argument: string, value: unknown): void {
  if (typeof value !== "number") throw new TypeError(`${name}: ${argument} must be a number, but is ${kindOf(value)}`);
  if (value >= 0 && value <= 1) return;
  throw new RangeError(`${name}: ${argument} is ${value}, but must be from 0 to 1`);
}

/** What a URL or a string says, or undefined of anything else; not by instanceof: a URL of another realm is one, too. */
export function addressOf(value: unknown): string | undefined {
  const address = typeof value === "string" ? value : (Object(value) as { href?: unknown }).href;
  return typeof address === "string" ? address : undefined;
}

/** What was thrown, in one line; not by instanceof: what WebAssembly throws in a vm context is an error of another realm. */
export function reasonOf(error: unknown): string {
  const { message } = Object(error) as { message?: unknown };
  return (typeof message === "string" ? message : String(error)).replace(/\s+/g, " ").trim();
}

/** Whether a platform found no memory: a RangeError, of whatever realm. */
export const isOutOfMemory = (error: unknown): boolean => (Object(error) as { name?: unknown }).name === "RangeError";

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

/** `out`, of whatever realm, of the type and length of `like`; float32 for half-precision numbers. */
export function outOf(
  name: string,
  out: unknown,
  like: FloatArray | HalfBits,
  argument: string,
  outName = "out",
): FloatArray {
  const own = floatsOf(name, outName, out);
  checkSameDtype(name, outName, own, argument, like);
  checkLength(name, outName, own.length, like.length, argument);
  return own;
}

/** `out` overlaps an input nowhere, unless it is the very same stretch and that is allowed. */
export function checkOverlap(
  name: string,
  out: ArrayBufferView,
  argument: string,
  input: ArrayBufferView,
  mayBeTheSame: boolean,
  outName = "out",
): void {
  // V8 takes 15 ns for each property of a view: the fewest first
  if ((mayBeTheSame && (out as unknown) === input) || out.buffer !== input.buffer) return;
  const begin = Math.max(out.byteOffset, input.byteOffset);
  const end = Math.min(out.byteOffset + out.byteLength, input.byteOffset + input.byteLength);
  if (begin >= end) return;
  if (mayBeTheSame && out.byteOffset === input.byteOffset && out.byteLength === input.byteLength) return;
  throw new RangeError(
    `${name}: ${outName} and ${argument} overlap by ${end - begin} bytes${mayBeTheSame ? "; they may be the same array, or apart" : ""}`,
  );
}

/** Weights of the classes, of the dtype of `logits` where there are some already. */
export function weightOf(name: string, value: unknown, classes: number, logits?: FloatArray | HalfBits): FloatArray {
  const weight = floatsOf(name, "weight", value);
  if (logits !== undefined) checkSameDtype(name, "weight", weight, "logits", logits);
  checkLength(name, "weight", weight.length, classes, "a row (classes)");
  checkWeights(name, "weight", weight);
  return weight;
}

/** Weights of rows, of the dtype of the `argument`. */
export function sampleWeightOf(
  name: string,
  value: unknown,
  rows: number,
  like: FloatArray | HalfBits,
  argument: string,
): FloatArray {
  const weight = floatsOf(name, "sampleWeight", value);
  checkSameDtype(name, "sampleWeight", weight, argument, like);
  checkLength(name, "sampleWeight", weight.length, rows, `${argument} (in rows)`);
  checkWeights(name, "sampleWeight", weight);
  return weight;
}

function checkWeights(name: string, argument: string, weights: FloatArray): void {
  for (let i = 0; i < weights.length; i++) {
    if (!(weights[i] >= 0)) throw new RangeError(`${name}: ${argument}[${i}] is ${weights[i]}, but must be 0 or more`);
  }
}
