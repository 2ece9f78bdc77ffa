// Blocks of classes as generalCrossEntropy.ts has them, over planes of scratch: what a row's distances, exponentials, slopes and
// counts are made of. All arithmetic is in float64, but for the exponentials of rows of float32.
//
// Of capped logits no distance is taken from two values near softCap. With B = e^(2 m / softCap), r = B / (1 + B), s = 1 / (1 + B)
// and y = 2 (x - m) / softCap,
//
//   tanh(x / softCap) - tanh(m / softCap) = 2 r s (e^y - 1) / (s + r e^y),   1 - tanh(x / softCap)^2 = 4 s r e^y / (s + r e^y)^2.

import { expm1Block, fineExpBlock } from "../functions/blocks";
import { exp } from "../functions/exp";
import { COUNTS, DISTANCES, EXPONENTIALS, SLOPES } from "../generated/scratchOfGeneralCrossEntropy";
import { CAPPED_AT, LOWEST_100, MAGIC_100 } from "../generated/thresholds";
import { high, low, narrow } from "../lanes";
import { weightAt } from "../rows/dots";

/** n numbers as float64. */
export function widenBlock<T>(from: usize, n: i32, to: usize): void {
  if (sizeof<T>() == 8) {
    memory.copy(to, from, (<usize>n) << 3);
    return;
  }
  for (const end = from + ((<usize>(n & ~1)) << 2); from < end; from += 8, to += 16) {
    v128.store(to, f64x2.promote_low_f32x4(v128.load64_zero(from)));
  }
  if (n & 1) store<f64>(to, <f64>load<T>(from));
}

/** The other way. */
export function narrowBlock<T>(from: usize, n: i32, to: usize): void {
  if (sizeof<T>() == 8) {
    memory.copy(to, from, (<usize>n) << 3);
    return;
  }
  for (const end = to + ((<usize>(n & ~1)) << 2); to < end; from += 16, to += 8) {
    const pair = v128.load(from);
    v128.store64_lane(to, narrow<f32>(pair, pair), 0);
  }
  if (n & 1) store<T>(to, <T>load<f64>(from));
}

/** DISTANCES of n logits that stand there from `origin`. */
export function distances(n: i32, origin: f64, temperature: f64, scratch: usize): void {
  const m = f64x2.splat(origin);
  const t = f64x2.splat(temperature);
  const end = scratch + ((<usize>n) << 3);
  if (temperature == 1) {
    for (let at = scratch; at < end; at += 16) v128.store(at, f64x2.sub(v128.load(at, DISTANCES), m), DISTANCES);
    return;
  }
  for (let at = scratch; at < end; at += 16) {
    v128.store(at, f64x2.div(f64x2.sub(v128.load(at, DISTANCES), m), t), DISTANCES);
  }
}

/** EXPONENTIALS of n DISTANCES: of rows of float32 in float32, and times 2^100. */
export function exponentials<T>(n: i32, scratch: usize): void {
  if (sizeof<T>() == 8) {
    fineExpBlock<f64>(scratch + DISTANCES, scratch + EXPONENTIALS, n);
    return;
  }
  const lowest = f32x4.splat(<f32>LOWEST_100);
  const magic = f32x4.splat(<f32>MAGIC_100);
  for (let at = scratch, end = at + ((<usize>n) << 3); at < end; at += 32) {
    const d = narrow<f32>(v128.load(at, DISTANCES), v128.load(at + 16, DISTANCES));
    const e = exp<f32>(d, lowest, magic);
    v128.store(at, low<f32>(e), EXPONENTIALS);
    v128.store(at + 16, high(e), EXPONENTIALS);
  }
}

/** DISTANCES of n logits from `origin`, which is within softCap times CAPPED_AT of 0, and SLOPES, those of tanh: 0 beyond that. */
export function cappedDistances(
  n: i32,
  origin: f64,
  temperature: f64,
  softCap: f64,
  above: f64,
  below: f64,
  scratch: usize,
): void {
  const m = f64x2.splat(origin);
  const highest = f64x2.splat(<f64>CAPPED_AT * softCap);
  const lowest = f64x2.neg(highest);
  const cap = f64x2.splat(softCap);
  const four = f64x2.splat(4);
  const end = scratch + ((<usize>n) << 3);
  for (let at = scratch; at < end; at += 16) {
    const x = f64x2.pmin(f64x2.pmax(v128.load(at, DISTANCES), lowest), highest);
    const z = f64x2.div(f64x2.sub(x, m), cap);
    v128.store(at, f64x2.add(z, z), DISTANCES);
    v128.store(at, v128.and(four, f64x2.lt(f64x2.abs(x), highest)), SLOPES);
  }
  fineExpBlock<f64>(scratch + DISTANCES, scratch + EXPONENTIALS, n);
  expm1Block<f64>(scratch + DISTANCES, scratch + DISTANCES, n);
  const r = f64x2.splat(above);
  const s = f64x2.splat(below);
  const scale = f64x2.splat(2 * above * below * (softCap / temperature));
  for (let at = scratch; at < end; at += 16) {
    const e = f64x2.mul(r, v128.load(at, EXPONENTIALS));
    const d = f64x2.add(s, e);
    v128.store(at, f64x2.div(f64x2.mul(scale, v128.load(at, DISTANCES)), d), DISTANCES);
    v128.store(at, f64x2.mul(f64x2.mul(v128.load(at, SLOPES), f64x2.div(s, d)), f64x2.div(e, d)), SLOPES);
  }
}

/** COUNTS c_j = w_j (alpha p_j + beta) of classes [first, first + n), of targets or of a row's entries. */
export function counts<T>(
  first: i32,
  n: i32,
  targets: usize,
  indices: usize,
  shares: usize,
  entries: i32,
  weights: usize,
  alpha: f64,
  beta: f64,
  scratch: usize,
): void {
  for (let k = 0; k < n; k++) {
    const j = <usize>(first + k) * sizeof<T>();
    const t = targets ? <f64>load<T>(targets + j) * alpha + beta : beta;
    store<f64>(scratch + ((<usize>k) << 3), weightAt<T>(weights, j) * t, COUNTS);
  }
  if (!indices) return;
  for (let i = 0; i < entries; i++) {
    const j = load<i32>(indices + ((<usize>i) << 2));
    if (<u32>(j - first) >= <u32>n) continue;
    const p = <f64>load<T>(shares + <usize>i * sizeof<T>());
    const at = scratch + ((<usize>(j - first)) << 3);
    store<f64>(at, load<f64>(at, COUNTS) + weightAt<T>(weights, <usize>j * sizeof<T>()) * (alpha * p), COUNTS);
  }
}
