// Rows of few classes, turned so that lanes hold rows: four float32 or two float64 rows, a *group*, at once. Row by row, the
// horizontal steps and the logarithm would cost more than the exponentials.
//
// A *batch* of groups goes through each step together: turned into scratch, exponentials and their sums, logarithms, turned
// back. Then nothing waits: the four bytes that change a turned row lie far before the vector that is loaded over them (a
// load right after such a store waits for it to reach the cache), and the long chains of one group's logarithm run beside the
// other groups'. Softmax takes 0.73 of the time it took group by group, cross-entropy 0.4 (2 classes) to 0.65 (10) and 0.78
// (64), with what shortTargets.ts saves.
//
// Class j of a group stands at its place + 16 j. The sum over classes runs as over the rounds of a long row, with rounds of
// four classes.

import { E2, E3, E4, E5, F2, F3, F4, F5, F6, LOWEST_15, MAGIC_15, ONE, STEPS } from "../../constants";
import { exp, expA, expB } from "../../functions/exp";
import { addHigh, constant, larger, low, negativeInfinities, roundSum, splat } from "../../lanes";
import { SHIFTS, STAGED, STAGED_LABELS, SUMS, TOPS } from "../../generated/scratchOfTurnedRows";

/** Rows of a batch: its groups of 64 classes take 8 KiB in float32, 16 KiB in float64. */
export const BATCH: i32 = 32;

@inline export function rowsInLanes<T>(): i32 {
  return 16 / sizeof<T>();
}

/** Four classes of four float32 rows are turned by two such steps: lanes of rows become lanes of classes, and back. */
@inline function low4(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 4, 1, 5);
}

@inline function high4(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 2, 6, 3, 7);
}

@inline function even2(a: v128, b: v128): v128 {
  return v128.shuffle<i64>(a, b, 0, 2);
}

@inline function odd2(a: v128, b: v128): v128 {
  return v128.shuffle<i64>(a, b, 1, 3);
}

/**
 * Turns the first `bytes` bytes of a group of rows into scratch; returns their maxima where asked for, of a row that holds a
 * NaN anything. Reads up to 12 bytes beyond.
 */
@inline export function turnIn<T>(row: usize, stride: usize, bytes: usize, to: usize, maxima: bool): v128 {
  let m = maxima ? negativeInfinities<T>() : i32x4.splat(0);
  let j: usize = 0;
  let w = to;
  const r1 = row + stride;
  const whole = bytes & ~15;
  if (sizeof<T>() == 8) {
    for (; j < whole; j += 16, w += 32) {
      const a = v128.load(row + j);
      const b = v128.load(r1 + j);
      const t0 = even2(a, b);
      const t1 = odd2(a, b);
      v128.store(w, t0);
      v128.store(w, t1, 16);
      if (maxima) m = larger<T>(m, larger<T>(t0, t1));
    }
    if (bytes & 8) {
      const t0 = v128.load64_lane(r1 + j, v128.load64_splat(row + j), 1);
      v128.store(w, t0);
      if (maxima) m = larger<T>(m, t0);
    }
    return m;
  }
  const r2 = r1 + stride;
  const r3 = r2 + stride;
  for (; j < whole; j += 16, w += 64) {
    const a = v128.load(row + j);
    const b = v128.load(r1 + j);
    const c = v128.load(r2 + j);
    const d = v128.load(r3 + j);
    const ab = low4(a, b);
    const cd = low4(c, d);
    const t0 = even2(ab, cd);
    const t1 = odd2(ab, cd);
    const abHigh = high4(a, b);
    const cdHigh = high4(c, d);
    const t2 = even2(abHigh, cdHigh);
    const t3 = odd2(abHigh, cdHigh);
    v128.store(w, t0);
    v128.store(w, t1, 16);
    v128.store(w, t2, 32);
    v128.store(w, t3, 48);
    if (maxima) m = larger<T>(m, larger<T>(larger<T>(t0, t1), larger<T>(t2, t3)));
  }
  if (bytes & 15) {
    const a = v128.load(row + j);
    const b = v128.load(r1 + j);
    const c = v128.load(r2 + j);
    const d = v128.load(r3 + j);
    const ab = low4(a, b);
    const cd = low4(c, d);
    const t0 = even2(ab, cd);
    v128.store(w, t0);
    if (maxima) m = larger<T>(m, t0);
    if (bytes & 8) {
      const t1 = odd2(ab, cd);
      v128.store(w, t1, 16);
      if (maxima) m = larger<T>(m, t1);
      if (bytes & 4) {
        const t2 = even2(high4(a, b), high4(c, d));
        v128.store(w, t2, 32);
        if (maxima) m = larger<T>(m, t2);
      }
    }
  }
  return m;
}

