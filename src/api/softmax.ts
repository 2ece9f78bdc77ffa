import type { Backend } from "../backends/backend.ts";
import { checkLogits } from "../check.ts";
import { dtypeOf, type FloatArray, type LogitsArray } from "../dtype.ts";
import type { Kernel } from "../kernels/kernel.ts";
import * as kernels from "../kernels/softmax.ts";
import type { Out } from "./reduction.ts";
import { checkRows, type Rows, rowsOut } from "./rows.ts";

function elementwise(kernel: Kernel, backend: Backend, data: LogitsArray, options: Rows & Out): FloatArray {
  const { name } = kernel;
  const logits = checkLogits(name, "logits", data);
  const rows = checkRows(name, "logits", logits, options);
  const out = rowsOut(name, "logits", logits, options);
  backend.run(kernel, dtypeOf(logits), rows, { logits, out, classes: options.classes });
  return out;
}

export function softmax(backend: Backend, logits: LogitsArray, options: Rows & Out): FloatArray {
  return elementwise(kernels.softmax, backend, logits, options);
}

export function logSoftmax(backend: Backend, logits: LogitsArray, options: Rows & Out): FloatArray {
  return elementwise(kernels.logSoftmax, backend, logits, options);
}

export function logSumExp(backend: Backend, data: LogitsArray, options: Rows): Float64Array {
  const logits = checkLogits("logSumExp", "logits", data);
  const rows = checkRows("logSumExp", "logits", logits, options);
  const out = new Float64Array(rows);
  backend.run(kernels.logSumExp, dtypeOf(logits), rows, { logits, out, classes: options.classes });
  return out;
}
