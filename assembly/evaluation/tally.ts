// Adds up records of rows: exact sums, and counts. One thread does it at a time, since all rows add to the same.
// src/descriptions/counters.ts says what is counted, and where.

import {
  ALL_NEGATIVE_INFINITY,
  BIN,
  COUNTED,
  FIRST_LOSS_BIN,
  FURTHER_RANKS,
  LOSS_BINS,
  NAN,
  POSITIVE_INFINITY,
  RANKS,
  SCATTERED,
} from "../generated/counters";
import { BRIER, CONFIDENCE, ENTROPY, LOG_SUM_EXP, LOSS, RANK, RECORD, SQUARE } from "../generated/record";
import { C1, C2, C26, EXTRACTED, LARGEST, SMALLEST } from "../generated/thresholds";
import { addPair, addToBins, BINS, partOf } from "../sums/exactSum";

/** An integer below 2^51 and this are a float64 that has its bits. */
const TWO_52: f64 = 4503599627370496;

/** A small integer from 0 on, by its bits: that is faster than a conversion, which may trap. */
@inline function indexOf(x: f64): usize {
  return <usize>reinterpret<i64>(x + TWO_52);
}

@inline function increment(p: usize): void {
  store<f64>(p, load<f64>(p) + 1);
}

/** Whether all four values can be split: see extractBlock. */
@inline function fit(a: v128, b: v128): bool {
  const low = f64x2.splat(SMALLEST);
  const high = f64x2.splat(LARGEST);
  const within = v128.and(v128.and(f64x2.ge(a, low), f64x2.lt(a, high)), v128.and(f64x2.ge(b, low), f64x2.lt(b, high)));
  return i64x2.all_true(within);
}

/** sums: bins of Σ loss, Σ square, Σ entropy, Σ brier and Σ 1/rank of the ranks beyond `ranks`. */
export function tally(begin: i32, end: i32, rows: usize, sums: usize, counters: usize, ranks: i32, bins: i32): void {
  for (let i = begin; i < end; i += EXTRACTED) addGroup(i, min(end, i + EXTRACTED), rows, sums, counters, ranks, bins);
}

/** Adds up rows that are so few that the parts of their values add up exactly. */
function addGroup(begin: i32, end: i32, rows: usize, sums: usize, counters: usize, ranks: i32, bins: i32): void {
  const calibration = counters + RANKS + ((<usize>(ranks + FURTHER_RANKS)) << 3);
  const lossBins = calibration + <usize>bins * BIN;
  const scale = <f64>bins;
  const c1 = f64x2.splat(C1);
  const c2 = f64x2.splat(C2);
  const one = f64x2.splat(1);
  let a1 = f64x2.splat(0);
  let a2 = a1;
  let a3 = a1;
  let b1 = a1;
  let b2 = a1;
  let b3 = a1;
  let counted = 0;
  for (let i = begin; i < end; i++) {
    const row = rows + <usize>i * RECORD;
    const rank = load<f64>(row, RANK);
    if (rank < 0) continue;
    counted++;
    const a = v128.load(row, LOSS);
    const b = v128.load(row, ENTROPY);
    if (fit(a, b)) {
      const h1 = partOf(a, c1);
      const r1 = f64x2.sub(a, h1);
      const h2 = partOf(r1, c2);
      a1 = f64x2.add(a1, h1);
      a2 = f64x2.add(a2, h2);
      a3 = f64x2.add(a3, f64x2.sub(r1, h2));
      const i1 = partOf(b, c1);
      const s1 = f64x2.sub(b, i1);
      const i2 = partOf(s1, c2);
      b1 = f64x2.add(b1, i1);
      b2 = f64x2.add(b2, i2);
      b3 = f64x2.add(b3, f64x2.sub(s1, i2));
    } else {
      increment(counters + SCATTERED);
      addPair(a, sums, sums + BINS);
      addPair(b, sums + 2 * BINS, sums + 3 * BINS);
    }

    const beyond = rank > <f64>ranks;
    increment(counters + RANKS + (beyond ? <usize>(ranks + 1) : indexOf(rank)) * 8);
    if (beyond) addToBins(1 / rank, sums + 4 * BINS);

    const confidence = load<f64>(row, CONFIDENCE);
    if (confidence == confidence) {
      const place = indexOf(ceil(confidence * scale));
      const bin = calibration + (place - <usize>(place != 0)) * BIN;
      // a multiple of 2^-26 and the rest, so that 2^26 rows stay exact
      const upper = confidence + C26 - C26;
      const lower = confidence - upper;
      // by a mask: a branch would be guessed wrong for each hit among misses
      const hit = v128.and(f64x2.eq(f64x2.splat(rank), one), one);
      v128.store(bin, f64x2.add(v128.load(bin), f64x2.replace_lane(hit, 0, 1)));
      v128.store(bin, f64x2.add(v128.load(bin, 16), f64x2.replace_lane(f64x2.splat(upper), 1, lower)), 16);
    } else {
      const lse = load<f64>(row, LOG_SUM_EXP);
      increment(counters + (lse != lse ? NAN : lse > 0 ? POSITIVE_INFINITY : ALL_NEGATIVE_INFINITY));
    }
    const loss = load<f64>(row, LOSS);
    if (loss == loss) {
      const bin = <i32>(reinterpret<i64>(loss) >> 50) - FIRST_LOSS_BIN + 1;
      increment(lossBins + ((<usize>max(0, min(LOSS_BINS - 1, bin))) << 3));
    }
  }
  store<f64>(counters, load<f64>(counters, COUNTED) + <f64>counted, COUNTED);
  addPair(a1, sums, sums + BINS);
  addPair(a2, sums, sums + BINS);
  addPair(a3, sums, sums + BINS);
  addPair(b1, sums + 2 * BINS, sums + 3 * BINS);
  addPair(b2, sums + 2 * BINS, sums + 3 * BINS);
  addPair(b3, sums + 2 * BINS, sums + 3 * BINS);
}
