import { LabelCheck } from "../api/labelCheck.ts";
import { checkRows } from "../api/rowOptions.ts";
import type { Backend, Reduce } from "../backends/backend.ts";
import {
  checkAttached,
  checkInteger,
  checkLabelCount,
  checkLength,
  checkOptions,
  checkSameDtype,
  labelsOf,
  logitsOf,
} from "../check.ts";
import { ARGMAX, LOSS, RANK, RECORD, WEIGHT } from "../descriptions/record.ts";
import {
  dtypeOf,
  type FloatArray,
  type HalfBits,
  type IntegerArray,
  type LabelArray,
  type LogitsArray,
} from "../dtype.ts";
import { evaluate, evaluateLikelihoods, temperatureCurve } from "../generated/kernels.ts";
import { weightedLoss } from "../numeric/products.ts";
import { checkLabelShape, classesOf, type TensorLike } from "../tensorLike.ts";
import { type BesideOptions, besideRowsOf, checkAllOrNone, checkGroupCount, openGroups } from "./besideRows.ts";
import { type Evaluation, evaluationOfTotals } from "./evaluation.ts";
import { checkEvaluatorOptions, type EvaluatedRows, type EvaluatorOptions, type Options } from "./evaluatorOptions.ts";
import { rankRows } from "./rankRows.ts";
import { RowSums } from "./rowSums.ts";
import { positionsOf, scoredLabels } from "./scoredLabels.ts";
import { encode } from "./state.ts";
import { CURVE } from "./temperature.ts";
import { BESIDE, createTotals, MAXIMAL_LENGTH, type Totals, tooManyGroups } from "./totals.ts";
import type { EvaluationDoor } from "./workspace.ts";
import { addWorst } from "./worstRows.ts";

/** Adds up what logits are worth, batch by batch. See Losses.evaluator. */
export interface Evaluator {
  /**
   * Adds rows: any number of them, any number of times.
   *
   * @param logits row-major [rows, classes], of any precision, or a tensor, whose last size must be the classes
   * @param labels one a row
   * @throws as crossEntropy; nothing is added when it throws
   */
  add(logits: LogitsArray | TensorLike, labels: LabelArray | TensorLike, options?: AddOptions): void;
  /** The evaluation of all rows so far. */
  result(): Evaluation;
  /**
   * What was added up, as canonical bytes: the same for the same rows and options, whatever the batches, their order, the
   * backend, the threads or the machine. Ends with a checksum; the format stands in docs/state-format.md.
   */
  state(): Uint8Array;
}

/** Options of add(). */
export interface AddOptions extends BesideOptions {
  /**
   * So many positions has a sequence (true: as the tensor of logits says), and labels are its tokens: position t scores token t + 1,
   * the last one nothing. Row-major logits [sequences, positions, classes]; the mask is of tokens, groups are of rows.
   */
  shift?: boolean | number | undefined;
  /** Positions of a sequence where labels are shifted already: rows of `worst` are told by sequence and position. */
  positions?: number | undefined;
  /**
   * The number of the first row, where rows are parts of more that are added elsewhere: messages of a `source` and listeners count
   * from it. Default: rows follow those that were added before.
   */
  firstRow?: number | undefined;
  /** How many bytes and words the rows are the text of. Each of these two, and groups, goes with every add, or with none. */
  bytes?: number | undefined;
  words?: number | undefined;
}

/** So many rows at a time a listener is told of: their records are 512 KiB. */
const TOLD_ROWS = 8192;

export class RowEvaluator implements Evaluator {
  readonly options: Options;
  readonly #door: EvaluationDoor;
  readonly #labelCheck = new LabelCheck();
  readonly #weight: FloatArray | undefined;
  readonly #totals: Totals;
  readonly #sums: RowSums;
  readonly #onRows: EvaluatorOptions["onRows"];
  /** Of a sequence of the rows at hand; 0 where there are none. */
  #positions = 0;
  /** So many rows are added elsewhere before those at hand, which are numbered accordingly. */
  #before = 0;

