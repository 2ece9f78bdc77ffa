// The records of short rows, a row a lane: see shortRows.ts. The loss has the bits of crossEntropy's.

import { E2, E3, E4, E5, LOG2E, LOWEST, MAGIC, ONE } from "./constants";
import { exp, expA, expB, expLane } from "./exp";
import { addHigh, constant, high, low, roundSum, splat } from "./lanes";
import { log1p } from "./log";
import {
  ARGMAX, BRIER, CONFIDENCE, ENTROPY, ignoreRow, LOG_SUM_EXP, LOSS, markNonFinite, RANK, RECORD, SQUARE,
} from "./record";
import { LANES, lowerRows, rowsInLanes, turnIn, upperRows } from "./shortRows";

// Scratch, in bytes from its start.
/** Weights of the group's targets, float64. */
const OWN: usize = 0;
/** The targets' logits. */
const TARGETS: usize = 32;
/** Of each row: logits above the target's, logits that equal it, classes up to the first maximum. */
const ABOVE: usize = 2048;
const EQUAL: usize = 2064;
const FIRST: usize = 2080;
/** The maxima. */
const TOPS: usize = 2096;
/** The records of the group, ignored rows and all. */
const GROUP: usize = 2112;

/** e z; 0 where z is -inf, as all below the lowest exponent. */
// @ts-ignore: decorator
@inline function product<T>(e: v128, z: v128, lowest: v128): v128 { return v128.mul<T>(e, v128.pmax<T>(z, lowest)); }

// @ts-ignore: decorator
@inline function subtractMask<T>(n: v128, mask: v128): v128 {
  return sizeof<T>() == 4 ? i32x4.sub(n, mask) : i64x2.sub(n, mask);
}

/** A record's pairs of values for two rows. */
// @ts-ignore: decorator
@inline function storePairs(to: usize, left: v128, right: v128, at: usize): void {
  v128.store(to + at, v128.shuffle<i64>(left, right, 0, 2));
  v128.store(to + at + RECORD, v128.shuffle<i64>(left, right, 1, 3));
}

/** The records of two rows, but for rank and argmax; `to` has room for both. */
// @ts-ignore: decorator
@inline function finish<T>(
  w: v128, x: v128, m: v128, others: v128, e: v128, products: v128, squares: v128, to: usize,
): void {
  const one = f64x2.splat(1), u = f64x2.sub(x, m);
  const lnd = log1p<T>(f64x2.add(others, f64x2.sub(e, one))), loss = f64x2.sub(lnd, u);
  const inverse = f64x2.div(one, f64x2.add(others, e)), share = f64x2.mul(others, inverse);
  const counts = f64x2.ne(w, f64x2.splat(0)), weighted = v128.and(f64x2.mul(w, loss), counts);
  storePairs(to, weighted, v128.and(f64x2.mul(weighted, loss), counts), LOSS);
  const own = v128.and(f64x2.mul(e, u), f64x2.ne(e, f64x2.splat(0)));
  const entropy = f64x2.sub(lnd, f64x2.mul(f64x2.add(products, own), inverse));
  const brier = f64x2.add(f64x2.mul(share, share), f64x2.mul(f64x2.mul(squares, inverse), inverse));
  storePairs(to, entropy, brier, ENTROPY);
  storePairs(to, f64x2.sub(f64x2.add(inverse, one), one), f64x2.splat(0), CONFIDENCE);
  storePairs(to, f64x2.splat(0), f64x2.add(m, lnd), ARGMAX);
}

/** Rank and argmax of one row, whose target's place in scratch holds -inf. */
// @ts-ignore: decorator
@inline function rankRow<T>(at: usize, k: i32, label: i32, m: T, x: T, scratch: usize, to: usize): void {
  const lane = k * sizeof<T>();
  let above: i32 = sizeof<T>() == 4 ? load<i32>(scratch + lane, ABOVE) : <i32>load<i64>(scratch + lane, ABOVE);
  const equal = sizeof<T>() == 4 ? load<i32>(scratch + lane, EQUAL) != 0 : load<i64>(scratch + lane, EQUAL) != 0;
  if (equal) for (let j = 0; j < label; j++) if (load<T>(at + (j << 4) + lane) == x) above++;
  let first: i32 = sizeof<T>() == 4 ? load<i32>(scratch + lane, FIRST) : <i32>load<i64>(scratch + lane, FIRST);
  if (x == m && label < first) first = label;
  store<f64>(to, <f64>(above + 1), RANK);
  store<f64>(to, <f64>first, ARGMAX);
}

