/**
 * Fits the polynomials of the exp and log kernels by Remez exchange, measures the kernels' errors against decimal.js,
 * and prints both: `npx tsx scripts/fitCoefficients.ts` (under a minute, always the same output).
 */
import { Decimal } from "decimal.js";

const D = Decimal.clone({ precision: 50 }); // for fitting
const Truth = Decimal.clone({ precision: 32 }); // for measuring

/** A function to approximate at grid points; the error there is `weight * (polynomial - value)`. */
type Target = { xs: Decimal[]; values: Decimal[]; weights: Decimal[] };

/** All binary digits of a double: decimal.js by itself takes the shortest decimal that reads back as it. */
function exact(x: number, digits = D): Decimal {
  let k = 0;
  for (; !Number.isInteger(x); k++) x *= 2;
  return new digits(BigInt(x).toString()).div(new digits(2).pow(k));
}

const GRID = 401; // odd intervals: 0 is no point of a symmetric grid, its ends are

function grid(low: Decimal, high: Decimal, value: (x: Decimal) => Decimal, weight: (v: Decimal) => Decimal): Target {
  const unit = Array.from({ length: GRID + 1 }, (_, i) => 0.5 - 0.5 * Math.cos((Math.PI * i) / GRID));
  const xs = unit.map((u) => high.sub(low).mul(u).add(low)).filter((x) => !x.isZero());
  const values = xs.map(value);
  return { xs, values, weights: values.map(weight) };
}

const polynomial = (c: Decimal[], x: Decimal) => c.reduceRight((sum, ci) => sum.mul(x).add(ci), new D(0));
const errorsOf = (c: Decimal[], t: Target) => t.xs.map((x, i) => polynomial(c, x).sub(t.values[i]).mul(t.weights[i]));
const toDecimals = (c: readonly number[]) => c.map((ci) => exact(ci));
const maxError = (c: readonly number[], t: Target) => Decimal.max(...errorsOf(toDecimals(c), t).map((e) => e.abs()));

/** Solves a linear system given as rows [a_1 ... a_n, b]; Gauss-Jordan with pivoting. */
function solve(rows: Decimal[][]): Decimal[] {
  for (let k = 0; k < rows.length; k++) {
    const pivot = rows.reduce((best, row, i) => (i > k && row[k].abs().gt(rows[best][k].abs()) ? i : best), k);
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    rows[k] = rows[k].map((a) => a.div(rows[k][k]));
    rows = rows.map((row, i) => (i === k ? row : row.map((a, j) => (j < k ? a : a.sub(row[k].mul(rows[k][j]))))));
  }
  return rows.map((row) => row[rows.length]);
}

/**
 * The minimax polynomial of the degree whose first coefficients are `fixed`. The free powers x^k... all change sign at 0
 * if k is odd, so it is sign(x)^k * error that alternates.
 */
function remez(t: Target, fixed: Decimal[], degree: number): Decimal[] {
  const k = fixed.length;
  const size = degree - k + 2; // the free coefficients and the level
  const signs = t.xs.map((x) => (x.isNeg() && k % 2 === 1 ? -1 : 1));
  let reference = Array.from({ length: size }, (_, i) => Math.round((i * (t.xs.length - 1)) / (size - 1)));
  for (let iteration = 0; iteration < 100; iteration++) {
    const rows = reference.map((at, i) => {
      const powers = Array.from({ length: size - 1 }, (_, j) => t.xs[at].pow(k + j).mul(t.weights[at]));
      const rest = t.values[at].sub(polynomial(fixed, t.xs[at])).mul(t.weights[at]);
      return [...powers, new D(i % 2 === 0 ? signs[at] : -signs[at]), rest];
    });
    const solution = solve(rows);
    const level = solution.pop()!.abs();
    const c = [...fixed, ...solution];
    const errors = errorsOf(c, t).map((e, i) => e.mul(signs[i]));
    const height = (at: number) => errors[at].abs();
    if (Decimal.max(...errors.map((e) => e.abs())).lte(level.mul(1 + 1e-9))) return c;
    // The largest error of each run of one sign; then drop the smallest ones, keeping the signs alternating.
    const peaks: number[] = [];
    for (let i = 0; i < errors.length; i++) {
      const last = peaks.at(-1);
      if (last === undefined || errors[i].isNeg() !== errors[last].isNeg()) peaks.push(i);
      else if (height(i).gt(height(last))) peaks[peaks.length - 1] = i;
    }
    while (peaks.length > size) {
      const ends = height(peaks[0]).lt(height(peaks.at(-1)!)) ? 0 : peaks.length - 1;
      const smallest = peaks.reduce((best, at, i) => (height(at).lt(height(peaks[best])) ? i : best), 0);
      if (peaks.length === size + 1 || smallest === 0 || smallest === peaks.length - 1) peaks.splice(ends, 1);
      else peaks.splice(height(peaks[smallest - 1]).lt(height(peaks[smallest + 1])) ? smallest - 1 : smallest, 2);
    }
    if (peaks.length < size) throw new Error("the error alternates too rarely");
    reference = peaks;
  }
  throw new Error("Remez exchange did not converge");
}

