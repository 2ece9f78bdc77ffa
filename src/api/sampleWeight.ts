import type { Backend, Reduce } from "../backends/backend.ts";
import { checkLength, checkSameDtype, floatsOf } from "../check.ts";
import type { Domain, Range } from "../descriptions/domains.ts";
import { BLOCK_ELEMENTS } from "../descriptions/thresholds.ts";
import { dtypeOf, type FloatArray, HalfBits } from "../dtype.ts";
import { sampleWeights, widenBfloat16, widenFloat16 } from "../generated/kernels.ts";

/** Options of losses of which elements may count more or less. */
export interface SampleWeight<A extends FloatArray = FloatArray> {
  /**
   * One an element, 0 or more, of the dtype of the results: what its loss and slope are multiplied by. A mean is divided by their
   * sum. An element of weight 0 counts exactly 0, whatever stands there.
   */
  sampleWeight?: A | undefined;
}

/** Weights of as many elements, of their dtype, before they are looked at. */
export function sampleWeightOf(
  name: string,
  value: unknown,
  like: FloatArray | HalfBits,
  argument: string,
): FloatArray {
  const weights = floatsOf(name, "sampleWeight", value);
  checkSameDtype(name, "sampleWeight", weights, argument, like);
  checkLength(name, "sampleWeight", weights.length, like.length, argument);
  return weights;
}

/** The sum of the weights, in blocks of 1024 as losses are summed; throws at the first that is not 0 or more. */
export function sumOfWeights(name: string, backend: Backend, weights: FloatArray): number {
  const n = weights.length;
  let sum = 0;
  let refused = -1;
  const reduce: Reduce = (sums, blocks, first) => {
    for (let i = 0; i < blocks; i++) {
      sum += sums[2 * i];
      if (refused < 0 && sums[2 * i + 1] >= 0) refused = first * BLOCK_ELEMENTS + sums[2 * i + 1];
    }
  };
  backend.run(sampleWeights, dtypeOf(weights), Math.ceil(n / BLOCK_ELEMENTS), { sampleWeight: weights }, n, reduce);
  if (refused < 0) return sum;
  throw new RangeError(`${name}: sampleWeight[${refused}] is ${weights[refused]}, but must be 0 or more`);
}

/** Sums of weights from 2^-60 to 2^60 (float64: 2^-500 to 2^500) leave a mean's gradient its digits. */
const USUAL = { f32: 2 ** 60, f64: 2 ** 500 } as const;

/**
 * Weights and their sum, of which a mean and its gradient are made: the weights as they are, or times a power of two, which no
 * mean depends on. Divided by a sum beyond the usual ones a slope would overflow, or lose its digits, before its weight meets it.
 */
export function weightsOfMean(name: string, backend: Backend, weights: FloatArray): [weights: FloatArray, sum: number] {
  const sum = sumOfWeights(name, backend, weights);
  const usual = USUAL[dtypeOf(weights)];
  if (sum === 0 || (sum <= usual && sum >= 1 / usual)) return [weights, sum];
  const scaled = scaledWeights(weights);
  return [scaled, sumOfWeights(name, backend, scaled)];
}

/** Weights times a power of two, the largest then below 1; infinite ones as they are. */
export function scaledWeights(weights: FloatArray): FloatArray {
  let largest = 0;
  for (const weight of weights) largest = Math.max(largest, weight);
  const factor = factorOf(largest);
  return weights.map((weight) => weight * factor);
}

/** The power of two, up to 2^1000, that brings a number to between 1/2 and 1; 1 for 0 and infinity. */
export function factorOf(largest: number): number {
  let factor = 1;
  if (largest === 0 || largest === Number.POSITIVE_INFINITY) return factor;
  while (largest * factor >= 1) factor /= 2;
  while (largest * factor < 0.5 && factor < 2 ** 1000) factor *= 2;
  return factor;
}

/** What to say of an element that a loss does not take; `prediction` is what stood there, where that is refused. */
export function refusal(
  name: string,
  { predictions, targets }: Pick<Domain, "predictions" | "targets">,
  index: number,
  prediction: number,
  target: number,
): RangeError {
  const [argument, value, range] =
    targets !== undefined && !isIn(targets, target)
      ? ["targets", target, targets]
      : ["predictions", prediction, predictions ?? {}];
  return new RangeError(`${name}: ${argument}[${index}] is ${value}, but must be ${wordsFor(range as Range)}`);
}

function isIn({ oneOf, atLeast = -Infinity, atMost = Infinity }: Range, x: number): boolean {
  return oneOf === undefined ? x >= atLeast && x <= atMost : oneOf.includes(x);
}

function wordsFor({ oneOf, atLeast, atMost }: Range): string {
  if (oneOf !== undefined) return oneOf.join(" or ");
  return atMost === undefined ? `${atLeast} or more` : `from ${atLeast} to ${atMost}`;
}

/** One element, as a number. */
export function elementOf(backend: Backend, array: FloatArray | HalfBits, i: number): number {
  return array instanceof HalfBits ? widened(backend, array.subarray(i, i + 1))[0] : array[i];
}

/** Floats as they are, half-precision numbers as float32. */
export function widened(backend: Backend, array: FloatArray | HalfBits): FloatArray {
  if (!(array instanceof HalfBits)) return array;
  const { bits, format, length } = array;
  const out = new Float32Array(length);
  const kernel = format === "f16" ? widenFloat16 : widenBfloat16;
  backend.run(kernel, "f32", Math.ceil(length / BLOCK_ELEMENTS), { bits, out }, length);
  return out;
}
