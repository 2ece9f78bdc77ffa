// for Symbol.dispose in programs whose own lib is older
/// <reference lib="esnext.disposable" preserve="true" />
import type { FloatArray, HalfArray, LabelArray, LogitsArray, NumericArray, ResultOf } from "../dtype.ts";
import type { Evaluation } from "../evaluate/evaluation.ts";
import type { Evaluator } from "../evaluate/evaluator.ts";
import type { EvaluatorOptions } from "../evaluate/evaluatorOptions.ts";
import type { RegressionEvaluator } from "../evaluate/regression.ts";
import type { Batches } from "../evaluate/stream.ts";
import type { CrossEntropy } from "./crossEntropy.ts";
import type { Out, Reduce, WithGrad } from "./reduction.ts";
import type { Rows } from "./rowOptions.ts";

/** Options of createLosses. */
export interface LossesOptions {
  /**
   * `auto` (default): WebAssembly where it has SIMD and can be relied on, else JavaScript. `wasm` rejects where it has no
   * SIMD.
   */
  backend?: "auto" | "wasm" | "js";
  /** Threads to run, the caller included; `auto`: the cores there are. Default 1. */
  threads?: number | "auto";
  /** Trade the same bits everywhere for speed (fused multiply-add). Default false. */
  relaxed?: boolean;
  /** Bytes that alloc() can give out, fixed for life. Default 64 MiB. */
  arenaBytes?: number;
  /**
   * Instead of the inlined module: where one of the package's files is, its bytes, or the WebAssembly.Module (an `object`
   * here: only the DOM's declarations name it, and programs compile without them).
   */
  wasm?: Address | ArrayBuffer | ArrayBufferView | object;
  /** Instead of the inlined worker. */
  worker?: Address | string;
}

/** A URL, for programs without declarations of that. */
export interface Address {
  readonly href: string;
}

/** The constructor of a typed array. */
export type Constructor = abstract new (...args: never[]) => NumericArray;

/** Losses over one memory. See createLosses. */
export interface Losses {
  readonly backend: "wasm" | "js";
  /** Threads that really run, the caller included. */
  readonly threads: number;
  readonly relaxed: boolean;
  /** Why this is less than was asked for, a sentence each; empty when nothing is. */
  readonly notes: readonly string[];

  /**
   * A zeroed typed array in the engine's memory: computed on where it is, without a copy. With threads that memory is shared;
   * nobody else may write to an array while a call reads it.
   *
   * @throws TypeError of a type that is not a typed array; RangeError of a length that is not an integer from 0 on, and
   * where the arena is full.
   * @example
   * const logits = losses.alloc(Float32Array, rows * classes);
   */
  alloc<A extends Constructor>(type: A, length: number): InstanceType<A>;

  /**
   * Gives an array of alloc() back. It must not be used any more.
   *
   * @throws TypeError of what is no view; RangeError of a view that alloc() did not give, or that was given back already.
   */
  free(view: ArrayBufferView): void;

  /** Lets memory go. Later calls throw; closing twice is fine. */
  close(): void;
  [Symbol.dispose](): void;

  /**
   * Mean squared error, mean (p - t)^2. Difference and square are rounded in the arrays' dtype, their sum is float64:
   * blocks of 1024 elements, each in sixteen lanes, in index order. No broadcasting. Empty: mean NaN, sum 0.
   *
   * @param predictions n values
   * @param targets as many, of the same dtype
   * @returns one number; with reduction `none` n values of the arrays' dtype
   * @throws TypeError of other arrays or two dtypes; RangeError of two lengths
   * @example
   * losses.mse(Float64Array.of(1.1, 2.2, 3.3), Float64Array.of(1, 2, 3)); // 0.04666666666666666
   * @see PyTorch, torch.nn.MSELoss
   */
  mse<A extends FloatArray>(predictions: A, targets: A, options: { reduction: "none" }): A;
  mse(predictions: FloatArray, targets: FloatArray, options?: { reduction?: "mean" | "sum" }): number;
  mse(predictions: FloatArray, targets: FloatArray, options?: Reduce): number | FloatArray;