export function evaluateShortRows<T>(
  begin: i32, end: i32, logits: usize, labels: usize, weights: usize, rows: usize, classes: i32, ignoreIndex: i32,
  scratch: usize,
): void {
  const stride = <usize>classes * sizeof<T>(), group = rowsInLanes<T>(), at = scratch + LANES;
  const all = sizeof<T>() == 4 ? i32x4.splat(classes) : i64x2.splat(classes);
  for (let i = begin; i < end; i += group) {
    const n = min(group, end - i), row = logits + <usize>i * stride;
    const m = turnIn<T>(row, n, stride, at);
    v128.store(scratch, m, TOPS);
    for (let k = 0; k < group; k++) {
      const label = load<i32>(labels + (<usize>(i + min(k, n - 1)) << 2));
      const place = label == ignoreIndex ? 0 : label;
      store<f64>(scratch + (k << 3), weights ? <f64>load<T>(weights + <usize>place * sizeof<T>()) : 1, OWN);
      const lane = at + (<usize>place << 4) + k * sizeof<T>();
      store<T>(scratch + k * sizeof<T>(), load<T>(lane), TARGETS);
      store<T>(lane, <T>-Infinity);
    }
    const x = v128.load(scratch, TARGETS);
    const log2e = constant<T>(LOG2E), lowest = constant<T>(LOWEST), magic = constant<T>(MAGIC), one = constant<T>(ONE);
    const e2 = constant<T>(E2), e3 = constant<T>(E3), e4 = constant<T>(E4), e5 = constant<T>(E5);
    const expFirst = expA<T>(), expSecond = expB<T>();
    let lower = f64x2.splat(0), upper = lower, products = splat<T>(0), squares = products;
    let above = i32x4.splat(0), equal = above, found = above, after = above;
    const stop = at + (<usize>classes << 4);
    let p = at;
    for (; p + 64 <= stop; p += 64) {
      const a = v128.load(p), b = v128.load(p, 16), c = v128.load(p, 32), d = v128.load(p, 48);
      const s = v128.sub<T>(a, m), e0 = exp<T>(s, log2e, lowest, magic, one, e2, e3, e4, e5, expFirst, expSecond);
      const t = v128.sub<T>(b, m), e1st = exp<T>(t, log2e, lowest, magic, one, e2, e3, e4, e5, expFirst, expSecond);
      const dots = v128.add<T>(product<T>(e0, s, lowest), product<T>(e1st, t, lowest));
      const u = v128.sub<T>(c, m), e2nd = exp<T>(u, log2e, lowest, magic, one, e2, e3, e4, e5, expFirst, expSecond);
      const v = v128.sub<T>(d, m), e3rd = exp<T>(v, log2e, lowest, magic, one, e2, e3, e4, e5, expFirst, expSecond);
      const sum = roundSum<T>(e0, e1st, e2nd, e3rd);
      lower = f64x2.add(lower, low<T>(sum));
      upper = addHigh<T>(upper, sum);
      products = v128.add<T>(
        products,
        v128.add<T>(dots, v128.add<T>(product<T>(e2nd, u, lowest), product<T>(e3rd, v, lowest))),
      );
      squares = v128.add<T>(squares, roundSum<T>(
        v128.mul<T>(e0, e0), v128.mul<T>(e1st, e1st), v128.mul<T>(e2nd, e2nd), v128.mul<T>(e3rd, e3rd),
      ));
      above = subtractMask<T>(above, v128.gt<T>(a, x));
      above = subtractMask<T>(above, v128.gt<T>(b, x));
      above = subtractMask<T>(above, v128.gt<T>(c, x));
      above = subtractMask<T>(above, v128.gt<T>(d, x));
      equal = v128.or(
        equal, v128.or(v128.or(v128.eq<T>(a, x), v128.eq<T>(b, x)), v128.or(v128.eq<T>(c, x), v128.eq<T>(d, x))),
      );
      after = subtractMask<T>(after, found = v128.or(found, v128.eq<T>(a, m)));
      after = subtractMask<T>(after, found = v128.or(found, v128.eq<T>(b, m)));
      after = subtractMask<T>(after, found = v128.or(found, v128.eq<T>(c, m)));
      after = subtractMask<T>(after, found = v128.or(found, v128.eq<T>(d, m)));
    }
    if (p < stop) {
      let sum = splat<T>(0), dots = sum, square = sum;
      for (; p < stop; p += 16) {
        const a = v128.load(p), s = v128.sub<T>(a, m), e = exp<T>(s, log2e, lowest, magic, one, e2, e3, e4, e5, expFirst, expSecond);
        sum = v128.add<T>(sum, e);
        dots = v128.add<T>(dots, product<T>(e, s, lowest));
        square = v128.add<T>(square, v128.mul<T>(e, e));
        above = subtractMask<T>(above, v128.gt<T>(a, x));
        equal = v128.or(equal, v128.eq<T>(a, x));
        after = subtractMask<T>(after, found = v128.or(found, v128.eq<T>(a, m)));
      }
      lower = f64x2.add(lower, low<T>(sum));
      upper = addHigh<T>(upper, sum);
      products = v128.add<T>(products, dots);
      squares = v128.add<T>(squares, square);
    }
    v128.store(scratch, above, ABOVE);
    v128.store(scratch, equal, EQUAL);
    // classes from the first maximum on, taken from all
    v128.store(scratch, sizeof<T>() == 4 ? i32x4.sub(all, after) : i64x2.sub(all, after), FIRST);
    const e = expLane<T>(v128.sub<T>(x, m));
    // a whole group's records are written where they belong
    const out = n == group ? rows + <usize>i * RECORD : scratch + GROUP;
    finish<T>(
      v128.load(scratch, OWN), lowerRows<T>(x), lowerRows<T>(m), lower, lowerRows<T>(e), low<T>(products), low<T>(squares),
      out,
    );
    if (sizeof<T>() == 4) {
      finish<T>(
        v128.load(scratch, OWN + 16), upperRows<T>(x), upperRows<T>(m), upper, upperRows<T>(e), high(products),
        high(squares), out + 2 * RECORD,
      );
    }
    if (n < group) memory.copy(rows + <usize>i * RECORD, out, <usize>n * RECORD);
    for (let k = 0; k < n; k++) {
      const label = load<i32>(labels + (<usize>(i + k) << 2)), to = rows + <usize>(i + k) * RECORD;
      if (label == ignoreIndex) {
        ignoreRow(to);
        continue;
      }
      const top = load<T>(scratch + k * sizeof<T>(), TOPS);
      rankRow<T>(at, k, label, top, load<T>(scratch + k * sizeof<T>(), TARGETS), scratch, to);
      const loss = load<f64>(to, LOG_SUM_EXP);
      if (loss - loss != 0) markNonFinite<T>(row + <usize>k * stride, stride, <f64>top, to);
    }
  }
}