/** Turns the group at `from`, times a factor for each row, back into rows at `out`; nothing beyond them is written. */
export function turnOut<T>(from: usize, factors: v128, out: usize, stride: usize): void {
  let w = from;
  let j: usize = 0;
  const r1 = out + stride;
  const whole = stride & ~15;
  if (sizeof<T>() == 8) {
    for (; j < whole; j += 16, w += 32) {
      const a = v128.mul<T>(v128.load(w), factors);
      const b = v128.mul<T>(v128.load(w, 16), factors);
      v128.store(out + j, even2(a, b));
      v128.store(r1 + j, odd2(a, b));
    }
    if (stride & 8) {
      const a = v128.mul<T>(v128.load(w), factors);
      v128.store64_lane(out + j, a, 0);
      v128.store64_lane(r1 + j, a, 1);
    }
    return;
  }
  const r2 = r1 + stride;
  const r3 = r2 + stride;
  for (; j < whole; j += 16, w += 64) {
    const a = v128.mul<T>(v128.load(w), factors);
    const b = v128.mul<T>(v128.load(w, 16), factors);
    const c = v128.mul<T>(v128.load(w, 32), factors);
    const d = v128.mul<T>(v128.load(w, 48), factors);
    const ab = low4(a, b);
    const cd = low4(c, d);
    const abHigh = high4(a, b);
    const cdHigh = high4(c, d);
    v128.store(out + j, even2(ab, cd));
    v128.store(r1 + j, odd2(ab, cd));
    v128.store(r2 + j, even2(abHigh, cdHigh));
    v128.store(r3 + j, odd2(abHigh, cdHigh));
  }
  const rest = stride & 15;
  if (rest & 8) {
    const a = v128.mul<T>(v128.load(w), factors);
    const b = v128.mul<T>(v128.load(w, 16), factors);
    const ab = low4(a, b);
    const abHigh = high4(a, b);
    v128.store64_lane(out + j, ab, 0);
    v128.store64_lane(r1 + j, ab, 1);
    v128.store64_lane(r2 + j, abHigh, 0);
    v128.store64_lane(r3 + j, abHigh, 1);
    w += 32;
    j += 8;
  }
  if (rest & 4) {
    const c = v128.mul<T>(v128.load(w), factors);
    v128.store32_lane(out + j, c, 0);
    v128.store32_lane(r1 + j, c, 1);
    v128.store32_lane(r2 + j, c, 2);
    v128.store32_lane(r3 + j, c, 3);
  }
}

@inline function less<T>(v: v128, m: v128, shifted: bool): v128 {
  return shifted ? v128.sub<T>(v, m) : v;
}

/**
 * Exponentials, times 2^15 (see shortTargets.ts), of the first `bytes` bytes of turned classes of groups `first` to `last` (16 bytes each), after what SHIFTS
 * says is taken from them where `shifted`; and their sums, in float64. With `keep` they replace the logits. Where nothing is
 * taken the largest logits go to TOPS; of a row that holds a NaN anything. With `others` the logits that equal what is taken
 * are left out, infinite ones too, and their number goes to TOPS. `fine`: see exp; asked at run time, where it is compiled in
 * (`maybeFine`).
 */
