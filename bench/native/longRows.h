// A row at once, its elements in the lanes.

#pragma once

#include "elementary.h"

/** Elements whose maximum is found before their exponentials are summed: 16 KiB, which stay in the first-level cache. */
#define CHUNK 4096
#define MOST_CHUNKS 4096

/** The elements after the last whole sixteen, filled up with what adds nothing. */
static float tail[UNROLLED] __attribute__((aligned(16)));
/** The maximum so far, when each chunk's exponentials were written. */
static float maxima[MOST_CHUNKS];

INLINE void fill_tail(const float *x, int n) {
  for (int j = 0; j < UNROLLED; j++) tail[j] = j < n ? x[j] : -__builtin_inff();
}

INLINE v128_t max4(v128_t top, const float *x) {
  v128_t a = wasm_f32x4_pmax(wasm_v128_load(x), wasm_v128_load(x + 4));
  v128_t b = wasm_f32x4_pmax(wasm_v128_load(x + 8), wasm_v128_load(x + 12));
  return wasm_f32x4_pmax(top, wasm_f32x4_pmax(a, b));
}

/** The larger of `top` and the elements; of the tail where n is no multiple of sixteen. */
INLINE float maximum(const float *x, int n, float top) {
  v128_t m = wasm_f32x4_splat(top), other = m;
  int j = 0;
  for (; j + 2 * UNROLLED <= n; j += 2 * UNROLLED) {
    m = max4(m, x + j);
    other = max4(other, x + j + UNROLLED);
  }
  if (j + UNROLLED <= n) m = max4(m, x + j), j += UNROLLED;
  if (j < n) other = max4(other, tail);
  m = wasm_f32x4_pmax(m, other);
  m = wasm_f32x4_pmax(m, wasm_i32x4_shuffle(m, m, 2, 3, 0, 1));
  m = wasm_f32x4_pmax(m, wasm_i32x4_shuffle(m, m, 1, 0, 3, 2));
  return wasm_f32x4_extract_lane(m, 0);
}

typedef struct {
  v128_t a, b, c, d;
} Sums;

INLINE Sums exp4(Sums s, const float *x, v128_t m, int keep, float *out, const Constants *k) {
  v128_t e = exp_minus(wasm_v128_load(x), m, k), f = exp_minus(wasm_v128_load(x + 4), m, k);
  v128_t g = exp_minus(wasm_v128_load(x + 8), m, k), h = exp_minus(wasm_v128_load(x + 12), m, k);
  if (keep) {
    wasm_v128_store(out, e);
    wasm_v128_store(out + 4, f);
    wasm_v128_store(out + 8, g);
    wasm_v128_store(out + 12, h);
  }
  return (Sums){wasm_f32x4_add(s.a, e), wasm_f32x4_add(s.b, f), wasm_f32x4_add(s.c, g), wasm_f32x4_add(s.d, h)};
}

/** Σ exp(x - m); with `keep`, out = exp(x - m). */
INLINE double exponentials(const float *x, int n, float max, int keep, float *out, const Constants *k) {
  v128_t zero = wasm_f32x4_splat(0), m = prepared(wasm_f32x4_splat(max), k);
  Sums s = {zero, zero, zero, zero};
  int j = 0;
  for (; j + UNROLLED <= n; j += UNROLLED) s = exp4(s, x + j, m, keep, out + j, k);
  if (j < n) {
    s = exp4(s, tail, m, keep, tail, k);
    if (keep) __builtin_memcpy(out + j, tail, sizeof(float) * (n - j));
  }
  return sum_of(add4(s.a, s.b, s.c, s.d));
}

INLINE void scale(float *out, int n, float by) {
  v128_t factor = wasm_f32x4_splat(by);
  int j = 0;
  for (; j + UNROLLED <= n; j += UNROLLED) {
    for (int l = 0; l < UNROLLED; l += 4)
      wasm_v128_store(out + j + l, wasm_f32x4_mul(wasm_v128_load(out + j + l), factor));
  }
  for (; j < n; j++) out[j] *= by;
}

typedef struct {
  float max;
  double sum;
} Row;

/** Maximum and Σ exp(x - max), chunk by chunk; with `keep`, out = by exp(x - max) / Σ. */
INLINE Row row_of(const float *x, int n, int keep, float *out, double by, const Constants *k) {
  Row row = {-__builtin_inff(), 0};
  fill_tail(x + (n & -UNROLLED), n % UNROLLED);
  for (int begin = 0; begin < n; begin += CHUNK) {
    int length = n - begin < CHUNK ? n - begin : CHUNK;
    float max = maximum(x + begin, length, row.max);
    if (max > row.max) {
      row.sum *= begin == 0 ? 0 : exp_of(row.max - max, k);
      row.max = max;
    }
    maxima[begin / CHUNK] = max;
    row.sum += exponentials(x + begin, length, max, keep, out + begin, k);
  }
  for (int begin = 0; keep && begin < n; begin += CHUNK) {
    int length = n - begin < CHUNK ? n - begin : CHUNK;
    float max = maxima[begin / CHUNK];
    scale(out + begin, length, (float)(by / row.sum * (max == row.max ? 1 : exp_of(max - row.max, k))));
  }
  return row;
}
