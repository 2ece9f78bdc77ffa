import type { Backend } from "../backends/backend.ts";
import { checkLogits, checkOptionsObject } from "../check.ts";
import type { Kernel } from "../descriptions/kernel.ts";
import { dtypeOf, type FloatArray, type HalfBits, type LogitsArray } from "../dtype.ts";
import * as kernels from "../generated/kernels.ts";
import type { Out } from "./reduction.ts";
import { checkRows, type Rows, rowsOut } from "./rowOptions.ts";

/** Softmax and its kin on one backend. */
export class Softmax {
  readonly #backend: Backend;
  /** One object for every call, so that a call leaves none behind; emptied after each. */
  readonly #args = {
    logits: null as FloatArray | HalfBits | null,
    out: null as FloatArray | null,
    classes: 0,
  };

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  softmax(logits: LogitsArray, options: Rows & Out): FloatArray {
    return this.#elementwise(kernels.softmax, logits, options);
  }

  logSoftmax(logits: LogitsArray, options: Rows & Out): FloatArray {
    return this.#elementwise(kernels.logSoftmax, logits, options);
  }

  logSumExp(data: LogitsArray, options: Rows): Float64Array {
    const logits = checkLogits("logSumExp", "logits", data);
    checkOptionsObject("logSumExp", options);
    const { classes } = options;
    const rows = checkRows("logSumExp", "logits", logits, classes);
    const out = new Float64Array(rows);
    this.#run(kernels.logSumExp, logits, rows, classes, out);
    return out;
  }

  #elementwise(kernel: Kernel, data: LogitsArray, options: Rows & Out): FloatArray {
    const { name } = kernel;
    const logits = checkLogits(name, "logits", data);
    checkOptionsObject(name, options);
    const { classes, out: given } = options;
    const rows = checkRows(name, "logits", logits, classes);
    const out = rowsOut(name, "logits", logits, given);
    this.#run(kernel, logits, rows, classes, out);
    return out;
  }

  #run(kernel: Kernel, logits: FloatArray | HalfBits, rows: number, classes: number, out: FloatArray): void {
    const args = this.#args;
    args.logits = logits;
    args.out = out;
    args.classes = classes;
    try {
      this.#backend.run(kernel, dtypeOf(logits), rows, args);
    } finally {
      args.logits = null;
      args.out = null;
    }
  }
}
