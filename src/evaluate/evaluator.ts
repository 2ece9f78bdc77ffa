import { LabelCheck } from "../api/labelCheck.ts";
import { checkRows } from "../api/rowOptions.ts";
import type { Backend } from "../backends/backend.ts";
import { checkAttached, checkLabelCount, checkOptions, checkSameDtype, labelsOf, logitsOf } from "../check.ts";
import { type Counters, countersOf, EXPONENTS_USED, LOSS_BINS, SUM_BINS, SUMS } from "../descriptions/counters.ts";
import { ARGMAX, LOSS, RANK, RECORD } from "../descriptions/record.ts";
import { dtypeOf, type FloatArray, type IntegerArray, type LabelArray, type LogitsArray } from "../dtype.ts";
import { evaluate, labelWeights } from "../generated/kernels.ts";
import { addTimesToBins, EXPONENTS } from "../numeric/exactSum.ts";
import { ClassSums } from "./classSums.ts";
import { type Evaluation, evaluationOfTotals } from "./evaluation.ts";
import { checkEvaluatorOptions, type EvaluatedRows, type EvaluatorOptions, type Options } from "./evaluatorOptions.ts";
import { encode } from "./state.ts";
import { createTotals, type Totals } from "./totals.ts";
import { type EvaluationDoor, RANKS } from "./workspace.ts";

/** Adds up what logits are worth, batch by batch. See Losses.evaluator. */
export interface Evaluator {
  /**
   * Adds rows: any number of them, any number of times.
   *
   * @param logits row-major [rows, classes], of any precision
   * @param labels one a row
   * @throws as crossEntropy; nothing is added when it throws
   */
  add(logits: LogitsArray, labels: LabelArray, options?: AddOptions): void;
  /** The evaluation of all rows so far. */
  result(): Evaluation;
  /**
   * What was added up, as canonical bytes: the same for the same rows and options, whatever the batches, their order, the
   * backend, the threads or the machine. Ends with a checksum; the format stands in docs/state-format.md.
   */
  state(): Uint8Array;
}

/** Options of add(). */
export interface AddOptions {
  /** What the rows come from, a file's name: messages begin with it and count rows from the first one that was added. */
  source?: string | undefined;
}

/** So many rows are added before bins and counters are emptied: they are exact for 2^20. */
const PENDING_ROWS = 2 ** 19;

const EVERY_EXPONENT = { first: 0, last: EXPONENTS };

const UNIT_52 = 4503599627370496;

export class RowEvaluator implements Evaluator {
  readonly options: Options;
  readonly #door: EvaluationDoor;
  readonly #labelCheck = new LabelCheck();
  readonly #weight: FloatArray | undefined;
  readonly #totals: Totals;
  readonly #counters: Counters;
  readonly #ranks: number;
  readonly #onRows: EvaluatorOptions["onRows"];
  readonly #classes: ClassSums | undefined;
  #pending = 0;
  #pendingWeights = 0;

  constructor(name: string, door: EvaluationDoor, options: EvaluatorOptions) {
    const checked = checkEvaluatorOptions(name, options);
    this.options = checked.options;
    const { classes, bins, perClass } = this.options;
    this.#door = door;
    this.#weight = checked.weight;
    this.#totals = createTotals(this.options);
    this.#ranks = Math.min(classes, RANKS);
    this.#counters = countersOf(this.#ranks, bins);
    this.#onRows = checked.onRows;
    if (perClass) this.#classes = new ClassSums(classes);
  }

