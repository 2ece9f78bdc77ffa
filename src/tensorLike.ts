import { type FloatArray, HalfBits, owned } from "./dtype.ts";

// Tensors of other libraries, known by what they have, not by their classes: onnxruntime's and transformers.js's { data, dims, type },
// TensorFlow.js's and jax-js's { dataSync(), shape, dtype }, ndarray's { data, shape, stride, offset, dtype }.

interface Elements {
  /** The elements, or (of TensorFlow.js and jax-js, which have dataSync()) a function. */
  readonly data: unknown;
  /** "float16" and "bfloat16" make bits in a Uint16Array half precision. */
  readonly type?: unknown;
  readonly dtype?: unknown;
  /** In C order; default: one element after the other. */
  readonly stride?: unknown;
  /** Of the first element, where there are strides. */
  readonly offset?: unknown;
}

/**
 * A tensor of another library, whose elements are in this thread's memory: of onnxruntime, transformers.js, TensorFlow.js, jax-js,
 * ndarray. Results are plain typed arrays.
 */
export type TensorLike = Elements & ({ readonly dims: readonly number[] } | { readonly shape: readonly number[] });

/** What is computed of a tensor: its own type where it says which, float32 of half precision. */
export type ResultOfTensor<T extends TensorLike> = T["data"] extends Float64Array
  ? Float64Array
  : T["data"] extends Float32Array | Uint16Array
    ? Float32Array
    : FloatArray;

/** Whatever a tensor may have. */
interface Fields {
  readonly data?: unknown;
  readonly dataSync?: unknown;
  readonly dims?: unknown;
  readonly shape?: unknown;
  readonly type?: unknown;
  readonly dtype?: unknown;
  readonly stride?: unknown;
  readonly strides?: unknown;
  readonly offset?: unknown;
  readonly location?: unknown;
}

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((n) => typeof n === "number");

/** Sizes in messages: [2, 3]. */
const textOf = (shape: readonly number[]) => `[${shape.join(", ")}]`;

/** The sizes of a tensor; undefined of anything else. */
export function shapeOf(value: unknown): readonly number[] | undefined {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || value instanceof HalfBits)
    return undefined;
  const { dims, shape = dims } = value as Fields;
  const isTensor = isSizes(shape) && ("data" in value || "dataSync" in value);
  return isTensor ? shape : undefined;
}

/** The elements of a tensor, an array of another realm as one of this, anything else as it is. */
export function elementsOf(name: string, argument: string, value: unknown): unknown {
  const shape = shapeOf(value);
  if (shape === undefined) return owned(value);
  const fail = (what: string) => new TypeError(`${name}: ${argument} is a tensor ${what}`);
  const tensor = value as Fields;
  const { location } = tensor;
  if (location === "none") throw fail("that was disposed");
  if (typeof location === "string" && !location.startsWith("cpu")) {
    throw fail(`on ${location}: await its getData() first`);
  }
  const isSync = typeof tensor.dataSync === "function";
  let data: unknown;
  try {
    data = owned(isSync ? (tensor.dataSync as () => unknown)() : tensor.data);
  } catch (error) {
    throw fail(`without data here (${(error as Error).message}): await its ${isSync ? "data()" : "getData()"} first`);
  }
  if (typeof data === "function") throw fail("without dataSync(): await its data() first");
  if (typeof Object(data).then === "function") throw fail("whose data is a promise: await it first");
  if (!ArrayBuffer.isView(data)) return data;
  const array = inOrder(data as Float32Array, shape, tensor, isSync, fail);
  const type = tensor.type ?? tensor.dtype;
  if (!(array instanceof Uint16Array)) return array;
  return type === "float16" ? new HalfBits(array, "f16") : type === "bfloat16" ? new HalfBits(array, "bf16") : array;
}

