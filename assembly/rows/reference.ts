// What the exponentials of a row are relative to, its *reference*: e_j = exp(x_j - shift) 2^-exponent.
//
// To take a power of two away costs nothing (see exp) and changes no digit. So it need not be that of the maximum: one near the
// maximum of the first round will do, and the row is read once. Its maximum is found on the way; if that is too far above, the
// row is read again with its own power of two. A pass for the maximum before that of the exponentials is saved: 0.7 to 0.85 of
// the time.
//
// Rows whose logits are far from 0, where x - n ln 2 would lose digits, and those that hold +inf have their maximum taken away
// instead, block by block in scratch. Which way a row goes depends on the row alone.

import { LN2_REST, LOG2E, MAGIC } from "../constants";
import { isOnePart, powerOf } from "../functions/exp";
import { log1pOf } from "../functions/log";
import { EXPONENT, FLOOR, MAGICS, REST, SHIFT, SHIFTED, TAIL, TOP, WITHOUT } from "../generated/scratchOfRows";
import {
  DOWN_LIFT_32,
  DOWN_LIFT_64,
  FAR,
  LIFT_32,
  LIFT_64,
  LN2_HIGH,
  LN2_LOW,
  NEAR,
  RISE,
} from "../generated/thresholds";
import {
  constant,
  copyTail,
  copyWithout,
  larger,
  largestLane,
  negativeInfinities,
  NOWHERE,
  ROUND,
  splat,
} from "../lanes";

/** Where a row's partial round starts, or NOWHERE. */
@inline export function tailOf(row: usize, bytes: usize): usize {
  const rest = bytes & (ROUND - 1);
  return rest ? row + bytes - rest : NOWHERE;
}

/** Where the round of a row's element starts, or NOWHERE for none. */
@inline export function roundOf(row: usize, at: usize): usize {
  return at == NOWHERE ? NOWHERE : row + ((at - row) & ~(ROUND - 1));
}

/** Puts the row's last, partial round into scratch. */
@inline export function fillTail<T>(row: usize, bytes: usize, scratch: usize): void {
  const tail = bytes & (ROUND - 1);
  if (tail) copyTail(row + bytes - tail, tail, negativeInfinities<T>(), scratch + TAIL);
}

/** Puts the rounds that are not read in place into scratch: the partial one, and that of the element at `leftOut`. */
@inline export function prepare<T>(row: usize, bytes: usize, leftOut: usize, scratch: usize): void {
  fillTail<T>(row, bytes, scratch);
  if (leftOut == NOWHERE) return;
  const without = roundOf(row, leftOut);
  copyWithout<T>(without == tailOf(row, bytes) ? scratch + TAIL : without, leftOut - without, scratch + WITHOUT);
}

@inline function largerOfRound<T>(top: v128, p: usize): v128 {
  return larger<T>(
    top,
    larger<T>(
      larger<T>(larger<T>(negativeInfinities<T>(), v128.load(p)), v128.load(p, 16)),
      larger<T>(larger<T>(negativeInfinities<T>(), v128.load(p, 32)), v128.load(p, 48)),
    ),
  );
}

/**
 * A first reference, the left-out element aside: the maximum of the first round, or of the row where that is not near 0.
 * A row that is overwritten can't be read again (`once`): its first reference is one that will do.
 */
export function guess<T>(row: usize, bytes: usize, without: usize, tail: usize, once: bool, scratch: usize): T {
  let top = negativeInfinities<T>();
  let first: T = 0;
  let near = false;
  for (let p = row, end = row + bytes; p < end; p += ROUND) {
    top = largerOfRound<T>(top, p == without ? scratch + WITHOUT : p == tail ? scratch + TAIL : p);
    if (p == row) {
      first = largestLane<T>(top);
      near = abs<f64>(<f64>first) <= NEAR;
      if (near && !once) return first;
    }
  }
  const m = largestLane<T>(top);
  return near && m <= first + <T>RISE ? first : m;
}

@inline function shiftRound<T>(from: usize, shift: v128, to: usize): void {
  v128.store(to, v128.sub<T>(v128.load(from), shift));
  v128.store(to, v128.sub<T>(v128.load(from, 16), shift), 16);
  v128.store(to, v128.sub<T>(v128.load(from, 32), shift), 32);
  v128.store(to, v128.sub<T>(v128.load(from, 48), shift), 48);
}

/** How many powers of two exponentials are lifted by where a gradient needs those that would run down to 0. */
@inline export function liftOf<T>(): f64 {
  return <f64>(sizeof<T>() == 4 ? LIFT_32 : LIFT_64);
}

/** What takes a lift away. */
@inline export function downOf<T>(lifted: bool): f64 {
  return lifted ? (sizeof<T>() == 4 ? DOWN_LIFT_32 : DOWN_LIFT_64) : 1;
}

