// The element-wise losses of elementary functions, a class each. `stage` writes the values of functions to scratch, FIRST to FOURTH,
// for n elements; `loss` and `slope` read those of a vector at `at`. a, b and c are made of a loss's options before all.

import { HALF, LN2, MINUS_ZERO, ONE, TWO } from "../constants";
import { expm1Block, fineExpBlock, lnBlock, log1pBlock, log1pUnitBlock } from "../functions/blocks";
import { logisticOf } from "../functions/logistic";
import { FIRST, FOURTH, SECOND, THIRD } from "../generated/scratchOfElements";
import { constant, splat } from "../lanes";

/** x, and 0 where a factor of it is 0: 0 times infinity, 0 ln 0. */
@inline function unlessZero<T>(x: v128, factor: v128): v128 {
  return v128.and(x, v128.ne<T>(factor, splat<T>(0)));
}

@inline function product<T>(factor: v128, x: v128): v128 {
  return unlessZero<T>(v128.mul<T>(factor, x), factor);
}

@inline function magnitude<T>(x: v128): v128 {
  return v128.andnot(x, constant<T>(MINUS_ZERO));
}

/** ln(1 + e^x), of ln(1 + e^-|x|). */
@inline function softplus<T>(x: v128, tail: v128): v128 {
  return v128.add<T>(v128.pmax<T>(x, splat<T>(0)), tail);
}

/** e^x of what stands in FIRST, -|x|, and in SECOND ln(1 + e^x): what binary losses are made of. */
function stageSoftplus<T>(scratch: usize, n: i32): void {
  fineExpBlock<T>(scratch + FIRST, scratch + FIRST, n);
  log1pUnitBlock<T>(scratch + FIRST, scratch + SECOND, n);
}

/** -|x| to FIRST, and then that. */
function stageBinary<T>(logits: usize, scratch: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n * sizeof<T>(); i += 16) {
    v128.store(scratch + i, v128.or(v128.load(logits + i), constant<T>(MINUS_ZERO)), FIRST);
  }
  stageSoftplus<T>(scratch, n);
}

/** t' of a smoothed target t, t (1 - e) + e / 2: b is 1 - e, c e / 2. Of 1 - t it is 1 - t', with all digits. */
@inline function smoothed<T>(t: v128, b: v128, c: v128): v128 {
  return v128.add<T>(v128.mul<T>(t, b), c);
}

/** Stirling's t ln t - t + ln(2 pi t) / 2 for t above 1 to SECOND where the `full` likelihood is asked for, else 0. */
function stageStirling<T>(targets: usize, scratch: usize, n: i32, full: f64): void {
  const second = scratch + SECOND;
  const bytes = <usize>n * sizeof<T>();
  if (full == 0) {
    for (let i: usize = 0; i < bytes; i += 32) {
      v128.store(second + i, splat<T>(0));
      v128.store(second + i, splat<T>(0), 16);
    }
    return;
  }
  lnBlock<T>(targets, second, n);
  for (let i: usize = 0; i < bytes; i += 16) {
    const t = v128.load(targets + i);
    const product = v128.mul<T>(v128.add<T>(t, constant<T>(HALF)), v128.load(second + i));
    const sum = v128.add<T>(v128.sub<T>(product, t), splat<T>(0.9189385332046727));
    v128.store(second + i, v128.and(sum, v128.gt<T>(t, constant<T>(ONE))));
  }
}

