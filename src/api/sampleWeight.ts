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
  if (!(array instanceof HalfBits)) return array[i];
  const out = new Float32Array(1);
  const kernel = array.format === "f16" ? widenFloat16 : widenBfloat16;
  backend.run(kernel, "f32", 1, { bits: array.bits.subarray(i, i + 1), out }, 1);
  return out[0];
}
