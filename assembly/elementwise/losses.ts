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

  @inline share<T>(p: v128, t: v128, a: v128, b: v128, c: v128): v128 {
    return v128.sub<T>(p, t);
  }

  @inline loss<T>(p: v128, t: v128, difference: v128, a: v128, b: v128, c: v128): v128 {
    return v128.mul<T>(difference, difference);
  }

  @inline slope<T>(p: v128, t: v128, difference: v128, a: v128, b: v128, c: v128): v128 {
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

  @inline share<T>(p: v128, t: v128, a: v128, b: v128, c: v128): v128 {
    return v128.sub<T>(p, t);
  }

  @inline loss<T>(p: v128, t: v128, difference: v128, a: v128, b: v128, c: v128): v128 {
    return v128.andnot(difference, c);
  }

  /** 1 with the sign of p - t, or p - t where that is 0 or NaN. */
  @inline slope<T>(p: v128, t: v128, difference: v128, a: v128, b: v128, c: v128): v128 {
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

  @inline share<T>(p: v128, t: v128, a: v128, b: v128, c: v128): v128 {
    return v128.pmax<T>(v128.pmin<T>(v128.sub<T>(p, t), a), b);
  }

  @inline loss<T>(p: v128, t: v128, clamped: v128, a: v128, b: v128, c: v128): v128 {
    return v128.mul<T>(clamped, v128.sub<T>(v128.sub<T>(p, t), v128.mul<T>(clamped, c)));
  }

  @inline slope<T>(p: v128, t: v128, clamped: v128, a: v128, b: v128, c: v128): v128 {
    return clamped;
  }
}

/** a: beta, b: 1 / beta, c: 1/2 */
@unmanaged
export class SmoothL1 {
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
    return splat<T>(1 / alpha);
  }

  @inline c<T>(alpha: f64, beta: f64): v128 {
    return constant<T>(HALF);
  }

  @inline share<T>(p: v128, t: v128, a: v128, b: v128, c: v128): v128 {
    return v128.pmax<T>(v128.pmin<T>(v128.sub<T>(p, t), a), v128.neg<T>(a));
  }

  @inline loss<T>(p: v128, t: v128, clamped: v128, a: v128, b: v128, c: v128): v128 {
    return v128.mul<T>(v128.mul<T>(clamped, b), v128.sub<T>(v128.sub<T>(p, t), v128.mul<T>(clamped, c)));
  }

  @inline slope<T>(p: v128, t: v128, clamped: v128, a: v128, b: v128, c: v128): v128 {
    return v128.mul<T>(clamped, b);
  }
}

/** a: minus the quantile, b: 1 less it, c: a power of two whose square makes any number larger than 1 */
@unmanaged
export class Pinball {
  @inline predictionFill<T>(): v128 {
    return splat<T>(0);
  }

  @inline targetFill<T>(): v128 {
    return splat<T>(0);
  }

  @inline a<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(-alpha);
  }

  @inline b<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(1 - alpha);
  }

  @inline c<T>(alpha: f64, beta: f64): v128 {
    return constant<T>(LARGE_POWER);
  }

  @inline share<T>(p: v128, t: v128, a: v128, b: v128, c: v128): v128 {
    return v128.sub<T>(p, t);
  }

  @inline loss<T>(p: v128, t: v128, difference: v128, a: v128, b: v128, c: v128): v128 {
    return v128.pmax<T>(v128.mul<T>(b, difference), v128.mul<T>(a, difference));
  }

  @inline slope<T>(p: v128, t: v128, difference: v128, a: v128, b: v128, c: v128): v128 {
    return v128.pmax<T>(v128.pmin<T>(v128.mul<T>(v128.mul<T>(difference, c), c), b), a);
  }
}

/** a: 1, b: a power of two whose square makes any number larger than 1, c: the sign's bit */
@unmanaged
export class AbsolutePercentageError {
  @inline predictionFill<T>(): v128 {
    return constant<T>(ONE);
  }