@unmanaged
export class LogCosh {
  @inline a<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(0);
  }

  @inline b<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(0);
  }

  @inline c<T>(alpha: f64, beta: f64): v128 {
    return constant<T>(LN2);
  }

  @inline stage<T>(p: usize, t: usize, scratch: usize, n: i32, a: v128, b: v128, c: v128, alpha: f64): void {
    for (let i: usize = 0; i < <usize>n * sizeof<T>(); i += 16) {
      const d = magnitude<T>(v128.sub<T>(v128.load(p + i), v128.load(t + i)));
      const small = v128.lt<T>(d, constant<T>(ONE));
      v128.store(scratch + i, v128.bitselect(d, v128.neg<T>(v128.add<T>(d, d)), small), FIRST);
    }
    expm1Block<T>(scratch + FIRST, scratch + FIRST, n);
    for (let i: usize = 0; i < <usize>n * sizeof<T>(); i += 16) {
      const d = magnitude<T>(v128.sub<T>(v128.load(p + i), v128.load(t + i)));
      const value = v128.load(scratch + i, FIRST);
      const e = v128.add<T>(constant<T>(ONE), value);
      const small = v128.div<T>(v128.mul<T>(value, value), v128.add<T>(e, e));
      v128.store(scratch + i, v128.bitselect(small, e, v128.lt<T>(d, constant<T>(ONE))), SECOND);
    }
    log1pUnitBlock<T>(scratch + SECOND, scratch + SECOND, n);
  }

  @inline loss<T>(p: v128, t: v128, at: usize, a: v128, b: v128, c: v128): v128 {
    const d = magnitude<T>(v128.sub<T>(p, t));
    return v128.add<T>(v128.load(at, SECOND), v128.andnot(v128.sub<T>(d, c), v128.lt<T>(d, constant<T>(ONE))));
  }

  @inline slope<T>(p: v128, t: v128, at: usize, a: v128, b: v128, c: v128): v128 {
    const d = v128.sub<T>(p, t);
    const small = v128.lt<T>(magnitude<T>(d), constant<T>(ONE));
    const value = v128.load(at, FIRST);
    const two = constant<T>(TWO);
    // e^(2 |d|) - 1, or 1 - e^(-2 |d|), over itself and 2, or 1 + e^(-2 |d|)
    const n = v128.bitselect(v128.mul<T>(value, v128.add<T>(value, two)), v128.neg<T>(value), small);
    const size = v128.div<T>(n, v128.add<T>(two, v128.bitselect(n, value, small)));
    return v128.or(size, v128.and(d, constant<T>(MINUS_ZERO)));
  }
}

/** a: -1 */
@unmanaged
export class LogarithmicError {
  @inline a<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(-1);
  }

  @inline b<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(0);
  }

  @inline c<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(0);
  }

  @inline stage<T>(p: usize, t: usize, scratch: usize, n: i32, a: v128, b: v128, c: v128, alpha: f64): void {
    log1pBlock<T>(p, scratch + FIRST, n);
    log1pBlock<T>(t, scratch + SECOND, n);
  }

  @inline loss<T>(p: v128, t: v128, at: usize, a: v128, b: v128, c: v128): v128 {
    const difference = v128.sub<T>(v128.load(at, FIRST), v128.load(at, SECOND));
    return v128.or(v128.mul<T>(difference, difference), v128.or(v128.le<T>(p, a), v128.le<T>(t, a)));
  }

  @inline slope<T>(p: v128, t: v128, at: usize, a: v128, b: v128, c: v128): v128 {
    const difference = v128.sub<T>(v128.load(at, FIRST), v128.load(at, SECOND));
    const slope = v128.div<T>(difference, v128.sub<T>(p, a));
    return v128.or(slope, v128.or(v128.le<T>(p, a), v128.le<T>(t, a)));
  }
}

/** a: the weight of t = 1, b: 1 - the smoothing, c: half of it */
@unmanaged
export class BinaryCrossEntropy {
  @inline a<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(alpha);
  }

  @inline b<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(1 - beta);
  }

  @inline c<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(beta / 2);
  }

  @inline stage<T>(p: usize, t: usize, scratch: usize, n: i32, a: v128, b: v128, c: v128, alpha: f64): void {
    stageBinary<T>(p, scratch, n);
  }

  @inline loss<T>(p: v128, t: v128, at: usize, a: v128, b: v128, c: v128): v128 {
    const y = v128.mul<T>(a, smoothed<T>(t, b, c));
    const w = smoothed<T>(v128.sub<T>(constant<T>(ONE), t), b, c);
    const tail = v128.load(at, SECOND);
    return v128.add<T>(product<T>(y, softplus<T>(v128.neg<T>(p), tail)), product<T>(w, softplus<T>(p, tail)));
  }

  @inline slope<T>(p: v128, t: v128, at: usize, a: v128, b: v128, c: v128): v128 {
    const y = v128.mul<T>(a, smoothed<T>(t, b, c));
    const w = smoothed<T>(v128.sub<T>(constant<T>(ONE), t), b, c);
    const e = v128.load(at, FIRST);
    return v128.sub<T>(v128.mul<T>(w, logisticOf<T>(p, e)), v128.mul<T>(y, logisticOf<T>(v128.neg<T>(p), e)));
  }
}

