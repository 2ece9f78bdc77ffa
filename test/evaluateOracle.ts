/** An evaluation in plain float64 and obvious loops. Nothing here comes from `src/`. */
import { exactSum, type Labels, type Numbers } from "./oracle.ts";

export interface EvaluateOptions {
  classes: number;
  input?: "logits" | "probabilities" | "logProbabilities";
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

/** A row of probabilities, or of their logarithms: as it is given, whatever it adds up to. */
function likelihoodRowOf(x: number[], label: number, weight: number, logarithms: boolean): Row {
  const nan = x.some(Number.isNaN);
  const infinite = x.includes(Infinity);
  const q = logarithms ? x.map(Math.exp) : x;
  const ln = logarithms ? x : x.map(Math.log);
  const odd = nan || infinite;
  const plain = 0 - ln[label];
  return {
    label,
    weight,
    plain,
    loss: weight === 0 ? 0 : weight * plain,
    rank: nan ? Infinity : x.filter((v, j) => v > x[label] || (v === x[label] && j < label)).length + 1,
    entropy: odd ? NaN : -exactSum(q.map((v, j) => (v === 0 ? 0 : v * ln[j]))),
    brier: odd ? NaN : exactSum(q.map((v, j) => (j === label ? 1 - v : v) ** 2)),
    confidence: odd ? NaN : Math.max(...q),
    kind: nan ? "nan" : infinite ? "positiveInfinity" : "finite",
  };
}

/** The rows that count. */
export function countedRows(logits: Numbers, labels: Labels, options: EvaluateOptions): Row[] {
  const { classes, ignoreIndex = -100, weight, input = "logits" } = options;
  const rowFor = (x: number[], label: number, w: number) =>
    input === "logits" ? rowOf(x, label, w) : likelihoodRowOf(x, label, w, input === "logProbabilities");
  const flat = Array.from(logits);
  return Array.from(labels, Number).flatMap((label, i) =>
    label === ignoreIndex
      ? []
      : [rowFor(flat.slice(i * classes, (i + 1) * classes), label, weight ? weight[label] : 1)],
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
  const standardError = Math.sqrt((k / (k - 1)) * deviations) / weightSum;
  const right = share(({ rank }) => rank === 1);
  const finite = rows.filter(({ kind }) => kind === "finite");
  const inBins = Array.from({ length: bins }, (_, bin) => {
    const those = finite.filter(
      ({ confidence }) => (bin === 0 || confidence > bin / bins) && confidence <= (bin + 1) / bins,
    );
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
    loss: {
      sum: sum((row) => row.loss),
      mean,
      standardError,
      interval: [mean - 1.959964 * standardError, mean + 1.959964 * standardError] as [number, number],
    },
    perplexity: Math.exp(mean),
    perplexityError: Math.exp(mean) * standardError,
    bitsPerRow: mean / Math.LN2,
    accuracy: right,
    // the shares p for which |right - p| is 1.959964 standard errors of p
    accuracyInterval: [-1, 1].map((sign) => {
      const z = 1.959964;
      const root = z * Math.sqrt((right * (1 - right)) / n + (z * z) / (4 * n * n));
      return Math.min(1, Math.max(0, (right + (z * z) / (2 * n) + sign * root) / (1 + (z * z) / n)));
    }) as [number, number],
    topK: Object.fromEntries(topK.map((k) => [k, share(({ rank }) => rank <= k)])),
    meanReciprocalRank: sum(({ rank }) => 1 / rank) / n,
    entropy: sum((row) => row.entropy) / n,
    brier: sum((row) => row.brier) / n,
    calibration: {
      expectedError:
        inBins.reduce(
          (e, { count, accuracy, confidence }) => e + (count && Math.abs(accuracy - confidence) * count),
          0,
        ) / finite.length,
      maximalError: Math.max(
        finite.length === 0 ? NaN : 0,
        ...inBins.map(({ count, accuracy, confidence }) => (count ? Math.abs(accuracy - confidence) : 0)),
      ),
      rootMeanSquareError: Math.sqrt(
        inBins.reduce((e, { count, accuracy, confidence }) => e + (count && count * (accuracy - confidence) ** 2), 0) /
          finite.length,
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
