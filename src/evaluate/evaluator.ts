import { checkAllLabels } from "../api/crossEntropy.ts";
import type { Backend } from "../backends/backend.ts";
import { checkLength, checkLogits } from "../check.ts";
import { dtypeOf, type FloatArray, type HalfBits, isLabelArray, type LabelArray, type LogitsArray } from "../dtype.ts";
import { evaluate, LOSS, RANK, RECORD } from "../kernels/evaluate.ts";
import { type Counters, countersOf, LOSS_BINS, SUM_BINS } from "../kernels/tally.ts";
import { labelWeights } from "../kernels/targets.ts";
import { Expansion } from "../numeric/exactTotal.ts";
import { type Evaluation, evaluationOfTotals } from "./evaluation.ts";
import { checkOptions, type EvaluatorOptions, type Options } from "./options.ts";
import { encode } from "./state.ts";
import { classOf, createTotals, type Totals } from "./totals.ts";
import { RANKS, type Workspace } from "./workspace.ts";

/** Adds up what logits are worth, batch by batch. See Losses.evaluator. */
export interface Evaluator {
  /**
   * Adds rows: any number of them, any number of times.
   *
   * @param logits row-major [rows, classes], of any precision
   * @param labels one a row
   * @throws as crossEntropy; nothing is added when it throws
   */
  add(logits: LogitsArray, labels: LabelArray): void;
  /** The evaluation of all rows so far. */
  result(): Evaluation;
  /**
   * What was added up, as canonical bytes: the same for the same rows and options, whatever the batches, their order, the
   * backend, the threads or the machine. Ends with a checksum; the format stands in src/evaluate/state.ts.
   */
  state(): Uint8Array;
}

/** Takes the records of rows [first, first + n) of the rows seen. */
export type RowListener = (records: Float64Array, n: number, first: number, labels: LabelArray, at: number) => void;

/** So many rows are added before bins and counters are emptied: they are exact for 2^20. */
const PENDING_ROWS = 2 ** 19;

const UNIT_52 = 4503599627370496;

/** What an evaluator runs on, while it is open. */
export interface Engine {
  /** Throws, naming the function, when it is closed. */
  backend(name: string): Backend;
  workspace(): Workspace;
}

interface ClassSums {
  counts: Float64Array;
  correct: Float64Array;
  losses: (Expansion | undefined)[];
}

export class RowEvaluator implements Evaluator {
  readonly options: Options;
  readonly #engine: Engine;
  readonly #weight: FloatArray | undefined;
  readonly #totals: Totals;
  readonly #counters: Counters;
  readonly #ranks: number;
  readonly #listener: RowListener | undefined;
  readonly #classes: ClassSums | undefined;
  #pending = 0;

  constructor(name: string, engine: Engine, options: EvaluatorOptions, listener?: RowListener) {
    this.options = checkOptions(name, options);
    const { classes, bins, perClass } = this.options;
    this.#engine = engine;
    this.#weight = options.weight?.slice();
    this.#totals = createTotals(this.options);
    this.#ranks = Math.min(classes, RANKS);
    this.#counters = countersOf(this.#ranks, bins);
    this.#listener = listener;
    if (perClass) {
      this.#classes = { counts: new Float64Array(classes), correct: new Float64Array(classes), losses: [] };
    }
  }

  add(logits: LogitsArray, labels: LabelArray): void {
    this.addRows("add", logits, labels);
  }

