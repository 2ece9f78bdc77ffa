import { checkAttached, checkLength, checkOptions, checkSameDtype, logitsOf } from "../check.ts";
import { SUM_BINS } from "../descriptions/counters.ts";
import { BLOCK_RESULTS, larger, REGRESSION_SUMS } from "../descriptions/regressionSums.ts";
import { BLOCK_ELEMENTS } from "../descriptions/thresholds.ts";
import { type FloatArray, HalfBits, type IntegerArray, type LogitsArray } from "../dtype.ts";
import { widened } from "../kernels/widenLoops.ts";
import { toInteger } from "../numeric/exactSum.ts";
import { ExactTotal, FINITE } from "../numeric/exactTotal.ts";
import { isExtreme } from "../numeric/products.ts";
import { ProductTotal } from "../numeric/productTotal.ts";
import { ratio } from "../numeric/ratio.ts";
import { checkSameShape, type TensorLike } from "../tensorLike.ts";
import {
  addBesideTotals,
  type BesideOptions,
  type BesideTotals,
  besideRowsOf,
  checkBesideRows,
  openGroups,
} from "./besideRows.ts";
import { BESIDE_SECTIONS, readBeside, writeBeside } from "./besideSections.ts";
import { Groups, tooManyGroups } from "./groups.ts";
import { meanLoss } from "./standardError.ts";
import { checkCanonical, hasMagic, openState, type Reader, VERSION, Writer } from "./stateBytes.ts";
import type { EvaluationDoor } from "./workspace.ts";

/** What predictions of numbers are worth. */
export interface Regression {
  /** Elements seen, and those that no mask left out. What follows is of the latter. */
  elements: number;
  count: number;
  /**
   * Mean of (p - t)^2, and its root. The difference is rounded in the arrays' dtype; its square is exact (of float64 rounded,
   * where it is from 2^-960 to 2^960), and so is their sum.
   */
  mse: number;
  rmse: number;
  /**
   * Only where elements were added with groups: the standard error of mse where elements of a group may go together, and in which
   * the mean of all such elements lies with a probability of 95 %, mse ± 1.959964 of that. With a group for each element it is the
   * usual standard error.
   */
  clusteredStandardError?: number;
  interval?: [low: number, high: number];
  /** Mean and maximum of |p - t|. */
  mae: number;
  maximumError: number;
  /**
   * Mean of |p - t| / |t|, a fraction: 0 / 0 is 0, and any other error of a target of 0 Infinity. Each quotient is rounded to float64,
   * their sum is exact. NaN where a state was merged that an earlier version wrote, which has no quotients.
   */
  mape: number;
  /** 1 - Σ (p - t)^2 / Σ (t - mean t)^2, 1 only where the quotient is below 2^-53; NaN where the targets are all the same. */
  r2: number;
}

/** Adds up errors, batch by batch. */
export interface RegressionEvaluator {
  /**
   * Adds predictions and as many targets, of one dtype.
   *
   * @param options a mask and groups, one an element
   * @throws TypeError of other arrays or two dtypes; RangeError of two lengths; nothing is added when it throws
   */
  add(predictions: LogitsArray | TensorLike, targets: LogitsArray | TensorLike, options?: BesideOptions): void;
  /** The figures of all elements so far. */
  result(): Regression;
  /** Canonical bytes, as of Evaluator.state(): mergeStates() merges them, regressionOf() reads them. */
  state(): Uint8Array;
}

const MAGIC = "wlrg";
/** Bins are exact for 2^20 values, of which an element may add two to one. */
const PENDING = 2 ** 18;

export interface RegressionTotals extends BesideTotals {
  /** Elements that count. */
  count: number;
  maximum: number;
  readonly squares: ProductTotal;
  readonly absolutes: ExactTotal;
  readonly targets: ExactTotal;
  readonly targetSquares: ProductTotal;
  readonly quotients: ExactTotal;
  /** False where a state without quotients was read. */
  hasQuotients: boolean;
}

function createRegressionTotals(): RegressionTotals {
  return {
    coverage: null,
    ignored: 0,
    groups: null,
    count: 0,
    maximum: 0,
    squares: new ProductTotal(),
    absolutes: new ExactTotal(),
    targets: new ExactTotal(),
    targetSquares: new ProductTotal(),
    quotients: new ExactTotal(),
    hasQuotients: true,
  };
}

export class ErrorEvaluator implements RegressionEvaluator {
  readonly #door: EvaluationDoor;
  readonly #totals = createRegressionTotals();
  #pending = 0;

  constructor(door: EvaluationDoor) {
    this.#door = door;
  }