/** a: the weight of t = 1, b: 1 - the smoothing, c: half of it */
@unmanaged
export class BinaryProbabilities {
  @inline a<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(alpha);
  }

  @inline b<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(1 - beta);
  }

  @inline c<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(beta / 2);
  }

  @inline stage<T>(p: usize, t: usize, scratch: usize, n: i32, a: v128, b: v128, c: v128, alpha: f64): void {
    lnBlock<T>(p, scratch + FIRST, n);
    for (let i: usize = 0; i < <usize>n * sizeof<T>(); i += 16) {
      v128.store(scratch + i, v128.neg<T>(v128.load(p + i)), SECOND);
    }
    log1pBlock<T>(scratch + SECOND, scratch + SECOND, n);
  }

  @inline loss<T>(p: v128, t: v128, at: usize, a: v128, b: v128, c: v128): v128 {
    const y = v128.mul<T>(a, smoothed<T>(t, b, c));
    const w = smoothed<T>(v128.sub<T>(constant<T>(ONE), t), b, c);
    const sum = v128.add<T>(product<T>(y, v128.load(at, FIRST)), product<T>(w, v128.load(at, SECOND)));
    return v128.sub<T>(splat<T>(0), sum);
  }

  @inline slope<T>(p: v128, t: v128, at: usize, a: v128, b: v128, c: v128): v128 {
    const y = v128.mul<T>(a, smoothed<T>(t, b, c));
    const w = smoothed<T>(v128.sub<T>(constant<T>(ONE), t), b, c);
    const of0 = unlessZero<T>(v128.div<T>(w, v128.sub<T>(constant<T>(ONE), p)), w);
    // p + 0: a quotient by -0 has the other sign
    return v128.sub<T>(of0, unlessZero<T>(v128.div<T>(y, v128.add<T>(p, splat<T>(0))), y));
  }
}

/** a: alpha, b: gamma, c: 1 - alpha */
@unmanaged
export class Focal {
  @inline a<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(alpha);
  }

  @inline b<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(beta);
  }

  @inline c<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(1 - alpha);
  }

  @inline stage<T>(p: usize, t: usize, scratch: usize, n: i32, a: v128, b: v128, c: v128, alpha: f64): void {
    stageBinary<T>(p, scratch, n);
    for (let i: usize = 0; i < <usize>n * sizeof<T>(); i += 16) {
      const x = v128.load(p + i);
      const tail = v128.load(scratch + i, SECOND);
      v128.store(scratch + i, v128.neg<T>(product<T>(b, softplus<T>(x, tail))), THIRD);
      v128.store(scratch + i, v128.neg<T>(product<T>(b, softplus<T>(v128.neg<T>(x), tail))), FOURTH);
    }
    fineExpBlock<T>(scratch + THIRD, scratch + THIRD, n);
    fineExpBlock<T>(scratch + FOURTH, scratch + FOURTH, n);
  }

  @inline loss<T>(p: v128, t: v128, at: usize, a: v128, b: v128, c: v128): v128 {
    const y = v128.mul<T>(a, t);
    const w = v128.mul<T>(c, v128.sub<T>(constant<T>(ONE), t));
    const tail = v128.load(at, SECOND);
    const of1 = v128.mul<T>(v128.load(at, THIRD), softplus<T>(v128.neg<T>(p), tail));
    const of0 = v128.mul<T>(v128.load(at, FOURTH), softplus<T>(p, tail));
    return v128.add<T>(product<T>(y, of1), product<T>(w, of0));
  }

  @inline slope<T>(p: v128, t: v128, at: usize, a: v128, b: v128, c: v128): v128 {
    const y = v128.mul<T>(a, t);
    const w = v128.mul<T>(c, v128.sub<T>(constant<T>(ONE), t));
    const tail = v128.load(at, SECOND);
    const e = v128.load(at, FIRST);
    const q = logisticOf<T>(p, e);
    const r = logisticOf<T>(v128.neg<T>(p), e);
    const risen1 = v128.add<T>(r, v128.mul<T>(b, product<T>(q, softplus<T>(v128.neg<T>(p), tail))));
    const risen0 = v128.add<T>(q, v128.mul<T>(b, product<T>(r, softplus<T>(p, tail))));
    const of1 = product<T>(y, v128.mul<T>(v128.load(at, THIRD), risen1));
    return v128.sub<T>(product<T>(w, v128.mul<T>(v128.load(at, FOURTH), risen0)), of1);
  }
}