@inline export function sumGroups<T>(
  at: usize,
  between: usize,
  bytes: usize,
  first: usize,
  last: usize,
  shifted: bool,
  keep: bool,
  scratch: usize,
  others: bool = false,
  maybeFine: bool = false,
  fine: bool = false,
): void {
  const steps = constant<T>(STEPS);
  const lowest = constant<T>(LOWEST_15);
  const magic = constant<T>(MAGIC_15);
  const one = constant<T>(ONE);
  const e2 = constant<T>(fine ? F2 : E2);
  const e3 = constant<T>(fine ? F3 : E3);
  const e4 = constant<T>(fine ? F4 : E4);
  const e5 = constant<T>(fine ? F5 : E5);
  const e6 = maybeFine && fine ? constant<T>(F6) : splat<T>(0);
  const expFirst = expA<T>();
  const expSecond = expB<T>();
  let p = at;
  let sums = scratch + SUMS + (sizeof<T>() == 4 ? first << 1 : first);
  const whole = bytes & ~63;
  const rest = bytes & 48;
  for (let g = scratch + first, stop = scratch + last; g < stop; g += 16) {
    const m = shifted ? v128.load(g, SHIFTS) : f64x2.splat(0);
    const end = p + whole;
    let top = shifted ? f64x2.splat(0) : negativeInfinities<T>();
    let lower = f64x2.splat(0);
    let upper = lower;
    for (; p < end; p += 64) {
      const a = less<T>(v128.load(p), m, shifted);
      const b = less<T>(v128.load(p, 16), m, shifted);
      const c = less<T>(v128.load(p, 32), m, shifted);
      const d = less<T>(v128.load(p, 48), m, shifted);
      if (!shifted) top = larger<T>(top, larger<T>(larger<T>(a, b), larger<T>(c, d)));
      let w = exp<T>(a, steps, lowest, magic, one, e2, e3, e4, e5, expFirst, expSecond, maybeFine, e6);
      let x = exp<T>(b, steps, lowest, magic, one, e2, e3, e4, e5, expFirst, expSecond, maybeFine, e6);
      let y = exp<T>(c, steps, lowest, magic, one, e2, e3, e4, e5, expFirst, expSecond, maybeFine, e6);
      let z = exp<T>(d, steps, lowest, magic, one, e2, e3, e4, e5, expFirst, expSecond, maybeFine, e6);
      if (keep) {
        v128.store(p, w);
        v128.store(p, x, 16);
        v128.store(p, y, 32);
        v128.store(p, z, 48);
      }
      if (others) {
        const i = v128.eq<T>(v128.load(p), m);
        const j = v128.eq<T>(v128.load(p, 16), m);
        const k = v128.eq<T>(v128.load(p, 32), m);
        const l = v128.eq<T>(v128.load(p, 48), m);
        top = v128.add<T>(top, roundSum<T>(v128.and(i, one), v128.and(j, one), v128.and(k, one), v128.and(l, one)));
        w = v128.andnot(w, i);
        x = v128.andnot(x, j);
        y = v128.andnot(y, k);
        z = v128.andnot(z, l);
      }
      const sum = roundSum<T>(w, x, y, z);
      lower = f64x2.add(lower, low<T>(sum));
      upper = addHigh<T>(upper, sum);
    }
    if (rest) {
      // one to three classes are left: the same sum, zeros for the others
      let sum = splat<T>(0);
      for (const last = p + rest; p < last; p += 16) {
        const a = less<T>(v128.load(p), m, shifted);
        if (!shifted) top = larger<T>(top, a);
        let w = exp<T>(a, steps, lowest, magic, one, e2, e3, e4, e5, expFirst, expSecond, maybeFine, e6);
        if (others) {
          const i = v128.eq<T>(v128.load(p), m);
          top = v128.add<T>(top, v128.and(i, one));
          w = v128.andnot(w, i);
        }
        if (keep) v128.store(p, w);
        sum = v128.add<T>(sum, w);
      }
      lower = f64x2.add(lower, low<T>(sum));
      upper = addHigh<T>(upper, sum);
    }
    p = end - whole + between;
    if (others || !shifted) v128.store(g, top, TOPS);
    v128.store(sums, lower);
    if (sizeof<T>() == 4) v128.store(sums, upper, 16);
    sums += sizeof<T>() == 4 ? 32 : 16;
  }
}

/**
 * Exponentials in the place of the logits, after what SHIFTS says is taken from them, and their sums. `fine`: with the digits
 * that softmax needs, of float32; without them its polynomial has a term of 0 more.
 */
export function sumShifted<T>(
  at: usize,
  between: usize,
  bytes: usize,
  first: usize,
  last: usize,
  fine: bool,
  scratch: usize,
): void {
  sumGroups<T>(at, between, bytes, first, last, true, true, scratch, false, sizeof<T>() == 4, sizeof<T>() == 4 && fine);
}

/** Two float64 vectors (or, for float64 rows, the first) rounded to one vector of the rows' type. */
@inline export function narrow<T>(lower: v128, upper: v128): v128 {
  return sizeof<T>() == 4
    ? v128.shuffle<i64>(f32x4.demote_f64x2_zero(lower), f32x4.demote_f64x2_zero(upper), 0, 2)
    : lower;
}

/** Copies the last `rows` rows, no whole group, into scratch, and the last of them in the place of those missing. */
export function stageRows<T>(rows: i32, row: usize, stride: usize, scratch: usize): void {
  for (let k = 0; k < rowsInLanes<T>(); k++) {
    memory.copy(scratch + STAGED + <usize>k * stride, row + <usize>min(k, rows - 1) * stride, stride);
  }
}

/** Their labels. */
export function stageLabels<T>(rows: i32, labels: usize, scratch: usize): void {
  for (let k = 0; k < rowsInLanes<T>(); k++) {
    store<i32>(scratch + STAGED_LABELS + (k << 2), load<i32>(labels + (min(k, rows - 1) << 2)));
  }
}
