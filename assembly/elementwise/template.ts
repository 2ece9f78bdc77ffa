// Element-wise losses: this file has the loop of all of them, losses.ts the formula of each as a class L. Blocks of 1024 elements
// are counted from the start of the call, and go in rounds of sixteen. In float32 the four vectors of a round are added in
// float32, and rounds in four float64 lanes; in float64 each element of a round has a lane of its own. The last, partial round goes
// through the same loop, from scratch.
//
// Methods of a type parameter are reached by changetype<L>(0) and inlined completely: no call, no table. Sum, each loss and
// gradient are compiled apart: asking in the loop took quantile's 2.5 times as long. C is what looks for values that the loss
// does not take (checks.ts).

import { BLOCK_ELEMENTS } from "../generated/thresholds";
import { TAIL_PREDICTIONS, TAIL_RESULTS, TAIL_TARGETS } from "../generated/scratchOfElements";
import { high, low, pairSum, roundSum, splat, storeTail } from "../lanes";
import { blockSum, firstRefused, partialRound, report, roundBytes } from "./blocks";
import { isSuspect } from "./checks";

const SUM = 0;
const EACH = 1;
const GRADIENT = 2;

/** The losses of a vector; stored at `out` where each is asked for, there also scale times their slopes. */
@inline function vector<L, T>(mode: i32, p: usize, t: usize, out: usize, scale: v128, a: v128, b: v128, c: v128): v128 {
  const predictions = v128.load(p);
  const targets = v128.load(t);
  const shared = changetype<L>(0).share<T>(predictions, targets, a, b, c);
  const losses = changetype<L>(0).loss<T>(predictions, targets, shared, a, b, c);
  if (mode == EACH) v128.store(out, losses);
  if (mode == GRADIENT) {
    v128.store(out, v128.mul<T>(changetype<L>(0).slope<T>(predictions, targets, shared, a, b, c), scale));
  }
  return losses;
}

@inline function suspectVectors<C, T>(p: usize, t: usize, limit: v128): v128 {
  return v128.or(
    v128.or(changetype<C>(0).suspect<T>(p, t, limit), changetype<C>(0).suspect<T>(p + 16, t + 16, limit)),
    v128.or(changetype<C>(0).suspect<T>(p + 32, t + 32, limit), changetype<C>(0).suspect<T>(p + 48, t + 48, limit)),
  );
}

/** Has bits where a round may hold what C refuses. */
@inline function suspectRound<C, T>(p: usize, t: usize, limit: v128): v128 {
  const first = suspectVectors<C, T>(p, t, limit);
  return sizeof<T>() == 4 ? first : v128.or(first, suspectVectors<C, T>(p + 64, t + 64, limit));
}

