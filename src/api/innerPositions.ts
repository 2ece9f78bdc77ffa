import type { Argument, Arguments, Backend, Reduce } from "../backends/backend.ts";
import type { Kernel } from "../descriptions/kernel.ts";
import { type Dtype, type FloatArray, floatArray, HalfBits } from "../dtype.ts";

// Rows whose classes are not the last axis, [rows, classes, inner]: the position p of row r has its class j at
// (r classes + j) inner + p. Kernels read rows of classes, so positions are turned into such rows, a chunk at a time, and what
// comes of them is turned back. No array is copied as a whole.

/** Bytes of a chunk's rows, which are read again right away; positions that lie side by side, so that no line is read for one. */
const CHUNK_BYTES = 2 ** 18;
const SIDE_BY_SIDE = 16;
/** What the rows of a chunk take at most, unless one takes more. */
const MOST_BYTES = 2 ** 23;

type Numbers = FloatArray | Uint16Array;

/** Stretches of positions that lie side by side: of `length` from position `at` of a chunk on, at place `place` in the array. */
function* stretches(classes: number, inner: number, first: number, n: number) {
  for (let at = 0; at < n; ) {
    const position = (first + at) % inner;
    const length = Math.min(n - at, inner - position);
    yield { at, length, place: (first + at - position) * classes + position };
    at += length;
  }
}

/** Positions [first, first + n) as rows of classes. */
function turn(from: Numbers, classes: number, inner: number, first: number, n: number, rows: Numbers): void {
  for (const { at, length, place } of stretches(classes, inner, first, n)) {
    for (let j = 0; j < classes; j++) {
      const source = place + j * inner;
      for (let k = 0, to = at * classes + j; k < length; k++, to += classes) rows[to] = from[source + k];
    }
  }
}

/** The other way. */
function turnBack(rows: Numbers, classes: number, inner: number, first: number, n: number, to: Numbers): void {
  for (const { at, length, place } of stretches(classes, inner, first, n)) {
    for (let j = 0; j < classes; j++) {
      const target = place + j * inner;
      for (let k = 0, from = at * classes + j; k < length; k++, from += classes) to[target + k] = rows[from];
    }
  }
}

/** An array of rows, and the chunk of it that is at hand. */
interface Turned {
  readonly name: string;
  readonly isResult: boolean;
  readonly array: FloatArray | HalfBits;
  readonly rows: Numbers;
}

/**
 * Runs a kernel over `positions` = rows inner positions, with the bits of the turned arrays. `finish` gets the arguments of a
 * chunk, its positions and the first one's number, before results are turned back.
 */
export function runPositions<A extends { readonly classes: number }>(
  backend: Backend,
  kernel: Kernel<A>,
  dtype: Dtype,
  positions: number,
  inner: number,
  args: A,
  reduce: Reduce | undefined,
  finish?: (args: A, positions: number, first: number) => void,
): void {
  const { classes } = args;
  const arrayOf = (name: string) => (args as Arguments)[name];
  const given = kernel.parameters.filter(({ name }) => typeof arrayOf(name) === "object" && arrayOf(name) !== null);
  const rowBytes = classes * (dtype === "f32" ? 4 : 8);
  const fitting = (bytes: number) => Math.max(1, Math.floor(bytes / rowBytes));
  const chunk = Math.min(positions, Math.max(fitting(CHUNK_BYTES), Math.min(SIDE_BY_SIDE, fitting(MOST_BYTES))));
  const turned = given.flatMap(({ name, role, per }): Turned[] => {
    if (per !== "classes") return [];
    const array = arrayOf(name) as FloatArray | HalfBits;
    const rows = array instanceof HalfBits ? new Uint16Array(chunk * classes) : floatArray(dtype, chunk * classes);
    return [{ name, isResult: role === "out", array, rows }];
  });
  const ofPositions = given.filter(({ per }) => per === "unit");
  for (let first = 0; first < positions; first += chunk) {
    const n = Math.min(chunk, positions - first);
    const here: Record<string, Argument> = { ...(args as Arguments) };
    for (const { name, isResult, array, rows } of turned) {
      const part = rows.subarray(0, n * classes);
      const isHalf = array instanceof HalfBits;
      if (!isResult) turn(isHalf ? array.bits : array, classes, inner, first, n, part);
      here[name] = isHalf ? new HalfBits(part as Uint16Array, array.format) : (part as FloatArray);
    }
    for (const { name } of ofPositions) here[name] = (arrayOf(name) as FloatArray).subarray(first, first + n);
    const chunkArgs = here as unknown as A;
    const reduceChunk: Reduce | undefined = reduce && ((values, m, from) => reduce(values, m, first + from));
    backend.run<A, A>(kernel, dtype, n, chunkArgs as never, 0, reduceChunk);
    finish?.(chunkArgs, n, first);
    for (const { isResult, array, rows } of turned) {
      if (isResult) turnBack(rows, classes, inner, first, n, array as FloatArray);
    }
  }
}
