import type { ByteSource, FilePlace } from "./bytes.ts";
import { FormatError } from "./error.ts";
import { swapBytes } from "./swapBytes.ts";

const ARRAYS = {
  f16: Uint16Array,
  bf16: Uint16Array,
  f32: Float32Array,
  f64: Float64Array,
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
  bool: Uint8Array,
} as const;

/** A file's numbers; half-precision ones are read as bits. */
export type TensorDtype = keyof typeof ARRAYS;

export const TENSOR_DTYPES = Object.keys(ARRAYS) as TensorDtype[];

/** What a file's numbers are read into: a typed array of the dtype, a Uint16Array of the bits of half precision. */
export type TensorArray = InstanceType<(typeof ARRAYS)[TensorDtype]>;

export interface ArrayConstructor {
  new (length: number): TensorArray;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TensorArray;
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
}

export function arrayOf(dtype: TensorDtype): ArrayConstructor {
  return ARRAYS[dtype] as never;
}

export function isFloat(dtype: TensorDtype): boolean {
  return /f/.test(dtype);
}

/** What the logits of a file are, as the library calls it. */
export type InputKind = "logits" | "probabilities" | "logProbabilities";
/** Where the elements of an array lie, one after the other: what a thread needs to read some of them. */
export interface Stretch extends FilePlace {
  /** As messages call the file. */
  readonly path: string;
  readonly dtype: TensorDtype;
  readonly shape: readonly number[] | undefined;
  readonly length: number;
  readonly bigEndian: boolean;
}

/** Numbers of one array in a file, read one after the other. */
export interface Tensor {
  readonly path: string;
  /** Of a file of several arrays. */
  readonly name?: string;
  readonly dtype: TensorDtype;
  /** Undefined of raw binary. */
  readonly shape: readonly number[] | undefined;
  /** Elements: the product of the shape; undefined of a stream that does not say: it ends when it ends. */
  readonly length: number | undefined;
  /** Elements a row, where the file says so. */
  readonly perRow?: number | undefined;
  /** What logits are, where the file says so. */
  readonly input?: InputKind | undefined;
  /** For people, which part of a file was taken. */
  readonly note?: string | undefined;
  /** Where the elements lie in a file, if they do so one after the other: then any of them can be read, by any thread. */
  readonly stretch?: Stretch | undefined;
  /** Elements [begin, end) as a tensor of the whole one's shape, wherever read() stands; undefined of what has no such parts. */
  readonly part?: ((begin: number, end: number) => Tensor) | undefined;
  /** Fills `into` with the next elements and says how many: fewer than its length only at the end. */
  read(into: TensorArray): Promise<number>;
  close(): Promise<void>;
}

/** Product of the sizes; FormatError of what no file can hold. */
export function lengthOf(path: string, shape: readonly number[], bytesPerElement: number): number {
  const length = shape.reduce((product, n) => product * n, 1);
  if (Number.isSafeInteger(length * bytesPerElement)) return length;
  throw new FormatError(`${path}: a shape of ${shape.length} dimensions is larger than any file`);
}

/** What else is known of the numbers of a source. */
export interface Layout {
  /** Where there is no shape, or fewer are read than it says. */
  readonly length?: number;
  /** Elements are swapped on the way. */
  readonly bigEndian?: boolean;
  /** Looks at what is behind the last number. */
  readonly finish?: (source: ByteSource) => Promise<void>;
}

/** The numbers that come next in a source. */
export function tensorOf(
  source: ByteSource,
  path: string,
  dtype: TensorDtype,
  shape: readonly number[] | undefined,
  layout: Layout = {},
): Tensor {
  const size = arrayOf(dtype).BYTES_PER_ELEMENT;
  const length = layout.length ?? (shape && lengthOf(path, shape, size));
  const place = source.place?.();
  const at = source.position?.();
  const { slice } = source;
  const bigEndian = layout.bigEndian ?? false;
  const part = (begin: number, end: number) =>
    tensorOf(slice!(at! + begin * size, at! + end * size), path, dtype, shape, { length: end - begin, bigEndian });
  let position = 0;
  let finished = false;
  return {
    path,
    dtype,
    shape,
    length,
    stretch: place && length !== undefined ? { ...place, path, dtype, shape, length, bigEndian } : undefined,
    part: slice && at !== undefined && length !== undefined ? part : undefined,
    async read(into) {
      const wanted = Math.min(into.length, (length ?? Number.POSITIVE_INFINITY) - position);
      const bytes = new Uint8Array(into.buffer, into.byteOffset, wanted * size);
      const found = await source.read(bytes);
      const elements = Math.floor(found / size);
      if (length !== undefined && elements < wanted) {
        const before = position * size;
        throw new FormatError(`${path}: truncated data: ${length * size} bytes expected, ${before + found} found`);
      }
      if (found % size !== 0) {
        throw new FormatError(`${path}: ${position * size + found} bytes are not a multiple of ${size} (${dtype})`);
      }
      if (bigEndian) swapBytes(bytes.subarray(0, found), size);
      position += elements;
      if (position === length && !finished) {
        finished = true;
        await layout.finish?.(source);
      }
      return elements;
    },
    close: () => source.close(),
  };
}

/** FormatError unless a source is at its end. */
export async function expectEnd(source: ByteSource, path: string, expected: number): Promise<void> {
  if ((await source.read(new Uint8Array(1))) > 0) {
    throw new FormatError(`${path}: trailing bytes: ${expected} bytes of data expected, more found`);
  }
}
