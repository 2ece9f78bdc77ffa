import { HIGHEST } from "../../descriptions/exp64Constants.ts";
import { exp64 } from "../../kernels/functions/exp64.ts";
import { ExactTotal, FINITE } from "../../numeric/exactTotal.ts";
import { rootOfRatio, withRoot } from "../../numeric/ratio.ts";
import { coverageOf } from "../coverage.ts";
import type { Groups } from "../groups.ts";
import type { LossSizes, Percentile } from "../percentiles.ts";
import { placeOf } from "../placedRows.ts";
import { errorOfSpread, spreadOf } from "../standardError.ts";
import { decodeComparison } from "./comparisonState.ts";
import type { ComparedRow, ComparisonTotals } from "./comparisonTotals.ts";
import { type McNemar, mcnemar } from "./mcnemar.ts";

/** A figure and its standard error. */
export interface Uncertain {
  value: number;
  error: number;
  /** Only of rows with groups, of divergence.mean, logPerplexityRatio and perplexityRatio: the error where rows of a group go together. */
  clusteredError?: number;
}

/** A mean over rows with its standard error, ends, median and percentiles (by nearest rank, with how far each may be off). */
export interface Spread {
  mean: Uncertain;
  minimum: number;
  maximum: number;
  percentiles: Record<number, Percentile>;
}

/** A row whose loss changed much. */
export interface ChangedRow {
  row: number;
  /** With shifted labels: which sequence, and which position in it, both from 0. */
  sequence?: number;
  position?: number;
  label: number;
  /** Classes of the first maxima; -1 of a row that holds a NaN. */
  basePredicted: number;
  otherPredicted: number;
  baseLoss: number;
  otherLoss: number;
}

/**
 * Two models on the same rows, in the terms of llama.cpp's perplexity --kl-divergence: errors are
 * sqrt((E[f^2] - E[f]^2) / (n - 1)), covariances alike, from exact sums.
 */
export interface Comparison {
  /** Rows seen, those not ignored, and of these the ones of which a model gives no loss: a NaN, +inf, or nothing but -inf. */
  rows: number;
  counted: number;
  nonFinite: number;
  classes: number;
  /** Only with labels, as the next ones are: losses in nats, perplexities, and accuracies. */
  base?: { loss: Uncertain; perplexity: Uncertain; accuracy: number };
  other?: { loss: Uncertain; perplexity: Uncertain; accuracy: number };
  /** Correlation of the losses: that of the logarithms of the perplexities. */
  correlation?: number;
  /** ln(PPL(other) / PPL(base)), PPL(other) / PPL(base) and PPL(other) - PPL(base), of paired rows. */
  logPerplexityRatio?: Uncertain;
  perplexityRatio?: Uncertain;
  perplexityDifference?: Uncertain;
  /** Kullback-Leibler divergence of the other from the base in nats, Σ p (ln p - ln q), p the base's. */
  divergence: Spread;
  /** What the target's probability is in the other, less what it is in the base; and the root of its mean square. */
  probabilityChange?: Spread & { rootMeanSquare: Uncertain };
  /** Share of rows in which both have the same first maximum. */
  sameTop: Uncertain;
  /** Rows by which model is right. */
  agreement?: { both: number; onlyBase: number; onlyOther: number; neither: number };
  mcnemar?: McNemar;
  /** Rows by how much the loss grew, rising; bins have a relative width of 2^-7. */
  lossDifferences?: { from: number; to: number; count: number }[];
  /** Only with `worst`: rows whose loss grew most, and those whose loss fell most. */
  worse?: ChangedRow[];
  better?: ChangedRow[];
  /** Of a state of files: which rows of which file it holds. */
  coverage?: { source: string; rows: [first: number, last: number][] }[];
}

const PERCENTS = [0.1, 1, 5, 10, 25, 50, 75, 90, 95, 99, 99.9] as const;

const exp = (x: number) => (x > HIGHEST ? Number.POSITIVE_INFINITY : exp64(x));

function spreadOfSizes(mean: Uncertain, sizes: LossSizes): Spread {
  const { 0: least, 100: most, ...percentiles } = sizes.percentiles([0, ...PERCENTS, 100]);
  return { mean, minimum: least.value, maximum: most.value, percentiles };
}

const rowOf = ({ row, positions, label, basePredicted, otherPredicted, base, other }: ComparedRow): ChangedRow => ({
  ...placeOf(row, positions),
  label,
  basePredicted,
  otherPredicted,
  baseLoss: base,
  otherLoss: other,
});

export function comparisonOfTotals(totals: ComparisonTotals): Comparison {
  const { options, rows, counted: n, nonFinite, sameTop, coverage, divergence } = totals;
  const mean: Uncertain = {
    value: divergence.value() / n,
    error: errorOfSpread(n, spreadOf(n, divergence, totals.divergenceSquare)),
    ...clustered(totals.groups?.divergence),
  };
  const share = sameTop / n;
  const comparison: Comparison = {
    rows,
    counted: n,
    nonFinite,
    classes: options.classes,
    ...(totals.labelled > 0 ? labelledFigures(totals) : {}),
    divergence: spreadOfSizes(mean, totals.divergences),
    sameTop: { value: share, error: n < 2 ? Number.NaN : Math.sqrt((share * (1 - share)) / (n - 1)) },
  };
  if (options.worst > 0 && totals.labelled > 0) {
    comparison.worse = totals.worse.sorted().map(rowOf);
    comparison.better = totals.better.sorted().map(rowOf);
  }
  if (coverage !== null) comparison.coverage = coverageOf(coverage);
  return comparison;
}

