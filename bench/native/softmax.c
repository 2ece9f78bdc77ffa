// Softmax, and the cross-entropy of it with index targets.

#include <stdint.h>

#include "longRows.h"
#include "shortRows.h"

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
