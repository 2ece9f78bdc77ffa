/** Float data of either precision; a call's arrays are all of one. */
export type FloatArray = Float32Array | Float64Array;

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

export type NumericArray = FloatArray | LabelArray;

export type Dtype = "f32" | "f64";

export const DTYPES: readonly Dtype[] = ["f32", "f64"];

export function bytesOf(dtype: Dtype): number {
  return dtype === "f32" ? 4 : 8;
}

export function dtypeOf(array: FloatArray): Dtype {
  return array instanceof Float32Array ? "f32" : "f64";
}

export function floatArray(dtype: Dtype, length: number): FloatArray {
  return dtype === "f32" ? new Float32Array(length) : new Float64Array(length);
}

export function isFloatArray(value: unknown): value is FloatArray {
  return value instanceof Float32Array || value instanceof Float64Array;
}

export function isLabelArray(value: unknown): value is LabelArray {
  return LABEL_ARRAYS.some((type) => value instanceof type);
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
