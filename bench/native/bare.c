#include "lanes.h"

// Loops that read and write the arrays that an optimizer does, with additions alone: what memory allows.

#define L(p) wasm_v128_load(p)
#define PUT(p, v) wasm_v128_store(p, v)
#define ADD(a, b) wasm_f32x4_add(a, b)

/** Two vectors a turn, as the optimizers. */
#define EACH for (int i = 0; i + 8 <= n; i += 8)

EXPORT(bare2) void bare2(float *p, const float *g, int n) {
  EACH {
    v128_t x = ADD(L(p + i), L(g + i)), y = ADD(L(p + i + 4), L(g + i + 4));
    PUT(p + i, x);
    PUT(p + i + 4, y);
  }
}

EXPORT(bare3) void bare3(float *p, const float *g, int n, float *m) {
  EACH {
    v128_t a = ADD(L(m + i), L(g + i)), b = ADD(L(m + i + 4), L(g + i + 4));
    PUT(m + i, a);
    PUT(p + i, ADD(L(p + i), a));
    PUT(m + i + 4, b);
    PUT(p + i + 4, ADD(L(p + i + 4), b));
  }
}

EXPORT(bare4) void bare4(float *p, const float *g, int n, float *m, float *v) {
  EACH {
    v128_t a = ADD(L(m + i), L(g + i)), b = ADD(L(m + i + 4), L(g + i + 4));
    v128_t c = ADD(L(v + i), L(g + i)), d = ADD(L(v + i + 4), L(g + i + 4));
    PUT(m + i, a);
    PUT(v + i, c);
    PUT(p + i, ADD(L(p + i), a));
    PUT(m + i + 4, b);
    PUT(v + i + 4, d);
    PUT(p + i + 4, ADD(L(p + i + 4), b));
  }
}
