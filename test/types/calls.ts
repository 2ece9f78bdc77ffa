import type { Backend } from "../../src/backends/backend.ts";
import * as kernels from "../../src/generated/kernels.ts";

// Compiled by lint, never run: a call of a kernel has all of its arguments, by their names, and no others.

const x = new Float32Array(1024);
const sums = new Float64Array(1);

export function calls(backend: Backend) {
  const args = { predictions: x, targets: x, losses: null, grad: null, sums, scale: 1 };
  backend.run(kernels.squaredError, "f32", 1, args, 1024);
  backend.run(kernels.huber, "f32", 1, { ...args, delta: 1 }, 1024);
  // @ts-expect-error: delta is missing
  backend.run(kernels.huber, "f32", 1, args, 1024);
  // @ts-expect-error: delta is misspelt
  backend.run(kernels.huber, "f32", 1, { ...args, detla: 1 }, 1024);
  // @ts-expect-error: it has no delta
  backend.run(kernels.squaredError, "f32", 1, { ...args, delta: 1 }, 1024);
  // @ts-expect-error: predictions can't be absent
  backend.run(kernels.squaredError, "f32", 1, { ...args, predictions: null }, 1024);
  // @ts-expect-error: an array for a number
  backend.run(kernels.squaredError, "f32", 1, { ...args, scale: x }, 1024);
  // @ts-expect-error: a number for an array
  backend.run(kernels.squaredError, "f32", 1, { ...args, grad: 1 }, 1024);

  backend.run(kernels.softmax, "f32", 1, { logits: x, out: x, classes: 8 });
  // @ts-expect-error: out is missing
  backend.run(kernels.softmax, "f32", 1, { logits: x, classes: 8 });
  // @ts-expect-error: logits are misspelt
  backend.run(kernels.softmax, "f32", 1, { logit: x, out: x, classes: 8 });
  // @ts-expect-error: it has no weights
  backend.run(kernels.softmax, "f32", 1, { logits: x, out: x, classes: 8, weights: null });
  // @ts-expect-error: it writes float64
  backend.run(kernels.logSumExp, "f32", 1, { logits: x, out: x, classes: 8 });

  const values = sums;
  backend.run(kernels.addExactly, "f64", 1, { values, bins: sums });
  // @ts-expect-error: bins are missing
  backend.run(kernels.addExactly, "f64", 1, { values });
  // @ts-expect-error: float32 bins
  backend.run(kernels.addExactly, "f64", 1, { values, bins: x });
}
