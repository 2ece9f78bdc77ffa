import { absolute, add, exp, negated, numberOf, over, times, type Wide, wide, ZERO } from "./wideNumbers.ts";

// Cross-entropy with every option, in 106 bits and by its definition. Nothing here comes from src/.

export interface Case {
  readonly classes: number;
  readonly logits: ArrayLike<number>;
  readonly labels?: ArrayLike<number> | undefined;
  /** [rows, classes] */
  readonly targets?: ArrayLike<number> | undefined;
  readonly sparse?: { readonly indices: ArrayLike<number>; readonly probabilities: ArrayLike<number> } | undefined;
  readonly weight?: ArrayLike<number> | undefined;
  readonly ignoreIndex?: number | undefined;
  readonly labelSmoothing?: number | undefined;
  readonly temperature?: number | undefined;
  readonly softCap?: number | undefined;
  readonly zLoss?: number | undefined;
  readonly gamma?: number | undefined;
}

export interface Result {
  /** Losses, one a row; gradient of their sum. */
  readonly rows: number[];
  readonly gradient: number[];
  /** Sizes of what a gradient is the difference of, and the distance of its logit from the row's largest. */
  readonly terms: number[];
  readonly distances: number[];
}

const ONE = wide(1);
const minus = (a: Wide, b: Wide) => add(a, negated(b));
const isLess = (a: Wide, b: Wide) => minus(a, b).hi < 0;
const sum = (values: readonly Wide[]) => values.reduce(add, ZERO);

/** ln(1 + z) of a z of 0 or more: its series, or a step of Newton's from the engine's. */
function log1p(z: Wide): Wide {
  const about = numberOf(z);
  if (about < 1e-5) {
    let series = ZERO;
    for (let n = 8; n > 0; n--) series = times(z, minus(over(ONE, wide(n)), series));
    return series;
  }
  const first = wide(about < 1e300 ? Math.log1p(about) : Math.log(z.hi) + z.exponent * Math.LN2);
  const rest = minus(times(add(ONE, z), exp(negated(first))), ONE);
  return add(first, minus(rest, over(times(rest, rest), wide(2))));
}

/** a^n of an a from 0 to 1. */
function power(a: Wide, n: number): Wide {
  if (n === 0) return ONE;
  return a.hi === 0 ? ZERO : exp(negated(times(wide(n), log1p(over(minus(ONE, a), a)))));
}

/** What logits become, and the slope of that. */
function shaped(x: number, softCap: number | undefined, temperature: number): { u: Wide; slope: Wide } {
  const t = wide(temperature);
  if (softCap === undefined) return { u: over(wide(x), t), slope: over(ONE, t) };
  // tanh |a| = (1 - e) / (1 + e) and its slope 4 e / (1 + e)^2, e = exp(-2 |a|)
  const a = over(wide(x), wide(softCap));
  const e = exp(times(wide(-2), absolute(a)));
  const above = add(ONE, e);
  const tanh = over(minus(ONE, e), above);
  const u = over(times(a.hi < 0 ? negated(tanh) : tanh, wide(softCap)), t);
  return { u, slope: over(over(times(wide(4), e), times(above, above)), t) };
}

/** Of finite logits. */
export function crossEntropy(given: Case): Result {
  const { classes, logits, labels, targets, sparse, weight, ignoreIndex = -100, labelSmoothing: e = 0 } = given;
  const { temperature = 1, softCap, zLoss = 0, gamma = 0 } = given;
  const count = logits.length / classes;
  const result: Result = { rows: [], gradient: [], terms: [], distances: [] };
  const alpha = minus(ONE, wide(e));
  const beta = over(wide(e), wide(classes));
  for (let i = 0; i < count; i++) {
    const row = Array.from({ length: classes }, (_, j) => shaped(logits[i * classes + j], softCap, temperature));
    let top = 0;
    row.forEach(({ u }, j) => {
      if (isLess(row[top].u, u)) top = j;
    });
    const distances = row.map(({ u }) => minus(row[top].u, u));
    const exponentials = distances.map((d) => exp(negated(d)));
    const others = sum(exponentials.filter((_, j) => j !== top));
    const lnTotal = log1p(others);
    const lse = add(row[top].u, lnTotal);
    const q = exponentials.map((x) => over(x, add(ONE, others)));
    const w = (j: number) => wide(weight ? weight[j] : 1);
    const label = labels?.[i];
    const isIgnored = labels !== undefined && label === ignoreIndex;

    // the share of each class's target
    const shares = Array.from({ length: classes }, (_, j) => wide(targets ? targets[i * classes + j] : 0));
    const k = sparse ? sparse.indices.length / count : 0;
    for (let a = i * k; a < (i + 1) * k; a++) {
      shares[sparse!.indices[a]] = add(shares[sparse!.indices[a]], wide(sparse!.probabilities[a]));
    }
    const counts = shares.map((p, j) => times(add(times(p, alpha), beta), w(j)));
    let loss = sum(counts.map((c, j) => times(c, add(lnTotal, distances[j]))));
    if (label !== undefined && !isIgnored) {
      const own = times(w(label), alpha);
      const l = add(lnTotal, distances[label]);
      const rest = label === top ? over(others, add(ONE, others)) : minus(ONE, q[label]);
      const focal = power(rest, gamma);
      loss = add(loss, times(own, times(focal, l)));
      const slope =
        gamma === 0 || rest.hi === 0 ? ZERO : over(times(times(focal, wide(gamma)), times(q[label], l)), rest);
      counts[label] = add(counts[label], times(own, add(focal, slope)));
    }
    loss = add(loss, times(wide(zLoss), times(lse, lse)));
    const all = add(sum(counts), times(wide(2 * zLoss), lse));
    result.rows.push(isIgnored ? 0 : numberOf(loss));
    for (let j = 0; j < classes; j++) {
      const plus = isIgnored ? ZERO : times(all, q[j]);
      const less = isIgnored ? ZERO : counts[j];
      result.gradient.push(numberOf(times(minus(plus, less), row[j].slope)));
      result.terms.push(numberOf(times(add(absolute(plus), absolute(less)), row[j].slope)));
      result.distances.push(numberOf(distances[j]));
    }
  }
  return result;
}
