// exp and ln of four lanes. Constants come from memory, not from the code: V8 builds each v128.const anew inside the loop.

#pragma once

#include "lanes.h"

typedef struct {
  v128_t log2e, lowest, magic, one, c1, c2, c3, c4, c5;
} Constants;

#define SPLAT(x) {x, x, x, x}
static float constants[][4] __attribute__((aligned(16))) = {
    SPLAT(1.44269504f), // log2 e
    SPLAT(-126.0f),     // 2^y of less is not normal
    SPLAT(12582912.0f), // 1.5 x 2^23: adding it rounds to an integer
    SPLAT(1.0f),
    // 2^f = 1 + c1 f + ... for |f| <= 1/2: relative error 9e-8, 2.1e-7 as computed
    SPLAT(0.693147004f), SPLAT(0.240222424f), SPLAT(0.0555073358f), SPLAT(0.00967151299f), SPLAT(0.00132647273f),
};

INLINE Constants load_constants(void) {
  float *at = constants[0];
  __asm__("" : "+r"(at)); // or LLVM folds what is there
  return (Constants){
      wasm_v128_load(at),      wasm_v128_load(at + 4),  wasm_v128_load(at + 8),
      wasm_v128_load(at + 12), wasm_v128_load(at + 16), wasm_v128_load(at + 20),
      wasm_v128_load(at + 24), wasm_v128_load(at + 28), wasm_v128_load(at + 32),
  };
}

/** What exp_minus takes for a maximum. */
INLINE v128_t prepared(v128_t m, __attribute__((unused)) const Constants *k) {
#ifdef __wasm_relaxed_simd__
  return wasm_f32x4_mul(m, k->log2e);
#else
  return m;
#endif
}

/** exp(x - m) for x <= m: a power of two and a polynomial in Estrin's form, 18 operations. */
INLINE v128_t exp_minus(v128_t x, v128_t m, const Constants *k) {
#ifdef __wasm_relaxed_simd__
  v128_t y = MUL_ADD(x, k->log2e, wasm_f32x4_neg(m));
#else
  v128_t y = wasm_f32x4_mul(wasm_f32x4_sub(x, m), k->log2e);
#endif
  y = wasm_f32x4_pmax(y, k->lowest);
  v128_t t = wasm_f32x4_add(y, k->magic);
  v128_t f = wasm_f32x4_sub(y, wasm_f32x4_sub(t, k->magic));
  v128_t g = wasm_f32x4_mul(f, f);
  v128_t low = MUL_ADD(k->c1, f, k->one), middle = MUL_ADD(k->c3, f, k->c2), high = MUL_ADD(k->c5, f, k->c4);
  v128_t p = MUL_ADD(MUL_ADD(high, g, middle), g, low);
  return wasm_i32x4_add(p, wasm_i32x4_shl(t, 23));
}

INLINE float exp_of(float difference, const Constants *k) {
  v128_t zero = wasm_f32x4_splat(0);
  return wasm_f32x4_extract_lane(exp_minus(wasm_f32x4_splat(difference), prepared(zero, k), k), 0);
}

/** ln x of normal numbers: x = 2^k m with m near 1, ln m = 2 artanh((m - 1) / (m + 1)). */
INLINE v128_t logarithm(v128_t x) {
  v128_t half = wasm_i32x4_splat(0x3f3504f3); // the square root of 1/2
  v128_t offset = wasm_i32x4_sub(x, half);
  v128_t k = wasm_f32x4_convert_i32x4(wasm_i32x4_shr(offset, 23));
  v128_t m = wasm_i32x4_add(wasm_v128_and(offset, wasm_i32x4_splat(0x7fffff)), half);
  v128_t one = wasm_f32x4_splat(1);
  v128_t s = wasm_f32x4_div(wasm_f32x4_sub(m, one), wasm_f32x4_add(m, one)), z = wasm_f32x4_mul(s, s);
  v128_t p = MUL_ADD(z, wasm_f32x4_splat(2.0f / 9), wasm_f32x4_splat(2.0f / 7));
  p = MUL_ADD(p, z, wasm_f32x4_splat(2.0f / 5));
  p = MUL_ADD(p, z, wasm_f32x4_splat(2.0f / 3));
  p = MUL_ADD(p, z, wasm_f32x4_splat(2));
  return MUL_ADD(k, wasm_f32x4_splat(0.693147181f), wasm_f32x4_mul(p, s));
}

INLINE float log_of(float x) { return wasm_f32x4_extract_lane(logarithm(wasm_f32x4_splat(x)), 0); }
