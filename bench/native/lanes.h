// What a C programmer gets out of WebAssembly SIMD for the same losses, by LLVM: the yardstick of this package's kernels.
//
// float32, row-major [rows, classes], means over rows or elements. The errors are those of careful float32 code: a loss is
// right to about 1e-6. Nothing here keeps the digits of confident rows, looks at NaN, or has the bits of anything else.

#pragma once

#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name)))
#define INLINE static inline __attribute__((always_inline))

#ifdef __wasm_relaxed_simd__
#define MUL_ADD(a, b, c) wasm_f32x4_relaxed_madd(a, b, c)
#else
#define MUL_ADD(a, b, c) wasm_f32x4_add(wasm_f32x4_mul(a, b), c)
#endif

/** Elements of a round: four vectors, which do not wait for each other. */
#define UNROLLED 16

INLINE v128_t pairs(v128_t v) {
  return wasm_f64x2_add(wasm_f64x2_promote_low_f32x4(v),
                        wasm_f64x2_promote_low_f32x4(wasm_i32x4_shuffle(v, v, 2, 3, 2, 3)));
}

INLINE double sum_of(v128_t v) {
  v128_t p = pairs(v);
  return wasm_f64x2_extract_lane(p, 0) + wasm_f64x2_extract_lane(p, 1);
}

INLINE v128_t add4(v128_t a, v128_t b, v128_t c, v128_t d) {
  return wasm_f32x4_add(wasm_f32x4_add(a, b), wasm_f32x4_add(c, d));
}
