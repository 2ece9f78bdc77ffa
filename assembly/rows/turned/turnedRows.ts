// Short rows, of at most SHORT_ROW classes, turned so that a lane holds a row: four rows of float32 or two of float64, a
// *group*, at once. Row by row, the horizontal steps and the logarithm would cost more than the exponentials. This file turns
// groups, turnedSums.ts sums their exponentials, turnedTargets.ts knows their index targets, batches.ts takes rows to groups.
//
// Groups go through each step together, a *batch* of them: they are turned into scratch, exponentials and their sums are taken,
// then logarithms, and results are turned back. So nothing waits. A step may change four bytes of a turned row (a load over them
// right after the store would wait for it to reach the cache), and one group's logarithm is a long chain that runs beside the
// other groups'. Group by group, softmax took 1.37 times as long, cross-entropy 1.3 (64 classes), 1.5 (10) and 2.5 (2), with what
// turnedTargets.ts saves.
//
// Class j of a group stands at the group's place + 16 j. The sum over classes runs as over the rounds of a long row, with rounds
// of four classes.

import { larger, negativeInfinities } from "../../lanes";

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
