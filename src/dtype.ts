/** Float data of either precision; a call's arrays are all of one. */
export type FloatArray = Float32Array | Float64Array;

/** A Float16Array of a platform that has it. */
interface Float16ArrayLike {
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly length: number;
  readonly BYTES_PER_ELEMENT: number;
  readonly [Symbol.toStringTag]: "Float16Array";
}

/** Half-precision data: read as the float32 values it stands for; results are never in the low type. */
export type HalfArray = HalfBits | Float16ArrayLike;

/** What holds logits. */
export type LogitsArray = FloatArray | HalfArray;

/** What is computed of logits: their own type, float32 of half precision. */
export type ResultOf<A extends LogitsArray> = A extends FloatArray ? A : Float32Array;

/** Arrays that may stand beside another one: of its dtype, or of what is computed in that. */
export type Matching<A extends LogitsArray> = A extends Float64Array ? Float64Array : Float32Array | HalfArray;

/** An integer typed array (BigInt64Array: the int64 labels of npy files). */
export type IntegerArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** Class indices: any integer typed array, or a plain array of integers. */
export type LabelArray = IntegerArray | readonly number[];

/** Half-precision numbers as raw bits: see float16() and bfloat16(). */
export class HalfBits {
  readonly bits: Uint16Array;
  readonly format: "f16" | "bf16";

  constructor(bits: Uint16Array, format: "f16" | "bf16") {
    this.bits = bits;
    this.format = format;
  }

  get length(): number {
    return this.bits.length;
  }

  /** A part of it, without a copy. */
  subarray(begin: number, end: number = this.length): HalfBits {
    return new HalfBits(this.bits.subarray(begin, end), this.format);
  }
}

function half(name: string, given: Uint16Array, format: "f16" | "bf16"): HalfBits {
  const bits = owned(given);
  if (bits instanceof Uint16Array) return new HalfBits(bits, format);
  throw new TypeError(`${name}: bits must be a Uint16Array`);
}

/**
 * IEEE float16 numbers as raw bits, an array of logits without a copy.
 *
 * @throws TypeError of anything but a Uint16Array
 * @example
 * losses.evaluate(float16(Uint16Array.of(0x3c00, 0xc000)), Int32Array.of(0), { classes: 2 }); // logits 1 and -2
 */
export function float16(bits: Uint16Array): HalfBits {
  return half("float16", bits, "f16");
}

/** bfloat16 numbers (the upper half of a float32) as raw bits: as float16(). */
export function bfloat16(bits: Uint16Array): HalfBits {
  return half("bfloat16", bits, "bf16");
}

/** Half-precision data as bits, null of anything else. */
export function halfBits(value: unknown): HalfBits | null {
  if (value instanceof HalfBits) return value;
  const array = value as Partial<Float16ArrayLike> | null | undefined;
  if (array?.[Symbol.toStringTag] !== "Float16Array") return null;
  const { buffer, byteOffset, length } = array as Float16ArrayLike;
  return new HalfBits(new Uint16Array(buffer, byteOffset, length), "f16");
}

export type NumericArray = FloatArray | IntegerArray;

/** A constructor of typed arrays over a buffer. */
export type ArrayType<A extends NumericArray = NumericArray> = {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): A;
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
};

export type Dtype = "f32" | "f64";

export const DTYPES: readonly Dtype[] = ["f32", "f64"];

export function bytesOf(dtype: Dtype): number {
  return dtype === "f32" ? 4 : 8;
}

export function dtypeOf(array: FloatArray | HalfBits): Dtype {
  // the commonest first: to say that an array is none of a kind takes V8 12 ns
  return array instanceof Float32Array || !(array instanceof Float64Array) ? "f32" : "f64";
}

export function floatArray(dtype: Dtype, length: number): FloatArray {
  return dtype === "f32" ? new Float32Array(length) : new Float64Array(length);
}

export function isFloatArray(value: unknown): value is FloatArray {
  return value instanceof Float32Array || value instanceof Float64Array;
}

export function isIntegerArray(value: unknown): value is IntegerArray {
  return value instanceof Int32Array || INTEGER_ARRAYS.some((type) => value instanceof type);
}

const INTEGER_ARRAYS = [
  Int32Array,
  BigInt64Array,
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Int16Array,
  Uint16Array,
  Uint32Array,
  BigUint64Array,
] as const;

const ARRAYS: readonly ArrayType[] = [Float32Array, Float64Array, ...INTEGER_ARRAYS];

/** Whether a value is the constructor of a typed array this library knows, of whatever realm. */
export function isArrayType(value: unknown): boolean {
  if ((ARRAYS as readonly unknown[]).includes(value)) return true;
  // constructors of typed arrays inherit from one, which has no global name
  return (
    typeof value === "function" &&
    Object.getPrototypeOf(value)?.name === "TypedArray" &&
    ARRAYS.some(({ name }) => name === value.name)
  );
}

/** What the kind of a typed array is asked with, of any realm. */
const kindOfArray = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Int8Array.prototype),
  Symbol.toStringTag,
)?.get;

/**
 * A typed array of another realm (a vm context, as Jest's tests run in, an iframe) as a view by this realm's types; anything else
 * as it is. What is written to the view is written to the array. Not told by `instanceof Object`: tests in jsdom may have its
 * typed arrays beside Node's Object.
 */
export function owned(value: unknown): unknown {
  if (!ArrayBuffer.isView(value)) return value;
  const kind = kindOfArray?.call(value);
  const type = ARRAYS.find(({ name }) => name === kind);
  if (type === undefined || value instanceof (type as ArrayType & NewableFunction)) return value;
  const { buffer, byteOffset, byteLength } = value as ArrayBufferView;
  return new type(buffer, byteOffset, byteLength / type.BYTES_PER_ELEMENT);
}