  @inline targetFill<T>(): v128 {
    return constant<T>(ONE);
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

  @inline share<T>(p: v128, t: v128, a: v128, b: v128, c: v128): v128 {
    return v128.sub<T>(p, t);
  }

  @inline loss<T>(p: v128, t: v128, difference: v128, a: v128, b: v128, c: v128): v128 {
    const quotient = v128.andnot(v128.div<T>(difference, t), c);
    return v128.and(quotient, v128.ne<T>(difference, splat<T>(0)));
  }

  @inline slope<T>(p: v128, t: v128, difference: v128, a: v128, b: v128, c: v128): v128 {
    const large = v128.mul<T>(v128.mul<T>(difference, b), b);
    const sign = v128.pmax<T>(v128.pmin<T>(large, a), v128.neg<T>(a));
    return v128.and(v128.div<T>(sign, v128.andnot(t, c)), v128.ne<T>(difference, splat<T>(0)));
  }
}

/** a: 1/2, c: the sign's bit. The halves are added, lest the sum overflows; shared: their sum. */
@unmanaged
export class SymmetricPercentageError {
  @inline predictionFill<T>(): v128 {
    return splat<T>(0);
  }

  @inline targetFill<T>(): v128 {
    return splat<T>(0);
  }

  @inline a<T>(alpha: f64, beta: f64): v128 {
    return constant<T>(HALF);
  }

  @inline b<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(0);
  }

  @inline c<T>(alpha: f64, beta: f64): v128 {
    return constant<T>(MINUS_ZERO);
  }

  @inline share<T>(p: v128, t: v128, a: v128, b: v128, c: v128): v128 {
    return v128.add<T>(v128.andnot(v128.mul<T>(p, a), c), v128.andnot(v128.mul<T>(t, a), c));
  }

  @inline loss<T>(p: v128, t: v128, half: v128, a: v128, b: v128, c: v128): v128 {
    const difference = v128.sub<T>(v128.mul<T>(p, a), v128.mul<T>(t, a));
    const quotient = v128.andnot(v128.div<T>(difference, half), c);
    return v128.and(v128.add<T>(quotient, quotient), v128.ne<T>(difference, b));
  }

  @inline slope<T>(p: v128, t: v128, half: v128, a: v128, b: v128, c: v128): v128 {
    const difference = v128.sub<T>(v128.mul<T>(p, a), v128.mul<T>(t, a));
    // p times the sign of t
    const apart = v128.le<T>(v128.xor(p, v128.and(t, c)), b);
    const size = v128.div<T>(v128.div<T>(v128.andnot(v128.andnot(t, c), apart), half), half);
    return v128.and(v128.or(size, v128.and(difference, c)), v128.ne<T>(difference, b));
  }
}

/** a: 1, b: a power of two that makes any 1 - t p above 0 larger than 1, c: 0. Slopes are those times -1. */
@unmanaged
export class Hinge {
  @inline predictionFill<T>(): v128 {
    return splat<T>(2);
  }

  @inline targetFill<T>(): v128 {
    return constant<T>(ONE);
  }

  @inline a<T>(alpha: f64, beta: f64): v128 {
    return constant<T>(ONE);
  }

  @inline b<T>(alpha: f64, beta: f64): v128 {
    return constant<T>(LARGE_POWER);
  }

  @inline c<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(0);
  }

  @inline share<T>(p: v128, t: v128, a: v128, b: v128, c: v128): v128 {
    return v128.pmax<T>(v128.sub<T>(a, v128.mul<T>(t, p)), c);
  }

  @inline loss<T>(p: v128, t: v128, margin: v128, a: v128, b: v128, c: v128): v128 {
    return margin;
  }

  @inline slope<T>(p: v128, t: v128, margin: v128, a: v128, b: v128, c: v128): v128 {
    return v128.mul<T>(v128.pmin<T>(v128.mul<T>(margin, b), a), t);
  }
}

/** a: 1, c: 0. Slopes are those times -1/2. */
@unmanaged
export class SquaredHinge {
  @inline predictionFill<T>(): v128 {
    return splat<T>(2);
  }

  @inline targetFill<T>(): v128 {
    return constant<T>(ONE);
  }

  @inline a<T>(alpha: f64, beta: f64): v128 {
    return constant<T>(ONE);
  }

  @inline b<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(0);
  }

  @inline c<T>(alpha: f64, beta: f64): v128 {
    return splat<T>(0);
  }

  @inline share<T>(p: v128, t: v128, a: v128, b: v128, c: v128): v128 {
    return v128.pmax<T>(v128.sub<T>(a, v128.mul<T>(t, p)), c);
  }

  @inline loss<T>(p: v128, t: v128, margin: v128, a: v128, b: v128, c: v128): v128 {
    return v128.mul<T>(margin, margin);
  }

  @inline slope<T>(p: v128, t: v128, margin: v128, a: v128, b: v128, c: v128): v128 {
    return v128.mul<T>(margin, t);
  }
}
