import type { Door } from "../api/door.ts";
import type { BesideTensor } from "../api/rowOptions.ts";
import type { LabelArray, LogitsArray } from "../dtype.ts";
import { type TensorLike, withClassesOf } from "../tensorLike.ts";
import { type BinaryEvaluator, type BinaryOptions, BinaryRows } from "./binary/binaryEvaluator.ts";
import { type ModelComparison, RowComparer } from "./comparison/comparer.ts";
import type { ComparisonOptions } from "./comparison/comparisonOptions.ts";
import type { Evaluation } from "./evaluation.ts";
import { type AddOptions, type Evaluator, RowEvaluator } from "./evaluator.ts";
import type { EvaluatorOptions } from "./evaluatorOptions.ts";
import { ErrorEvaluator, type RegressionEvaluator } from "./regression.ts";
import type { Batches, StreamOptions } from "./stream.ts";
import { type EvaluationDoor, Workspace } from "./workspace.ts";

/** Options of evaluate(): those of evaluator(), and what its add() takes with rows. */
export interface EvaluateOptions extends EvaluatorOptions, Pick<AddOptions, "mask" | "shift" | "groups"> {}

/** Evaluations on one engine. */
export interface Evaluations {
  /**
   * An evaluator: cross-entropy, perplexity, accuracy, ranks, entropy, Brier score and calibration of logits that come in
   * batches, each read once. Counts are integers and sums exact, so that nothing depends on batches, order, backend,
   * threads or machine, and states of parts merge to the state of the whole (mergeStates). Row losses have the bits of
   * crossEntropy. Ignored rows are not read.
   *
   * @throws TypeError of unknown options; TypeError or RangeError of options out of range
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
   * @param logits row-major [rows, classes], of any precision, or a tensor: its last size is the classes, the others are rows
   * @param labels one a row
   * @throws as evaluator() and crossEntropy
   * @example
   * losses.evaluate(logits, labels, { classes: 10 }).accuracy;
   */
  evaluate: {
    (logits: TensorLike, labels: LabelArray | TensorLike, options?: BesideTensor<EvaluateOptions>): Evaluation;
    (logits: LogitsArray, labels: LabelArray | TensorLike, options: EvaluateOptions): Evaluation;
  };

  /**
   * The evaluation of batches from anywhere: a generator, a Node stream in object mode, a web ReadableStream. The next
   * batch is asked for when the last one is done with, so that no more than one waits; its arrays may be used again then.
   *
   * @param batches of { logits, labels }, each as evaluate() takes them
   * @throws as evaluate(), what the source throws, and the reason of the signal; a source that is left early is told so (return,
   * cancel)
   * @example
   * await losses.evaluateStream(readBatches("logits.bin"), { classes: 10 });
   */
  evaluateStream(batches: Batches, options: StreamOptions): Promise<Evaluation>;

  /**
   * Compares two models on the same rows - a quantized one with its original - in one pass over both: perplexities and their
   * ratio with paired standard errors, Kullback-Leibler divergence, change of the target's probability, share of equal maxima, who
   * is right where the other is not. Everything that is summed is summed exactly, as by evaluator(). The divergence of a row
   * is never negative, of equal rows 0; of float32 logits a term is off by 2^-17 + 2^-20 ln classes + 2^-21 max(|ln p|, |ln q|) of
   * itself at most (docs/accuracy.md).
   *
   * @throws TypeError of unknown options; TypeError or RangeError of options out of range
   * @example
   * const comparison = losses.comparison({ classes: 50257 });
   * for (const { original, quantized, labels } of batches) comparison.add(original, quantized, labels);
   * comparison.result().divergence.mean;
   * @see llama.cpp, perplexity --kl-divergence; S. Kullback and R. A. Leibler, On information and sufficiency, 1951
   */
  comparison(options: ComparisonOptions): ModelComparison;

  /**
   * An evaluator of binary predictions, one logit or probability a row: loss, accuracy, Brier score, calibration, AUROC. All
   * arithmetic is in float64; sums are exact, as of evaluator(). It runs in JavaScript, whatever the backend.
   *
   * @throws TypeError of unknown options; TypeError or RangeError of options out of range
   * @example
   * const evaluator = losses.binaryEvaluator();
   * evaluator.add(Float32Array.of(2, -1), [1, 0]);
   * evaluator.result().loss.mean;
   * @see PyTorch, torch.nn.BCEWithLogitsLoss
   */
  binaryEvaluator(options?: BinaryOptions): BinaryEvaluator;

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

/** The evaluations; with `closing` they let the engine's memory go before it does: results outlive it. */
export function createEvaluations(door: Door, closing: (leave: () => void) => void): Evaluations {
  let workspace: Workspace | undefined;
  closing(() => {
    workspace?.leave();
    workspace = undefined;
  });
  const doorOf = (name: string): EvaluationDoor => {
    door(name);
    return {
      backend: door,
      workspace() {
        workspace ??= new Workspace(door(name));
        return workspace;
      },
    };
  };
  return {
    evaluator: (options) => new RowEvaluator("evaluator", doorOf("evaluator"), options),
    evaluate(logits: LogitsArray | TensorLike, labels: LabelArray | TensorLike, options?: Partial<EvaluateOptions>) {
      const given = withClassesOf("evaluate", options as EvaluateOptions, logits);
      // what is no object its evaluator refuses
      const { mask, shift, groups, ...own } = Object(given) as EvaluateOptions;
      const evaluator = new RowEvaluator("evaluate", doorOf("evaluate"), Object(given) === given ? own : given);
      evaluator.addRows("evaluate", logits, labels, 0, { mask, shift, groups });
      return evaluator.result();
    },
    // async, so that what is wrong with the options rejects, too
    async evaluateStream(batches, options) {
      const name = "evaluateStream";
      const evaluatorDoor = doorOf(name);
      // in a file of its own: most evaluate what they have
      const { evaluateBatches } = await import("./stream.ts");
      const evaluatorOf = (own: EvaluatorOptions, logits: unknown) =>
        new RowEvaluator(name, evaluatorDoor, withClassesOf(name, own, logits));
      return evaluateBatches(evaluatorOf, batches, options);
    },
    comparison: (options) => new RowComparer(doorOf("comparison"), options),
    binaryEvaluator(options) {
      door("binaryEvaluator");
      return new BinaryRows(() => door("add"), options);
    },
    regressionEvaluator: () => new ErrorEvaluator(doorOf("regressionEvaluator")),
  };
}
