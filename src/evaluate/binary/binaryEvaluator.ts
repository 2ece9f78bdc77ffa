import {
  checkAttached,
  checkChoice,
  checkInteger,
  checkLength,
  checkOptions,
  logitsOf,
  targetsOf,
} from "../../check.ts";
import { type FloatArray, HalfBits, isFloatArray, type LabelArray, type LogitsArray } from "../../dtype.ts";
import { decayF64, log1pUnitF64, logisticOfF64 } from "../../kernels/functions/logistic.ts";
import { lnF64, log1pF64 } from "../../kernels/functions/naturalLog.ts";
import { widened } from "../../kernels/widenLoops.ts";
import { addTerm, Expansion } from "../../numeric/expansion.ts";
import { isExtreme, productError } from "../../numeric/products.ts";
import { besideRowsOf, checkBesideRows, openGroups } from "../besideRows.ts";
import type { AddOptions } from "../evaluator.ts";
import { MAXIMAL_BINS } from "../evaluatorOptions.ts";
import { tooManyGroups } from "../groups.ts";
import { type BinaryEvaluation, binaryOfTotals } from "./binary.ts";
import { encodeBinary } from "./binaryState.ts";
import { type BinaryTotals, createBinaryTotals } from "./binaryTotals.ts";

/** Options of binaryEvaluator(). */
export interface BinaryOptions {
  /** What predictions are; default `logits`. */
  input?: "logits" | "probabilities" | undefined;
  /** Bins of the calibration, 1 to 1000; default 15. */
  bins?: number | undefined;
}

/** Options of BinaryEvaluator.add(), as of Evaluator.add(): of rows that the mask leaves out predictions and targets may be anything. */
export type BinaryAddOptions = Pick<AddOptions, "source" | "firstRow" | "mask" | "groups">;

/** Adds up binary predictions, batch by batch. See Losses.binaryEvaluator. */
export interface BinaryEvaluator {
  /**
   * Adds rows.
   *
   * @param predictions one a row, of any precision
   * @param targets as many: labels 0 and 1, or floats from 0 to 1
   * @param options source, the name with which messages begin; firstRow, the number of the first row in these; mask and groups,
   * one a row
   * @throws TypeError of other arrays; RangeError of two lengths, of targets and of probabilities that are not from 0 to 1; nothing
   * is added when it throws
   */
  add(predictions: LogitsArray, targets: LabelArray | FloatArray, options?: BinaryAddOptions): void;
  /** The figures of all rows so far. */
  result(): BinaryEvaluation;
  /** Canonical bytes, as of Evaluator.state(): mergeStates() merges them, binaryOf() reads them. */
  state(): Uint8Array;
}

/** Units of a confidence of 1. */
const UNIT_52 = 4503599627370496;

/** w l, 0 where w is. */
const weighed = (w: number, l: number) => (w === 0 ? 0 : w * l);

export class BinaryRows implements BinaryEvaluator {
  readonly #open: () => void;
  readonly #totals: BinaryTotals;
  readonly #loss = new Expansion();
  readonly #square = new Expansion();
  readonly #brier = new Expansion();

  constructor(open: () => void, options: BinaryOptions = {}) {
    checkOptions("binaryEvaluator", options, ["input", "bins"]);
    const { input = "logits", bins = 15 } = options;
    checkChoice("binaryEvaluator", "input", input, ["logits", "probabilities"]);
    checkInteger("binaryEvaluator", "bins", bins, 1, MAXIMAL_BINS);
    this.#open = open;
    this.#totals = createBinaryTotals({ input, bins });
  }

