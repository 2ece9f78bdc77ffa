import { LabelCheck } from "../../api/labelCheck.ts";
import { checkRows } from "../../api/rowOptions.ts";
import type { Backend } from "../../backends/backend.ts";
import {
  checkAttached,
  checkInteger,
  checkLabelCount,
  checkLength,
  checkOptions,
  labelsOf,
  logitsOf,
} from "../../check.ts";
import {
  ARGMAX,
  BASE_LOSS,
  BASE_TOP,
  CHANGE,
  COMPARED,
  COUNTED,
  DISTANCE,
  DIVERGENCE,
  LOG_SUM_EXP,
  LOSS,
  OTHER_LOSS,
  OTHER_TOP,
  RANK,
  RECORD,
} from "../../descriptions/record.ts";
import { FORWARD, LOG_PROBABILITIES, PROBABILITIES } from "../../descriptions/thresholds.ts";
import {
  dtypeOf,
  type FloatArray,
  HalfBits,
  type IntegerArray,
  type LabelArray,
  type LogitsArray,
} from "../../dtype.ts";
import { comparedRows, divergence, evaluateLikelihoods } from "../../generated/kernels.ts";
import { exp64 } from "../../kernels/functions/exp64.ts";
import { widened } from "../../kernels/widenLoops.ts";
import { checkLabelShape, classesOf, type TensorLike } from "../../tensorLike.ts";
import { checkGroupCount } from "../besideRows.ts";
import type { AddOptions } from "../evaluator.ts";
import { maskOf, positionsOf, scoredLabels } from "../scoredLabels.ts";
import type { EvaluationDoor } from "../workspace.ts";
import { type Comparison, comparisonOfTotals } from "./comparison.ts";
import { type ComparisonOptions, checkComparisonOptions } from "./comparisonOptions.ts";
import { encodeComparison } from "./comparisonState.ts";
import { type ComparisonTotals, createComparisonTotals, createGroups } from "./comparisonTotals.ts";
import { RecordSums } from "./recordSums.ts";
import { addRecords } from "./records.ts";

/** Compares two models on the same rows, batch by batch. See Losses.comparison. */
export interface ModelComparison {
  /**
   * Adds rows: any number of them, any number of times.
   *
   * @param base row-major [rows, classes] or a tensor, of any precision, as of the model that is compared with
   * @param other as many, of any precision, as of the model that is compared
   * @param labels one a row, in every add or in none: without them there are divergences and equal maxima alone
   * @throws TypeError of other arrays or options; RangeError of lengths that don't fit and labels out of range; nothing is added
   * when it throws
   */
  add(
    base: LogitsArray | TensorLike,
    other: LogitsArray | TensorLike,
    labels?: LabelArray | TensorLike,
    options?: CompareOptions,
  ): void;
  /** The comparison of all rows so far. */
  result(): Comparison;
  /** Canonical bytes, as of Evaluator.state(): mergeStates() merges them, comparisonOf() reads them. */
  state(): Uint8Array;
}

/** Options of a comparison's add(), as of an evaluator's: `shift` needs labels; `groups` go with every add or with none. */
export type CompareOptions = Omit<AddOptions, "bytes" | "words">;

/** Labels and groups of the rows at hand. */
interface Part {
  readonly labels: IntegerArray;
  readonly groups: IntegerArray | null;
}

/** Elements of each model at once: both stay in the second-level cache from one pass to the next. */
const ELEMENTS = 2 ** 16;
const MOST_ROWS = 8192;
export class RowComparer implements ModelComparison {
  readonly #door: EvaluationDoor;
  readonly #totals: ComparisonTotals;
  readonly #labelCheck = new LabelCheck();
  readonly #sums: RecordSums;
  /** What is kept of rows, of MOST_ROWS at most. */
  #rows = new Float64Array();
  /** Whether rows came with labels, once there are some. */
  #isLabelled: boolean | undefined;
  #isGrouped: boolean | undefined;
  /** Of the rows at hand: positions of a sequence, 0 where there are none; and how many rows are added elsewhere before them. */
  #positions = 0;
  #before = 0;

