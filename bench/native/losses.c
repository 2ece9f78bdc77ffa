// What a C programmer gets out of WebAssembly SIMD for the same losses, by LLVM: the yardstick of this package's kernels.
//
// float32, row-major [rows, classes], means over rows or elements. The errors are those of careful float32 code: a loss is
// right to about 1e-6. Nothing here keeps the digits of confident rows, looks at NaN, or has the bits of anything else.
// Constants come from memory, not from the code: V8 builds each v128.const anew inside the loop.

#include <stdint.h>
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name)))
#define INLINE static inline __attribute__((always_inline))

#ifdef __wasm_relaxed_simd__
#define MUL_ADD(a, b, c) wasm_f32x4_relaxed_madd(a, b, c)
#else
#define MUL_ADD(a, b, c) wasm_f32x4_add(wasm_f32x4_mul(a, b), c)
#endif

/** Elements whose maximum is found before their exponentials are summed: 16 KiB, which stay in the first-level cache. */
#define CHUNK 4096
#define MOST_CHUNKS 4096
/** Rows up to this length go four at a time, a row a lane. */
#define SHORT 64
#define UNROLLED 16

// ------------------------------------------------------------------------------------------------------ elementary

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

// ---------------------------------------------------------------------------------------------- mean squared error

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

// ----------------------------------------------------------------------------------------------------- a row at once

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

// ---------------------------------------------------------------------------------------------- four rows in lanes

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

// ------------------------------------------------------------------------------------------------------------ losses

/** Σ of the losses of whole fours of short rows, and their gradients. */
INLINE double short_rows(const float *x, const int32_t *labels, int rows, int n, int rest, int keep, float *grad,
                         float by) {
  const Constants constants = load_constants();
  v128_t total = wasm_f64x2_splat(0);
  for (int i = 0; i + 4 <= rows; i += 4, x += 4 * n, grad += 4 * n) {
    FourRows r = four_rows(x, n, rest, keep, grad, by, &constants);
    if (!labels) continue;
    int a = labels[i], b = n + labels[i + 1], c = 2 * n + labels[i + 2], d = 3 * n + labels[i + 3];
    v128_t own = wasm_f32x4_make(x[a], x[b], x[c], x[d]);
    total = wasm_f64x2_add(total, pairs(wasm_f32x4_sub(logarithm(r.sum), wasm_f32x4_sub(own, r.max))));
    if (keep) grad[a] -= by, grad[b] -= by, grad[c] -= by, grad[d] -= by;
  }
  return wasm_f64x2_extract_lane(total, 0) + wasm_f64x2_extract_lane(total, 1);
}

INLINE double all_rows(const float *x, const int32_t *labels, int rows, int n, int keep, float *out, float by) {
  const Constants constants = load_constants();
  double total = 0;
  int done = 0;
  if (n <= SHORT) {
    done = rows & -4;
    switch (n % 4) {
      case 0: total = short_rows(x, labels, done, n, 0, keep, out, by); break;
      case 1: total = short_rows(x, labels, done, n, 1, keep, out, by); break;
      case 2: total = short_rows(x, labels, done, n, 2, keep, out, by); break;
      default: total = short_rows(x, labels, done, n, 3, keep, out, by);
    }
  }
  for (int i = done; i < rows; i++) {
    const float *row = x + (uint32_t)i * n;
    float *to = out + (uint32_t)i * n;
    float own = labels ? row[labels[i]] : 0; // before it is overwritten, should out be the logits
    Row r = row_of(row, n, keep, to, by, &constants);
    if (!labels) continue;
    total += log_of((float)r.sum) - (own - r.max);
    if (keep) to[labels[i]] -= by;
  }
  return total / rows;
}

EXPORT(softmax) void softmax(const float *x, int rows, int classes, float *out) {
  all_rows(x, 0, rows, classes, 1, out, 1);
}

EXPORT(crossEntropy) double cross_entropy(const float *x, const int32_t *labels, int rows, int classes) {
  return all_rows(x, labels, rows, classes, 0, 0, 1);
}

EXPORT(crossEntropyWithGrad)
double cross_entropy_with_grad(const float *x, const int32_t *labels, int rows, int classes, float *grad) {
  return all_rows(x, labels, rows, classes, 1, grad, 1.0f / rows);
}
