import { mergeStates } from "../src/index.node.ts";

// Bins of exact sums take the upper and the lower half of each float64: 2^21 lower halves of nearly 2^32 are 2^53, and of
// the next odd one something is lost, where they were not emptied before.

/** So many values of a lower half from FULL on, which is odd, are more than a bin takes. */
export const MANY = 2 ** 21 + 2 ** 17;
export const FULL = 0xf8000000;

/** The lower half of a float64's significand. */
export const lowerHalf = (x: number) => new Uint32Array(Float64Array.of(x).buffer)[0];

/** The state of n times what another one holds: it is merged with itself, as often as n has bits. */
export function timesState(state: Uint8Array, n: number): Uint8Array {
  if (n === 1) return state;
  const half = timesState(state, Math.floor(n / 2));
  return n % 2 === 1 ? mergeStates(half, half, state) : mergeStates(half, half);
}
