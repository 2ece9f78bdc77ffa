/**
 * Fits the polynomials of the exp and log kernels by Remez exchange, measures the kernels' errors against decimal.js,
 * and prints both: `npx tsx scripts/fitCoefficients.ts` (about a minute, always the same output).
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

/** ln 2 in 14 bits, so that n times it is exact for |n| < 1024, and the rest. */
const LN2_HI32 = Math.round(Math.LN2 * 2 ** 14) / 2 ** 14;
const LN2_LO32 = fround(Math.LN2 - LN2_HI32);

/** e^z as in assembly/functions/exp.ts: two-part reduction to r, then 1 + (r + r^2 Q(r)). */
function exp32(c: readonly number[], z: number): number {
  const y = Math.max(z, fround(-127 * Math.LN2));
  const n = fround(fround(y * fround(Math.LOG2E)) + 12583039) - 12583039;
  const r = fround(fround(y - n * LN2_HI32) - fround(n * LN2_LO32));
  const g = fround(r * r);
  const low = fround(fround(c[3] * r) + c[2]);
  const high = fround(fround(c[5] * r) + c[4]);
  const p = fround(fround(fround(fround(fround(high * g) + low) * g) + r) + 1);
  return n === -127 ? 0 : fround(p * 2 ** n);
}

type Evaluate = (c: readonly number[], x: number) => number;
const horner: Evaluate = (c, x) => c.reduceRight((sum, ci) => sum * x + ci, 0);
const LN2 = D.ln(2);
const LN2_HI = LN2.mul(2 ** 32)
  .round()
  .div(2 ** 32)
  .toNumber(); // 32 bits: k * LN2_HI is exact
const LN2_LO = LN2.sub(exact(LN2_HI)).toNumber();

/** 2^(1 / 256) and its powers in 120 bits. */
const ROOT = BigInt(D.pow(2, new D(1).div(256)).mul(new D(2).pow(120)).floor().toFixed());
const ROOTS = [1n << 120n];
while (ROOTS.length < 256) ROOTS.push((ROOTS[ROOTS.length - 1] * ROOT) >> 120n);

/** e^z as in assembly/functions/exp.ts. */
function exp64(c: readonly number[], z: number): number {
  const magic = 1.5 * 2 ** 52 + 256 * 1023;
  const y = Math.max(z, -1023 * Math.LN2);
  const n = y * (256 * Math.LOG2E) + magic - magic;
  if (n < -1022 * 256) return 0;
  const r = y - n * (LN2_HI / 256) - n * (LN2_LO / 256);
  const g = r * r;
  const power = (Number(ROOTS[n & 255]) / 2 ** 120) * 2 ** (n >> 8);
  return power + power * ((c[4] * g + (c[3] * r + c[2])) * g + r);
}

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

const bits32 = (c: number) => `0x${new Uint32Array(Float32Array.of(c).buffer)[0].toString(16).padStart(8, "0")}`;
const bits64 = (c: number) => `0x${new BigUint64Array(Float64Array.of(c).buffer)[0].toString(16).padStart(16, "0")}`;

function printConstants(name: string, comment: string, c: readonly number[], bits: (c: number) => string): void {
  console.log(`/** ${comment} */\nexport const ${name} = [`);
  for (const ci of c) console.log(`  ${ci}, // ${bits(ci)}`);
  console.log("] as const;");
}

// R(z) = ln((1 + s) / (1 - s)) / s - 2 where z = s^2, its error relative to the whole logarithm.
const reciprocal = (v: Decimal) => new D(1).div(v);
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

// e^r with the first two coefficients 1: one operation less, and r itself is added unrounded
const halfLn2 = LN2.div(2).mul(1.0005);
const expTarget = grid(halfLn2.neg(), halfLn2, (r) => D.exp(r), reciprocal);
const halfStep = halfLn2.div(256);
const stepTarget = grid(halfStep.neg(), halfStep, (r) => D.exp(r), reciprocal);
// e^r - 1, its error relative to itself: (e^r - 1) / r = 1 + r / 2 + ...
const growthTarget = grid(
  halfStep.neg(),
  halfStep,
  (r) => D.exp(r).sub(1).div(r),
  (v) => reciprocal(v),
);
// as of logTarget, s = e / (2 + e) with e up to 1
const unitLogTarget = grid(
  new D(0),
  new D(1.0001).div(9),
  (z) => tail(z.sqrt()),
  (v) => reciprocal(v.add(2)),
);
/** tanh(a) / a - 1 where z = a^2, its error relative to the whole tanh. */
const tanhTarget = (to: number) =>
  grid(
    new D(0),
    new D(to).pow(2),
    (z) => D.tanh(z.sqrt()).div(z.sqrt()).sub(1),
    (v) => reciprocal(v.add(1)),
  );
