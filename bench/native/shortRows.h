// Four rows at once, a row a lane.

#pragma once

#include "elementary.h"

/** Rows up to this length go this way. */
#define SHORT 64

typedef struct {
  v128_t a, b, c, d;
} Square;

INLINE Square transposed(Square s) {
  v128_t ab = wasm_i32x4_shuffle(s.a, s.b, 0, 4, 1, 5), cd = wasm_i32x4_shuffle(s.c, s.d, 0, 4, 1, 5);
  v128_t ef = wasm_i32x4_shuffle(s.a, s.b, 2, 6, 3, 7), gh = wasm_i32x4_shuffle(s.c, s.d, 2, 6, 3, 7);
  return (Square){wasm_i64x2_shuffle(ab, cd, 0, 2), wasm_i64x2_shuffle(ab, cd, 1, 3),
                  wasm_i64x2_shuffle(ef, gh, 0, 2), wasm_i64x2_shuffle(ef, gh, 1, 3)};
}

/** One to three elements of a row. */
INLINE v128_t load_few(const float *x, int n) {
  if (n == 1) return wasm_v128_load32_zero(x);
  v128_t two = wasm_v128_load64_zero(x);
  return n == 2 ? two : wasm_v128_load32_lane(x + 2, two, 2);
}

INLINE void store_few(float *x, int n, v128_t v) {
  if (n == 1) wasm_v128_store32_lane(x, v, 0);
  else wasm_v128_store64_lane(x, v, 0);
  if (n == 3) wasm_v128_store32_lane(x + 2, v, 2);
}

INLINE Square load_square(const float *x, int stride, int n) {
  if (n == 4) {
    return (Square){wasm_v128_load(x), wasm_v128_load(x + stride), wasm_v128_load(x + 2 * stride),
                    wasm_v128_load(x + 3 * stride)};
  }
  return (Square){load_few(x, n), load_few(x + stride, n), load_few(x + 2 * stride, n), load_few(x + 3 * stride, n)};
}

INLINE void store_square(float *x, int stride, int n, Square s) {
  if (n == 4) {
    wasm_v128_store(x, s.a);
    wasm_v128_store(x + stride, s.b);
    wasm_v128_store(x + 2 * stride, s.c);
    wasm_v128_store(x + 3 * stride, s.d);
    return;
  }
  store_few(x, n, s.a);
  store_few(x + stride, n, s.b);
  store_few(x + 2 * stride, n, s.c);
  store_few(x + 3 * stride, n, s.d);
}

static v128_t columns[SHORT];

INLINE v128_t put_columns(Square s, int j, int n, v128_t top) {
  columns[j] = s.a;
  top = wasm_f32x4_pmax(top, s.a);
  if (n > 1) columns[j + 1] = s.b, top = wasm_f32x4_pmax(top, s.b);
  if (n > 2) columns[j + 2] = s.c, top = wasm_f32x4_pmax(top, s.c);
  if (n > 3) columns[j + 3] = s.d, top = wasm_f32x4_pmax(top, s.d);
  return top;
}

typedef struct {
  v128_t max, sum;
} FourRows;

/** row_of for four rows at once. `rest` is n % 4, known where this is compiled. */
INLINE FourRows four_rows(const float *x, int n, int rest, int keep, float *out, float by, const Constants *k) {
  int whole = n - rest;
  v128_t top = wasm_f32x4_splat(-__builtin_inff());
  for (int j = 0; j < whole; j += 4) top = put_columns(transposed(load_square(x + j, n, 4)), j, 4, top);
  if (rest) top = put_columns(transposed(load_square(x + whole, n, rest)), whole, rest, top);
  v128_t m = prepared(top, k), sum = wasm_f32x4_splat(0), other = sum;
  int j = 0;
  for (; j + 2 <= n; j += 2) {
    v128_t e = exp_minus(columns[j], m, k), f = exp_minus(columns[j + 1], m, k);
    if (keep) columns[j] = e, columns[j + 1] = f;
    sum = wasm_f32x4_add(sum, e);
    other = wasm_f32x4_add(other, f);
  }
  if (j < n) {
    v128_t e = exp_minus(columns[j], m, k);
    if (keep) columns[j] = e;
    sum = wasm_f32x4_add(sum, e);
  }
  sum = wasm_f32x4_add(sum, other);
  if (keep) {
    v128_t factor = wasm_f32x4_div(wasm_f32x4_splat(by), sum);
    for (j = 0; j < n; j += 4) {
      Square s = {wasm_f32x4_mul(columns[j], factor), wasm_f32x4_mul(columns[j + 1], factor),
                  wasm_f32x4_mul(columns[j + 2], factor), wasm_f32x4_mul(columns[j + 3], factor)};
      store_square(out + j, n, j < whole ? 4 : rest, transposed(s));
    }
  }
  return (FourRows){top, sum};
}
