// Exponentials of turned rows and their sums. The exponentials are times 2^15: see NEAR_LOWEST in src/descriptions/thresholds.ts.

import { LOWEST_15, MAGIC_15, ONE } from "../../constants";
import { exp, polynomialOf } from "../../functions/exp";
import { SHIFTS, SUMS, TOPS } from "../../generated/scratchOfTurnedRows";
import { addHigh, constant, larger, low, negativeInfinities, roundSum, splat } from "../../lanes";

/** v less m where m is taken away. */
@inline function less<T>(v: v128, m: v128, shifted: bool): v128 {
  return shifted ? v128.sub<T>(v, m) : v;
}

/**
 * Exponentials of the first `bytes` bytes of the turned classes of groups `first` to `last` (16 bytes each), and their sums in
 * float64. Where `shifted`, what SHIFTS says is taken from the logits first; otherwise the largest logits go to TOPS (of a row that
 * holds a NaN anything). With `keep` the exponentials replace the logits. With `others`, logits that equal what is taken are left
 * out, infinite ones too, and their number goes to TOPS. `degree6` and `polynomial` are those of exp.
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
  degree6: bool = false,
  polynomial: usize = polynomialOf<T>(degree6),
): void {
  const lowest = constant<T>(LOWEST_15);
  const magic = constant<T>(MAGIC_15);
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
      let w = exp<T>(a, lowest, magic, degree6, polynomial);
      let x = exp<T>(b, lowest, magic, degree6, polynomial);
      let y = exp<T>(c, lowest, magic, degree6, polynomial);
      let z = exp<T>(d, lowest, magic, degree6, polynomial);
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
        const one = constant<T>(ONE);
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
        let w = exp<T>(a, lowest, magic, degree6, polynomial);
        if (others) {
          const i = v128.eq<T>(v128.load(p), m);
          top = v128.add<T>(top, v128.and(i, constant<T>(ONE)));
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
 * Exponentials in the place of the logits, after what SHIFTS says is taken from them, and their sums. With `fine` float32 has the
 * digits that softmax needs. Without, it has degree 6 too, with a coefficient of 0: with two loops, one of degree 5, softmax of 64
 * classes took 1.13 of the time.
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
  const single = sizeof<T>() == 4;
  sumGroups<T>(at, between, bytes, first, last, true, true, scratch, false, single, polynomialOf<T>(single && fine));
}
