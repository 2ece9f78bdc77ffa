import { addToBins, type Loops } from "./exactSum.ts";
import { EXTRACTED, extractSums, PARTS } from "./extraction.ts";

/** Adds values[begin..end), at most 2^20 of them, to the bins. */
export function addRangeToBins(begin: number, end: number, values: Float64Array, bins: Float64Array): void {
  for (let i = begin; i < end; i++) addToBins(bins, values[i]);
}

/** What many values are added up with in JavaScript. In a file of its own: WebAssembly has its own. */
export const LOOPS: Loops = {
  extract(values, n) {
    const blocks = Math.ceil(n / EXTRACTED);
    const sums = new Float64Array(PARTS * blocks);
    extractSums(0, blocks, values, sums, n);
    return sums;
  },
  addToBins: addRangeToBins,
};
