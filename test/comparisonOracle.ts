/** A comparison of two models in plain float64, with llama.cpp's definitions written out. Nothing here comes from `src/`. */
import { exactSum, type Numbers } from "./oracle.ts";

export interface ComparedRow {
  base: number;
  other: number;
  divergence: number;
  change: number;
  top: number;
  otherTop: number;
  right: boolean;
  otherRight: boolean;
  /** Of terms p φ(d), d = ln p - ln q: their sum, that of each times max(|ln p|, |ln q|), and Σ |p - q| (|x - y| + |d|). For bounds. */
  sizes: [number, number, number];
}

const row = (x: Numbers, i: number, classes: number) => Array.from({ length: classes }, (_, j) => x[i * classes + j]);

function lseOf(x: number[]): number {
  const m = Math.max(...x);
  return m + Math.log(exactSum(x.map((v) => Math.exp(v - m))));
}

function logSoftmaxOf(x: number[]): number[] {
  const m = Math.max(...x);
  const first = x.indexOf(m);
  const lnd = Math.log1p(exactSum(x.filter((_, j) => j !== first).map((v) => Math.exp(v - m))));
  return x.map((v) => v - m - lnd);
}

/** e^-d - 1 + d by its series, for |d| < 1. */
function phi(d: number): number {
  let [term, sum] = [1, 0];
  for (let k = 1; k < 30; k++) {
    term *= -d / k;
    if (k > 1) sum += term;
  }
  return sum;
}

/** Rows of logits that count. */
export function comparedRows(base: Numbers, other: Numbers, labels: Numbers, classes: number, ignoreIndex = -100) {
  return Array.from(labels as ArrayLike<number>).flatMap((label, i): ComparedRow[] => {
    if (label === ignoreIndex) return [];
    const [b, o] = [row(base, i, classes), row(other, i, classes)];
    const [lp, lq] = [logSoftmaxOf(b), logSoftmaxOf(o)];
    // so that digits of small differences are not lost in the logarithms
    const distance = lseOf(b) - lseOf(o);
    const d = b.map((x, j) => x - o[j] - distance);
    const terms = d.map((it, j) => {
      const [p, q] = [Math.exp(lp[j]), Math.exp(lq[j])];
      return Math.abs(it) < 1 ? p * phi(it) : q - p + p * it;
    });
    const [top, otherTop] = [b.indexOf(Math.max(...b)), o.indexOf(Math.max(...o))];
    return [
      {
        base: -lp[label],
        other: -lq[label],
        // as probabilities add up to 1 the sum of p d is that of p φ(d), of which no term is negative
        divergence: exactSum(terms),
        change: Math.exp(lq[label]) - Math.exp(lp[label]),
        top,
        otherTop,
        right: top === label,
        otherRight: otherTop === label,
        sizes: [
          exactSum(terms),
          exactSum(terms.map((term, j) => term * Math.max(Math.abs(lp[j]), Math.abs(lq[j])))),
          exactSum(
            terms.map((_, j) => Math.abs(Math.exp(lp[j]) - Math.exp(lq[j])) * (Math.abs(b[j] - o[j]) + Math.abs(d[j]))),
          ),
        ],
      },
    ];
  });
}

const mean = (f: readonly number[]) => exactSum(f) / f.length;

/** sqrt((E[f^2] - E[f]^2) / (n - 1)), by deviations from the mean. */
export function uncertainty(f: readonly number[]): number {
  const m = mean(f);
  return Math.sqrt(exactSum(f.map((x) => (x - m) ** 2)) / f.length / (f.length - 1));
}

function covariance(f: readonly number[], g: readonly number[]): number {
  const [m, n] = [mean(f), mean(g)];
  return exactSum(f.map((x, i) => (x - m) * (g[i] - n))) / f.length / (f.length - 1);
}

const figure = (f: readonly number[]) => ({ value: mean(f), error: uncertainty(f) });

/** The figures that llama.cpp prints. */
export function compare(rows: readonly ComparedRow[]) {
  const n = rows.length;
  const [base, other] = [rows.map((it) => it.base), rows.map((it) => it.other)];
  const [lnBase, lnOther] = [figure(base), figure(other)];
  const cov = covariance(base, other);
  const ratio = lnOther.value - lnBase.value;
  const ratioError = Math.sqrt(lnOther.error ** 2 + lnBase.error ** 2 - 2 * cov);
  const [ppl, pplBase] = [Math.exp(lnOther.value), Math.exp(lnBase.value)];
  const changes = rows.map((it) => it.change);
  const squares = figure(changes.map((c) => c * c));
  const same = rows.filter((it) => it.top === it.otherTop).length / n;
  const count = (right: boolean, otherRight: boolean) =>
    rows.filter((it) => it.right === right && it.otherRight === otherRight).length;
  return {
    base: { loss: lnBase, perplexity: { value: pplBase, error: pplBase * lnBase.error } },
    other: { loss: lnOther, perplexity: { value: ppl, error: ppl * lnOther.error } },
    correlation: cov / (lnOther.error * lnBase.error),
    logPerplexityRatio: { value: ratio, error: ratioError },
    perplexityRatio: { value: Math.exp(ratio), error: Math.exp(ratio) * ratioError },
    perplexityDifference: {
      value: ppl - pplBase,
      error: Math.sqrt((ppl * lnOther.error) ** 2 + (pplBase * lnBase.error) ** 2 - 2 * ppl * pplBase * cov),
    },
    divergence: { mean: figure(rows.map((it) => it.divergence)) },
    probabilityChange: {
      mean: figure(changes),
      rootMeanSquare: { value: Math.sqrt(squares.value), error: (0.5 / Math.sqrt(squares.value)) * squares.error },
    },
    sameTop: { value: same, error: Math.sqrt((same * (1 - same)) / (n - 1)) },
    agreement: {
      both: count(true, true),
      onlyBase: count(true, false),
      onlyOther: count(false, true),
      neither: count(false, false),
    },
  };
}

/** The smallest value that so many percent of all are not above. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil((percent * sorted.length) / 100 - 1e-9)) - 1];
}