/** The elements from the first one on, which must stand in C order, as many as the shape says. */
function inOrder<A extends Float32Array>(
  data: A,
  shape: readonly number[],
  { stride, strides = stride, offset = 0 }: Fields,
  isSync: boolean,
  fail: (what: string) => TypeError,
): A {
  const size = shape.reduce((product, n) => product * n, 1);
  // those of TensorFlow.js are others
  const isStrided = !isSync && isSizes(strides) && strides.length === shape.length;
  if (isStrided && size > 0) {
    const wanted = shape.map((_, i) => shape.slice(i + 1).reduce((product, n) => product * n, 1));
    if (wanted.some((n, i) => shape[i] !== 1 && strides[i] !== n)) {
      throw fail(`of strides ${textOf(strides)}, but must be in C order: ${textOf(wanted)}`);
    }
  }
  const array = isStrided ? (data.subarray(Number(offset), Number(offset) + size) as A) : data;
  if (array.length === size) return array;
  throw fail(`of shape ${textOf(shape)}, but has ${array.length} elements`);
}

/** Options of a function of rows: beside a tensor, which says how many classes there are, none are needed. */
export function rowOptionsOf<O>(options: O, value: unknown): O {
  return options === undefined && shapeOf(value) !== undefined ? ({} as O) : options;
}

/** The classes of rows: the last size of a tensor; where they are given they must be that. */
export function classesOf(name: string, argument: string, value: unknown, classes: number): number {
  const shape = shapeOf(value);
  if (shape === undefined) return classes;
  if (shape.length === 0) throw new RangeError(`${name}: ${argument} has shape [], but rows of classes are needed`);
  const last = shape[shape.length - 1];
  if (classes === undefined || classes === last) return last;
  throw new RangeError(`${name}: classes is ${classes}, but ${argument} has shape ${textOf(shape)}`);
}

/** Which size of a tensor is the classes, and the product of those behind it: the last, unless `classes` or `inner` say another. */
export function classAxisOf(
  name: string,
  argument: string,
  value: unknown,
  classes: number,
  inner: number,
): { classes: number; inner: number } {
  const shape = shapeOf(value);
  if (shape === undefined) return { classes, inner };
  let behind = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis];
    const isClasses = classes === undefined || classes === size;
    if (isClasses && (inner === behind || (inner === 1 && classes !== undefined)))
      return { classes: size, inner: behind };
    behind *= size;
  }
  if (inner === 1) return { classes: classesOf(name, argument, value, classes), inner };
  throw new RangeError(`${name}: inner is ${inner}, but ${argument} has shape ${textOf(shape)}`);
}

/** Options with the classes of a tensor, where they don't say how many there are. */
export function withClassesOf<O extends { classes: number }>(name: string, options: O, value: unknown): O {
  if (shapeOf(value) === undefined) return options;
  const given = rowOptionsOf(options, value);
  // what is no object is refused elsewhere
  if (Object(given) !== given) return given;
  const { ...own } = given;
  return { ...own, classes: classesOf(name, "logits", value, own.classes) };
}

/** Two tensors have one shape; of what has none only lengths are compared, elsewhere. */
export function checkSameShape(name: string, argument: string, value: unknown, other: string, of: unknown): void {
  const [shape, wanted] = [shapeOf(value), shapeOf(of)];
  if (shape === undefined || wanted === undefined || textOf(shape) === textOf(wanted)) return;
  throw new RangeError(`${name}: ${argument} has shape ${textOf(shape)}, but ${other} has ${textOf(wanted)}`);
}

/** A tensor of labels has the sizes before the classes, or one, of all rows; those of 1 change nothing. */
export function checkLabelShape(name: string, labels: unknown, logits: unknown): void {
  const [shape, of] = [shapeOf(labels), shapeOf(logits)];
  if (shape === undefined || of === undefined || shape.length === 1) return;
  const core = (sizes: readonly number[]) => textOf(sizes.filter((n) => n !== 1));
  if (core(shape) === core(of.slice(0, -1))) return;
  throw new RangeError(`${name}: labels has shape ${textOf(shape)}, but logits has ${textOf(of)}`);
}
