// The cross-entropy of a row whose logits are divided by a temperature T, and its slope by beta = 1 / T, at beta = k / 8, k from 1 to
// NODES: with u = exp((x - m) / 8) and m the maximum, ln Σ u^k - beta (x_y - m) and Σ (x - m) u^k / Σ u^k - (x_y - m). One
// exponential a class; its powers are multiplied up. The sums of a block are in lanes of the dtype, those of blocks in float64.

import { LOWEST, MAGIC } from "../constants";
import { exp } from "../functions/exp";
import { log } from "../functions/log";
import { ROWS, TOTALS } from "../generated/scratchOfTemperature";
import { TAIL } from "../generated/scratchOfRows";
import { FARTHEST, NODES } from "../generated/thresholds";
import { BLOCK, constant, high, low, pairSum, ROUND, roundSum, roundUp, splat } from "../lanes";
import { maximum } from "../rows/maximum";
import { fillTail } from "../rows/reference";

/** Bytes of the sums of all nodes: a vector for Σ u^k, one for Σ (x - m) u^k. */
const SUMS: usize = NODES * 32;

/** Adds what stands at `at` to the float64 lanes at `to`, and makes it 0. */
@inline function carryOver<T>(at: usize, to: usize): void {
  const v = v128.load(at);
  const sum = sizeof<T>() == 4 ? f64x2.add(low<T>(v), high(v)) : v;
  v128.store(to, f64x2.add(v128.load(to), sum));
  v128.store(at, f64x2.splat(0));
}

/** Adds a round of a row to the sums of its block. */
@inline function addRound<T>(p: usize, top: v128, scratch: usize): void {
  const lowest = constant<T>(LOWEST);
  const magic = constant<T>(MAGIC);
  const farthest = splat<T>(FARTHEST);
  const eighth = splat<T>(0.125);
  // a NaN is none of the smaller ones, and stays
  const z0 = v128.pmax<T>(v128.sub<T>(v128.load(p), top), farthest);
  const z1 = v128.pmax<T>(v128.sub<T>(v128.load(p, 16), top), farthest);
  const z2 = v128.pmax<T>(v128.sub<T>(v128.load(p, 32), top), farthest);
  const z3 = v128.pmax<T>(v128.sub<T>(v128.load(p, 48), top), farthest);
  const u0 = exp<T>(v128.mul<T>(z0, eighth), lowest, magic);
  const u1 = exp<T>(v128.mul<T>(z1, eighth), lowest, magic);
  const u2 = exp<T>(v128.mul<T>(z2, eighth), lowest, magic);
  const u3 = exp<T>(v128.mul<T>(z3, eighth), lowest, magic);
  let p0 = u0;
  let p1 = u1;
  let p2 = u2;
  let p3 = u3;
  for (let at = scratch + ROWS, end = at + SUMS; at < end; at += 32) {
    v128.store(at, v128.add<T>(v128.load(at), roundSum<T>(p0, p1, p2, p3)));
    const moments = roundSum<T>(v128.mul<T>(p0, z0), v128.mul<T>(p1, z1), v128.mul<T>(p2, z2), v128.mul<T>(p3, z3));
    v128.store(at, v128.add<T>(v128.load(at, 16), moments), 16);
    p0 = v128.mul<T>(p0, u0);
    p1 = v128.mul<T>(p1, u1);
    p2 = v128.mul<T>(p2, u2);
    p3 = v128.mul<T>(p3, u3);
  }
}

function curveOfRow<T>(row: usize, classes: i32, label: i32, curve: usize, scratch: usize): void {
  const bytes = <usize>classes * sizeof<T>();
  fillTail<T>(row, bytes, scratch);
  const m = maximum<T>(row, bytes, <T>-Infinity, scratch);
  const top = v128.splat<T>(m);
  memory.fill(scratch + ROWS, 0, SUMS);
  memory.fill(scratch + TOTALS, 0, SUMS);
  const end = row + (bytes & ~(ROUND - 1));
  const all = row + roundUp(bytes);
  for (let block = row; block < all; block += BLOCK) {
    const stop = min(block + BLOCK, end);
    for (let p = block; p < stop; p += ROUND) addRound<T>(p, top, scratch);
    if (block + BLOCK >= all && end < all) addRound<T>(scratch + TAIL, top, scratch);
    for (let at: usize = 0; at < SUMS; at += 16) carryOver<T>(scratch + ROWS + at, scratch + TOTALS + at);
  }
  const distance = <f64>load<T>(row + <usize>label * sizeof<T>()) - <f64>m;
  for (let k = 0; k < NODES; k++) {
    const at = scratch + TOTALS + <usize>k * 32;
    const sum = pairSum(v128.load(at));
    const to = curve + ((<usize>k) << 4);
    store<f64>(to, f64x2.extract_lane(log(f64x2.splat(sum)), 0) - <f64>(k + 1) * 0.125 * distance);
    store<f64>(to, pairSum(v128.load(at, 16)) / sum - distance, 8);
  }
}

/** curve[i] = loss and slope at each node of row i; 0 of an ignored one. */
export function temperatureCurve<T>(
  begin: i32,
  end: i32,
  logits: usize,
  labels: usize,
  curve: usize,
  classes: i32,
  ignoreIndex: i32,
  scratch: usize,
): void {
  const bytes = <usize>classes * sizeof<T>();
  for (let i = begin; i < end; i++) {
    const label = load<i32>(labels + ((<usize>i) << 2));
    const to = curve + <usize>i * <usize>(16 * NODES);
    if (label == ignoreIndex) memory.fill(to, 0, 16 * NODES);
    else curveOfRow<T>(logits + <usize>i * bytes, classes, label, to, scratch);
  }
}
