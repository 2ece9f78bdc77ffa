// Elementary functions to 100 bits: an oracle for those of float64, a hundred times as fast as decimal.js. A number is the sum of
// two float64, the second at most half an ulp of the first (Dekker 1971, Knuth's TwoSum).

export type Pair = readonly [high: number, low: number];

const SPLITTER = 2 ** 27 + 1;

/** a + b, |a| >= |b| or a = 0. */
function quickSum(a: number, b: number): Pair {
  const sum = a + b;
  return [sum, b - (sum - a)];
}

function sumOf(a: number, b: number): Pair {
  const sum = a + b;
  const part = sum - a;
  return [sum, a - (sum - part) + (b - part)];
}

function productOf(a: number, b: number): Pair {
  const [p, q] = [SPLITTER * a, SPLITTER * b];
  const [high, other] = [p - (p - a), q - (q - b)];
  const [low, rest] = [a - high, b - other];
  const product = a * b;
  return [product, low * rest - (product - high * other - low * other - high * rest)];
}

export function add(a: Pair, b: Pair): Pair {
  const [high, error] = sumOf(a[0], b[0]);
  const [low, rest] = sumOf(a[1], b[1]);
  const [sum, more] = quickSum(high, error + low);
  return quickSum(sum, more + rest);
}

function multiply(a: Pair, b: Pair): Pair {
  const [high, error] = productOf(a[0], b[0]);
  return quickSum(high, error + (a[0] * b[1] + a[1] * b[0]));
}

/** a times a power of two. */
export const scale = (a: Pair, power: number): Pair => [a[0] * power, a[1] * power];

const negative = (a: Pair): Pair => [-a[0], -a[1]];

function divide(a: Pair, b: Pair): Pair {
  const first = a[0] / b[0];
  const rest = add(a, negative(multiply(b, [first, 0])));
  const second = rest[0] / b[0];
  const last = add(rest, negative(multiply(b, [second, 0])));
  return add(quickSum(first, second), [last[0] / b[0], 0]);
}

const ONE: Pair = [1, 0];
const TWO: Pair = [2, 0];
const LN2: Pair = [0.6931471805599453, 2.319046813846299e-17];

/** 1 / n! */
const INVERSE_FACTORIALS: Pair[] = [ONE];
for (let n = 1; n < 12; n++) INVERSE_FACTORIALS.push(divide(INVERSE_FACTORIALS[n - 1], [n, 0]));

/** x = k ln 2 + r: k and e^r - 1, by the series of r / 512 and e^2y - 1 = (e^y - 1) (e^y + 1); |x| is taken as at most 1000. */
function reduced(given: Pair): { k: number; growth: Pair } {
  const x: Pair = Math.abs(given[0]) < 1000 ? given : [1000 * Math.sign(given[0]), 0];
  const k = Math.round(x[0] / LN2[0]);
  const r = scale(add(x, negative(multiply(LN2, [k, 0]))), 1 / 512);
  let series: Pair = INVERSE_FACTORIALS[11];
  for (let n = 10; n > 0; n--) series = add(multiply(series, r), INVERSE_FACTORIALS[n]);
  let growth = multiply(series, r);
  for (let i = 0; i < 9; i++) growth = multiply(growth, add(TWO, growth));
  return { k, growth };
}

/** e^x 2^shift. */
export function exp(x: Pair, shift = 0): Pair {
  const { k, growth } = reduced(x);
  const half = Math.trunc((k + shift) / 2);
  return scale(scale(add(ONE, growth), 2 ** half), 2 ** (k + shift - half));
}

/** (e^x - 1) 2^shift. */
export function expm1(x: Pair, shift = 0): Pair {
  const { k, growth } = reduced(x);
  if (k === 0) return scale(growth, 2 ** shift);
  if (k > 200) return exp(x, shift);
  return scale(add(scale(growth, 2 ** k), sumOf(2 ** k, -1)), 2 ** shift);
}

/** ln(1 + x), |x| <= 1: a step of Newton's from the engine's. */
export function log1pNear(x: Pair): Pair {
  const first: Pair = [Math.log1p(x[0]), 0];
  const reached = expm1(first);
  const rest = divide(add(x, negative(reached)), add(ONE, reached));
  return add(first, add(rest, scale(multiply(rest, rest), -0.5)));
}

export function ln(x: number): Pair {
  if (x < 2 ** -1000) return add(ln(x * 2 ** 100), multiply(LN2, [-100, 0]));
  let k = Math.round(Math.log2(x));
  if (k > 1000) k = 1000;
  return add(log1pNear(sumOf(x * 2 ** -k, -1)), multiply(LN2, [k, 0]));
}

export function log1p(x: number): Pair {
  if (x < -0.5) return ln(1 + x);
  if (x <= 1) return log1pNear([x, 0]);
  const [v, rest] = sumOf(x, 1);
  return add(ln(v), [rest / v, 0]);
}

/** 1 / (1 + e^-x) 2^shift. */
export function logistic(x: number, shift = 0): Pair {
  const e = exp([-Math.abs(x), 0], shift);
  if (x < -300) return e;
  return scale(divide(x < 0 ? scale(e, 2 ** -shift) : ONE, add(ONE, scale(e, 2 ** -shift))), 2 ** shift);
}

/** ln(1 + e^-|x|) 2^shift. */
export function softplusTail(x: number, shift = 0): Pair {
  const e = exp([-Math.abs(x), 0], shift);
  return Math.abs(x) > 300 ? e : scale(log1pNear(scale(e, 2 ** -shift)), 2 ** shift);
}

export function tanh(x: number): Pair {
  if (x < 0) return negative(tanh(-x));
  const u = expm1([2 * Math.min(x, 100), 0]);
  return divide(u, add(TWO, u));
}
