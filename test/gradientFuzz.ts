/** Random gradients of cross-entropy, logits and weights from one end of a dtype to the other, against numbers of 106 bits. */
import { expect } from "vitest";
import type { Losses } from "./backends.ts";
import { type Dtype, type FloatArray, floats, integer, mulberry32, type Random, zeros } from "./inputs.ts";
import { absolute, add, exp, negated, numberOf, over, times, type Wide, wide, ZERO } from "./wideNumbers.ts";

interface Case {
  dtype: Dtype;
  rows: number;
  classes: number;
  logits: FloatArray;
  targets: Int32Array | FloatArray;
  options: {
    classes: number;
    input: "logits" | "probabilities" | "logProbabilities";
    weight?: FloatArray;
    labelSmoothing: number;
    reduction: "mean" | "sum" | "none";
    ignoreIndex: number;
  };
}

const IGNORED = -7;
/** Around lanes, rounds, blocks and thresholds. */
const CLASSES = [
  1, 2, 3, 4, 5, 7, 8, 10, 15, 16, 17, 31, 33, 48, 60, 63, 64, 65, 66, 79, 80, 81, 96, 127, 128, 129, 200,
];
const LONG = [256, 257, 511, 1025];

/** Decimal exponents of the smallest and largest numbers that weights have, and of what logits reach. */
const RANGE = { float32: [-44, 38], float64: [-308, 307] } as const;
const U = { float32: 2 ** -23, float64: 2 ** -51 };
const SMALLEST = { float32: 2 ** -149, float64: 2 ** -1074 };
const NORMAL = { float32: -126, float64: -1022 };
const LARGEST = { float32: 3.4028234663852886e38, float64: Number.MAX_VALUE };

const pick = <T>(random: Random, list: readonly T[]): T => list[integer(random, list.length)];

/** A weight: 0, about 1, or of any size. */
function weightOf(random: Random, [from, to]: readonly [number, number], wild: boolean): number {
  if (random() < 0.1) return 0;
  return (0.1 + random()) * 10 ** (wild ? from + random() * (to - from) : 0);
}

function weightsOf(random: Random, dtype: Dtype, classes: number): FloatArray {
  const [from, to] = RANGE[dtype];
  const kind = integer(random, 4);
  const same = weightOf(random, [from, to], true);
  const wild = random() < 0.5;
  return floats(
    dtype,
    Array.from({ length: classes }, () =>
      kind === 0 ? same : kind === 1 && random() < 0.7 ? same : weightOf(random, [from, to], wild),
    ),
  );
}

/** A row, about an offset, with outliers, and classes that are left out (-inf). */
function logitsOf(random: Random, dtype: Dtype, rows: number, classes: number): FloatArray {
  const end = RANGE[dtype][1];
  const logits = zeros(dtype, rows * classes);
  for (let i = 0; i < rows; i++) {
    const offset = pick(random, [0, 0, 0, 20, -43.7, 349, -352, 1e4, -1e9, 10 ** (random() * end), -(10 ** end)]);
    const gap = pick(random, [0.01, 1, 10, 40, 100, 100, 800, 2000, 10 ** (random() * end)]);
    const left = pick(random, [0, 0, 0, 0.3, 0.95]);
    for (let j = 0; j < classes; j++) {
      const x = offset + gap * (random() - 0.5) + (random() < 0.03 ? pick(random, [50, 104, -104, 720]) : 0);
      logits[i * classes + j] = random() < left ? -Infinity : x;
    }
    if (left > 0) logits[i * classes + integer(random, classes)] = offset;
  }
  return logits;
}

/** Probabilities from tiny to 1, some rows with a single 1. */
function probabilitiesOf(random: Random, dtype: Dtype, rows: number, classes: number, zeroShare: number): FloatArray {
  const probabilities = zeros(dtype, rows * classes);
  for (let i = 0; i < rows; i++) {
    const single = classes === 1 || random() < 0.2;
    const depth = pick(random, [1, 1, 10, -RANGE[dtype][0]]);
    for (let j = 0; j < classes; j++) {
      const p = single || random() < zeroShare ? 0 : (random() / classes) * 10 ** (-depth * random());
      probabilities[i * classes + j] = p;
    }
    if (single) probabilities[i * classes + integer(random, classes)] = 1;
  }
  return probabilities;
}