/** The error of a mean, times `factor`, where there are groups. */
function clustered(groups: Groups | undefined, factor = 1): Pick<Uncertain, "clusteredError"> {
  return groups === undefined ? {} : { clusteredError: factor * groups.standardError() };
}

/** The figures that need labels. */
function labelledFigures(totals: ComparisonTotals) {
  const { labelled: n, base, other, baseOther, baseSquare, otherSquare, change, changeSquare, changeFourth } = totals;
  const { both, onlyBase, onlyOther } = totals;
  const baseSpread = spreadOf(n, base, baseSquare);
  const otherSpread = spreadOf(n, other, otherSquare);
  const hasSpread = baseSpread !== null && otherSpread !== null && baseOther.kind === FINITE;
  // n Σ b o - Σ b Σ o, and what it leaves of n Σ (o - b)^2 - (Σ (o - b))^2: in integers, so that nothing cancels
  const joint = hasSpread ? BigInt(n) * baseOther.units - base.units * other.units : 0n;
  const between = hasSpread ? baseSpread + otherSpread - 2n * joint : null;
  const model = (sum: typeof base, spread: bigint | null, right: number) => {
    const loss = { value: sum.value() / n, error: errorOfSpread(n, spread) };
    const perplexity = exp(loss.value);
    return { loss, perplexity: { value: perplexity, error: perplexity * loss.error }, accuracy: right / n };
  };
  const [b, o] = [model(base, baseSpread, both + onlyBase), model(other, otherSpread, both + onlyOther)];
  const difference = totals.groups?.difference;
  const logRatio = { value: meanDifference(totals), error: errorOfSpread(n, between), ...clustered(difference) };
  const ratio = exp(logRatio.value);
  const squares = { value: changeSquare.value() / n, error: errorOfFourth(n, changeSquare, changeFourth) };
  const rootMeanSquare = Math.sqrt(squares.value);
  return {
    base: b,
    other: o,
    correlation:
      hasSpread && baseSpread > 0n && otherSpread > 0n ? withRoot(joint, baseSpread * otherSpread) : Number.NaN,
    logPerplexityRatio: logRatio,
    perplexityRatio: { value: ratio, error: ratio * logRatio.error, ...clustered(difference, ratio) },
    perplexityDifference: {
      value: o.perplexity.value - b.perplexity.value,
      error: differenceError(b.perplexity.value, o.perplexity.value, b.loss.error, o.loss.error, logRatio.error),
    },
    probabilityChange: {
      ...spreadOfSizes(
        { value: change.value() / n, error: errorOfSpread(n, spreadOf(n, change, changeSquare)) },
        totals.changes,
      ),
      rootMeanSquare: { value: rootMeanSquare, error: squares.error / (2 * rootMeanSquare) },
    },
    agreement: { both, onlyBase, onlyOther, neither: n - both - onlyBase - onlyOther },
    mcnemar: mcnemar(onlyBase, onlyOther),
    lossDifferences: totals.differences.bins(),
  };
}

/** Σ (o - b) / n, the sum rounded once. */
function meanDifference({ labelled, base, other }: ComparisonTotals): number {
  const { kind, units } = base;
  if (kind !== FINITE || other.kind !== FINITE) return other.value() / labelled - base.value() / labelled;
  return new ExactTotal(other.units - units).value() / labelled;
}

/** The error of the mean of c^2: the sum of these is one of products, that of their rounded squares another one. */
function errorOfFourth(n: number, squares: ComparisonTotals["changeSquare"], fourth: typeof squares): number {
  if (squares.kind !== FINITE || fourth.kind !== FINITE || n < 2) return Number.NaN;
  // both in units of 2^-4296
  const spread = ((BigInt(n) * fourth.units) << 2148n) - squares.units * squares.units;
  const rows = BigInt(n);
  return spread <= 0n ? 0 : rootOfRatio(spread, (rows * rows * (rows - 1n)) << 4296n);
}

/**
 * sqrt(o^2 s_o^2 + b^2 s_b^2 - 2 o b cov) of perplexities b and o whose logarithms have errors s_b and s_o, and the difference of
 * these the error d, with d^2 = s_o^2 + s_b^2 - 2 cov: put so that it keeps its digits where the models hardly differ.
 */
function differenceError(b: number, o: number, sb: number, so: number, d: number): number {
  return Math.sqrt(Math.max(0, o * b * d * d + (o - b) * (o * so * so - b * sb * sb)));
}

/**
 * The comparison of a state's rows. A pure function: no engine is needed.
 *
 * @param state of comparison().state() or mergeStates()
 * @throws TypeError of anything but bytes; RangeError of a state that is truncated, altered, of another version or kind
 * @example
 * comparisonOf(mergeStates(...parts)).divergence.mean.value;
 */
export function comparisonOf(state: Uint8Array): Comparison {
  return comparisonOfTotals(decodeComparison(state, "comparisonOf: state"));
}
