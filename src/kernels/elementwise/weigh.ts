import { BLOCK_ELEMENTS } from "../../descriptions/thresholds.ts";
import type { FloatArray } from "../../dtype.ts";
import type { Scratch } from "../scratch.ts";
import { blockSum } from "./rounds.ts";

// What is done to a block whatever the loss, as in assembly/elementwise/blocks.ts.

/** The loop of a loss; what else it takes are scale and options, and scratch. */
type Loop = (
  begin: number,
  end: number,
  predictions: FloatArray,
  targets: FloatArray,
  losses: FloatArray | null,
  grad: FloatArray | null,
  sums: Float64Array | null,
  count: number,
  ...others: never[]
) => void;

/** A block's sum, and the number of the first refused element, or -1. */
export function report(sums: Float64Array, block: number, sum: number, refused: number): void {
  sums[2 * block] = sum;
  sums[2 * block + 1] = refused;
}

/** A loss of elements with a weight each, block by block: each loss, the gradient and the sum times the weights. */
export function weigh(
  loop: Loop,
  checks: boolean,
  begin: number,
  end: number,
  predictions: FloatArray,
  targets: FloatArray,
  sampleWeight: FloatArray,
  losses: FloatArray | null,
  grad: FloatArray | null,
  sums: Float64Array | null,
  count: number,
  numbers: readonly number[],
  scratch: Scratch,
): void {
  const lanes = sampleWeight instanceof Float32Array ? scratch.f32 : scratch.f64;
  const { each, masked } = lanes;
  const found = new Float64Array(2);
  for (let block = begin; block < end; block++) {
    const first = block * BLOCK_ELEMENTS;
    const stop = Math.min(first + BLOCK_ELEMENTS, count);
    const n = stop - first;
    let p = predictions.subarray(first, stop);
    let t = targets.subarray(first, stop);
    const s = sampleWeight.subarray(first, stop);
    const own = grad === null ? null : grad.subarray(first, stop);
    if (checks) {
      p = mask(p, s, 0, masked[0]);
      t = mask(t, s, 1, masked[1]);
    }
    loop(0, 1, p, t, each, own, checks ? found : null, n, ...([...numbers, scratch] as never[]));
    multiply(each, s);
    if (losses !== null) losses.set(each.subarray(0, n), first);
    if (own !== null) multiply(own, s);
    if (sums === null) continue;
    if (!checks) sums[block] = blockSum(each, 0, n, lanes);
    else if (found[1] < 0) report(sums, block, blockSum(each, 0, n, lanes), -1);
    else report(sums, block, found[0], first + found[1]);
  }
}

/** Elements of weight 0 as `fill`, which every loss takes. */
function mask<A extends FloatArray>(values: A, s: FloatArray, fill: number, to: A): A {
  for (let i = 0; i < s.length; i++) to[i] = s[i] === 0 ? fill : values[i];
  return to;
}

/** Times the weights, and 0 where they are 0: the stores round. */
function multiply(values: FloatArray, s: FloatArray): void {
  for (let i = 0; i < s.length; i++) values[i] = s[i] === 0 ? 0 : values[i] * s[i];
}

/** Sums of blocks of weights, and the number of the first that is not 0 or more, or -1. */
export function sampleWeights(
  begin: number,
  end: number,
  sampleWeight: FloatArray,
  sums: Float64Array,
  count: number,
  scratch: Scratch,
): void {
  const lanes = sampleWeight instanceof Float32Array ? scratch.f32 : scratch.f64;
  for (let block = begin; block < end; block++) {
    const first = block * BLOCK_ELEMENTS;
    const stop = Math.min(first + BLOCK_ELEMENTS, count);
    let refused = first;
    while (refused < stop && sampleWeight[refused] >= 0) refused++;
    report(sums, block, blockSum(sampleWeight, first, stop, lanes), refused < stop ? refused : -1);
  }
}