  /**
   * mse and its gradient by the predictions, 2 (p - t) / n (sum and none: 2 (p - t)).
   *
   * @returns the loss as of mse, and grad: n values of the arrays' dtype, `out` where it is given
   * @throws as mse; TypeError or RangeError of an `out` of another dtype or length, or that overlaps an input without
   * being the predictions
   * @example
   * const { loss, grad } = losses.mseWithGrad(predictions, targets, { out: predictions });
   */
  mseWithGrad<A extends FloatArray>(predictions: A, targets: A, options: { reduction: "none" } & Out): WithGrad<A, A>;
  mseWithGrad<A extends FloatArray>(
    predictions: A,
    targets: A,
    options?: { reduction?: "mean" | "sum" } & Out,
  ): WithGrad<number, A>;
  mseWithGrad(predictions: FloatArray, targets: FloatArray, options?: Reduce & Out): WithGrad<number | FloatArray>;

  /**
   * Root of the mean squared error, sqrt(mse).
   *
   * @throws as mse
   * @example
   * losses.rmse(Float32Array.of(3, 0), Float32Array.of(0, 4)); // 3.5355339059327378
   */
  rmse(predictions: FloatArray, targets: FloatArray): number;

  /** rmse and its gradient by the predictions, (p - t) / (n rmse), and 0 where rmse is 0. Errors as of mseWithGrad. */
  rmseWithGrad<A extends FloatArray>(predictions: A, targets: A, options?: Out): WithGrad<number, A>;

  /**
   * softmax of each row, exp(x - m) / Σ exp(x - m), m the row's maximum. A row that is all -inf, or holds +inf or NaN,
   * becomes NaN. Float32: relative error at most 2^-22 + |x - m| 2^-23; results below 2^-126 may be 0.
   *
   * @param logits row-major [rows, classes]
   * @returns as many values of the same dtype, `out` where it is given (which may be the logits)
   * @throws TypeError of other arrays; RangeError of classes that don't divide the length or are not 1 to 2^24
   * @example
   * losses.softmax(Float32Array.of(0, 0), { classes: 2 }); // [0.5, 0.5]
   */
  softmax<A extends FloatArray>(logits: A, options: Rows & Out): A;
  softmax(logits: HalfArray, options: Rows & Out): Float32Array;
  softmax(logits: LogitsArray, options: Rows & Out): FloatArray;

  /**
   * ln softmax of each row, (x - m) - ln Σ exp(x - m). A confident row keeps its digits: near 0 it is
   * -log1p(Σ exp(x - m) of the others). Shapes and errors as of softmax.
   *
   * @example
   * losses.logSoftmax(Float64Array.of(20, 0), { classes: 2 }); // [-2.06e-9, -20.00000000206]
   */
  logSoftmax<A extends FloatArray>(logits: A, options: Rows & Out): A;
  logSoftmax(logits: HalfArray, options: Rows & Out): Float32Array;
  logSoftmax(logits: LogitsArray, options: Rows & Out): FloatArray;

  /**
   * ln Σ exp(x) of each row, in float64; a row that is all -inf gives -inf. Shapes and errors as of softmax.
   *
   * @returns one value a row
   * @example
   * losses.logSumExp(Float32Array.of(0, 0), { classes: 2 }); // [0.6931471805599453]
   */
  logSumExp(logits: LogitsArray, options: Rows): Float64Array;

  /**
   * Cross-entropy of each row in nats, -w[y] ln softmax(x)[y] for a label y, -Σ w p ln softmax(x) for probabilities p;
   * smoothed, the target is (1 - labelSmoothing) of that and labelSmoothing / classes of every class.
   *
   * The mean is over rows that are not ignored, for labels weighted by w[y]. The sum over rows is the correctly rounded
   * one, so that it does not depend on their order. A row's loss has a relative error of at most
   * 2^-23 (4 + max(0, -ln loss)) for float32 logits, 2^-51 (...) for float64: confident rows keep their digits. Ignored
   * rows, and classes of weight 0, count exactly 0 whatever the logits hold. All rows ignored, or none: mean NaN, sum 0.
   *
   * @param logits row-major [rows, classes]
   * @param targets labels (an integer array, one a row) or probabilities (floats, as many as logits)
   * @returns one number; with reduction `none` one a row, float64
   * @throws TypeError of other arrays or two dtypes; RangeError of lengths that don't fit, of a label that is neither
   * below classes nor ignoreIndex (row and value named), of weights or options out of range
   * @example
   * losses.crossEntropy(logits, labels, { classes: 50257 });
   * losses.crossEntropy(Float32Array.of(20, 0, 0), Int32Array.of(0), { classes: 3 }); // 4.12e-9
   * @see PyTorch, torch.nn.CrossEntropyLoss
   */
  crossEntropy(
    logits: LogitsArray,
    targets: LabelArray | FloatArray,
    options: CrossEntropy & { reduction: "none" },
  ): Float64Array;
  crossEntropy(
    logits: LogitsArray,
    targets: LabelArray | FloatArray,
    options: CrossEntropy & { reduction?: "mean" | "sum" },
  ): number;
  crossEntropy(logits: LogitsArray, targets: LabelArray | FloatArray, options: CrossEntropy): number | Float64Array;