@unmanaged
export class SoftMargin {
  @inline a<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(0);
  }

  @inline b<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(0);
  }

  @inline c<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(0);
  }

  @inline stage<T>(p: usize, t: usize, scratch: usize, n: i32, a: v128, b: v128, c: v128, alpha: f64): void {
    for (let i: usize = 0; i < <usize>n * sizeof<T>(); i += 16) {
      const margin = v128.mul<T>(v128.load(p + i), v128.load(t + i));
      v128.store(scratch + i, v128.or(margin, constant<T>(MINUS_ZERO)), FIRST);
    }
    stageSoftplus<T>(scratch, n);
  }

  @inline loss<T>(p: v128, t: v128, at: usize, a: v128, b: v128, c: v128): v128 {
    return softplus<T>(v128.neg<T>(v128.mul<T>(p, t)), v128.load(at, SECOND));
  }

  @inline slope<T>(p: v128, t: v128, at: usize, a: v128, b: v128, c: v128): v128 {
    return v128.mul<T>(v128.neg<T>(t), logisticOf<T>(v128.neg<T>(v128.mul<T>(p, t)), v128.load(at, FIRST)));
  }
}

@unmanaged
export class PoissonNll {
  @inline a<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(0);
  }

  @inline b<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(0);
  }

  @inline c<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(0);
  }

  @inline stage<T>(p: usize, t: usize, scratch: usize, n: i32, a: v128, b: v128, c: v128, alpha: f64): void {
    fineExpBlock<T>(p, scratch + FIRST, n);
    stageStirling<T>(t, scratch, n, alpha);
  }

  @inline loss<T>(p: v128, t: v128, at: usize, a: v128, b: v128, c: v128): v128 {
    const loss = v128.sub<T>(v128.load(at, FIRST), product<T>(t, p));
    return v128.add<T>(loss, v128.load(at, SECOND));
  }

  @inline slope<T>(p: v128, t: v128, at: usize, a: v128, b: v128, c: v128): v128 {
    return v128.sub<T>(v128.load(at, FIRST), t);
  }
}

@unmanaged
export class PoissonRate {
  @inline a<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(0);
  }

  @inline b<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(0);
  }

  @inline c<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(0);
  }

  @inline stage<T>(p: usize, t: usize, scratch: usize, n: i32, a: v128, b: v128, c: v128, alpha: f64): void {
    lnBlock<T>(p, scratch + FIRST, n);
    stageStirling<T>(t, scratch, n, alpha);
  }

  @inline loss<T>(p: v128, t: v128, at: usize, a: v128, b: v128, c: v128): v128 {
    const loss = v128.sub<T>(p, product<T>(t, v128.load(at, FIRST)));
    return v128.add<T>(loss, v128.load(at, SECOND));
  }

  @inline slope<T>(p: v128, t: v128, at: usize, a: v128, b: v128, c: v128): v128 {
    return v128.sub<T>(constant<T>(ONE), unlessZero<T>(v128.div<T>(t, v128.add<T>(p, splat<T>(0))), t));
  }
}

/** a: 1 - the power, b: 2 - the power */
@unmanaged
export class Tweedie {
  @inline a<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(1 - alpha);
  }

  @inline b<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(2 - alpha);
  }

  @inline c<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(0);
  }

  @inline stage<T>(p: usize, t: usize, scratch: usize, n: i32, a: v128, b: v128, c: v128, alpha: f64): void {
    for (let i: usize = 0; i < <usize>n * sizeof<T>(); i += 16) {
      const x = v128.load(p + i);
      v128.store(scratch + i, v128.mul<T>(a, x), FIRST);
      v128.store(scratch + i, v128.mul<T>(b, x), SECOND);
    }
    fineExpBlock<T>(scratch + FIRST, scratch + FIRST, n);
    fineExpBlock<T>(scratch + SECOND, scratch + SECOND, n);
  }

  @inline loss<T>(p: v128, t: v128, at: usize, a: v128, b: v128, c: v128): v128 {
    const of0 = v128.div<T>(v128.load(at, SECOND), b);
    return v128.sub<T>(of0, v128.div<T>(product<T>(t, v128.load(at, FIRST)), a));
  }

  @inline slope<T>(p: v128, t: v128, at: usize, a: v128, b: v128, c: v128): v128 {
    return v128.sub<T>(v128.load(at, SECOND), product<T>(t, v128.load(at, FIRST)));
  }
}
