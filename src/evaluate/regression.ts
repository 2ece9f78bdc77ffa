import { checkLogits } from "../check.ts";
import { type FloatArray, HalfBits, type LogitsArray } from "../dtype.ts";
import { BLOCK_ELEMENTS } from "../kernels/constants.ts";
import { widenBfloat16, widenFloat16 } from "../kernels/widen.ts";
import { addToBins, EXPONENTS, round } from "../numeric/exactSum.ts";
import { ExactTotal } from "../numeric/exactTotal.ts";
import { checkCanonical, hasMagic, openState, Writer } from "./bytes.ts";

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
  result(): Regression;
  /** Canonical bytes, as of Evaluator.state(): mergeStates() merges them, regressionOf() reads them. */
  state(): Uint8Array;
}

/** Σ (p - t)^2, Σ |p - t|, Σ t and Σ t^2. */
const SUMS = ["squares", "absolutes", "targets", "targetSquares"] as const;
const MAGIC = "wlrg";
const VERSION = 1;
const BINS = 2 * EXPONENTS;
/** Bins are exact for 2^20 values, of which an element may add two to one. */
const PENDING = 2 ** 18;
/** Splits a float64 into two halves of its bits. */
const SPLITTER = 134217729;

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

/** The larger; NaN where there is one. */
const larger = (a: number, b: number) => (a >= b || Number.isNaN(a) ? a : b);

/** What rounding took from t * t (Dekker), 0 where it can't be had. */
function squareError(t: number, square: number): number {
  const c = SPLITTER * t;
  const high = c - (c - t);
  const low = t - high;
  const error = low * low - (square - high * high - 2 * (high * low));
  return Number.isFinite(error) ? error : 0;
}

/** Half-precision numbers as float32. */
function widened(array: FloatArray | HalfBits): FloatArray {
  if (!(array instanceof HalfBits)) return array;
  const out = new Float32Array(array.length);
  const { loop } = array.format === "f16" ? widenFloat16 : widenBfloat16;
  const blocks = Math.ceil(array.length / BLOCK_ELEMENTS);
  (loop as (...parameters: unknown[]) => void)(0, blocks, array.bits, out, array.length);
  return out;
}

class Errors implements RegressionEvaluator {
  readonly #totals = createRegressionTotals();
  readonly #bins = SUMS.map(() => new Float64Array(BINS));
  #pending = 0;

  add(predictions: LogitsArray, targets: LogitsArray): void {
    const p = widened(checkLogits("add", "predictions", predictions));
    const t = widened(checkLogits("add", "targets", targets));
    if (p.constructor !== t.constructor) {
      throw new TypeError(`add: targets is a ${t.constructor.name}, but predictions is a ${p.constructor.name}`);
    }
    if (p.length !== t.length) {
      throw new RangeError(`add: targets has length ${t.length}, but predictions has ${p.length}`);
    }
    for (let begin = 0; begin < p.length; begin += PENDING) {
      const end = Math.min(p.length, begin + PENDING);
      if (this.#pending + end - begin > PENDING) this.#drain();
      this.#pending += end - begin;
      this.#addRange(p, t, begin, end);
    }
    this.#totals.count += p.length;
  }

  #addRange(p: FloatArray, t: FloatArray, begin: number, end: number): void {
    const [squares, absolutes, targets, targetSquares] = this.#bins;
    const narrow = p instanceof Float32Array ? Math.fround : (x: number) => x;
    const exact = p instanceof Float32Array;
    let top = this.#totals.maximum;
    for (let i = begin; i < end; i++) {
      const target = t[i];
      const d = Math.abs(narrow(p[i] - target));
      const square = target * target;
      addToBins(squares, narrow(d * d));
      addToBins(absolutes, d);
      addToBins(targets, target);
      addToBins(targetSquares, square);
      // a float32's square is exact in float64
      if (!exact) addToBins(targetSquares, squareError(target, square));
      top = larger(top, d);
    }
    this.#totals.maximum = top;
  }

  #drain(): void {
    this.#pending = 0;
    SUMS.forEach((name, i) => {
      this.#totals[name].addBins(this.#bins[i]);
    });
  }

  result(): Regression {
    this.#drain();
    return regressionOfTotals(this.#totals);
  }

  state(): Uint8Array {
    this.#drain();
    return encodeRegression(this.#totals);
  }
}

/**
 * An evaluator of regressions: mse, rmse, mae, largest error and R2, with sums that are exact for every element, so that
 * nothing depends on batches or their order. It needs no engine.
 *
 * @throws (add) TypeError of other arrays or two dtypes; RangeError of two lengths
 * @example
 * const evaluator = regressionEvaluator();
 * evaluator.add(predictions, targets);
 * evaluator.result().r2;
 * @see Wikipedia, Coefficient of determination
 */
export function regressionEvaluator(): RegressionEvaluator {
  return new Errors();
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

/** "wlrg", version, count, the maximum as a sum of one value, the four sums; a CRC-32: as of state.ts. */
export function encodeRegression(totals: RegressionTotals): Uint8Array {
  const to = new Writer();
  to.text(MAGIC);
  to.byte(VERSION);
  to.count(totals.count);
  const maximum = new ExactTotal();
  maximum.add(totals.maximum);
  to.total(maximum);
  for (const name of SUMS) to.total(totals[name]);
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
  for (const key of SUMS) totals[key].addTotal(from.total());
  checkCanonical(state as Uint8Array, encodeRegression(totals), name);
  return totals;
}

export function addRegressionTotals(to: RegressionTotals, from: RegressionTotals): void {
  to.count += from.count;
  to.maximum = larger(to.maximum, from.maximum);
  for (const name of SUMS) to[name].addTotal(from[name]);
}

/**
 * The figures of a state of regressionEvaluator() or of merged ones.
 *
 * @throws RangeError of a state that is truncated, altered, of another version or kind
 */
export function regressionOf(state: Uint8Array): Regression {
  return regressionOfTotals(decodeRegression(state, "regressionOf: state"));
}