@inline function blocks<L, C, T>(
  mode: i32,
  begin: i32,
  end: i32,
  predictions: usize,
  targets: usize,
  out: usize,
  sums: usize,
  count: i32,
  scale: f64,
  alpha: f64,
  beta: f64,
  scratch: usize,
): void {
  const factor = splat<T>(scale);
  // before the loop: V8 does not take loads out of one (huber 0.25 ns an element instead of 0.34)
  const a = changetype<L>(0).a<T>(alpha, beta);
  const b = changetype<L>(0).b<T>(alpha, beta);
  const c = changetype<L>(0).c<T>(alpha, beta);
  const limit = changetype<C>(0).limit<T>();
  const checks = changetype<C>(0).checks();
  const step = roundBytes<T>();
  // where each loss is asked for, a vector at a time: a fifth of the module less
  const stride = mode == EACH ? <usize>16 : step;
  for (let block = begin; block < end; block++) {
    const first = block * BLOCK_ELEMENTS;
    const offset = <usize>first * sizeof<T>();
    const bytes = <usize>min(BLOCK_ELEMENTS, count - first) * sizeof<T>();
    const rest = bytes & (step - 1);
    let p = predictions + offset;
    let t = targets + offset;
    let o = out + offset;
    let stop = p + bytes - rest;
    let a0 = f64x2.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    let a4 = a0;
    let a5 = a0;
    let a6 = a0;
    let a7 = a0;
    let suspects = a0;
    for (let last = false; ;) {
      for (; p < stop; p += stride, t += stride, o += stride) {
        if (mode == EACH) {
          if (checks) suspects = v128.or(suspects, changetype<C>(0).suspect<T>(p, t, limit));
          vector<L, T>(mode, p, t, o, factor, a, b, c);
          continue;
        }
        if (checks) suspects = v128.or(suspects, suspectRound<C, T>(p, t, limit));
        const l0 = vector<L, T>(mode, p, t, o, factor, a, b, c);
        const l1 = vector<L, T>(mode, p + 16, t + 16, o + 16, factor, a, b, c);
        const l2 = vector<L, T>(mode, p + 32, t + 32, o + 32, factor, a, b, c);
        const l3 = vector<L, T>(mode, p + 48, t + 48, o + 48, factor, a, b, c);
        if (sizeof<T>() == 4) {
          const sum = roundSum<T>(l0, l1, l2, l3);
          a0 = f64x2.add(a0, low<T>(sum));
          a1 = f64x2.add(a1, high(sum));
        } else {
          a0 = f64x2.add(a0, l0);
          a1 = f64x2.add(a1, l1);
          a2 = f64x2.add(a2, l2);
          a3 = f64x2.add(a3, l3);
          a4 = f64x2.add(a4, vector<L, T>(mode, p + 64, t + 64, o + 64, factor, a, b, c));
          a5 = f64x2.add(a5, vector<L, T>(mode, p + 80, t + 80, o + 80, factor, a, b, c));
          a6 = f64x2.add(a6, vector<L, T>(mode, p + 96, t + 96, o + 96, factor, a, b, c));
          a7 = f64x2.add(a7, vector<L, T>(mode, p + 112, t + 112, o + 112, factor, a, b, c));
        }
      }
      if (last) {
        if (mode != SUM) storeTail<T>(scratch + TAIL_RESULTS, rest, out + offset + bytes - rest);
        break;
      }
      if (!rest) break;
      last = true;
      p = partialRound<T>(p, rest, changetype<L>(0).predictionFill<T>(), scratch + TAIL_PREDICTIONS);
      t = partialRound<T>(t, rest, changetype<L>(0).targetFill<T>(), scratch + TAIL_TARGETS);
      o = scratch + TAIL_RESULTS;
      stop = p + step;
    }
    if ((mode == EACH && !checks) || !sums) continue;
    if (sizeof<T>() == 8) {
      a0 = f64x2.add(f64x2.add(a0, a1), f64x2.add(a2, a3));
      a1 = f64x2.add(f64x2.add(a4, a5), f64x2.add(a6, a7));
    }
    let refused = -1;
    if (checks && isSuspect<T>(suspects)) {
      refused = firstRefused<C, T>(predictions, targets, first, first + <i32>(bytes / sizeof<T>()));
    }
    const sum = mode == EACH ? blockSum<T>(out + offset, bytes, scratch) : pairSum(f64x2.add(a0, a1));
    report(checks, sums, block, sum, refused);
  }
}

/**
 * losses = each loss, grad = scale times each slope, sums = of each block Σ of its losses and, where C checks, the number of the
 * first refused element or -1; address 0: not asked for.
 */
@inline export function elementwise<L, C, T>(
  begin: i32,
  end: i32,
  predictions: usize,
  targets: usize,
  losses: usize,
  grad: usize,
  sums: usize,
  count: i32,
  scale: f64,
  alpha: f64,
  beta: f64,
  scratch: usize,
): void {
  // losses that check are summed where each is asked for alone, too
  const each = changetype<C>(0).checks() && !grad ? sums : 0;
  // first: the gradient may overwrite the predictions
  if (losses) blocks<L, C, T>(EACH, begin, end, predictions, targets, losses, each, count, scale, alpha, beta, scratch);
  if (grad) blocks<L, C, T>(GRADIENT, begin, end, predictions, targets, grad, sums, count, scale, alpha, beta, scratch);
  else if (changetype<C>(0).checks() ? sums && !losses : sums) {
    blocks<L, C, T>(SUM, begin, end, predictions, targets, 0, sums, count, scale, alpha, beta, scratch);
  }
}