/** Rounds one coefficient after the other and refits the rest, so that later ones make up for earlier roundings. */
function fitRounded(t: Target, fixed: number[], degree: number, round: (c: number) => number): number[] {
  const c = [...fixed];
  while (c.length <= degree) c.push(round(remez(t, toDecimals(c), degree)[c.length].toNumber()));
  return c;
}

// The kernels.
const { fround } = Math;

function q32(c: readonly number[], f: number): number {
  const g = fround(f * f);
  const a = fround(fround(c[5] * f) + c[4]);
  const b = fround(fround(c[3] * f) + c[2]);
  const d = fround(fround(c[1] * f) + 1);
  return fround(fround(fround(fround(a * g) + b) * g) + d);
}

function exp32(c: readonly number[], z: number): { y: number; result: number } {
  const y = Math.max(fround(z * fround(Math.LOG2E)), -127);
  const n = fround(y + 12583039) - 12583039;
  return { y, result: n === -127 ? 0 : fround(q32(c, y - n) * 2 ** n) };
}

type Evaluate = (c: readonly number[], x: number) => number;
const horner: Evaluate = (c, x) => c.reduceRight((sum, ci) => sum * x + ci, 0);
const estrin: Evaluate = (c, x) => {
  let terms = [...c];
  for (let power = x; terms.length > 1; power *= power) {
    const pair = (i: number) => (2 * i + 1 < terms.length ? terms[2 * i + 1] * power + terms[2 * i] : terms[2 * i]);
    terms = Array.from({ length: Math.ceil(terms.length / 2) }, (_, i) => pair(i));
  }
  return terms[0];
};
const estrinTail: Evaluate = (c, x) => estrin(c.slice(1), x) * x + c[0];

function exp64(c: readonly number[], z: number, evaluate: Evaluate): number {
  const magic = 1.5 * 2 ** 52 + 1023;
  const y = Math.max(z * Math.LOG2E, -1023);
  const n = y + magic - magic;
  return n === -1023 ? 0 : evaluate(c, y - n) * 2 ** n;
}

const LN2 = D.ln(2);
const LN2_HI = LN2.mul(2 ** 32)
  .round()
  .div(2 ** 32)
  .toNumber(); // 32 bits: k * LN2_HI is exact
const LN2_LO = LN2.sub(exact(LN2_HI)).toNumber();

/** `c` are 0, L1, L2, ... */
function log64(c: readonly number[], x: number): number {
  let k = 0;
  let m = x;
  for (; m >= Math.SQRT2; k++) m /= 2;
  for (; m < Math.SQRT1_2; k--) m *= 2;
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  const halfSquare = (f * f) / 2;
  const r = horner(c, z);
  return k * LN2_HI - (halfSquare - (s * (halfSquare + r) + k * LN2_LO) - f);
}

// Measuring.
let seed = 1;
/** mulberry32: the same numbers in [0, 1) at every run, with 52 bits from two steps. */
function random(): number {
  const step = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
  return (step() * 2 ** 20 + (step() >>> 12)) / 2 ** 52;
}
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** A sample with its true function value as the unevaluated sum of two doubles. */
type Sample = { x: number; high: number; low: number };

function samples(count: number, draw: (u: number) => number, truth: (x: Decimal) => Decimal): Sample[] {
  return Array.from({ length: count }, (_, i) => {
    const x = draw((i + random()) / count);
    const value = truth(exact(x, Truth));
    const high = value.toNumber();
    return { x, high, low: value.sub(exact(high, Truth)).toNumber() };
  });
}

function maxUlps(list: Sample[], compute: (x: number) => number, digits = 53, minExponent = -1022): string {
  const ulps = list.map(({ x, high, low }) => {
    const exponent = Math.max(Math.floor(Math.log2(Math.abs(high))), minExponent);
    return Math.abs(compute(x) - high - low) / 2 ** (exponent - digits + 1);
  });
  return ulps.reduce((a, b) => Math.max(a, b), 0).toFixed(3);
}