  constructor(door: EvaluationDoor, options: ComparisonOptions) {
    this.#door = door;
    this.#totals = createComparisonTotals(checkComparisonOptions("comparison", options));
    this.#sums = new RecordSums(this.#totals);
  }

  add(
    base: LogitsArray | TensorLike,
    other: LogitsArray | TensorLike,
    labels?: LabelArray | TensorLike,
    options: CompareOptions = {},
  ): void {
    checkOptions("add", options, ["source", "firstRow", "mask", "shift", "positions", "groups"]);
    const totals = this.#totals;
    const { classes, ignoreIndex } = totals.options;
    // each is read once: another time there may be something else
    const {
      source,
      firstRow = totals.rows,
      positions,
      mask: givenMask,
      shift: givenShift,
      groups: givenGroups,
    } = options;
    const name = source ?? "add";
    checkInteger("add", "firstRow", firstRow, 0, Number.MAX_SAFE_INTEGER);
    if (positions !== undefined) checkInteger(name, "positions", positions, 1, Number.MAX_SAFE_INTEGER);
    // first: reading elements of a plain array may do anything
    const given = labels === undefined ? null : labelsOf(name, labels);
    const groups = givenGroups === undefined ? null : labelsOf(name, givenGroups, "groups");
    const mask = givenMask === undefined ? undefined : maskOf(name, givenMask);
    const backend = this.#door.backend("add");
    const b = logitsOf(name, "base", base);
    const o = logitsOf(name, "other", other);
    if (b !== base) classesOf(name, "base", base, classes);
    if (o !== other) classesOf(name, "other", other, classes);
    const rows = checkRows(name, "base", b, classes);
    if (rows === 0) checkAttached(name, "other", o);
    checkLength(name, "other", o.length, b.length, "base");
    const isLabelled = withAllOrNone(name, "labels", given !== null, this.#isLabelled, rows);
    const isGrouped = withAllOrNone(name, "groups", groups !== null, this.#isGrouped, rows);
    if (groups !== null) checkLength(name, "groups", groups.length, rows, "base (in rows)");
    const shift = positionsOf(name, givenShift, base);
    if (given === null && shift !== undefined) throw new TypeError(`${name}: shift is of labels, but there are none`);
    if (given !== null) {
      if (rows === 0) checkAttached(name, "labels", given);
      checkLabelCount(name, given.length, rows, classes, "base");
      if (given !== labels) checkLabelShape(name, labels, base);
    }
    // without labels any class will do, and no row is ignored but those that the mask leaves out
    const ignored = given === null ? -1 : ignoreIndex;
    const scored = scoredLabels(name, given ?? new Int32Array(rows), mask, shift, ignored);
    const sequence = shift ?? positions ?? 0;
    if (given !== null) {
      // with a shift the label of a row is the token behind it
      const firstLabel = (source === undefined ? 0 : firstRow) + (sequence === 0 ? 0 : 1);
      this.#labelCheck.count(name, backend, scored, classes, ignored, firstLabel);
    }
    if (groups !== null && rows > 0) {
      const known = totals.groups?.divergence ?? null;
      checkGroupCount(name, groups, known, (i) => Number(scored[i]) !== ignored);
      totals.groups ??= createGroups();
    }
    this.#isLabelled = isLabelled;
    this.#isGrouped = isGrouped;
    this.#positions = sequence;
    this.#before = firstRow - totals.rows;
    const most = Math.max(1, Math.min(MOST_ROWS, Math.floor(ELEMENTS / classes)));
    const room = COMPARED * Math.min(most, rows);
    if (this.#rows.length < room) this.#rows = new Float64Array(room);
    for (let begin = 0; begin < rows; begin += most) {
      const end = Math.min(rows, begin + most);
      const [p, q] = sameDtype(b.subarray(begin * classes, end * classes), o.subarray(begin * classes, end * classes));
      const part = { labels: scored.subarray(begin, end), groups: groups?.subarray(begin, end) ?? null };
      this.#addRows(backend, p, q, part, given !== null, end - begin);
    }
  }

  /** Adds n rows, at most as many as there is room for. */
  #addRows(
    backend: Backend,
    base: FloatArray | HalfBits,
    other: FloatArray | HalfBits,
    { labels, groups }: Part,
    isLabelled: boolean,
    n: number,
  ): void {
    const { classes, input } = this.#totals.options;
    const ignoreIndex = isLabelled ? this.#totals.options.ignoreIndex : -1;
    const rows = this.#rows.subarray(0, n * COMPARED);
    if (input === "logits") {
      backend.run(comparedRows, dtypeOf(base), n, { base, other, labels, rows, classes, ignoreIndex });
    } else this.#compareLikelihoods(backend, base, other, labels, ignoreIndex, rows, n);
    addRecords(this.#totals, this.#sums, rows, n, {
      labels: isLabelled ? labels : null,
      groups,
      first: this.#before + this.#totals.rows,
      positions: this.#positions,
    });
    this.#totals.rows += n;
  }

  /** Keeps of n rows of probabilities, or of their logarithms, what comparedRows keeps of logits. */
  #compareLikelihoods(
    backend: Backend,
    base: FloatArray | HalfBits,
    other: FloatArray | HalfBits,
    labels: IntegerArray,
    ignoreIndex: number,
    rows: Float64Array,
    n: number,
  ): void {
    const { classes, input } = this.#totals.options;
    const dtype = dtypeOf(base);
    const logarithms = input === "logProbabilities" ? 1 : 0;
    const kind = logarithms ? LOG_PROBABILITIES : PROBABILITIES;
    const losses = new Float64Array(n);
    backend.run(divergence, dtype, n, {
      predictions: other,
      targets: base,
      sampleWeight: null,
      grad: null,
      losses,
      classes,
      input: kind,
      targetInput: kind,
      measure: FORWARD,
      beta: 0.5,
      temperature: 1,
      denominator: 1,
    });
    const args = { labels, ignoreIndex, weights: null, classes, logarithms };
    const of = new Float64Array(n * RECORD);
    for (const [input, loss, top, sign] of [
      [base, BASE_LOSS, BASE_TOP, 1],
      [other, OTHER_LOSS, OTHER_TOP, -1],
    ] as const) {
      backend.run(evaluateLikelihoods, dtype, n, { input, ...args, rows: of });
      for (let i = 0, at = 0, to = 0; i < n; i++, at += RECORD, to += COMPARED) {
        rows[to + COUNTED] = of[at + RANK] < 0 ? 0 : 1;
        rows[to + loss] = of[at + LOSS];
        rows[to + top] = of[at + ARGMAX];
        rows[to + DIVERGENCE] = losses[i];
        rows[to + DISTANCE] = (sign < 0 ? rows[to + DISTANCE] : 0) + sign * of[at + LOG_SUM_EXP];
        rows[to + CHANGE] = exp64(-rows[to + OTHER_LOSS]) - exp64(-rows[to + BASE_LOSS]);
      }
    }
  }

  result(): Comparison {
    this.#sums.drain();
    return comparisonOfTotals(this.#totals);
  }

  state(): Uint8Array {
    this.#sums.drain();
    return encodeComparison(this.#totals);
  }
}

/** Whether what may come with rows does; it comes with all of them, or with none. */
function withAllOrNone(name: string, key: string, isGiven: boolean, before: boolean | undefined, rows: number) {
  if (rows === 0) return before;
  if (isGiven === (before ?? isGiven)) return isGiven;
  const what = isGiven ? "earlier ones had none" : "are missing";
  throw new TypeError(`${name}: ${key} must go with every add or with none, but ${what}`);
}

/** Both in one dtype: beside float64 the other one is widened. */
function sameDtype<A extends FloatArray | HalfBits>(b: A, o: A): [FloatArray | HalfBits, FloatArray | HalfBits] {
  if (dtypeOf(b) === dtypeOf(o)) return [b, o];
  return [b, o].map((x) =>
    dtypeOf(x) === "f64" ? x : Float64Array.from(x instanceof HalfBits ? widened(x.bits, x.format) : x),
  ) as [FloatArray, FloatArray];
}