const fit32 = fitRounded(expTarget, [1, 1], 5, fround);
const fine32 = fitRounded(expTarget, [1, 1], 6, fround);
const fit64 = fitRounded(stepTarget, [1, 1], 4, Number);
const logFit = fitRounded(logTarget, [0], 7, Number);
const growth64 = fitRounded(growthTarget, [1], 4, Number);
const unitLogFit = fitRounded(unitLogTarget, [0], 4, fround);
const tanhTargets = { f32: tanhTarget(0.64), f64: tanhTarget(0.55) };
const tanh32 = fitRounded(tanhTargets.f32, [0], 5, fround);
const tanh64 = fitRounded(tanhTargets.f64, [0], 10, Number);
const shortLogFit = fitRounded(logTarget, [0], 3, Number); // of float32 rows

printConstants("EXP_F32", "e^r = 1, 1, c2 ... c5, float32 values", fit32, bits32);
printConstants("FINE_F32", "e^r = 1, 1, c2 ... c6, float32 values", fine32, bits32);
printConstants("LN2_F32", "ln 2 = high (14 bits) + low, float32 values", [LN2_HI32, LN2_LO32], bits32);
printConstants("EXP_F64", "e^r = 1, 1, c2, c3, c4", fit64, bits64);
console.log(`/** 2^(1 / 256) in 120 bits. */\nconst ROOT = 0x${ROOT.toString(16)}n;`);
printConstants("LOG_F64", "L1, L2 ...", logFit.slice(1), bits64);
printConstants("SHORT_LOG", "L1, L2, L3", shortLogFit.slice(1), bits64);
printConstants("FINE_64", "e^r = 1, 1, c2 ... c5", growth64.slice(1), bits64);
printConstants("UNIT_LOG", "R1 ... R4, float32 values", unitLogFit.slice(1), bits32);
printConstants("TANH_32", "T1 ... T5, float32 values", tanh32.slice(1), bits32);
printConstants("TANH_64", "T1 ... T10", tanh64.slice(1), bits64);
printConstants("LN2_F64", "ln 2 = high (32 bits) + low", [LN2_HI, LN2_LO], bits64);

type Row = Record<string, string>;
const table = (title: string, rows: Record<string, Row>) => {
  console.log(`\n${title}`);
  console.table(rows);
};

table("Relative error of the rounded coefficients in exact arithmetic", {
  "e^r, float32 / 2^-24": { error: units(maxError(fit32, expTarget), 24).toFixed(3) },
  "e^r of degree 6, float32 / 2^-24": { error: units(maxError(fine32, expTarget), 24).toFixed(3) },
  "e^r, float64 / 2^-53": { error: units(maxError(fit64, stepTarget), 53).toFixed(3) },
  "e^r - 1, float64 / 2^-53": { error: units(maxError(growth64, growthTarget), 53).toFixed(4) },
  "log(1 + e), float32 / 2^-24": { error: units(maxError(unitLogFit, unitLogTarget), 24).toFixed(3) },
  "tanh, float32 / 2^-24": { error: units(maxError(tanh32, tanhTargets.f32), 24).toFixed(3) },
  "tanh, float64 / 2^-53": { error: units(maxError(tanh64, tanhTargets.f64), 53).toFixed(3) },
  "log of float32 rows / 2^-30": { error: units(maxError(shortLogFit, logTarget), 30).toFixed(3) },
  "log, float64 / 2^-53": { error: units(maxError(logFit, logTarget), 53).toFixed(4) },
});

const exps: Record<string, Row> = {};
for (const [low, high] of [
  [0, 0.35],
  [0.35, 1],
  [1, 2],
  [2, 5],
  [5, 10],
  [10, 20],
  [20, 87],
  [87, 300],
  [300, 700],
]) {
  const draw = (u: number) => -(low + u * (high - low));
  const list = samples(10000, draw, (z) => Truth.exp(z));
  const list32 = samples(
    10000,
    (u) => fround(draw(u)),
    (z) => Truth.exp(z),
  );
  exps[`-z in [${low}, ${high}]`] = {
    float32: high > 87 ? "-" : maxUlps(list32, (z) => exp32(fit32, z), 24, -126),
    float64: maxUlps(list, (z) => exp64(fit64, z)),
  };
}
table("e^z: maximum error in ulp", exps);

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
  row.float64 = maxUlps(list, (x) => log64(logFit, x));
  if (name.startsWith("float32")) row["as float32"] = maxUlps(list, (x) => fround(log64(logFit, x)), 24, -126);
  logs[name] = row;
}
table("float64 log: maximum error in ulp; 'as float32': in float32 ulp, rounded to float32", logs);