  add(predictions: LogitsArray | TensorLike, targets: LogitsArray | TensorLike, options: BesideOptions = {}): void {
    checkOptions("add", options, ["source", "mask", "groups"]);
    const { source: name = "add" } = options;
    const beside = besideRowsOf(name, options);
    this.#door.backend("add");
    const p = logitsOf(name, "predictions", predictions);
    const t = logitsOf(name, "targets", targets);
    checkSameDtype(name, "targets", t, "predictions", p);
    if (p.length === 0) checkAttached(name, "predictions", p);
    checkLength(name, "targets", t.length, p.length, "predictions");
    if (t !== targets) checkSameShape(name, "targets", targets, "predictions", predictions);
    if (p.length === 0) checkAttached(name, "targets", t);
    const totals = this.#totals;
    const before = totals.count + totals.ignored;
    checkBesideRows(name, beside, p.length, totals, before);
    const { mask, groups } = beside;
    openGroups(totals, groups, p.length, before, true);
    this.#door.workspace().take(this);
    for (let begin = 0; begin < p.length; begin += PENDING) {
      const end = Math.min(p.length, begin + PENDING);
      const kept = <A extends FloatArray | HalfBits | IntegerArray>(array: A): A => {
        const part = array.subarray(begin, end) as A;
        return mask === undefined ? part : keptOf(part, (i) => Boolean(mask[begin + i]));
      };
      const [errors, values] = [kept(p), kept(t)];
      totals.ignored += end - begin - errors.length;
      this.#addErrors(errors, values);
      if (groups !== null) this.#addGroups(errors, values, kept(groups));
    }
  }

  /** Adds at most PENDING errors. */
  #addErrors(errors: FloatArray | HalfBits, values: FloatArray | HalfBits): void {
    const totals = this.#totals;
    const { length } = errors;
    if (this.#pending + length > PENDING) this.drain();
    this.#pending += length;
    this.#door.workspace().addErrors(errors, values, (results, blocks, first) => {
      for (let i = 0; i < blocks; i++) {
        const [maximum, extremes] = results.subarray(BLOCK_RESULTS * i);
        totals.maximum = larger(totals.maximum, maximum);
        if (extremes > 0) this.#addExtremes(errors as FloatArray, values as FloatArray, first + i);
      }
    });
    totals.count += length;
  }

  /** Adds the squares that a kernel adds up to their groups. */
  #addGroups(predictions: FloatArray | HalfBits, targets: FloatArray | HalfBits, groups: IntegerArray): void {
    const [p, t] = [predictions, targets].map((x) => (x instanceof HalfBits ? widened(x.bits, x.format) : x));
    const isSingle = p instanceof Float32Array;
    for (let i = 0; i < p.length; i++) {
      const d = p[i] - t[i];
      this.#totals.groups?.addSquare(groups[i], isSingle ? Math.fround(d) : d, tooManyGroups);
    }
  }

  /** Adds the squares of a block that the kernel only counted. */
  #addExtremes(predictions: FloatArray, targets: FloatArray, block: number): void {
    const { squares, targetSquares } = this.#totals;
    const end = Math.min((block + 1) * BLOCK_ELEMENTS, targets.length);
    for (let i = block * BLOCK_ELEMENTS; i < end; i++) {
      const d = predictions[i] - targets[i];
      if (isExtreme(d, d)) squares.addProduct(d, d);
      if (isExtreme(targets[i], targets[i])) targetSquares.addProduct(targets[i], targets[i]);
    }
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

/** The elements of an array that are to be kept. */
function keptOf<A extends FloatArray | HalfBits | IntegerArray>(array: A, isKept: (i: number) => boolean): A {
  if (array instanceof HalfBits) return new HalfBits(keptOf(array.bits, isKept), array.format) as A;
  // a sixth of the time of filter()
  const kept = (array as Float32Array).slice();
  let length = 0;
  for (let i = 0; i < array.length; i++) if (isKept(i)) kept[length++] = (array as Float32Array)[i];
  return kept.subarray(0, length) as A;
}

/** 1 - Σ (p - t)^2 / Σ (t - mean t)^2, the latter being Σ t^2 - (Σ t)^2 / n: in integers, so that nothing cancels. */
function determination({ count, squares, targets, targetSquares }: RegressionTotals): number {
  if (targets.kind !== FINITE || targetSquares.kind !== FINITE) return Number.NaN;
  const n = BigInt(count);
  const variation = n * targetSquares.units - targets.units * targets.units;
  // rounding of version 1 may have taken it below
  if (variation <= 0n) return Number.NaN;
  if (squares.kind !== FINITE) return 1 - squares.value();
  return 1 - ratio(n * squares.units, variation);
}

