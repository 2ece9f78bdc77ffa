// Squared error in blocks of 1024 elements counted from the start of the call. Difference and square are rounded in the
// dtype; sixteen float64 lanes (element j of a block in lane j mod 16) add them up.

import { copyTail, high, low, ROUND, splat } from "./lanes";

const ELEMENTS: i32 = 1024;
const STEP: i32 = 16;

/** The last elements of a block, fewer than sixteen, filled up with zeros. */
function tail<T>(from: usize, elements: i32, to: usize): usize {
  const bytes = <usize>elements * sizeof<T>();
  const zero = splat<T>(0);
  copyTail(from, min(bytes, ROUND), zero, to);
  if (sizeof<T>() == 8) copyTail(from + ROUND, bytes - min(bytes, ROUND), zero, to + ROUND);
  return to;
}


@inline function difference<T>(p: usize, t: usize): v128 {
  return v128.sub<T>(v128.load(p), v128.load(t));
}

/** The sum of one block. With `keep`, grad_j = scale (p_j - t_j). */
@inline function blockOf<T>(
  predictions: usize,
  targets: usize,
  elements: i32,
  keep: bool,
  grad: usize,
  scale: v128,
  scratch: usize,
): f64 {
  let a0 = f64x2.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  let a4 = a0;
  let a5 = a0;
  let a6 = a0;
  let a7 = a0;
  const step = <usize>STEP * sizeof<T>();
  let p = predictions;
  let t = targets;
  let out = grad;
  for (let left = elements; left > 0; left -= STEP, p += step, t += step, out += step) {
    const whole = left >= STEP;
    const from = whole ? p : tail<T>(p, left, scratch);
    const minus = whole ? t : tail<T>(t, left, scratch + 128);
    const to = whole ? out : scratch + 256;
    if (sizeof<T>() == 4) {
      const d0 = difference<T>(from, minus);
      const d1 = difference<T>(from + 16, minus + 16);
      const d2 = difference<T>(from + 32, minus + 32);
      const d3 = difference<T>(from + 48, minus + 48);
      if (keep) {
        v128.store(to, v128.mul<T>(d0, scale));
        v128.store(to, v128.mul<T>(d1, scale), 16);
        v128.store(to, v128.mul<T>(d2, scale), 32);
        v128.store(to, v128.mul<T>(d3, scale), 48);
      }
      const s0 = v128.mul<T>(d0, d0);
      const s1 = v128.mul<T>(d1, d1);
      const s2 = v128.mul<T>(d2, d2);
      const s3 = v128.mul<T>(d3, d3);
      a0 = f64x2.add(a0, low<T>(s0));
      a1 = f64x2.add(a1, high(s0));
      a2 = f64x2.add(a2, low<T>(s1));
      a3 = f64x2.add(a3, high(s1));
      a4 = f64x2.add(a4, low<T>(s2));
      a5 = f64x2.add(a5, high(s2));
      a6 = f64x2.add(a6, low<T>(s3));
      a7 = f64x2.add(a7, high(s3));
    } else {
      const d0 = difference<T>(from, minus);
      const d1 = difference<T>(from + 16, minus + 16);
      const d2 = difference<T>(from + 32, minus + 32);
      const d3 = difference<T>(from + 48, minus + 48);
      const d4 = difference<T>(from + 64, minus + 64);
      const d5 = difference<T>(from + 80, minus + 80);
      const d6 = difference<T>(from + 96, minus + 96);
      const d7 = difference<T>(from + 112, minus + 112);
      if (keep) {
        v128.store(to, v128.mul<T>(d0, scale));
        v128.store(to, v128.mul<T>(d1, scale), 16);
        v128.store(to, v128.mul<T>(d2, scale), 32);
        v128.store(to, v128.mul<T>(d3, scale), 48);
        v128.store(to, v128.mul<T>(d4, scale), 64);
        v128.store(to, v128.mul<T>(d5, scale), 80);
        v128.store(to, v128.mul<T>(d6, scale), 96);
        v128.store(to, v128.mul<T>(d7, scale), 112);
      }
      a0 = f64x2.add(a0, v128.mul<T>(d0, d0));
      a1 = f64x2.add(a1, v128.mul<T>(d1, d1));
      a2 = f64x2.add(a2, v128.mul<T>(d2, d2));
      a3 = f64x2.add(a3, v128.mul<T>(d3, d3));
      a4 = f64x2.add(a4, v128.mul<T>(d4, d4));
      a5 = f64x2.add(a5, v128.mul<T>(d5, d5));
      a6 = f64x2.add(a6, v128.mul<T>(d6, d6));
      a7 = f64x2.add(a7, v128.mul<T>(d7, d7));
    }
    if (keep && !whole) {
      for (let i = 0; i < left; i++) store<T>(out + i * sizeof<T>(), load<T>(to + i * sizeof<T>()));
    }
  }
  const sum = f64x2.add(
    f64x2.add(f64x2.add(a0, a1), f64x2.add(a2, a3)),
    f64x2.add(f64x2.add(a4, a5), f64x2.add(a6, a7)),
  );
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** sums[block] = Σ (p - t)^2 */
export function squaredError<T>(
  begin: i32,
  end: i32,
  predictions: usize,
  targets: usize,
  sums: usize,
  count: i32,
  scratch: usize,
): void {
  for (let block = begin; block < end; block++) {
    const at = block * ELEMENTS;
    const offset = <usize>at * sizeof<T>();
    store<f64>(
      sums + ((<usize>block) << 3),
      blockOf<T>(predictions + offset, targets + offset, min(ELEMENTS, count - at), false, 0, splat<T>(0), scratch),
    );
  }
}

/** sums[block] = Σ (p - t)^2, grad = scale (p - t) */
export function squaredErrorGradient<T>(
  begin: i32,
  end: i32,
  predictions: usize,
  targets: usize,
  grad: usize,
  sums: usize,
  count: i32,
  scale: f64,
  scratch: usize,
): void {
  for (let block = begin; block < end; block++) {
    const at = block * ELEMENTS;
    const offset = <usize>at * sizeof<T>();
    store<f64>(
      sums + ((<usize>block) << 3),
      blockOf<T>(
        predictions + offset,
        targets + offset,
        min(ELEMENTS, count - at),
        true,
        grad + offset,
        splat<T>(scale),
        scratch,
      ),
    );
  }
}

/** out = (p - t)^2 of each element */
export function squaredErrors<T>(
  begin: i32,
  end: i32,
  predictions: usize,
  targets: usize,
  out: usize,
  count: i32,
): void {
  const last = <usize>min(end * ELEMENTS, count) * sizeof<T>();
  let i = <usize>(begin * ELEMENTS) * sizeof<T>();
  for (; i + 16 <= last; i += 16) {
    const d = difference<T>(predictions + i, targets + i);
    v128.store(out + i, v128.mul<T>(d, d));
  }
  for (; i < last; i += sizeof<T>()) {
    const d: T = load<T>(predictions + i) - load<T>(targets + i);
    store<T>(out + i, d * d);
  }
}