/** Makes m the reference, exponentials being times 2^lift, which is not part of it; returns how large a logit may be. */
export function refer<T>(m: T, lift: f64, scratch: usize): T {
  const near = abs<f64>(<f64>m) <= NEAR;
  // even, so that halves are rounded to the same side whatever it is; and not above m, lest what is normal relative to m runs down
  const exponent = near ? 2 * floor<f64>(<f64>m * (0.5 * f64x2.extract_lane(constant<f64>(LOG2E), 0))) : 0;
  // of a row of nothing but -inf nothing is taken away: exp(-inf) = 0, and a NaN still shows
  const shift = near || m == <T>-Infinity ? <T>0 : m;
  store<f64>(scratch, exponent, EXPONENT);
  store<f64>(scratch, <f64>shift, SHIFT);
  if (ASC_FEATURE_RELAXED_SIMD) {
    store<f64>(scratch, isOnePart<T>() ? exponent * f64x2.extract_lane(constant<f64>(LN2_REST), 0) : 0, REST);
  }
  const power = exponent - lift;
  v128.store(scratch, splat<T>((power - (sizeof<T>() == 4 ? 127 : 1023)) * LN2_HIGH), FLOOR);
  v128.store(scratch, v128.sub<T>(constant<T>(MAGIC), splat<T>(sizeof<T>() == 4 ? power : 256 * power)), MAGICS);
  v128.store(scratch, negativeInfinities<T>(), TOP);
  if (shift == 0) return m + <T>RISE;
  const v = v128.splat<T>(shift);
  shiftRound<T>(scratch + TAIL, v, scratch + TAIL);
  shiftRound<T>(scratch + WITHOUT, v, scratch + WITHOUT);
  return <T>Infinity;
}

/** The largest logit read since `refer`. */
@inline export function largest<T>(scratch: usize): T {
  return largestLane<T>(v128.load(scratch, TOP));
}

/** How far above x the reference is, ln of what the exponentials were divided by; x may be the reference of another row. */
@inline export function aboveOf(x: f64, scratch: usize): f64 {
  const exponent = load<f64>(scratch, EXPONENT);
  return load<f64>(scratch, SHIFT) - x + exponent * LN2_HIGH + exponent * LN2_LOW;
}

/** How far the reference lies above the target's logit x; NaN where the row has no finite maximum, or a NaN there. */
@inline export function apart<T>(x: T, others: f64, scratch: usize): f64 {
  return x == <T>Infinity || (x == <T>-Infinity && others == 0) ? NaN : aboveOf(<f64>x, scratch);
}

/**
 * The factor that makes exponentials relative to x: exp(shift - x) 2^exponent, whose argument is not rounded where there is no
 * shift. For an x that lies further than FAR below the reference it is exp(FAR). It is times 2^up.
 */
export function relative(x: f64, distance: f64, up: f64, scratch: usize): f64 {
  if (!(distance <= FAR)) return distance > FAR ? expTimes(FAR, up) : NaN;
  return expTimes(
    load<f64>(scratch, SHIFT) - x - (ASC_FEATURE_RELAXED_SIMD ? load<f64>(scratch, REST) : 0),
    load<f64>(scratch, EXPONENT) + up,
  );
}

/** exp(z) 2^power. */
@inline function expTimes(z: f64, power: f64): f64 {
  return powerOf<f64>(
    z,
    f64x2.splat((-power - 1023) * LN2_HIGH),
    f64x2.add(constant<f64>(MAGIC), f64x2.splat(256 * power)),
  );
}

/** The exponential of a logit x that is not above the reference by more than RISE, as in the row's sum. */
export function exponential<T>(x: T, scratch: usize): T {
  return powerOf<T>(x - <T>load<f64>(scratch, SHIFT), v128.load(scratch, FLOOR), v128.load(scratch, MAGICS));
}

/** ln(1 + z), z the others relative to x, at most FAR; where x lies further below, with all digits of float64. */
@inline export function logAsFar<T>(z: f64, distance: f64): f64 {
  return distance > FAR ? log1pOf<f64>(z) : log1pOf<T>(z);
}

/** How much further than FAR x lies below the reference: what logAsFar lacks. 0 where there are no others. */
@inline export function beyond(distance: f64, others: f64): f64 {
  return distance > FAR && others > 0 ? distance - FAR : 0;
}

/** How far a block's addresses move where the shift is taken from it in scratch; 0 where it is read in place. */
export function shiftBlock<T>(begin: usize, end: usize, scratch: usize): usize {
  const shift = load<f64>(scratch, SHIFT);
  if (shift == 0) return 0;
  const v = splat<T>(shift);
  const move = scratch + SHIFTED - begin;
  for (let p = begin; p < end; p += ROUND) shiftRound<T>(p, v, p + move);
  return move;
}

@inline export function moved(address: usize, move: usize): usize {
  return address == NOWHERE ? NOWHERE : address + move;
}
