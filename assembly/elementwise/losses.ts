// The element-wise losses, a class each: loss and slope of vectors of predictions p and targets t, and what the two share. a, b
// and c are made of a loss's options, alpha and beta, and of constants, before the loop. A partial round is filled up with the
// two fills, whose loss must be 0. Every class writes out all of its methods: one that a base class hands down is called, not
// inlined.

import { HALF, LARGE_POWER, MINUS_ZERO, ONE } from "../constants";
import { constant, splat } from "../lanes";

@unmanaged
export class SquaredError {
  @inline predictionFill<T>(): v128 {
    return splat<T>(0);
  }

  @inline targetFill<T>(): v128 {
    return splat<T>(0);
  }

  @inline a<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(0);
  }

  @inline b<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(0);
  }

  @inline c<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(0);
  }

  @inline share<T>(p: v128, t: v128, a: v128, b: v128): v128 {
    return v128.sub<T>(p, t);
  }

  @inline loss<T>(p: v128, t: v128, difference: v128, c: v128): v128 {
    return v128.mul<T>(difference, difference);
  }

  @inline slope<T>(difference: v128, a: v128, b: v128): v128 {
    return difference;
  }
}

/** a: 1, b: a power of two whose square makes any number larger than 1, c: the sign's bit */
@unmanaged
export class AbsoluteError {
  @inline predictionFill<T>(): v128 {
    return splat<T>(0);
  }

  @inline targetFill<T>(): v128 {
    return splat<T>(0);
  }

  @inline a<T>(alpha: f64, beta: f64): v128 {
    return constant<T>(ONE);
  }

  @inline b<T>(alpha: f64, beta: f64): v128 {
    return constant<T>(LARGE_POWER);
  }

  @inline c<T>(alpha: f64, beta: f64): v128 {
    return constant<T>(MINUS_ZERO);
  }

  @inline share<T>(p: v128, t: v128, a: v128, b: v128): v128 {
    return v128.sub<T>(p, t);
  }

  @inline loss<T>(p: v128, t: v128, difference: v128, c: v128): v128 {
    return v128.andnot(difference, c);
  }

  /** 1 with the sign of p - t, or p - t where that is 0 or NaN. */
  @inline slope<T>(difference: v128, a: v128, b: v128): v128 {
    const large = v128.mul<T>(v128.mul<T>(difference, b), b);
    return v128.pmax<T>(v128.pmin<T>(large, a), v128.neg<T>(a));
  }
}

/** a: delta, b: -delta, c: 1/2 */
@unmanaged
export class Huber {
  @inline predictionFill<T>(): v128 {
    return splat<T>(0);
  }

  @inline targetFill<T>(): v128 {
    return splat<T>(0);
  }

  @inline a<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(alpha);
  }

  @inline b<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(-alpha);
  }

  @inline c<T>(alpha: f64, beta: f64): v128 {
    return constant<T>(HALF);
  }

  @inline share<T>(p: v128, t: v128, a: v128, b: v128): v128 {
    return v128.pmax<T>(v128.pmin<T>(v128.sub<T>(p, t), a), b);
  }

  @inline loss<T>(p: v128, t: v128, clamped: v128, c: v128): v128 {
    return v128.mul<T>(clamped, v128.sub<T>(v128.sub<T>(p, t), v128.mul<T>(clamped, c)));
  }

  @inline slope<T>(clamped: v128, a: v128, b: v128): v128 {
    return clamped;
  }
}
