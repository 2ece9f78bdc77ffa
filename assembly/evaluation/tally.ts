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
  WEIGHING,
} from "../generated/counters";
import { BRIER, CONFIDENCE, ENTROPY, LOG_SUM_EXP, LOSS, RANK, RECORD, WEIGHT } from "../generated/record";
import { C1, C2, C26, EXTRACTED, LARGEST, SMALLEST } from "../generated/thresholds";
import { addPair, addToBins, BINS, partOf } from "../sums/exactSum";
import { addLossProducts, addWeightLosses, addWeightProducts } from "./moments";

/** An integer below 2^51 and this are a float64 that has its bits. */
const TWO_52: f64 = 4503599627370496;

/** Bins of the sums: of losses, entropies, Brier scores, 1 / rank and weights; then of the products, from Σ r^2 on. */
const ENTROPIES: usize = BINS;
const BRIERS: usize = 2 * BINS;
const RECIPROCAL_RANKS: usize = 3 * BINS;
const WEIGHTS: usize = 4 * BINS;
const LOSS_SQUARES: usize = 5 * BINS;
const WEIGHT_LOSSES: usize = 6 * BINS;
const WEIGHT_SQUARES: usize = 7 * BINS;

/** A small integer from 0 on, by its bits: that is faster than a conversion, which may trap. */
@inline function indexOf(x: f64): usize {
  return <usize>reinterpret<i64>(x + TWO_52);
}

@inline function increment(p: usize): void {
  store<f64>(p, load<f64>(p) + 1);
}

/** Whether both values can be split: see extractBlock. */
@inline function fit(v: v128): bool {
  return i64x2.all_true(v128.and(f64x2.ge(v, f64x2.splat(SMALLEST)), f64x2.lt(v, f64x2.splat(LARGEST))));
}

/**
 * sums: bins of Σ r, Σ entropy, Σ brier, Σ 1/rank of the ranks beyond `ranks`, Σ w, Σ r^2, Σ w r and Σ w^2, r being the weighted
 * loss. Those with w are only added where rows are `weighted`.
 */
export function tally(
  begin: i32,
  end: i32,
  rows: usize,
  sums: usize,
  counters: usize,
  ranks: i32,
  bins: i32,
  weighted: i32,
): void {
  for (let i = begin; i < end; i += EXTRACTED) {
    const stop = min(end, i + EXTRACTED);
    const from = rows + <usize>i * RECORD;
    const to = rows + <usize>stop * RECORD;
    addGroup(from, to, sums, counters, ranks, bins, weighted != 0);
    addLossProducts(from, to, weighted != 0, sums, sums + LOSS_SQUARES, counters);
    if (weighted) {
      addWeightProducts(from, to, sums + WEIGHTS, sums + WEIGHT_SQUARES, counters);
      addWeightLosses(from, to, sums + WEIGHT_LOSSES, counters);
    }
  }
}

/** Adds up entropies and Brier scores of rows that are so few that the parts of their values add up exactly; counts. */
function addGroup(begin: usize, end: usize, sums: usize, counters: usize, ranks: i32, bins: i32, weighted: bool): void {
  const calibration = counters + RANKS + ((<usize>(ranks + FURTHER_RANKS)) << 3);
  const lossBins = calibration + <usize>bins * BIN;
  const scale = <f64>bins;
  const c1 = f64x2.splat(C1);
  const c2 = f64x2.splat(C2);
  const one = f64x2.splat(1);
  let b1 = f64x2.splat(0);
  let b2 = b1;
  let b3 = b1;
  let counted = 0;
  let weighing = 0;
  for (let row = begin; row < end; row += RECORD) {
    const rank = load<f64>(row, RANK);
    if (rank < 0) continue;
    counted++;
    const b = v128.load(row, ENTROPY);
    if (fit(b)) {
      const i1 = partOf(b, c1);
      const s1 = f64x2.sub(b, i1);
      const i2 = partOf(s1, c2);
      b1 = f64x2.add(b1, i1);
      b2 = f64x2.add(b2, i2);
      b3 = f64x2.add(b3, f64x2.sub(s1, i2));
    } else {
      store<f64>(counters, 1, SCATTERED);
      addPair(b, sums + ENTROPIES, sums + BRIERS);
    }

    const beyond = rank > <f64>ranks;
    increment(counters + RANKS + (beyond ? <usize>(ranks + 1) : indexOf(rank)) * 8);
    if (beyond) addToBins(1 / rank, sums + RECIPROCAL_RANKS);

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
    let loss = load<f64>(row, LOSS);
    if (weighted) {
      const w = load<f64>(row, WEIGHT);
      weighing += i32(w != 0);
      loss = w == 0 ? 0 : w * loss;
    }
    if (loss == loss) {
      const bin = <i32>(reinterpret<i64>(loss) >> 50) - FIRST_LOSS_BIN + 1;
      increment(lossBins + ((<usize>max(0, min(LOSS_BINS - 1, bin))) << 3));
    }
  }
  store<f64>(counters, load<f64>(counters, COUNTED) + <f64>counted, COUNTED);
  store<f64>(counters, load<f64>(counters, WEIGHING) + <f64>weighing, WEIGHING);
  addPair(b1, sums + ENTROPIES, sums + BRIERS);
  addPair(b2, sums + ENTROPIES, sums + BRIERS);
  addPair(b3, sums + ENTROPIES, sums + BRIERS);
}