const units = (e: Decimal, bits: number) => e.mul(new D(2).pow(bits)).toNumber();

/** Largest and mean relative error of the float32 polynomial over f = i / points in [-0.5, 0.5], against Math.pow. */
function sweep32(c: readonly number[], points: number): { max: number; mean: number } {
  let max = 0;
  let sum = 0;
  for (let i = -points / 2; i <= points / 2; i++) {
    const truth = 2 ** (i / points);
    const error = (q32(c, i / points) - truth) / truth;
    max = Math.max(max, Math.abs(error));
    sum += error;
  }
  return { max, mean: sum / (points + 1) };
}

/**
 * The minimax fit is 1.7e-8 too small on average, which would bias sums; a larger c2 raises the mean. Among neighbours
 * of its c1 and c2 (in float32 steps, the rest refitted): the smallest maximum error with a mean of nearly 0.
 */
function fitZeroMean32(t: Target, minimax: readonly number[]): number[] {
  let best = { c: [...minimax], max: Number.POSITIVE_INFINITY };
  for (let i = -3; i <= 3; i++) {
    for (let j = 24; j <= 52; j += 4) {
      const c = fitRounded(t, [1, minimax[1] + i * 2 ** -24, minimax[2] + j * 2 ** -26], 5, fround);
      const { max, mean } = sweep32(c, 2 ** 18);
      if (Math.abs(mean) < 2e-9 && max < best.max) best = { c, max };
    }
  }
  return best.c;
}

const bits32 = (c: number) => `0x${new Uint32Array(Float32Array.of(c).buffer)[0].toString(16).padStart(8, "0")}`;
const bits64 = (c: number) => `0x${new BigUint64Array(Float64Array.of(c).buffer)[0].toString(16).padStart(16, "0")}`;

function printConstants(name: string, comment: string, c: readonly number[], bits: (c: number) => string): void {
  console.log(`/** ${comment} */\nexport const ${name} = [`);
  for (const ci of c) console.log(`  ${ci}, // ${bits(ci)}`);
  console.log("] as const;");
}

// 2^f, and R(z) = ln((1 + s) / (1 - s)) / s - 2 where z = s^2, its error relative to the whole logarithm.
const reciprocal = (v: Decimal) => new D(1).div(v);
const exp2Target = grid(new D(-0.5), new D(0.5), (f) => new D(2).pow(f), reciprocal);
const zMax = D.sqrt(2).sub(1).div(D.sqrt(2).add(1)).pow(2);
const tail = (s: Decimal) =>
  D.ln(s.add(1).div(new D(1).sub(s)))
    .div(s)
    .sub(2);
const logTarget = grid(
  new D(0),
  zMax,
  (z) => tail(z.sqrt()),
  (v) => reciprocal(v.add(2)),
);

const minimax = fitRounded(exp2Target, [1], 5, fround);
const fits32 = { MINIMAX: minimax, ZERO_MEAN: fitZeroMean32(exp2Target, minimax) };
const fits64 = [10, 11].map((degree) => fitRounded(exp2Target, [1], degree, Number));
const logFits = [7, 6, 5].map((degree) => fitRounded(logTarget, [0], degree, Number));

for (const [name, c] of Object.entries(fits32))
  printConstants(`EXP2_F32_${name}`, "1, c1 ... c5, float32 values", c, bits32);
for (const c of fits64) printConstants(`EXP2_F64_DEGREE_${c.length - 1}`, "1, c1, c2 ...", c, bits64);
for (const c of logFits) printConstants(`LOG_F64_TERMS_${c.length - 1}`, "L1, L2 ...", c.slice(1), bits64);
printConstants("LN2_HI_LO", "ln 2 = high (32 bits) + low", [LN2_HI, LN2_LO], bits64);

type Row = Record<string, string>;
const table = (title: string, rows: Record<string, Row>) => {
  console.log(`\n${title}`);
  console.table(rows);
};

const powSamples = samples(
  5000,
  (u) => u - 0.5,
  (f) => Truth.pow(2, f),
);
const expSamples = samples(
  5000,
  (u) => -20 * u,
  (z) => Truth.exp(z),
);
console.log("\nThe yardsticks of float32 are off by at most (float64 ulp):");
console.log(`Math.pow(2, f) ${maxUlps(powSamples, (f) => 2 ** f)}, Math.exp(z) ${maxUlps(expSamples, Math.exp)}`);

const approximation: Record<string, Row> = {};
for (const [name, c] of Object.entries(fits32))
  approximation[`2^f, float32, ${name} / 2^-24`] = { error: units(maxError(c, exp2Target), 24).toFixed(3) };
