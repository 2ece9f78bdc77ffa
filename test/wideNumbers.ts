/**
 * Numbers of 106 bits (double-double) with an exponent of their own: (hi + lo) 2^exponent, 1 <= |hi| < 2 or 0. No product of such
 * numbers over- or underflows. For oracles: nothing here comes from `src/`, nothing calls Math.exp.
 *
 * Source: T. J. Dekker, A floating-point technique for extending the available precision, 1971.
 */
export interface Wide {
  readonly hi: number;
  readonly lo: number;
  readonly exponent: number;
}

export const ZERO: Wide = { hi: 0, lo: 0, exponent: 0 };

/** x 2^n of any n. */
export function timesPowerOf2(x: number, n: number): number {
  let rest = Math.max(-2400, Math.min(n, 2400));
  for (; rest > 1000; rest -= 1000) x *= 2 ** 1000;
  for (; rest < -1000; rest += 1000) {
    // what becomes subnormal is rounded once, at the end
    if (Math.abs(x) < 2 ** 100) return Math.abs(x) < 1 ? x * 0 : timesPowerOf2(x * 2 ** -100, -2300);
    x *= 2 ** -1000;
  }
  return x * 2 ** rest;
}

const number = new Float64Array(1);
const words = new Uint32Array(number.buffer);

/** floor(log2 |x|) of a finite number, 0 of 0. */
function exponentOf(x: number): number {
  if (x === 0) return 0;
  number[0] = x;
  const exponent = (words[1] >>> 20) & 2047;
  return exponent === 0 ? exponentOf(x * 2 ** 60) - 60 : exponent - 1023;
}

/** hi + lo of any size, as (hi + lo) 2^exponent. */
function normal(hi: number, lo: number, exponent: number): Wide {
  const sum = hi + lo;
  const rest = lo - (sum - hi);
  if (sum === 0) return ZERO;
  const e = exponentOf(sum);
  const down = 2 ** -e;
  return { hi: sum * down, lo: rest * down, exponent: exponent + e };
}

export function wide(x: number): Wide {
  const exponent = exponentOf(x);
  return { hi: timesPowerOf2(x, -exponent), lo: 0, exponent };
}

export const negated = ({ hi, lo, exponent }: Wide): Wide => ({ hi: -hi, lo: -lo, exponent });
export const absolute = (a: Wide): Wide => (a.hi < 0 ? negated(a) : a);

export function add(a: Wide, b: Wide): Wide {
  if (a.hi === 0) return b;
  if (b.hi === 0) return a;
  if (a.exponent < b.exponent) [a, b] = [b, a];
  const apart = a.exponent - b.exponent;
  if (apart > 200) return a;
  const down = 2 ** -apart;
  const [x, y] = [b.hi * down, b.lo * down];
  const sum = a.hi + x;
  const part = sum - a.hi;
  const error = a.hi - (sum - part) + (x - part);
  return normal(sum, error + (a.lo + y), a.exponent);
}

const SPLITTER = 2 ** 27 + 1;

/** a b = product + error, exactly. */
function product(a: number, b: number): [number, number] {
  const p = a * b;
  const s = SPLITTER * a;
  const ah = s - (s - a);
  const al = a - ah;
  const t = SPLITTER * b;
  const bh = t - (t - b);
  const bl = b - bh;
  return [p, ah * bh - p + ah * bl + al * bh + al * bl];
}

export function times(a: Wide, b: Wide): Wide {
  const [p, error] = product(a.hi, b.hi);
  return normal(p, error + (a.hi * b.lo + a.lo * b.hi), a.exponent + b.exponent);
}

export function over(a: Wide, b: Wide): Wide {
  const q = a.hi / b.hi;
  const first: Wide = normal(q, 0, a.exponent - b.exponent);
  const rest = add(a, negated(times(first, b)));
  return add(first, normal(rest.hi / b.hi, 0, rest.exponent - b.exponent));
}

/** ln 2 in 106 bits. */
const LN2: Wide = normal(0.6931471805599453, 2.3190468138462996e-17, 0);
const INVERSE_FACTORIALS = Array.from({ length: 16 }, (_, n) => {
  let f = wide(1);
  for (let k = 2; k <= n; k++) f = over(f, wide(k));
  return f;
});

/** e^(hi + lo) of a number up to 6000; 0 below -6000. */
export function exp(z: Wide): Wide {
  const about = timesPowerOf2(z.hi, z.exponent);
  if (about < -6000) return ZERO;
  const n = Math.round(about / Math.LN2);
  // r of at most 2^-9, squared eight times
  const r = add(z, negated(times(wide(n), LN2)));
  const small = { ...r, exponent: r.exponent - 8 };
  let sum = INVERSE_FACTORIALS[11];
  for (let k = 10; k >= 0; k--) sum = add(times(sum, small), INVERSE_FACTORIALS[k]);
  for (let i = 0; i < 8; i++) sum = times(sum, sum);
  return { ...sum, exponent: sum.exponent + n };
}

/** The nearest float64, or one beside it. */
export const numberOf = ({ hi, lo, exponent }: Wide): number => timesPowerOf2(hi + lo, exponent);