  /**
   * crossEntropy and its gradient by the logits (or whatever `input` says they are). With reduction `none` the gradient
   * is that of the sum. Ignored rows have gradient 0.
   *
   * @returns the loss as of crossEntropy, and grad, shaped and typed as the logits, `out` where it is given (which may be
   * the logits)
   * @throws as crossEntropy, and of an `out` of another dtype or length, or that overlaps an input without being the
   * logits; nothing is written then
   * @example
   * const { loss, grad } = losses.crossEntropyWithGrad(logits, labels, { classes: 10 });
   */
  crossEntropyWithGrad<A extends FloatArray>(
    logits: A,
    targets: LabelArray | FloatArray,
    options: CrossEntropy & Out & { reduction: "none" },
  ): WithGrad<Float64Array, A>;
  crossEntropyWithGrad<A extends FloatArray>(
    logits: A,
    targets: LabelArray | FloatArray,
    options: CrossEntropy & Out & { reduction?: "mean" | "sum" },
  ): WithGrad<number, A>;
  crossEntropyWithGrad<A extends LogitsArray>(
    logits: A,
    targets: LabelArray | FloatArray,
    options: CrossEntropy & Out & { reduction: "none" },
  ): WithGrad<Float64Array, ResultOf<A>>;
  crossEntropyWithGrad<A extends LogitsArray>(
    logits: A,
    targets: LabelArray | FloatArray,
    options: CrossEntropy & Out & { reduction?: "mean" | "sum" },
  ): WithGrad<number, ResultOf<A>>;
  crossEntropyWithGrad(
    logits: LogitsArray,
    targets: LabelArray | FloatArray,
    options: CrossEntropy & Out,
  ): WithGrad<number | Float64Array>;

  /**
   * An evaluator: cross-entropy, perplexity, accuracy, ranks, entropy, Brier score and calibration of logits that come in
   * batches, each read once. Counts are integers and sums exact, so that nothing depends on batches, order, backend,
   * threads or machine, and states of parts merge to the state of the whole (mergeStates). Row losses have the bits of
   * crossEntropy. Ignored rows are not read.
   *
   * @throws TypeError or RangeError of options out of range
   * @example
   * const evaluator = losses.evaluator({ classes: 50257, topK: [1, 5, 10] });
   * for (const { logits, labels } of batches) evaluator.add(logits, labels);
   * evaluator.result().perplexity;
   * @see PyTorch, torch.nn.CrossEntropyLoss; G. W. Brier, Verification of forecasts expressed in terms of probability, 1950;
   * C. Guo and others, On calibration of modern neural networks, 2017 (expected calibration error)
   */
  evaluator(options: EvaluatorOptions): Evaluator;

  /**
   * The evaluation of one batch: evaluator(), add() and result() in one.
   *
   * @param logits row-major [rows, classes], of any precision
   * @param labels one a row
   * @throws as evaluator() and crossEntropy
   * @example
   * losses.evaluate(logits, labels, { classes: 10 }).accuracy;
   */
  evaluate(logits: LogitsArray, labels: LabelArray, options: EvaluatorOptions): Evaluation;

  /**
   * The evaluation of batches from anywhere: a generator, a Node stream in object mode, a web ReadableStream. The next
   * batch is asked for when the last one is done with, so that no more than one waits; its arrays may be used again then.
   *
   * @param batches of { logits, labels }, each as evaluate() takes them
   * @throws as evaluate(), and what the source throws; a source that is left early is told so (return, cancel)
   * @example
   * await losses.evaluateStream(readBatches("logits.bin"), { classes: 10 });
   */
  evaluateStream(batches: Batches, options: EvaluatorOptions): Promise<Evaluation>;

  /**
   * An evaluator of regressions: mse, rmse, mae, largest error and R2. The sum over elements is exact, whatever the batches,
   * their order, the backend or the machine; states of parts merge to the state of the whole (mergeStates).
   *
   * @throws (add) TypeError of other arrays or two dtypes; RangeError of two lengths
   * @example
   * const evaluator = losses.regressionEvaluator();
   * evaluator.add(predictions, targets);
   * evaluator.result().r2;
   * @see Wikipedia, Coefficient of determination
   */
  regressionEvaluator(): RegressionEvaluator;
}