for (const c of fits64)
  approximation[`2^f, degree ${c.length - 1} / 2^-53`] = { error: units(maxError(c, exp2Target), 53).toFixed(4) };
for (const c of logFits)
  approximation[`log, ${c.length - 1} terms / 2^-53`] = { error: units(maxError(c, logTarget), 53).toFixed(4) };
table("Relative error of the rounded coefficients in exact arithmetic", approximation);

const computed: Record<string, Row> = {};
for (const [name, c] of Object.entries(fits32)) {
  const { max, mean } = sweep32(c, 2 ** 25);
  computed[name] = { "max / 2^-24": (max * 2 ** 24).toFixed(3), mean: mean.toExponential(1) };
}
table("float32 2^f: relative error of the computed q at all multiples of 2^-25", computed);

const draws: Record<string, () => number> = {
  "z uniform in [-20, 0]": () => -20 * random(),
  "z = -|N(0, 1)|": () => -Math.abs(normal()),
  "z = -|N(0, 4)|": () => -Math.abs(4 * normal()),
  "z = min(0, N(-4, 1))": () => Math.min(0, normal() - 4),
};
const signed: Record<string, Row> = {};
for (const [name, c] of Object.entries(fits32)) {
  for (const [draw, next] of Object.entries(draws)) {
    const zs = Array.from({ length: 1e6 }, () => fround(next()));
    let [power, exp, sum, trueSum] = [0, 0, 0, 0];
    for (const z of zs) {
      const { y, result } = exp32(c, z);
      power += (result / 2 ** y - 1) / zs.length;
      exp += (result / Math.exp(z) - 1) / zs.length;
      sum += result;
      trueSum += Math.exp(z);
    }
    const text = [power, exp, sum / trueSum - 1].map((e) => e.toExponential(1));
    signed[`${name}, ${draw}`] = { "mean, of 2^y": text[0], "mean, of e^z": text[1], "of the sum of e^z": text[2] };
  }
}
table("float32 e^z: signed relative errors", signed);

const forms = { horner, estrin, "1 + f estrin": estrinTail };
const exps: Record<string, Row> = {};
for (const [low, high] of [
  [0, 1],
  [0, 0.35],
  [0.35, 1],
  [1, 2],
  [2, 5],
  [5, 10],
  [10, 20],
  [20, 50],
  [50, 100],
  [100, 300],
  [300, 700],
]) {
  const list = samples(
    low === 0 ? 20000 : 3000,
    (u) => -(low + u * (high - low)),
    (z) => Truth.exp(z),
  );
  const row: Row = {};
  for (const c of fits64)
    for (const [name, form] of Object.entries(forms))
      row[`${c.length - 1} ${name}`] = maxUlps(list, (z) => exp64(c, z, form));
  exps[`-z in [${low}, ${high}]`] = row;
}
table("float64 e^z by degree: maximum error in ulp", exps);

const logDraws: Record<string, { count: number; draw: (u: number) => number }> = {
  "[0.5, 2]": { count: 30000, draw: (u) => 0.5 + 1.5 * u },
  "[sqrt(1/2), sqrt(2)]": { count: 30000, draw: (u) => Math.SQRT1_2 + (Math.SQRT2 - Math.SQRT1_2) * u },
  "1 +- 2^-1 ... 2^-52": { count: 10000, draw: (u) => 1 + (random() < 0.5 ? -1 : 1) * 2 ** (-1 - 51 * u) },
  "[1, 65536]": { count: 10000, draw: (u) => 2 ** (16 * u) },
  "all exponents": { count: 10000, draw: (u) => 2 ** (2097.9 * u - 1074) },
  "float32 in [0.5, 2]": { count: 20000, draw: (u) => fround(0.5 + 1.5 * u) },
  "float32, all exponents": { count: 10000, draw: (u) => fround(2 ** (276.9 * u - 149)) },
};
const logs: Record<string, Row> = {};
for (const [name, { count, draw }] of Object.entries(logDraws)) {
  const list = samples(count, draw, (x) => Truth.ln(x));
  const row: Row = {};
  for (const c of logFits) {
    row[`${c.length - 1} terms`] = maxUlps(list, (x) => log64(c, x));
    if (name.startsWith("float32"))
      row[`${c.length - 1} as float32`] = maxUlps(list, (x) => fround(log64(c, x)), 24, -126);
  }
  logs[name] = row;
}
table("float64 log: maximum error in ulp; 'as float32': in float32 ulp, rounded to float32", logs);
