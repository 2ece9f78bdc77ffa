/** An evaluation in plain float64 and obvious loops. Nothing here comes from `src/`. */
import { exactSum, type Labels, type Numbers } from "./oracle.ts";

export interface EvaluateOptions {
  classes: number;
  ignoreIndex?: number;
  weight?: Numbers | undefined;
  topK?: readonly number[];
  bins?: number;
}

interface Row {
  label: number;
  weight: number;
  /** Times the weight, and without it. */
  loss: number;
  plain: number;
  rank: number;
  entropy: number;
  brier: number;
  confidence: number;
  kind: "finite" | "nan" | "positiveInfinity" | "allNegativeInfinity";
}

function rowOf(x: number[], label: number, weight: number): Row {
  const nan = x.some(Number.isNaN);
  const m = Math.max(...x);
  const kind = nan
    ? "nan"
    : m === Infinity
      ? "positiveInfinity"
      : m === -Infinity
        ? "allNegativeInfinity"
        : ("finite" as const);
  // Sorted as it is ranked: the largest first, of equals the first.
  const order = x.map((_, j) => j).sort((a, b) => x[b] - x[a] || a - b);
  const rank = nan ? Infinity : x.filter((v, j) => v > x[label] || (v === x[label] && j < label)).length + 1;
  if (kind === "finite" && order[rank - 1] !== label && x.every((v) => Number.isFinite(v))) {
    throw new Error("the two definitions of rank disagree");
  }
  if (kind !== "finite") {
    const loss = weight === 0 ? 0 : NaN;
    return { label, weight, loss, plain: NaN, rank, entropy: NaN, brier: NaN, confidence: NaN, kind };
  }
  const e = x.map((v) => Math.exp(v - m));
  const first = x.indexOf(m);
  const others = exactSum(e.filter((_, j) => j !== first));
  const q = e.map((v) => v / (1 + others));
  const lnd = Math.log1p(others);
  return {
    label,
    weight,
    loss: weight === 0 ? 0 : weight * (lnd - (x[label] - m)),
    plain: lnd - (x[label] - m),
    rank,
    entropy: lnd - exactSum(q.map((v, j) => (v === 0 ? 0 : v * (x[j] - m)))),
    // 1 - q_y is the sum of the others, digits and all.
    brier: exactSum(q.map((v, j) => (j === label ? exactSum(q.filter((_, k) => k !== label)) : v) ** 2)),
    confidence: 1 / (1 + others),
    kind,
  };
}

/** The rows that count. */
export function countedRows(logits: Numbers, labels: Labels, options: EvaluateOptions): Row[] {
  const { classes, ignoreIndex = -100, weight } = options;
  const flat = Array.from(logits);
  return Array.from(labels, Number).flatMap((label, i) =>
    label === ignoreIndex ? [] : [rowOf(flat.slice(i * classes, (i + 1) * classes), label, weight ? weight[label] : 1)],
  );
}

/** The figures of `Evaluation`, by its own names. */
export function evaluation(logits: Numbers, labels: Labels, options: EvaluateOptions) {
  const { classes, topK = [1, 5], bins = 15 } = options;
  const rows = countedRows(logits, labels, options);
  const n = rows.length;
  const sum = (f: (row: Row) => number) => exactSum(rows.map(f));
  const share = (f: (row: Row) => boolean) => rows.filter(f).length / n;
  const weightSum = sum((row) => row.weight);
  const mean = sum((row) => row.loss) / weightSum;
  // of a ratio of two sums: sqrt(k / (k - 1) Σ w^2 (l - mean)^2) / Σ w over the k rows of a weight above 0
  const k = rows.filter(({ weight }) => weight > 0).length;
  const deviations = sum(({ loss, weight }) => (loss - weight * mean) ** 2);
  const finite = rows.filter(({ kind }) => kind === "finite");
  const inBins = Array.from({ length: bins }, (_, bin) => {
    const those = finite.filter(({ confidence }) => confidence > bin / bins && confidence <= (bin + 1) / bins);
    return {
      count: those.length,
      accuracy: those.filter(({ rank }) => rank === 1).length / those.length,
      confidence: exactSum(those.map(({ confidence }) => confidence)) / those.length,
    };
  });
  const counts = (kind: Row["kind"]) => rows.filter((row) => row.kind === kind).length;
  return {
    rows: labels.length,
    counted: n,
    classes,
    weightSum,
    loss: { sum: sum((row) => row.loss), mean, standardError: Math.sqrt((k / (k - 1)) * deviations) / weightSum },
    perplexity: Math.exp(mean),
    bitsPerRow: mean / Math.LN2,
    accuracy: share(({ rank }) => rank === 1),
    topK: Object.fromEntries(topK.map((k) => [k, share(({ rank }) => rank <= k)])),
    meanReciprocalRank: sum(({ rank }) => 1 / rank) / n,
    entropy: sum((row) => row.entropy) / n,
    brier: sum((row) => row.brier) / n,
    calibration: {
      expectedError: inBins.reduce(
        (error, bin) =>
          error + (bin.count === 0 ? 0 : (Math.abs(bin.accuracy - bin.confidence) * bin.count) / finite.length),
        0,
      ),
      bins: inBins,
    },
    nonFinite: {
      nan: counts("nan"),
      positiveInfinity: counts("positiveInfinity"),
      allNegativeInfinity: counts("allNegativeInfinity"),
    },
    perClass: [...new Set(rows.map(({ label }) => label))]
      .sort((a, b) => a - b)
      .map((label) => {
        const those = rows.filter((row) => row.label === label);
        return {
          label,
          count: those.length,
          loss: exactSum(those.map(({ plain }) => plain)) / those.length,
          accuracy: those.filter(({ rank }) => rank === 1).length / those.length,
        };
      }),
  };
}
