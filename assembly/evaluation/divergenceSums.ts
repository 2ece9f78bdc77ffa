// What the softmaxes of a row of two models are apart, from sums over its blocks.
//
// The Kullback-Leibler divergence of the other's softmax q from the base's p is Σ p φ(e), e = ln q - ln p, φ(e) = exp(e) - 1 - e >= 0.
// e = (y - x) - (lse y - lse x) needs log-sum-exps that are known at the row's end. So another number stands for their distance, the
// target's y - x, and is put right there: with e' = e + s, and as Σ p = 1, Σ p φ(e) = e^-s Σ p φ(e') + φ(-s) + (e^-s - 1) Σ p e'.
// Where s is so large that this would cancel, the row is gone through once more, with the distance itself. Equal rows give 0.
// docs/accuracy.md derives the bound.

import { HALF, LOWEST, MAGIC, P10, P3, P4, P5, P6, P7, P8, P9, SERIES_END } from "../constants";
import { exp } from "../functions/exp";
import {
  APART,
  DIFFERENCES,
  EXPONENTIALS,
  INVERSE,
  OTHER_SIDE,
  OWN,
  ROUND_APART,
  ROUND_DIFFERENCES,
  ROUND_TERMS,
  TERMS,
} from "../generated/scratchOfComparedRows";
import { addHigh, constant, laneSum, low, mulAdd, ROUND, roundSum } from "../lanes";

/** Up to which |e| of a float64 number its φ is a series. */
const SERIES_END_64: f64 = 0.125;

/** φ(e) / e^2 of a small e. */
@inline function series<T>(e: v128): v128 {
  let t = constant<T>(P8);
  if (sizeof<T>() == 8) t = mulAdd<T>(mulAdd<T>(constant<T>(P10), e, constant<T>(P9)), e, t);
  t = mulAdd<T>(t, e, constant<T>(P7));
  t = mulAdd<T>(t, e, constant<T>(P6));
  t = mulAdd<T>(t, e, constant<T>(P5));
  t = mulAdd<T>(t, e, constant<T>(P4));
  t = mulAdd<T>(t, e, constant<T>(P3));
  return mulAdd<T>(t, e, constant<T>(HALF));
}

/** (y - x) - shift of a vector. */
@inline function difference<T>(base: usize, other: usize, at: usize, shift: v128): v128 {
  return v128.sub<T>(v128.sub<T>(v128.load(other + at), v128.load(base + at)), shift);
}

@inline function isNear<T>(e: v128): v128 {
  return v128.lt<T>(v128.abs<T>(e), constant<T>(SERIES_END));
}

/** A round some of whose classes are far apart, or behind the last one: p φ(e) is q and -p (1 + e) of those, 0 where p is. */
function mixedRound<T>(base: usize, other: usize, shift: v128, exponentials: usize, scratch: usize): void {
  for (let at: usize = 0; at < ROUND; at += 16) {
    const p = v128.load(exponentials + at);
    const e = difference<T>(base, other, at, shift);
    const near = isNear<T>(e);
    const small = v128.and(e, near);
    const u = v128.mul<T>(p, v128.and(e, v128.or(near, v128.ne<T>(p, v128.splat<T>(0)))));
    const term = v128.mul<T>(v128.mul<T>(u, small), series<T>(small));
    v128.store(scratch + at, v128.bitselect(term, v128.neg<T>(v128.add<T>(u, p)), near), ROUND_TERMS);
    v128.store(scratch + at, u, ROUND_DIFFERENCES);
    v128.store(scratch + at, v128.andnot(v128.load(exponentials + OTHER_SIDE + at), near), ROUND_APART);
  }
}

/** The sum of a round in scratch. */
@inline export function sumOfRound<T>(at: usize): v128 {
  return roundSum<T>(v128.load(at), v128.load(at, 16), v128.load(at, 32), v128.load(at, 48));
}

@inline export function clearSums(scratch: usize): void {
  store<f64>(scratch, 0, TERMS);
  store<f64>(scratch, 0, DIFFERENCES);
  store<f64>(scratch, 0, APART);
}

@inline function addTo(to: usize, x: f64): void {
  store<f64>(to, load<f64>(to) + x);
}

