import { log } from "../kernels/functions/log.ts";
import { bitsOfFloat32 } from "../numeric/bits.ts";
import { ratio } from "../numeric/ratio.ts";
import { BinCounts } from "./binCounts.ts";
import type { Writer } from "./stateBytes.ts";

/** How well scores tell two classes apart, from counts of rows by score; exact but for rows whose scores share a bin. */
export interface RankingFigures {
  /** Area under the ROC curve: the share of pairs of a positive and a negative row in the right order, halves for equal ones. */
  auroc: number;
  /** How far that may be off. */
  aurocBound: number;
  /** Mean precision at the positive rows, and the interval in which it lies for certain. */
  averagePrecision: number;
  averagePrecisionInterval: [low: number, high: number];
  /** Shares of negative and of positive rows that are taken for positive, from the highest score down; at most 500 points. */
  roc: [falsePositives: number, truePositives: number][];
}

/** Bins: sign, exponent and the upper 11 bits of the significand of a float32. */
const SHIFT = 12;
export const SCORE_BINS = 2 ** (32 - SHIFT);
const MOST_POINTS = 500;
/** So many positive rows of a bin are added one by one; of more an integral bounds the sum. */
const ONE_BY_ONE = 10_000;

const { fround } = Math;

/** The bin of a score: bins rise as scores do. */
function binOf(score: number): number {
  const bits = bitsOfFloat32(fround(score) + 0);
  return (bits < 0 ? ~bits : bits | 0x80000000) >>> SHIFT;
}

/** Rows of two classes by their score. Scores that are NaN are left out. */
export class Ranking {
  /** Rows by the bin of their score. */
  readonly positives = new BinCounts(SCORE_BINS);
  readonly negatives = new BinCounts(SCORE_BINS);

  add(score: number, isPositive: boolean): void {
    if (Number.isNaN(score)) return;
    (isPositive ? this.positives : this.negatives).add(binOf(score));
  }

  get rows(): number {
    return this.positives.total + this.negatives.total;
  }

  merge(other: Ranking): void {
    this.positives.merge(other.positives);
    this.negatives.merge(other.negatives);
  }

  /** Bins with their positive and negative rows, the highest score first. */
  #sorted(): [bin: number, positives: number, negatives: number][] {
    const bins = new Map<number, [number, number]>();
    for (const [bin, n] of this.positives.entries()) bins.set(bin, [n, 0]);
    for (const [bin, n] of this.negatives.entries()) bins.set(bin, [bins.get(bin)?.[0] ?? 0, n]);
    return [...bins].map(([bin, [p, n]]): [number, number, number] => [bin, p, n]).sort(([a], [b]) => b - a);
  }

  /**
   * @see J. A. Hanley and B. J. McNeil, The meaning and use of the area under a receiver operating characteristic curve, 1982;
   * scikit-learn, average_precision_score
   */
  figures(): RankingFigures {
    const bins = this.#sorted();
    const [P, N] = [this.positives.total, this.negatives.total];
    // twice the pairs in order, and the pairs of one bin: rows^2 may be beyond 2^53
    let pairs = 0n;
    let shared = 0n;
    let [tp, fp] = [0, 0];
    let [precision, low, high] = [0, 0, 0];
    const roc: [number, number][] = [[0, 0]];
    for (const [, p, n] of bins) {
      pairs += BigInt(n) * BigInt(2 * tp + p);
      shared += BigInt(n) * BigInt(p);
      if (p > 0) {
        precision += (p * (tp + p)) / (tp + p + fp + n);
        high += (p * (tp + p)) / (tp + p + fp);
        low += lowest(tp, p, fp + n);
      }
      tp += p;
      fp += n;
      roc.push([fp / N, tp / P]);
    }
    const all = 2n * BigInt(P) * BigInt(N);
    const none = all === 0n;
    return {
      auroc: none ? Number.NaN : ratio(pairs, all),
      aurocBound: none ? Number.NaN : ratio(shared, all),
      averagePrecision: precision / P,
      averagePrecisionInterval: [low / P, high / P],
      roc: none ? [] : thinned(roc),
    };
  }

  write(to: Writer): void {
    const bins = this.#sorted().reverse();
    to.count(bins.length);
    for (const numbers of bins) for (const n of numbers) to.count(n);
  }
}

/** The least that Σ (tp + k) / (tp + k + fp) for k from 1 to p can be. */
function lowest(tp: number, p: number, fp: number): number {
  // the terms rise with k, so that their sum is above the integral from 0 to p
  if (p > ONE_BY_ONE) return fp === 0 ? p : p - fp * log((tp + p + fp) / (tp + fp));
  let sum = 0;
  for (let k = 1; k <= p; k++) sum += (tp + k) / (tp + k + fp);
  return sum;
}

/** Points of a curve but those on a line between their neighbours, evenly chosen where there are too many. */
function thinned(points: readonly [number, number][]): [number, number][] {
  const corners = points.filter(([x, y], i) => {
    if (i === 0 || i === points.length - 1) return true;
    const [[a, b], [c, d]] = [points[i - 1], points[i + 1]];
    return !((a === x && x === c) || (b === y && y === d));
  });
  if (corners.length <= MOST_POINTS) return corners;
  return Array.from(
    { length: MOST_POINTS },
    (_, i) => corners[Math.round((i * (corners.length - 1)) / (MOST_POINTS - 1))],
  );
}