function caseOf(random: Random): Case {
  const dtype = pick(random, ["float32", "float64"] as const);
  const classes =
    random() < 0.005 ? pick(random, LONG) : random() < 0.5 ? pick(random, CLASSES) : 1 + integer(random, 200);
  const rows = 1 + integer(random, classes > 20 ? 2 : 6);
  const input = pick(random, ["logits", "logits", "logits", "logits", "probabilities", "logProbabilities"] as const);
  const byLabel = random() < 0.6;
  const labels = Int32Array.from({ length: rows }, () => (random() < 0.1 ? IGNORED : integer(random, classes)));
  const logits =
    input === "probabilities"
      ? probabilitiesOf(random, dtype, rows, classes, 0)
      : input === "logits"
        ? logitsOf(random, dtype, rows, classes)
        : (logitsOf(random, dtype, rows, classes).map((x) => -Math.abs(x)) as FloatArray);
  return {
    dtype,
    rows,
    classes,
    logits,
    targets: byLabel ? labels : probabilitiesOf(random, dtype, rows, classes, pick(random, [0, 0.5])),
    options: {
      classes,
      input,
      labelSmoothing: pick(random, [0, 0, 0, 0.1, 0.1, 1, 1e-20, 2 ** -130]),
      reduction: pick(random, ["mean", "mean", "sum", "none"] as const),
      ignoreIndex: IGNORED,
      ...(random() < 0.7 && { weight: weightsOf(random, dtype, classes) }),
    },
  };
}

/** c_j of a row, w_j ((1 - e) p_j + e / K), and their sum; null where it counts nothing. */
function coefficientsOf({ classes, targets, options }: Case, i: number): { c: Wide[]; sum: Wide } | null {
  const { weight, labelSmoothing } = options;
  const label = targets instanceof Int32Array ? targets[i] : undefined;
  if (label === IGNORED) return null;
  const alpha = add(wide(1), wide(-labelSmoothing));
  const beta = over(wide(labelSmoothing), wide(classes));
  const c = Array.from({ length: classes }, (_, j) => {
    const p = label === undefined ? targets[i * classes + j] : j === label ? 1 : 0;
    const t = add(times(alpha, wide(p)), beta);
    return weight ? times(wide(weight[j]), t) : t;
  });
  return { c, sum: c.reduce(add, ZERO) };
}

/** Whether |a| < 2^power. */
const isBelow = (a: Wide, power: number) => a.hi === 0 || a.exponent < power;

/** The sums of all but one. */
function sumsOfOthers(list: readonly Wide[]): Wide[] {
  const sums = Array<Wide>(list.length).fill(ZERO);
  for (let j = 1, sum = ZERO; j < list.length; j++) {
    sum = add(sum, list[j - 1]);
    sums[j] = sum;
  }
  for (let j = list.length - 2, sum = ZERO; j >= 0; j--) {
    sum = add(sum, list[j + 1]);
    sums[j] = add(sums[j], sum);
  }
  return sums;
}

/** Its two terms, plus - minus, and that difference, which may be far below either. */
interface Element {
  plus: Wide;
  minus: Wide;
  value: Wide;
}

/** What a gradient may be: between two numbers. */
function checkElement(
  got: number,
  { plus, minus, value }: Element,
  units: number,
  dtype: Dtype,
  where: () => string,
): void {
  const terms = add(absolute(plus), absolute(minus));
  const scale = value.hi === 0 ? terms.exponent : value.exponent;
  const wanted = numberOf(value);
  const largest = LARGEST[dtype];
  // a term below the smallest normal number may count as 0, and results below it are rounded more coarsely
  let error = times(terms, wide(units));
  if (isBelow(plus, NORMAL[dtype] + 1)) error = add(error, absolute(plus));
  error = add(error, wide(2 * SMALLEST[dtype]));
  if (Math.abs(got) === Infinity) {
    const least = add(absolute(value), error);
    if (Math.sign(got) !== Math.sign(value.hi) || numberOf(least) < largest)
      throw new Error(`${where()}: ${got}, not ${wanted}`);
    return;
  }
  const off = Number.isNaN(got) ? undefined : absolute(add(wide(got), negated(value)));
  const isWithin = off !== undefined && add(error, negated(off)).hi >= 0;
  if (!isWithin) {
    const ratio = off && numberOf(over(off, error));
    throw new Error(`${where()}: ${got}, not ${wanted} (2^${scale}), ${ratio} of the bound`);
  }
}