  constructor(name: string, door: EvaluationDoor, options: EvaluatorOptions) {
    const checked = checkEvaluatorOptions(name, options);
    this.options = checked.options;
    this.#door = door;
    this.#weight = checked.weight;
    this.#totals = createTotals(this.options);
    this.#sums = new RowSums(door, this.#totals, checked.weight !== undefined);
    this.#onRows = checked.onRows;
  }

  add(logits: LogitsArray | TensorLike, labels: LabelArray | TensorLike, options: AddOptions = {}): void {
    checkOptions("add", options, ["source", "firstRow", "mask", "shift", "positions", ...BESIDE]);
    const { source, ...more } = options;
    const { firstRow = this.#totals.rows } = more;
    checkInteger("add", "firstRow", firstRow, 0, Number.MAX_SAFE_INTEGER);
    this.addRows(source ?? "add", logits, labels, source === undefined ? 0 : firstRow, more);
  }

  /** As add; messages begin with `name` and count labels from `firstRow`. */
  addRows(
    name: string,
    logits: LogitsArray | TensorLike,
    targets: LabelArray | TensorLike,
    firstRow = 0,
    {
      mask: givenMask,
      shift: givenShift,
      positions,
      groups: givenGroups,
      bytes,
      words,
      firstRow: numbered,
    }: AddOptions = {},
  ): void {
    // first: reading elements of a plain array may do anything
    const given = labelsOf(name, targets);
    const { mask, groups } = besideRowsOf(name, { mask: givenMask, groups: givenGroups });
    const backend = this.#door.backend(name);
    const { classes, ignoreIndex } = this.options;
    const x = logitsOf(name, "logits", logits);
    if (x !== logits) classesOf(name, "logits", logits, classes);
    const rows = checkRows(name, "logits", x, classes);
    if (rows === 0) checkAttached(name, "labels", given);
    checkLabelCount(name, given.length, rows, classes);
    if (given !== targets) checkLabelShape(name, targets, logits);
    const shift = positionsOf(name, givenShift, logits);
    if (positions !== undefined) checkInteger(name, "positions", positions, 1, Number.MAX_SAFE_INTEGER);
    const labels = scoredLabels(name, given, mask, shift, ignoreIndex);
    this.#positions = shift ?? positions ?? 0;
    if (this.#weight) checkSameDtype(name, "weight", this.#weight, "logits", x);
    this.#checkBeside(name, rows, { groups, bytes, words });
    // with a shift the label of a row is the token behind it
    const firstLabel = this.#positions === 0 ? firstRow : firstRow + 1;
    this.#labelCheck.count(name, backend, labels, classes, ignoreIndex, firstLabel);
    if (groups !== null) {
      checkGroupCount(name, groups, this.#totals.groups, (i) => Number(labels[i]) !== ignoreIndex);
    }

    const totals = this.#totals;
    openGroups(totals, groups, rows, totals.rows);
    if (bytes !== undefined) totals.bytes = (totals.bytes ?? 0) + bytes;
    if (words !== undefined) totals.words = (totals.words ?? 0) + words;
    this.#before = (numbered ?? totals.rows) - totals.rows;
    if (this.#onRows === undefined) {
      this.#addChecked(name, x, labels, groups);
      return;
    }
    // a listener may call this engine, which has one place for records: it is told between its calls, of a copy
    for (let first = 0; first < rows; first += TOLD_ROWS) {
      const end = Math.min(rows, first + TOLD_ROWS);
      const records = new Float64Array((end - first) * RECORD);
      const seen = totals.rows + this.#before;
      const part = x.subarray(first * classes, end * classes);
      this.#addChecked(name, part, labels.subarray(first, end), groups?.subarray(first, end) ?? null, records);
      this.#onRows(rowsOf(records, end - first, seen, labels, first));
    }
  }

  /** Adds rows that were checked; their records are copied to `copy`. */
  #addChecked(
    name: string,
    logits: FloatArray | HalfBits,
    labels: IntegerArray,
    groups: IntegerArray | null,
    copy?: Float64Array,
  ): void {
    const backend = this.#door.backend(name);
    const { classes, input, ignoreIndex } = this.options;
    const weights = this.#weight ?? null;
    this.#door.workspace().take(this.#sums);
    const args = { labels, weights, classes, ignoreIndex };
    const reduce: Reduce = (records, n, first) => {
      this.#sums.add(records, n, labels, first);
      this.#totals.sizes?.addRecords(records, n);
      if (groups !== null) this.#addGroups(records, n, groups, first);
      this.#totals.confusion?.addRecords(records, n, (i) => Number(labels[first + i]));
      const { ranking, worst, rows } = this.#totals;
      if (ranking !== null) rankRows(ranking, records, n, logits, input, labels, first);
      if (worst.most > 0) {
        addWorst(worst, records, n, this.#before + rows + first, this.#positions, (i) => Number(labels[first + i]));
      }
      copy?.set(records.subarray(0, n * RECORD), first * RECORD);
    };
    const dtype = dtypeOf(logits);
    if (input === "logits") backend.run(evaluate, dtype, labels.length, { logits, ...args }, 0, reduce);
    else {
      const logarithms = input === "logProbabilities" ? 1 : 0;
      backend.run(evaluateLikelihoods, dtype, labels.length, { input: logits, logarithms, ...args }, 0, reduce);
    }
    if (this.#totals.temperature !== null) this.#addCurves(backend, logits, labels);
    this.#totals.rows += labels.length;
  }

  /** Adds the losses of rows at many temperatures. */
  #addCurves(backend: Backend, logits: FloatArray | HalfBits, labels: IntegerArray): void {
    const { classes, ignoreIndex } = this.options;
    const reduce: Reduce = (curves, n, first) => {
      for (let i = 0; i < n; i++) {
        const label = Number(labels[first + i]);
        if (label !== ignoreIndex) this.#totals.temperature?.add(curves, i * CURVE, this.#weight?.[label] ?? 1);
      }
    };
    backend.run(temperatureCurve, dtypeOf(logits), labels.length, { logits, labels, classes, ignoreIndex }, 0, reduce);
  }

  /** Groups, bytes and words are given always or never, and are what they should be. */
  #checkBeside(
    name: string,
    rows: number,
    given: { groups: IntegerArray | null; bytes?: number | undefined; words?: number | undefined },
  ): void {
    const totals = this.#totals;
    const { groups } = given;
    // of no rows nothing is missing
    if (rows > 0 && this.rows > 0) checkAllOrNone(name, "groups", groups !== null, totals.groups !== null);
    if (groups !== null) checkLength(name, "groups", groups.length, rows, "logits (in rows)");
    for (const key of ["bytes", "words"] as const) {
      const [isGiven, had] = [given[key] !== undefined, totals[key] !== null];
      if ((isGiven || rows > 0) && (had || this.rows > 0)) checkAllOrNone(name, key, isGiven, had);
      if (isGiven) checkInteger(name, key, given[key], 0, MAXIMAL_LENGTH - (totals[key] ?? 0));
    }
  }

  #addGroups(records: Float64Array, n: number, groups: IntegerArray, first: number): void {
    const weighted = this.#weight !== undefined;
    this.#totals.groups?.addRecords(
      records,
      n,
      (i) => groups[first + i],
      weighted,
      () => tooManyGroups(),
    );
  }

  /** Rows so far. */
  get rows(): number {
    return this.#totals.rows;
  }

  result(): Evaluation {
    return evaluationOfTotals(this.#sums.drained());
  }

  state(): Uint8Array {
    return encode(this.#sums.drained());
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
    loss: (i) => weightedLoss(records[RECORD * i + LOSS], records[RECORD * i + WEIGHT]),
    // not -0
    logProbability: (i) => 0 - records[RECORD * i + LOSS],
  };
}