  add(predictions: LogitsArray, targets: LabelArray | FloatArray, options: BinaryAddOptions = {}): void {
    checkOptions("add", options, ["source", "firstRow", "mask", "groups"]);
    const { source: name = "add", firstRow = 0 } = options;
    checkInteger("add", "firstRow", firstRow, 0, Number.MAX_SAFE_INTEGER);
    const beside = besideRowsOf(name, options);
    this.#open();
    const given = logitsOf(name, "predictions", predictions);
    const t = targetsOf(name, targets);
    if (given.length === 0) checkAttached(name, "predictions", given);
    checkLength(name, "targets", t.length, given.length, "predictions");
    const x = given instanceof HalfBits ? widened(given.bits, given.format) : given;
    const isProbability = this.#totals.options.input === "probabilities";
    const isFloat = isFloatArray(t);
    const totals = this.#totals;
    const { mask, groups } = beside;
    const before = totals.rows + totals.ignored;
    checkBesideRows(name, beside, x.length, totals, before);
    const counts = (i: number) => mask === undefined || Boolean(mask[i]);
    for (let i = 0; i < x.length; i++) {
      if (!counts(i)) continue;
      const target = Number(t[i]);
      const must = isFloat ? "from 0 to 1" : "0 or 1";
      if (!(target >= 0 && target <= 1)) {
        throw new RangeError(`${name}: targets[${firstRow + i}] is ${t[i]}, but must be ${must}`);
      }
      if (isProbability && (x[i] < 0 || x[i] > 1)) {
        throw new RangeError(`${name}: predictions[${firstRow + i}] is ${x[i]}, but must be from 0 to 1`);
      }
    }
    openGroups(totals, groups, x.length, before);
    for (let i = 0; i < x.length; i++) {
      if (!counts(i)) {
        totals.ignored++;
        continue;
      }
      const loss = isProbability ? this.#addProbability(x[i], Number(t[i])) : this.#addLogit(x[i], Number(t[i]));
      if (groups !== null) totals.groups?.add(groups[i], loss, 1, tooManyGroups);
    }
  }

  #addLogit(x: number, t: number): number {
    const decay = decayF64(x);
    const tail = log1pUnitF64(decay);
    // softplus(-x) and softplus(x)
    const loss = weighed(t, Math.max(-x, 0) + tail) + weighed(1 - t, Math.max(x, 0) + tail);
    this.#addRow(logisticOfF64(x, decay), logisticOfF64(-x, decay), x, loss, t);
    return loss;
  }

  #addProbability(p: number, t: number): number {
    const loss = 0 - (weighed(t, lnF64(p)) + weighed(1 - t, log1pF64(-p)));
    this.#addRow(p, 1 - p, lnF64(p) - log1pF64(-p), loss, t);
    return loss;
  }

  /** Adds a row of the probability p, 1 - p, the score by which it is ranked, and its loss. */
  #addRow(p: number, q: number, score: number, loss: number, t: number): void {
    const totals = this.#totals;
    totals.rows++;
    const isPositive = t > 0.5;
    // near 1 the other side has the digits
    const distance = t > 0.5 ? 1 - t - q : p - t;
    addTerm(loss, this.#loss, totals.loss);
    addTerm(distance * distance, this.#brier, totals.brier);
    const square = loss * loss;
    if (isExtreme(loss, loss)) totals.lossSquare.addProduct(loss, loss);
    else if (square - square === 0) {
      this.#square.add(square);
      this.#square.add(productError(loss, loss, square));
    } else addTerm(square, this.#square, totals.lossSquare);
    if (Number.isNaN(score)) {
      totals.nan++;
      return;
    }
    const isRight = p > 0.5 === isPositive;
    if (isRight) totals.correct++;
    const confidence = Math.max(p, q) + 1 - 1;
    const bin = totals.calibration[Math.max(0, Math.ceil(confidence * totals.options.bins) - 1)];
    bin.count++;
    if (isRight) bin.correct++;
    bin.confidence += BigInt(confidence * UNIT_52);
    totals.ranking.add(score, isPositive);
  }

  result(): BinaryEvaluation {
    return binaryOfTotals(this.#drained());
  }

  state(): Uint8Array {
    return encodeBinary(this.#drained());
  }

  #drained(): BinaryTotals {
    const totals = this.#totals;
    this.#loss.drain(totals.loss);
    this.#brier.drain(totals.brier);
    this.#square.drain(totals.lossSquare);
    return totals;
  }
}
