import type { Backend } from "../../backends/backend.ts";
import { checkNumber } from "../../check.ts";
import { BLOCK_ELEMENTS, SQUARE_PARTS } from "../../descriptions/thresholds.ts";
import { dtypeOf, type FloatArray } from "../../dtype.ts";
import { rescale, sumOfSquares } from "../../generated/kernels.ts";
import type { ExactSum } from "../../numeric/exactSum.ts";
import { squareError } from "../../numeric/squares.ts";
import type { Door } from "../door.ts";
import { writtenArrays } from "./arrays.ts";
import { Stretches } from "./stretches.ts";

/** Sums of squares beyond these are computed of elements times a power of two: their squares would overflow or lose digits. */
const LARGE = 2 ** 960;
const SMALL = 2 ** -900;
const DOWN = 2 ** -640;
const UP = 2 ** 640;

const blocksOf = ({ length }: FloatArray) => Math.ceil(length / BLOCK_ELEMENTS);

/** Adds the squares of elements that a kernel left out of a block: those below a bound, all of them where it is NaN. */
function addLeftOut(sum: ExactSum, values: FloatArray, block: number, bound: number, powerOfTwo: number): void {
  const begin = block * BLOCK_ELEMENTS;
  const end = Math.min(values.length, begin + BLOCK_ELEMENTS);
  const single = values instanceof Float32Array;
  for (let i = begin; i < end; i++) {
    if (Math.abs(values[i]) >= bound) continue;
    const y = values[i] * powerOfTwo;
    const square = y * y;
    if (square === 0) continue;
    sum.add(square);
    if (!single) sum.add(squareError(y, square));
  }
}

/** The sum of squares of all arrays, each element times a power of two, exact but for what is below 2^-1074. */
function squaresOf(backend: Backend, arrays: readonly FloatArray[], powerOfTwo: number): number {
  const sum = backend.exactSum();
  for (const values of arrays) {
    const args = { values, powerOfTwo };
    backend.run(sumOfSquares, dtypeOf(values), blocksOf(values), args, values.length, (parts, blocks, first) => {
      for (let i = 0; i < blocks; i++) {
        const at = SQUARE_PARTS * (i + 1) - 1;
        const bound = parts[at];
        if (bound === 0) continue;
        // the bound is none of the parts that are added
        parts[at] = 0;
        addLeftOut(sum, values, first + i, bound, powerOfTwo);
      }
      backend.addExactly(sum, parts, SQUARE_PARTS * blocks);
    });
  }
  return sum.value();
}

/** The norm of gradients before, which are scaled down to `maxNorm` in place where it is larger. */
export function clipGradNorm(door: Door, gradients: unknown, maxNorm: unknown): number {
  const name = "clipGradNorm";
  const backend = door(name);
  checkNumber(name, { name: "maxNorm", atLeast: 0 }, maxNorm);
  const arrays = writtenArrays(name, "gradients", gradients);
  new Stretches(name, "gradients", arrays, Array.isArray(gradients));
  let powerOfTwo = 1;
  let squares = squaresOf(backend, arrays, powerOfTwo);
  // squares of float32 are all within the range of float64
  if ((squares > LARGE || squares < SMALL) && arrays.some((array) => array instanceof Float64Array)) {
    powerOfTwo = squares > LARGE ? DOWN : UP;
    squares = squaresOf(backend, arrays, powerOfTwo);
  }
  const scaled = Math.sqrt(squares);
  const norm = scaled / powerOfTwo;
  if (!(norm > (maxNorm as number)) || norm === Number.POSITIVE_INFINITY) return norm;
  const factor = (maxNorm as number) / scaled;
  for (const values of arrays) {
    backend.run(rescale, dtypeOf(values), blocksOf(values), { values, powerOfTwo, factor }, values.length);
  }
  return norm;
}
