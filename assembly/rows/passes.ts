// Rows of any length. This file sums a row's exponentials, in rounds and blocks (see lanes.ts), in one pass over it; reference.ts
// says what the exponentials are relative to, dots.ts has the weighted sums and the gradients, maximum.ts the maximum, and
// softmax.ts the kernels that need nothing else. Short rows, of at most SHORT_ROW classes, go through turned/ instead.

import { E2, F2, ONE, STEPS } from "../constants";
import { expBy, ln2First, ln2Second } from "../functions/exp";
import { FLOOR, MAGICS, TAIL, TAIL_OUT, TOP, WITHOUT } from "../generated/scratchOfRows";
import {
  addHigh,
  BLOCK,
  constant,
  laneSum,
  larger,
  low,
  pairSum,
  ROUND,
  roundSum,
  roundUp,
  storeTail,
  twoSum,
} from "../lanes";
import { downOf, guess, largest, liftOf, moved, prepare, refer, roundOf, shiftBlock, tailOf } from "./reference";

/**
 * Sum of exponentials over the block of rounds [begin, end) of a row, in lanes; the largest logits go to TOP. The round at
 * `without` and the one at `tail` are read from scratch. With `keep` each exponential is stored at its place plus `shift`;
 * `fine` is exp's degree 6. The constants are locals: see exp.
 */
@inline function expBlock<T>(
  begin: usize,
  end: usize,
  without: usize,
  tail: usize,
  keep: bool,
  fine: bool,
  shift: usize,
  scratch: usize,
): f64 {
  const lowest = v128.load(scratch, FLOOR);
  const magic = v128.load(scratch, MAGICS);
  const steps = constant<T>(STEPS);
  const one = constant<T>(ONE);
  const e2 = constant<T>(fine ? F2 : E2);
  const e3 = constant<T>((fine ? F2 : E2) + 1);
  const e4 = constant<T>((fine ? F2 : E2) + 2);
  const e5 = constant<T>((fine ? F2 : E2) + 3);
  const e6 = constant<T>((fine ? F2 : E2) + 4);
  const first = ln2First<T>();
  const second = ln2Second<T>();
  let lower = f64x2.splat(0);
  let upper = lower;
  let top = v128.load(scratch, TOP);
  for (let p = begin; p < end;) {
    // the next run of rounds: one from scratch, or as far as the next such one
    let q = p;
    let stop = min(end, p < without ? min(without, tail) : tail);
    let to = p + shift;
    if (p == tail) {
      to = scratch + TAIL_OUT;
      q = scratch + (p == without ? WITHOUT : TAIL);
      stop = q + ROUND;
      p += ROUND;
    } else if (p == without) {
      q = scratch + WITHOUT;
      stop = q + ROUND;
      p += ROUND;
    } else p = stop;
    const offset = to - q;
    for (; q < stop; q += ROUND) {
      const a = v128.load(q);
      const b = v128.load(q, 16);
      const c = v128.load(q, 32);
      const d = v128.load(q, 48);
      top = larger<T>(larger<T>(top, a), b);
      const w = expBy<T>(a, lowest, magic, steps, one, e2, e3, e4, e5, e6, first, second, fine);
      const x = expBy<T>(b, lowest, magic, steps, one, e2, e3, e4, e5, e6, first, second, fine);
      top = larger<T>(larger<T>(top, c), d);
      const y = expBy<T>(c, lowest, magic, steps, one, e2, e3, e4, e5, e6, first, second, fine);
      const z = expBy<T>(d, lowest, magic, steps, one, e2, e3, e4, e5, e6, first, second, fine);
      if (keep) {
        v128.store(q + offset, w);
        v128.store(q + offset, x, 16);
        v128.store(q + offset, y, 32);
        v128.store(q + offset, z, 48);
      }
      const sum = roundSum<T>(w, x, y, z);
      lower = f64x2.add(lower, low<T>(sum));
      upper = addHigh<T>(upper, sum);
    }
  }
  v128.store(scratch, top, TOP);
  return laneSum<T>(lower, upper);
}

/** expBlock that keeps exponentials, in the module once. */
export function keepBlock<T>(begin: usize, end: usize, without: usize, tail: usize, shift: usize, scratch: usize): f64 {
  return expBlock<T>(begin, end, without, tail, true, false, shift, scratch);
}

/** Sum of exponentials over a row that is prepared and has a reference. */
@inline function sumBlocks<T>(
  row: usize,
  bytes: usize,
  without: usize,
  tail: usize,
  keep: bool,
  fine: bool,
  out: usize,
  scratch: usize,
): f64 {
  let total = f64x2.splat(0);
  const end = row + roundUp(bytes);
  for (let block = row; block < end; block += BLOCK) {
    const stop = min(block + BLOCK, end);
    const move = shiftBlock<T>(block, stop, scratch);
    const w = moved(without, move);
    const t = moved(tail, move);
    const to = out - row - move;
    const x =
      keep && !fine
        ? keepBlock<T>(block + move, stop + move, w, t, to, scratch)
        : expBlock<T>(block + move, stop + move, w, t, keep, fine, to, scratch);
    total = twoSum(total, x);
  }
  return pairSum(total);
}

/**
 * Sum over a row of its exponentials relative to a reference, which is left in scratch (see reference.ts), in float64.
 *
 * The element at address `leftOut` (or NOWHERE) is left out of the sum, and its exponential is 0. Where `out` is given, it gets
 * the exponentials; with `fine` (only then) they are at most 1.1 ulp off. Those that are `lifted` are times 2^liftOf, their sum is not.
 */
export function expRow<T>(
  row: usize,
  bytes: usize,
  leftOut: usize,
  fine: bool,
  lifted: bool,
  out: usize,
  scratch: usize,
): f64 {
  const tail = tailOf(row, bytes);
  const without = roundOf(row, leftOut);
  const rest = bytes & (ROUND - 1);
  prepare<T>(row, bytes, leftOut, scratch);
  let m = guess<T>(row, bytes, without, tail, out == row, scratch);
  let sum: f64 = 0;
  for (;;) {
    const limit = refer<T>(m, lifted ? liftOf<T>() : 0, scratch);
    if (!out) sum = sumBlocks<T>(row, bytes, without, tail, false, false, 0, scratch);
    else if (!fine || sizeof<T>() == 8) sum = sumBlocks<T>(row, bytes, without, tail, true, false, out, scratch);
    else sum = sumBlocks<T>(row, bytes, without, tail, true, true, out, scratch);
    const top = largest<T>(scratch);
    if (top <= limit) break;
    m = top;
  }
  if (out && rest) storeTail<T>(scratch + TAIL_OUT, rest, out + bytes - rest);
  return sum * downOf<T>(lifted);
}