  /** As add; messages begin with `name` and count labels from `firstRow`. */
  addRows(name: string, logits: LogitsArray, labels: LabelArray, firstRow = 0): void {
    const backend = this.#engine.backend(name);
    const { classes, ignoreIndex, bins } = this.options;
    const x = checkLogits(name, "logits", logits);
    const rows = rowsOf(name, x, labels, classes);
    const weights = this.#weight ?? null;
    if (weights) checkWeightDtype(name, weights, x);
    checkAllLabels(name, backend, labels, classes, ignoreIndex, firstRow);

    const workspace = this.#engine.workspace();
    workspace.take(this);
    const args = { logits: x, labels, weights, classes, ignoreIndex };
    const seen = this.#totals.rows;
    backend.run(evaluate, dtypeOf(x), rows, args, 0, (records, n, first) => {
      if (this.#pending + n > PENDING_ROWS) this.drain();
      this.#pending += n;
      workspace.add(records, n, this.#ranks, bins);
      this.#countTops(records, n);
      if (this.#classes) this.#addClasses(this.#classes, records, n, labels, first);
      this.#listener?.(records, n, seen + first, labels, first);
    });
    this.#totals.rows += rows;
    if (weights) this.#addWeights(backend, labels, weights);
  }

  result(): Evaluation {
    this.drain();
    return evaluationOfTotals(this.#totals);
  }

  state(): Uint8Array {
    this.drain();
    return encode(this.#totals);
  }

  /** Rows whose rank is beyond those that the workspace counts, but within one of topK. */
  #countTops(records: Float64Array, n: number): void {
    const { topK } = this.options;
    if (topK.length === 0 || topK[topK.length - 1] <= this.#ranks || this.#ranks < RANKS) return;
    const { tops } = this.#totals;
    for (let at = RANK; at < n * RECORD; at += RECORD) {
      const rank = records[at];
      if (rank <= this.#ranks) continue;
      topK.forEach((k, i) => {
        if (rank <= k) tops[i]++;
      });
    }
  }

  #addClasses(sums: ClassSums, records: Float64Array, n: number, labels: LabelArray, first: number): void {
    const { counts, correct, losses } = sums;
    for (let i = 0, at = 0; i < n; i++, at += RECORD) {
      if (records[at + RANK] < 0) continue;
      const label = Number(labels[first + i]);
      counts[label]++;
      if (records[at + RANK] === 1) correct[label]++;
      const loss = records[at + LOSS];
      if (loss - loss !== 0) classOf(this.#totals, label).loss.add(loss);
      else {
        losses[label] ??= new Expansion();
        losses[label].add(loss);
      }
    }
  }

  #addWeights(backend: Backend, labels: LabelArray, weights: FloatArray): void {
    const args = { labels, weights, ignoreIndex: this.options.ignoreIndex };
    const expansion = new Expansion();
    backend.run(labelWeights, dtypeOf(weights), labels.length, args, 0, (values, n) => {
      for (let i = 0; i < n; i++) expansion.add(values[i]);
    });
    expansion.drain(this.#totals.weight);
  }

  /** Takes what the workspace holds, if it is this one's. */
  drain(): void {
    if (this.#pending === 0) return;
    this.#pending = 0;
    const { sums, counters } = this.#engine.workspace();
    const totals = this.#totals;
    [totals.loss, totals.square, totals.entropy, totals.brier, totals.reciprocalRank].forEach((total, i) => {
      total.addBins(sums.subarray(i * SUM_BINS, (i + 1) * SUM_BINS));
    });
    this.#drainCounters(counters);
    counters.fill(0, 0, this.#counters.length);
    if (this.#classes) this.#drainClasses(this.#classes);
  }

  #drainCounters(counters: Float64Array): void {
    const totals = this.#totals;
    const at = this.#counters;
    totals.counted += counters[at.counted];
    totals.nan += counters[at.nan];
    totals.positiveInfinity += counters[at.positiveInfinity];
    totals.allNegativeInfinity += counters[at.allNegativeInfinity];
    totals.correct += counters[at.ranks + 1];
    for (let rank = 1; rank <= this.#ranks; rank++) {
      const n = counters[at.ranks + rank];
      if (n === 0) continue;
      totals.reciprocalRank.addTimes(1 / rank, n);
      this.options.topK.forEach((k, i) => {
        if (rank <= k) totals.tops[i] += n;
      });
    }
    totals.calibration.forEach((bin, i) => {
      const [count, correct, upper, lower] = counters.subarray(at.calibration + 4 * i, at.calibration + 4 * i + 4);
      bin.count += count;
      bin.correct += correct;
      bin.confidence += BigInt(upper * UNIT_52) + BigInt(lower * UNIT_52);
    });
    for (let bin = 0; bin < LOSS_BINS; bin++) totals.losses[bin] += counters[at.losses + bin];
  }

  #drainClasses({ counts, correct, losses }: ClassSums): void {
    counts.forEach((count, label) => {
      if (count === 0) return;
      const it = classOf(this.#totals, label);
      it.count += count;
      it.correct += correct[label];
      losses[label]?.drain(it.loss);
    });
    counts.fill(0);
    correct.fill(0);
  }
}

function rowsOf(name: string, logits: FloatArray | HalfBits, labels: unknown, classes: number): number {
  const rows = logits.length / classes;
  if (!Number.isInteger(rows)) {
    throw new RangeError(`${name}: logits has length ${logits.length}, which is not a multiple of classes ${classes}`);
  }
  if (!isLabelArray(labels)) throw new TypeError(`${name}: labels must be an integer typed array`);
  checkLength(name, "labels", labels.length, rows, "logits (in rows)");
  return rows;
}

function checkWeightDtype(name: string, weight: FloatArray, logits: FloatArray | HalfBits): void {
  if (dtypeOf(weight) === dtypeOf(logits)) return;
  throw new TypeError(`${name}: weight is ${dtypeOf(weight)}, but logits are computed in ${dtypeOf(logits)}`);
}