  add(logits: LogitsArray, labels: LabelArray, options: AddOptions = {}): void {
    checkOptions("add", options, ["source"]);
    const { source } = options;
    this.addRows(source ?? "add", logits, labels, source === undefined ? 0 : this.#totals.rows);
  }

  /** As add; messages begin with `name` and count labels from `firstRow`. */
  addRows(name: string, logits: LogitsArray, targets: LabelArray, firstRow = 0): void {
    const backend = this.#door.backend(name);
    const { classes, ignoreIndex, bins } = this.options;
    const x = logitsOf(name, "logits", logits);
    const rows = checkRows(name, "logits", x, classes);
    const labels = labelsOf(name, targets);
    if (rows === 0) checkAttached(name, "labels", labels);
    checkLabelCount(name, labels.length, rows, classes);
    const weights = this.#weight ?? null;
    if (weights) checkSameDtype(name, "weight", weights, "logits", x);
    this.#labelCheck.count(name, backend, labels, classes, ignoreIndex, firstRow);

    const workspace = this.#door.workspace();
    workspace.take(this);
    const args = { logits: x, labels, weights, classes, ignoreIndex };
    const seen = this.#totals.rows;
    backend.run(evaluate, dtypeOf(x), rows, args, 0, (records, n, first) => {
      if (this.#pending + n > PENDING_ROWS) this.drain();
      this.#pending += n;
      workspace.add(records, n, this.#ranks, bins);
      this.#countTops(records, n);
      this.#classes?.add(records, n, labels, first, ignoreIndex);
      this.#onRows?.(rowsOf(records, n, seen + first, labels, first));
    });
    this.#totals.rows += rows;
    if (weights) this.#addWeights(backend, labels, weights);
  }

  /** Rows so far. */
  get rows(): number {
    return this.#totals.rows;
  }

  result(): Evaluation {
    return evaluationOfTotals(this.#drained());
  }

  state(): Uint8Array {
    return encode(this.#drained());
  }

  #drained(): Totals {
    this.drain();
    this.#classes?.drain(this.#totals);
    return this.#totals;
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

  #addWeights(backend: Backend, labels: IntegerArray, weights: FloatArray): void {
    const workspace = this.#door.workspace();
    const args = { labels, weights, ignoreIndex: this.options.ignoreIndex };
    backend.run(labelWeights, dtypeOf(weights), labels.length, args, 0, (values, n) => {
      if (this.#pendingWeights + n > PENDING_ROWS) this.drain();
      this.#pendingWeights += n;
      workspace.addWeights(values, n);
    });
  }

  /** Takes what the workspace holds, if it is this one's. */
  drain(): void {
    if (this.#pending === 0 && this.#pendingWeights === 0) return;
    const { sums, weights, counters } = this.#door.workspace();
    const totals = this.#totals;
    const binsOf = (name: (typeof SUMS)[number]) => {
      const i = SUMS.indexOf(name);
      return sums.subarray(i * SUM_BINS, (i + 1) * SUM_BINS);
    };
    this.#drainCounters(counters, binsOf("reciprocalRank"));
    // most of the bins need not be looked at: an evaluation of one row takes 16 us instead of 41
    const { first, last } = counters[this.#counters.scattered] > 0 ? EVERY_EXPONENT : EXPONENTS_USED;
    for (const name of SUMS) totals[name].addBins(binsOf(name), first, last);
    if (this.#pendingWeights > 0) totals.weight.addBins(weights);
    counters.fill(0, 0, this.#counters.length);
    this.#pending = 0;
    this.#pendingWeights = 0;
  }

  #drainCounters(counters: Float64Array, reciprocalRanks: Float64Array): void {
    const totals = this.#totals;
    const at = this.#counters;
    const { topK, bins } = this.options;
    totals.counted += counters[at.counted];
    totals.nan += counters[at.nan];
    totals.positiveInfinity += counters[at.positiveInfinity];
    totals.allNegativeInfinity += counters[at.allNegativeInfinity];
    totals.correct += counters[at.ranks + 1];
    for (let rank = 1; rank <= this.#ranks; rank++) {
      const n = counters[at.ranks + rank];
      if (n === 0) continue;
      addTimesToBins(reciprocalRanks, 1 / rank, n);
      for (let i = topK.length - 1; i >= 0 && rank <= topK[i]; i--) totals.tops[i] += n;
    }
    for (let i = 0; i < bins; i++) {
      const from = at.calibration + 4 * i;
      if (counters[from] === 0) continue;
      const bin = totals.calibration[i];
      bin.count += counters[from];
      bin.correct += counters[from + 1];
      bin.confidence += BigInt(counters[from + 2] * UNIT_52) + BigInt(counters[from + 3] * UNIT_52);
    }
    for (let bin = 0; bin < LOSS_BINS; bin++) totals.losses[bin] += counters[at.losses + bin];
  }
}

/** Records of rows and their labels, which begin at `at`, as a listener reads them. */
function rowsOf(records: Float64Array, count: number, first: number, labels: IntegerArray, at: number): EvaluatedRows {
  return {
    first,
    count,
    label: (i) => Number(labels[at + i]),
    predicted: (i) => records[RECORD * i + ARGMAX],
    rank: (i) => records[RECORD * i + RANK],
    loss: (i) => records[RECORD * i + LOSS],
  };
}