/** Checks every element of a gradient; returns how many have normal numbers to be. */
function check(c: Case, grad: ArrayLike<number>, where: string): number {
  const { classes, rows, logits, options, dtype } = c;
  const { input, reduction, weight } = options;
  const coefficients = Array.from({ length: rows }, (_, i) => coefficientsOf(c, i));
  let denominator = wide(1);
  if (reduction === "mean") {
    const { targets } = c;
    denominator =
      targets instanceof Int32Array
        ? Array.from(targets)
            .map((y) => (y === IGNORED ? ZERO : wide(weight ? weight[y] : 1)))
            .reduce(add, ZERO)
        : wide(rows);
  }
  let checked = 0;
  for (let i = 0; i < rows; i++) {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    const of = coefficients[i];
    if (of === null || of.c.every(({ hi }) => hi === 0)) {
      for (let j = 0; j < classes; j++) if (grad[i * classes + j] !== 0) throw new Error(`${where} ${i}, ${j}: not 0`);
      continue;
    }
    // of all rows' weights 0 there is no mean
    if (denominator.hi === 0) continue;
    const m = Array.from(row).reduce((a, b) => Math.max(a, b), -Infinity);
    if (input === "logits" && m === -Infinity) continue;
    const below = Array.from(row, (x) => (x === -Infinity ? ZERO : add(wide(x), wide(-m))));
    const e = input === "logits" ? Array.from(row, (x, j) => (x === -Infinity ? ZERO : exp(below[j]))) : [];
    const d = e.reduce(add, ZERO);
    const [othersOfE, othersOfC] = [sumsOfOthers(e), sumsOfOthers(of.c)];
    for (let j = 0; j < classes; j++) {
      const cj = of.c[j];
      let plus = ZERO;
      let minus = cj;
      let value = negated(cj);
      let units = dtype === "float32" ? 2 ** -23 : 2 ** -49;
      if (input === "logits") {
        plus = times(of.sum, over(e[j], d));
        value = over(add(times(othersOfC[j], e[j]), negated(times(cj, othersOfE[j]))), d);
        units = U[dtype] * (4 + Math.min(1e6, Math.abs(numberOf(below[j]))));
      } else if (input === "probabilities") {
        if (cj.hi !== 0 && row[j] === 0) {
          if (grad[i * classes + j] !== -Infinity) throw new Error(`${where} ${i}, ${j}: not -Infinity`);
          continue;
        }
        if (cj.hi !== 0) minus = over(cj, wide(row[j]));
        value = negated(minus);
      }
      const element = {
        plus: over(plus, denominator),
        minus: over(minus, denominator),
        value: over(value, denominator),
      };
      checkElement(grad[i * classes + j], element, units, dtype, () => `${where} row ${i}, class ${j}`);
      checked++;
    }
  }
  return checked;
}

/** Runs so many cases, on all backends: the first one's bits, in place or not, are those of the others. */
export function fuzzGradients(opened: readonly { name: string; losses: Losses }[], runs: number, seed: number): number {
  const random = mulberry32(seed);
  let checked = 0;
  for (let i = 0; i < runs; i++) {
    const c = caseOf(random);
    const { classes, input, labelSmoothing, reduction, weight } = c.options;
    const what = c.targets instanceof Int32Array ? "labels" : "probabilities";
    const where = `seed ${seed}, case ${i}: ${c.dtype} [${c.rows}, ${classes}], ${input}, ${what}, labelSmoothing ${labelSmoothing}, ${weight ? "weights, " : ""}${reduction},`;
    let first: FloatArray | undefined;
    for (const [k, { name, losses }] of opened.entries()) {
      const isInPlace = (i + k) % 2 === 0;
      const logits = c.logits.slice();
      const options = { ...c.options, ...(isInPlace && { out: logits }) } as typeof c.options & { reduction: "mean" };
      const { grad } = losses.crossEntropyWithGrad(logits, c.targets, options);
      if (first) expect(Buffer.compare(bytesOf(first), bytesOf(grad)), `${where} ${name}'s bits`).toBe(0);
      else {
        first = grad;
        checked += check(c, grad, where);
      }
    }
  }
  return checked;
}

/** Bytes, every NaN the same. */
function bytesOf(values: FloatArray): Uint8Array {
  const same = values.map((x) => (Number.isNaN(x) ? Number.NaN : x));
  return new Uint8Array(same.buffer);
}
