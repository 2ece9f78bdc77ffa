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
} from "../../descriptions/thresholds.ts";
import { bytesOf, type FloatArray } from "../../dtype.ts";
import * as places from "../../generated/table.ts";
import { constant } from "../constant.ts";
import { power64 } from "../functions/exp64.ts";
import { log1p, MAGIC } from "../functions/log.ts";
import type { Lanes } from "../scratch.ts";
import { maximumWithout } from "./maximum.ts";

// What the exponentials of a row are relative to, e_j = exp(x_j - shift) 2^-exponent: see assembly/rows/reference.ts.

const HALF_LOG2E = 0.5 * constant(places.LOG2E).f64;

/** Whether `out` at outAt is x at `at`. */
function isSame(x: FloatArray, at: number, out: FloatArray, outAt: number): boolean {
  const bytes = bytesOf(x instanceof Float32Array ? "f32" : "f64");
  return x.buffer === out.buffer && x.byteOffset + bytes * at === out.byteOffset + bytes * outAt;
}

/**
 * A first reference, the left-out element aside: the maximum of the first round, or of the row where that is not near 0.
 * Of a row that is overwritten it is the last reference too.
 */
export function guess(
  { width }: Lanes,
  x: FloatArray,
  at: number,
  classes: number,
  leftOut: number,
  out: FloatArray | null,
  outAt: number,
): number {
  const end = at + classes;
  const first = maximumWithout(x, at, Math.min(at + 4 * width, end), leftOut, Number.NEGATIVE_INFINITY);
  const near = Math.abs(first) <= NEAR;
  if (near && !(out && isSame(x, at, out, outAt))) return first;
  const m = maximumWithout(x, at, end, leftOut, Number.NEGATIVE_INFINITY);
  return near && m <= first + RISE ? first : m;
}

const LIFT = { f32: LIFT_32, f64: LIFT_64 };
const DOWN_LIFT = { f32: DOWN_LIFT_32, f64: DOWN_LIFT_64 };

/** How many powers of two exponentials are lifted by where a gradient needs those that would run down to 0. */
export function liftOf({ dtype }: Lanes, lifted: boolean): number {
  return lifted ? LIFT[dtype] : 0;
}

/** What takes a lift away. */
export function downOf({ dtype }: Lanes, lifted: boolean): number {
  return lifted ? DOWN_LIFT[dtype] : 1;
}

/** Makes m the reference, exponentials being times 2^lift, which is not part of it; returns how large a logit may be. */
export function refer({ dtype, narrow, reference }: Lanes, m: number, lift = 0): number {
  const near = Math.abs(m) <= NEAR;
  const exponent = near ? 2 * Math.floor(m * HALF_LOG2E) : 0;
  reference.shift = near || m === Number.NEGATIVE_INFINITY ? 0 : m;
  reference.exponent = exponent;
  const power = exponent - lift;
  reference.lowest = narrow((power - (dtype === "f32" ? 127 : 1023)) * LN2_HIGH);
  reference.magic = MAGIC[dtype] - (dtype === "f32" ? power : 256 * power);
  return reference.shift === 0 ? narrow(m + RISE) : Number.POSITIVE_INFINITY;
}

/** How far above x the reference is, ln of what the exponentials were divided by. */
export function aboveOf({ reference: { shift, exponent } }: Lanes, x: number): number {
  return shift - x + exponent * LN2_HIGH + exponent * LN2_LOW;
}

/** How far the reference lies above the target's logit x; NaN where the row has no finite maximum, or a NaN there. */
export function apart(lanes: Lanes, x: number, others: number): number {
  if (x === Number.POSITIVE_INFINITY || (x === Number.NEGATIVE_INFINITY && others === 0)) return Number.NaN;
  return aboveOf(lanes, x);
}

/**
 * What makes exponentials relative to x: exp(shift - x) 2^exponent, or of an x that lies FAR and further below the reference
 * exp(FAR); times 2^up.
 */
export function relative({ reference: { shift, exponent } }: Lanes, x: number, distance: number, up = 0): number {
  if (!(distance <= FAR)) return distance > FAR ? expTimes(FAR, up) : Number.NaN;
  return expTimes(shift - x, exponent + up);
}

/** exp(z) 2^power. */
function expTimes(z: number, power: number): number {
  return power64(z, (-power - 1023) * LN2_HIGH, MAGIC.f64 + 256 * power);
}

/** The exponential of a logit x that is not above the reference m by more than RISE, as in the row's sum. */
export function exponential({ reference, narrow, more, powers }: Lanes, x: number): number {
  more[0] = narrow(x - reference.shift);
  powers(more, 0, 1, reference.lowest, reference.magic, more, 0);
  return more[0];
}

/** Whether a logit has an exponential where m is the reference. */
export function isInReach(x: number, m: number): boolean {
  return x <= m + RISE;
}

/** ln(1 + z) as far as FAR, z = others relative to x: beyond, where the 1 does not count, with all of float64's digits. */
export function logAsFar(lanes: Lanes, z: number, distance: number): number {
  return log1p(z, distance > FAR ? "f64" : lanes.dtype);
}

/** The rest of it; 0 where there are no others. */
export function beyond(distance: number, others: number): number {
  return distance > FAR && others > 0 ? distance - FAR : 0;
}

/** What `near`, ln(1 + others exp(distance)) as far as FAR, makes of the log-sum-exp. */
export function logSumExpOf(lanes: Lanes, x: number, near: number, far: number): number {
  return far === 0 ? x + near : aboveOf(lanes, 0) + (near - FAR);
}
