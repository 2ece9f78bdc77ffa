import { NO_FLOATS } from "../backends/backend.ts";
import { checkOptions, logitsOf } from "../check.ts";
import type { Kernel } from "../descriptions/kernel.ts";
import { dtypeOf, type FloatArray, type LogitsArray, type ResultOf } from "../dtype.ts";
import * as kernels from "../generated/kernels.ts";
import { classesOf, type ResultOfTensor, rowOptionsOf, type TensorLike } from "../tensorLike.ts";
import type { Door } from "./door.ts";
import type { Out } from "./reduction.ts";
import { checkRows, type Rows, rowsOut } from "./rowOptions.ts";

/** A function of each row with as many results, `out` where it is given. */
export interface RowFunction {
  <T extends TensorLike>(logits: T, options?: Partial<Rows> & Out<ResultOfTensor<T>>): ResultOfTensor<T>;
  <A extends LogitsArray>(logits: A, options: Rows & Out<ResultOf<A>>): ResultOf<A>;
}

/** A function of each row with one result. */
export interface RowReduction {
  (logits: TensorLike, options?: Partial<Rows>): Float64Array;
  (logits: LogitsArray, options: Rows): Float64Array;
}

/** softmax and its kin. */
export interface SoftmaxLosses {
  /**
   * softmax of each row, exp(x - m) / Σ exp(x - m), m the row's maximum. A row that is all -inf, or holds +inf or NaN,
   * becomes NaN. Float32: relative error at most 2^-22 + |x - m| 2^-23; results below 2^-126 may be 0.
   *
   * @param logits row-major [rows, classes], or a tensor, whose last size is the classes
   * @returns as many values of the same dtype (of half precision float32), `out` where it is given (which may be the logits)
   * @throws TypeError of other arrays or unknown options; RangeError of classes that don't divide the length or are not 1 to
   * 2^24
   * @example
   * losses.softmax(Float32Array.of(0, 0), { classes: 2 }); // [0.5, 0.5]
   * @see PyTorch, torch.nn.functional.softmax
   */
  readonly softmax: RowFunction;

  /**
   * ln softmax of each row, (x - m) - ln Σ exp(x - m). A confident row keeps its digits: near 0 it is
   * -log1p(Σ exp(x - m) of the others). Shapes and errors as of softmax.
   *
   * @example
   * losses.logSoftmax(Float64Array.of(20, 0), { classes: 2 }); // [-2.06e-9, -20.00000000206]
   * @see PyTorch, torch.nn.functional.log_softmax
   */
  readonly logSoftmax: RowFunction;

  /**
   * ln Σ exp(x) of each row, in float64; a row that is all -inf gives -inf. Shapes and errors as of softmax.
   *
   * @returns one value a row
   * @example
   * losses.logSumExp(Float32Array.of(0, 0), { classes: 2 }); // [0.6931471805599453]
   * @see PyTorch, torch.logsumexp
   */
  readonly logSumExp: RowReduction;
}

const KNOWN = ["classes"];
const KNOWN_WITH_OUT = ["classes", "out"];

export function createSoftmax(door: Door): SoftmaxLosses {
  /** One object for every call, so that a call leaves none behind; its arrays are let go after each. */
  const args: kernels.SoftmaxArguments = { logits: NO_FLOATS, out: NO_FLOATS, classes: 0 };

  function rowFunction(kernel: Kernel<kernels.SoftmaxArguments>): RowFunction {
    function run(data: LogitsArray | TensorLike, given?: Partial<Rows> & Out): FloatArray {
      const { name } = kernel;
      const options = rowOptionsOf(given, data) as Rows & Out;
      checkOptions(name, options, KNOWN_WITH_OUT);
      let { classes } = options;
      const { out } = options;
      // only now: reading an option may close the engine
      const backend = door(name);
      const logits = logitsOf(name, "logits", data);
      if (logits !== data) classes = classesOf(name, "logits", data, classes);
      const rows = checkRows(name, "logits", logits, classes);
      const own = rowsOut(name, "logits", logits, out);
      args.logits = logits;
      args.out = own;
      args.classes = classes;
      try {
        backend.run(kernel, dtypeOf(logits), rows, args);
      } finally {
        args.logits = NO_FLOATS;
        args.out = NO_FLOATS;
      }
      return out ?? own;
    }
    return run as RowFunction;
  }

  return {
    softmax: rowFunction(kernels.softmax),
    logSoftmax: rowFunction(kernels.logSoftmax),
    logSumExp(data: LogitsArray | TensorLike, given?: Partial<Rows>) {
      const options = rowOptionsOf(given, data) as Rows;
      checkOptions("logSumExp", options, KNOWN);
      let { classes } = options;
      const backend = door("logSumExp");
      const logits = logitsOf("logSumExp", "logits", data);
      if (logits !== data) classes = classesOf("logSumExp", "logits", data, classes);
      const rows = checkRows("logSumExp", "logits", logits, classes);
      const out = new Float64Array(rows);
      backend.run(kernels.logSumExp, dtypeOf(logits), rows, { logits, out, classes });
      return out;
    },
  };
}
