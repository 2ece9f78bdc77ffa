// What element-wise losses refuse, a class each, by name of src/descriptions/domains.ts. The loop looks at vectors, with a constant
// that is loaded before it: where `suspect` has bits beside the sign, the block is looked through number by number.

import { MINUS_ZERO, ONE } from "../constants";
import { constant, splat } from "../lanes";

/** Whether anything that `suspect` gave, or all of it taken together, has bits beside the sign. */
@inline export function isSuspect<T>(suspects: v128): bool {
  return v128.any_true(v128.andnot(suspects, constant<T>(MINUS_ZERO)));
}

@unmanaged
export class Unchecked {
  @inline checks(): bool {
    return false;
  }

  /** Whether predictions are looked at: the gradient may overwrite them. */
  @inline ofPredictions(): bool {
    return false;
  }

  @inline limit<T>(): v128 {
    return splat<T>(0);
  }

  @inline suspect<T>(p: usize, t: usize, limit: v128): v128 {
    return limit;
  }

  @inline refuses(p: f64, t: f64): bool {
    return false;
  }
}

/** |t| is 1: but for the sign, t has the bits of 1. Comparing takes five operations, this one and an or of all. */
@unmanaged
export class Signs {
  @inline checks(): bool {
    return true;
  }

  /** Whether predictions are looked at: the gradient may overwrite them. */
  @inline ofPredictions(): bool {
    return false;
  }

  @inline limit<T>(): v128 {
    return constant<T>(ONE);
  }

  @inline suspect<T>(p: usize, t: usize, limit: v128): v128 {
    return v128.xor(v128.load(t), limit);
  }

  @inline refuses(p: f64, t: f64): bool {
    return abs(t) != 1 && t == t;
  }
}

@unmanaged
export class Shares {
  @inline checks(): bool {
    return true;
  }

  /** Whether predictions are looked at: the gradient may overwrite them. */
  @inline ofPredictions(): bool {
    return false;
  }

  @inline limit<T>(): v128 {
    return constant<T>(ONE);
  }

  @inline suspect<T>(p: usize, t: usize, limit: v128): v128 {
    const targets = v128.load(t);
    return v128.or(v128.lt<T>(targets, splat<T>(0)), v128.gt<T>(targets, limit));
  }

  @inline refuses(p: f64, t: f64): bool {
    return t < 0 || t > 1;
  }
}

@unmanaged
export class Probabilities {
  @inline checks(): bool {
    return true;
  }

  /** Whether predictions are looked at: the gradient may overwrite them. */
  @inline ofPredictions(): bool {
    return true;
  }

  @inline limit<T>(): v128 {
    return constant<T>(ONE);
  }

  @inline suspect<T>(p: usize, t: usize, limit: v128): v128 {
    const predictions = v128.load(p);
    const targets = v128.load(t);
    return v128.or(
      v128.or(v128.lt<T>(predictions, splat<T>(0)), v128.gt<T>(predictions, limit)),
      v128.or(v128.lt<T>(targets, splat<T>(0)), v128.gt<T>(targets, limit)),
    );
  }

  @inline refuses(p: f64, t: f64): bool {
    return t < 0 || t > 1 || p < 0 || p > 1;
  }
}

@unmanaged
export class Counts {
  @inline checks(): bool {
    return true;
  }

  /** Whether predictions are looked at: the gradient may overwrite them. */
  @inline ofPredictions(): bool {
    return false;
  }

  @inline limit<T>(): v128 {
    return splat<T>(0);
  }

  @inline suspect<T>(p: usize, t: usize, limit: v128): v128 {
    return v128.lt<T>(v128.load(t), limit);
  }

  @inline refuses(p: f64, t: f64): bool {
    return t < 0;
  }
}