/** Adds p φ(e'), p e' and, where they are far apart, q of a block, its exponentials being in scratch, to the sums of the row. */
export function addBlock<T>(base: usize, other: usize, bytes: usize, shift: v128, scratch: usize): void {
  let lower = f64x2.splat(0);
  let upper = lower;
  let lowerDots = lower;
  let upperDots = lower;
  let lowerApart = lower;
  let upperApart = lower;
  for (let at: usize = 0; at < bytes; at += ROUND) {
    const a = difference<T>(base, other, at, shift);
    const b = difference<T>(base, other, at + 16, shift);
    const c = difference<T>(base, other, at + 32, shift);
    const d = difference<T>(base, other, at + 48, shift);
    const near = v128.and(v128.and(isNear<T>(a), isNear<T>(b)), v128.and(isNear<T>(c), isNear<T>(d)));
    const exponentials = scratch + EXPONENTIALS + at;
    let terms: v128;
    let dots: v128;
    if (sizeof<T>() == 4 ? i32x4.all_true(near) : i64x2.all_true(near)) {
      const u = v128.mul<T>(v128.load(exponentials), a);
      const v = v128.mul<T>(v128.load(exponentials, 16), b);
      const w = v128.mul<T>(v128.load(exponentials, 32), c);
      const x = v128.mul<T>(v128.load(exponentials, 48), d);
      dots = roundSum<T>(u, v, w, x);
      terms = roundSum<T>(
        v128.mul<T>(v128.mul<T>(u, a), series<T>(a)),
        v128.mul<T>(v128.mul<T>(v, b), series<T>(b)),
        v128.mul<T>(v128.mul<T>(w, c), series<T>(c)),
        v128.mul<T>(v128.mul<T>(x, d), series<T>(d)),
      );
    } else {
      mixedRound<T>(base + at, other + at, shift, exponentials, scratch);
      terms = sumOfRound<T>(scratch + ROUND_TERMS);
      dots = sumOfRound<T>(scratch + ROUND_DIFFERENCES);
      const q = sumOfRound<T>(scratch + ROUND_APART);
      lowerApart = f64x2.add(lowerApart, low<T>(q));
      upperApart = addHigh<T>(upperApart, q);
    }
    lower = f64x2.add(lower, low<T>(terms));
    upper = addHigh<T>(upper, terms);
    lowerDots = f64x2.add(lowerDots, low<T>(dots));
    upperDots = addHigh<T>(upperDots, dots);
  }
  addTo(scratch + TERMS, laneSum<T>(lower, upper));
  addTo(scratch + DIFFERENCES, laneSum<T>(lowerDots, upperDots));
  addTo(scratch + APART, laneSum<T>(lowerApart, upperApart));
}

@inline function expOf(x: f64): f64 {
  return x > 700
    ? Infinity
    : f64x2.extract_lane(exp<f64>(f64x2.splat(x), constant<f64>(LOWEST), constant<f64>(MAGIC)), 0);
}

/** φ(e) of one number. */
function phi(e: f64): f64 {
  if (abs(e) < SERIES_END_64) return e * e * f64x2.extract_lane(series<f64>(f64x2.splat(e)), 0);
  return expOf(e) - 1 - e;
}

/**
 * Σ p φ(e) of a row whose sums are in scratch; NaN where φ(-s) is above 4 times that, unless it is the `last` one. `own` is the
 * target's e', and `above` how far the other's reference lies above the base's, less the shift: the other's exponentials are made
 * what p exp(e') is, and not q, which would count what the log-sum-exps are off by itself.
 */
export function divergenceOf(s: f64, own: f64, above: f64, last: bool, scratch: usize): f64 {
  const far = scratch + OTHER_SIDE;
  const inverse = load<f64>(scratch, INVERSE);
  const apart = load<f64>(scratch, APART);
  const p = load<f64>(scratch, OWN);
  let terms = inverse * load<f64>(scratch, TERMS);
  let dots = inverse * load<f64>(scratch, DIFFERENCES);
  if (apart != 0) terms += apart * (above > 600 ? expOf(s) * load<f64>(far, INVERSE) : expOf(above) * inverse);
  if (p == 0) terms += expOf(s) * load<f64>(far, OWN);
  else {
    dots += p * own;
    terms += p * phi(own);
  }
  const t = phi(-s);
  const divergence = terms * expOf(-s) + t + dots * (t - s);
  if (last) return terms == Infinity ? terms : max<f64>(divergence, 0);
  return divergence < Infinity && t <= 4 * divergence ? divergence : NaN;
}
