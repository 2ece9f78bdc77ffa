// The element-wise losses, a class each: loss and slope of vectors of predictions p and targets t; a and b are its options.
// A partial round is filled up with the two fills, whose loss must be 0. Every class writes out all of its methods: one that a
// base class hands down is called, not inlined.

import { HALF, MINUS_ZERO, ONE } from "../constants";
import { constant, splat } from "../lanes";

@unmanaged
export class SquaredError {
  @inline predictionFill<T>(): v128 {
    return splat<T>(0);
  }

  @inline targetFill<T>(): v128 {
    return splat<T>(0);
  }

  @inline loss<T>(p: v128, t: v128, a: v128, b: v128): v128 {
    const d = v128.sub<T>(p, t);
    return v128.mul<T>(d, d);
  }

  @inline slope<T>(p: v128, t: v128, a: v128, b: v128): v128 {
    return v128.sub<T>(p, t);
  }
}

@unmanaged
export class AbsoluteError {
  @inline predictionFill<T>(): v128 {
    return splat<T>(0);
  }

  @inline targetFill<T>(): v128 {
    return splat<T>(0);
  }

  @inline loss<T>(p: v128, t: v128, a: v128, b: v128): v128 {
    return v128.andnot(v128.sub<T>(p, t), constant<T>(MINUS_ZERO));
  }
  /** 1 with the sign of d, or d where it is 0 or NaN. */
  @inline slope<T>(p: v128, t: v128, a: v128, b: v128): v128 {
    const d = v128.sub<T>(p, t);
    const sign = v128.or(v128.and(d, constant<T>(MINUS_ZERO)), constant<T>(ONE));
    const zero = splat<T>(0);
    return v128.bitselect(sign, d, v128.or(v128.gt<T>(d, zero), v128.lt<T>(d, zero)));
  }
}

/** a: delta */
@unmanaged
export class Huber {
  @inline predictionFill<T>(): v128 {
    return splat<T>(0);
  }

  @inline targetFill<T>(): v128 {
    return splat<T>(0);
  }

  @inline loss<T>(p: v128, t: v128, a: v128, b: v128): v128 {
    const d = v128.sub<T>(p, t);
    const m = v128.pmax<T>(v128.pmin<T>(d, a), v128.neg<T>(a));
    return v128.mul<T>(m, v128.sub<T>(d, v128.mul<T>(m, constant<T>(HALF))));
  }

  @inline slope<T>(p: v128, t: v128, a: v128, b: v128): v128 {
    return v128.pmax<T>(v128.pmin<T>(v128.sub<T>(p, t), a), v128.neg<T>(a));
  }
}
