#include "lanes.h"

/** Summed in float32 within blocks, then in float64. */
#define BLOCK 1024

EXPORT(mse) double mse(const float *p, const float *t, int n) {
  double total = 0;
  int i = 0;
  for (; i + UNROLLED <= n;) {
    int whole = (n - i) & -UNROLLED, end = i + (whole < BLOCK ? whole : BLOCK);
    v128_t a = wasm_f32x4_splat(0), b = a, c = a, d = a;
    for (; i < end; i += UNROLLED) {
      v128_t e = wasm_f32x4_sub(wasm_v128_load(p + i), wasm_v128_load(t + i));
      v128_t f = wasm_f32x4_sub(wasm_v128_load(p + i + 4), wasm_v128_load(t + i + 4));
      v128_t g = wasm_f32x4_sub(wasm_v128_load(p + i + 8), wasm_v128_load(t + i + 8));
      v128_t h = wasm_f32x4_sub(wasm_v128_load(p + i + 12), wasm_v128_load(t + i + 12));
      a = MUL_ADD(e, e, a);
      b = MUL_ADD(f, f, b);
      c = MUL_ADD(g, g, c);
      d = MUL_ADD(h, h, d);
    }
    total += sum_of(add4(a, b, c, d));
  }
  for (; i < n; i++) {
    float e = p[i] - t[i];
    total += (double)(e * e);
  }
  return total / n;
}
