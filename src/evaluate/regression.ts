import { checkAttached, checkLength, checkSameDtype, logitsOf } from "../check.ts";
import { SUM_BINS } from "../descriptions/counters.ts";
import { larger, REGRESSION_SUMS } from "../descriptions/regressionSums.ts";
import type { LogitsArray } from "../dtype.ts";
import { round, toInteger } from "../numeric/exactSum.ts";
import { ExactTotal } from "../numeric/exactTotal.ts";
import { checkCanonical, hasMagic, openState, Writer } from "./stateBytes.ts";
import type { EvaluationDoor } from "./workspace.ts";

/** What predictions of numbers are worth. */
export interface Regression {
  count: number;
  /** Mean of (p - t)^2, difference and square rounded in the arrays' dtype, their sum exact; and its root. */
  mse: number;
  rmse: number;
  /** Mean and maximum of |p - t|. */
  mae: number;
  maximumError: number;
  /** 1 - Σ (p - t)^2 / Σ (t - mean t)^2; NaN where the targets are all the same. */
  r2: number;
}

/** Adds up errors, batch by batch. */
export interface RegressionEvaluator {
  /** Adds predictions and as many targets, of one dtype. */
  add(predictions: LogitsArray, targets: LogitsArray): void;
  /** The figures of all elements so far. */
  result(): Regression;
  /** Canonical bytes, as of Evaluator.state(): mergeStates() merges them, regressionOf() reads them. */
  state(): Uint8Array;
}

const MAGIC = "wlrg";
const VERSION = 1;
/** Bins are exact for 2^20 values, of which an element may add two to one. */
const PENDING = 2 ** 18;

export interface RegressionTotals {
  count: number;
  maximum: number;
  readonly squares: ExactTotal;
  readonly absolutes: ExactTotal;
  readonly targets: ExactTotal;
  readonly targetSquares: ExactTotal;
}

function createRegressionTotals(): RegressionTotals {
  return {
    count: 0,
    maximum: 0,
    squares: new ExactTotal(),
    absolutes: new ExactTotal(),
    targets: new ExactTotal(),
    targetSquares: new ExactTotal(),
  };
}

export class ErrorEvaluator implements RegressionEvaluator {
  readonly #door: EvaluationDoor;
  readonly #totals = createRegressionTotals();
  #pending = 0;

  constructor(door: EvaluationDoor) {
    this.#door = door;
  }

  add(predictions: LogitsArray, targets: LogitsArray): void {
    this.#door.backend("add");
    const p = logitsOf("add", "predictions", predictions);
    const t = logitsOf("add", "targets", targets);
    checkSameDtype("add", "targets", t, "predictions", p);
    if (p.length === 0) checkAttached("add", "predictions", p);
    checkLength("add", "targets", t.length, p.length, "predictions");
    if (p.length === 0) checkAttached("add", "targets", t);
    const workspace = this.#door.workspace();
    workspace.take(this);
    const totals = this.#totals;
    for (let begin = 0; begin < p.length; begin += PENDING) {
      const end = Math.min(p.length, begin + PENDING);
      if (this.#pending + end - begin > PENDING) this.drain();
      this.#pending += end - begin;
      workspace.addErrors(p.subarray(begin, end), t.subarray(begin, end), (maxima, blocks) => {
        for (let i = 0; i < blocks; i++) totals.maximum = larger(totals.maximum, maxima[i]);
      });
    }
    totals.count += p.length;
  }

  result(): Regression {
    this.drain();
    return regressionOfTotals(this.#totals);
  }

  state(): Uint8Array {
    this.drain();
    return encodeRegression(this.#totals);
  }

  /** Takes what the workspace holds, if it is this one's. */
  drain(): void {
    if (this.#pending === 0) return;
    this.#pending = 0;
    const { sums } = this.#door.workspace();
    REGRESSION_SUMS.forEach((name, i) => {
      this.#totals[name].addBins(sums.subarray(i * SUM_BINS, (i + 1) * SUM_BINS));
    });
  }
}

/** Σ (t - mean t)^2 = Σ t^2 - (Σ t)^2 / n, in integers: nothing cancels. */
function variation({ count, targets, targetSquares }: RegressionTotals): number {
  if (targets.kind !== 0 || targetSquares.kind !== 0) return Number.NaN;
  const n = BigInt(count);
  // units of 2^-2148 are brought back to 2^-1074
  return round(((((n * targetSquares.units) << 1074n) - targets.units * targets.units) / n) >> 1074n);
}

export function regressionOfTotals(totals: RegressionTotals): Regression {
  const { count, maximum } = totals;
  const sum = totals.squares.value();
  const mse = sum / count;
  const total = count === 0 ? Number.NaN : variation(totals);
  return {
    count,
    mse,
    rmse: Math.sqrt(mse),
    mae: totals.absolutes.value() / count,
    maximumError: count === 0 ? Number.NaN : maximum,
    r2: total === 0 ? Number.NaN : 1 - sum / total,
  };
}

/** The bytes of docs/state-format.md. */
export function encodeRegression(totals: RegressionTotals): Uint8Array {
  const to = new Writer();
  to.text(MAGIC);
  to.byte(VERSION);
  to.count(totals.count);
  const maximum = new ExactTotal();
  maximum.add(totals.maximum);
  to.total(maximum);
  for (const name of REGRESSION_SUMS) to.total(totals[name]);
  return to.finish();
}

export function isRegressionState(state: unknown): state is Uint8Array {
  return hasMagic(state, MAGIC);
}

export function decodeRegression(state: unknown, name: string): RegressionTotals {
  const from = openState(state, name, MAGIC, VERSION);
  const totals = createRegressionTotals();
  totals.count = from.count("elements");
  totals.maximum = from.total().value();
  for (const key of REGRESSION_SUMS) totals[key].addTotal(from.total());
  checkRegression(totals, from.fail);
  checkCanonical(state as Uint8Array, encodeRegression(totals), name);
  return totals;
}

/** Refuses totals that no elements add up to. */
function checkRegression(totals: RegressionTotals, fail: (what: string) => never): void {
  const { count, maximum, squares, absolutes, targets, targetSquares } = totals;
  if (maximum < 0) fail(`has a largest error of ${maximum}`);
  if ([squares, absolutes, targetSquares].some(({ units }) => units < 0n))
    fail("has a negative sum of squares or of |p - t|");
  const isEmpty = [squares, absolutes, targets, targetSquares].every(({ units, kind }) => units === 0n && kind === 0);
  if (count === 0 && !(isEmpty && maximum === 0)) fail("has sums of 0 elements");
  if (absolutes.kind !== 0 || !Number.isFinite(maximum)) return;
  const largest = toInteger(maximum);
  if (absolutes.units < largest || absolutes.units > BigInt(count) * largest) {
    fail(`has a largest error of ${maximum}, but ${count} errors that add up to ${absolutes.value()}`);
  }
}

export function addRegressionTotals(to: RegressionTotals, from: RegressionTotals): void {
  to.count += from.count;
  to.maximum = larger(to.maximum, from.maximum);
  for (const name of REGRESSION_SUMS) to[name].addTotal(from[name]);
}

/**
 * The figures of a state of regressionEvaluator() or of merged ones.
 *
 * @throws RangeError of a state that is truncated, altered, of another version or kind
 */
export function regressionOf(state: Uint8Array): Regression {
  return regressionOfTotals(decodeRegression(state, "regressionOf: state"));
}