export function regressionOfTotals(totals: RegressionTotals): Regression {
  const { count, ignored, maximum, groups } = totals;
  const { mean: mse, clusteredStandardError, interval } = meanLoss(totals.squares.value(), count, Number.NaN, groups);
  return {
    elements: count + ignored,
    count,
    mse,
    rmse: Math.sqrt(mse),
    ...(clusteredStandardError === undefined ? {} : { clusteredStandardError, interval }),
    mae: totals.absolutes.value() / count,
    maximumError: count === 0 ? Number.NaN : maximum,
    mape: totals.hasQuotients ? totals.quotients.value() / count : Number.NaN,
    r2: determination(totals),
  };
}

/** Tags of the sections of a state. */
const COUNT = 2;
const SUMS = 3;
const QUOTIENTS = 4;
/** What the section of sums holds. */
const FIRST_SUMS = REGRESSION_SUMS.filter((name) => name !== "quotients");

/** The bytes of docs/state-format.md. */
export function encodeRegression(totals: RegressionTotals): Uint8Array {
  const to = new Writer();
  to.text(MAGIC);
  to.byte(VERSION);
  to.section(COUNT, (section) => {
    section.count(totals.count);
  });
  to.section(SUMS, (section) => {
    const maximum = new ExactTotal();
    maximum.add(totals.maximum);
    section.total(maximum);
    for (const name of FIRST_SUMS) section.total(totals[name]);
  });
  if (totals.hasQuotients) to.section(QUOTIENTS, (section) => section.total(totals.quotients));
  writeBeside(to, totals);
  return to.finish();
}

export function isRegressionState(state: unknown): state is Uint8Array {
  return hasMagic(state, MAGIC);
}

export function decodeRegression(state: unknown, name: string): RegressionTotals {
  const { version, from } = openState(state, name, MAGIC);
  const totals = createRegressionTotals();
  if (version === 1) readVersion1(from, totals);
  else readSections(from, totals);
  from.end("sums");
  checkRegression(totals, from.fail);
  if (version === VERSION) checkCanonical(state as Uint8Array, encodeRegression(totals), name);
  return totals;
}

function readSections(from: Reader, totals: RegressionTotals): void {
  const sections = from.sections([COUNT, SUMS, QUOTIENTS, ...BESIDE_SECTIONS]);
  const sectionOf = (tag: number) => sections.get(tag) ?? from.fail(`has no section of the tag ${tag}`);
  const [counts, sums] = [sectionOf(COUNT), sectionOf(SUMS)];
  totals.count = counts.count("elements");
  counts.end("a count");
  totals.maximum = sums.total().value();
  for (const key of FIRST_SUMS) totals[key].addTotal(key.endsWith("quares") ? sums.productTotal() : sums.total());
  sums.end("sums");
  const quotients = sections.get(QUOTIENTS);
  totals.hasQuotients = quotients !== undefined;
  if (quotients !== undefined) {
    totals.quotients.addTotal(quotients.total());
    quotients.end("quotients");
  }
  readBeside(sections, totals, totals.count, totals.squares, new Groups(true));
}

/** As version 2, without sections and with squares in units of 2^-1074: those of float32 were rounded. */
function readVersion1(from: Reader, totals: RegressionTotals): void {
  totals.count = from.count("elements");
  totals.maximum = from.wholeTotal().value();
  totals.squares.addSum(from.wholeTotal());
  totals.absolutes.addTotal(from.wholeTotal());
  totals.targets.addTotal(from.wholeTotal());
  totals.targetSquares.addSum(from.wholeTotal());
  totals.hasQuotients = false;
}

/** Refuses totals that no elements add up to. */
function checkRegression(totals: RegressionTotals, fail: (what: string) => never): void {
  const { count, maximum, squares, absolutes, targets, targetSquares, quotients } = totals;
  if (maximum < 0) fail(`has a largest error of ${maximum}`);
  if ([squares, absolutes, targetSquares, quotients].some(({ units }) => units < 0n))
    fail("has a negative sum of squares, of |p - t| or of |p - t| / |t|");
  const isEmpty = [squares, absolutes, targets, targetSquares, quotients].every(
    ({ units, kind }) => units === 0n && kind === 0,
  );
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
  to.hasQuotients &&= from.hasQuotients;
  addBesideTotals(to, from);
}

/**
 * The figures of a state of regressionEvaluator() or of merged ones.
 *
 * @throws RangeError of a state that is truncated, altered, of another version or kind
 */
export function regressionOf(state: Uint8Array): Regression {
  return regressionOfTotals(decodeRegression(state, "regressionOf: state"));
}
