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

/** Class indices, any integer typed array (BigInt64Array: the int64 labels of npy files). */
export type LabelArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

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

  subarray(begin: number, end: number = this.length): HalfBits {
    return new HalfBits(this.bits.subarray(begin, end), this.format);
  }
}

function half(name: string, bits: Uint16Array, format: "f16" | "bf16"): HalfBits {
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

export type NumericArray = FloatArray | LabelArray;

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
  return array instanceof Float64Array ? "f64" : "f32";
}

export function floatArray(dtype: Dtype, length: number): FloatArray {
  return dtype === "f32" ? new Float32Array(length) : new Float64Array(length);
}

export function isFloatArray(value: unknown): value is FloatArray {
  return value instanceof Float32Array || value instanceof Float64Array;
}

export function isLabelArray(value: unknown): value is LabelArray {
  return value instanceof Int32Array || LABEL_ARRAYS.some((type) => value instanceof type);
}

const LABEL_ARRAYS = [
  Int32Array,
  BigInt64Array,
  Uint8Array,
  Int8Array,
  Int16Array,
  Uint16Array,
  Uint32Array,
  BigUint64Array,
] as const;

/** Whether a value is the constructor of a typed array this library knows. */
export function isArrayType(value: unknown): boolean {
  return ([Float32Array, Float64Array, ...LABEL_ARRAYS] as unknown[]).includes(value);
}
