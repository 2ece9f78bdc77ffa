// Cross-entropy of logits with the options that crossEntropy.ts has not: temperature, soft cap, focal (gamma) and z-loss, and with
// targets that are few of the classes. All arithmetic is in float64, but for the exponentials of rows of float32, over planes of
// scratch, a block of classes at a time. Of rows that are longer than a block the exponentials wait in the gradient's place; of capped
// logits, whose slopes need the logits, all is computed again.
//
// u = softCap tanh(x / softCap) / temperature. A row is known by its distances d_j = u_j - u_m from its largest logit, and by
// `others`, the exponentials of all distances but that of the largest itself, so that confident rows keep their digits: ln Σ exp(u)
// is u_m + ln(1 + others). Each class counts c_j, as in crossEntropy.ts: the loss is Σ c_j (ln(1 + others) - d_j).

import { expm1Block, fineExpBlock, tanhBlock } from "../functions/blocks";
import { log, log1pOf } from "../functions/log";
import { COUNTS, DISTANCES, EXPONENTIALS, SLOPES, VALUE } from "../generated/scratchOfGeneralCrossEntropy";
import { BLOCK_ELEMENTS, CAPPED_AT, DOWN_100, LIKELIHOOD_BLOCK } from "../generated/thresholds";
import { pairSum, twoSum, twoSumOf } from "../lanes";
import { weightAt } from "../rows/dots";
import { firstEqual, maximum } from "../rows/maximum";
import { fillTail } from "../rows/reference";
import { cappedDistances, counts, distances, exponentials, narrowBlock, widenBlock } from "./generalBlocks";

const EXP = 0;
const EXPM1 = 1;
const TANH = 2;

/** A function of blocks, of one value. */
function ofOne(which: i32, x: f64, scratch: usize): f64 {
  const at = scratch + VALUE;
  store<f64>(at, x);
  if (which == EXP) fineExpBlock<f64>(at, at, 1);
  else if (which == EXPM1) expm1Block<f64>(at, at, 1);
  else tanhBlock<f64>(at, at, 1);
  return load<f64>(at);
}

function ln(x: f64): f64 {
  return f64x2.extract_lane(log(f64x2.splat(x)), 0);
}

/** One row: writes its gradient where `grad` is given, and returns its loss. */
function generalRow<T>(
  row: usize,
  label: i32,
  targets: usize,
  indices: usize,
  shares: usize,
  weights: usize,
  grad: usize,
  classes: i32,
  entries: i32,
  own: f64,
  alpha: f64,
  beta: f64,
  temperature: f64,
  softCap: f64,
  zLoss: f64,
  gamma: f64,
  scale: f64,
  scratch: usize,
): f64 {
  const bytes = <usize>classes * sizeof<T>();
  fillTail<T>(row, bytes, scratch);
  const top = maximum<T>(row, bytes, <T>-Infinity, scratch);
  const place = <i32>((firstEqual<T>(row, row + bytes, top) - row) / sizeof<T>());
  let origin = <f64>top;
  let above: f64 = 0;
  let below: f64 = 0;
  if (softCap != 0) {
    const highest = <f64>CAPPED_AT * softCap;
    origin = min(max(origin, -highest), highest);
    const e = ofOne(EXP, -2 * (abs(origin) / softCap), scratch);
    above = (origin < 0 ? e : 1) / (1 + e);
    below = (origin < 0 ? 1 : e) / (1 + e);
  }
  const hasCounts = targets != 0 || indices != 0 || beta != 0;
  let sums = f64x2.splat(0);
  let dots = sums;
  let others = sums;
  let ofTop: f64 = 0;
  let ofLabel: f64 = 0;
  const down: f64 = sizeof<T>() == 4 ? DOWN_100 : 1;
  const kept = grad != 0 && softCap == 0 && classes > BLOCK_ELEMENTS;
  // the loss, and then, block by block again, the gradient
  let factor: f64 = 0;
  let counting = f64x2.splat(0);
  let atLabel: f64 = 0;
  let atTop: f64 = 0;
  let loss: f64 = 0;
  for (let pass = 0; pass < 2; pass++) {
    for (let first = 0; first < classes; first += BLOCK_ELEMENTS) {
      const n = min(BLOCK_ELEMENTS, classes - first);
      const hasPlace = <u32>(place - first) < <u32>n;
      const hasLabel = <u32>(label - first) < <u32>n;
      const toPlace = scratch + ((<usize>(place - first)) << 3);
      const toLabel = scratch + ((<usize>(label - first)) << 3);
      const beyond = scratch + ((<usize>n) << 3);
      const toGrad = grad + <usize>first * sizeof<T>();
      if (pass == 1 && kept) {
        widenBlock<T>(toGrad, n, scratch + EXPONENTIALS);
        if (hasCounts) counts<T>(first, n, targets, indices, shares, entries, weights, alpha, beta, scratch);
      } else if (pass == 0 || classes > BLOCK_ELEMENTS) {
        widenBlock<T>(row + <usize>first * sizeof<T>(), n, scratch + DISTANCES);
        if (softCap == 0) distances(n, origin, temperature, scratch);
        else cappedDistances(n, origin, temperature, softCap, above, below, scratch);
        store<f64>(beyond, -Infinity, DISTANCES);
        if (hasCounts) {
          counts<T>(first, n, targets, indices, shares, entries, weights, alpha, beta, scratch);
          store<f64>(beyond, 0, COUNTS);
          if (hasPlace) {
            ofTop = load<f64>(toPlace, COUNTS);
            store<f64>(toPlace, 0, COUNTS);
          }
        }
        exponentials<T>(n, scratch);
        if (hasPlace) store<f64>(toPlace, 0, EXPONENTIALS);
      }
      if (pass == 0) {
        if (hasLabel) ofLabel = load<f64>(toLabel, DISTANCES);
        for (let at = scratch; at < beyond; at += (<usize>LIKELIHOOD_BLOCK) << 3) {
          const stop = min(at + ((<usize>LIKELIHOOD_BLOCK) << 3), beyond);
          let e = f64x2.splat(0);
          for (let p = at; p < stop; p += 16) e = f64x2.add(e, v128.load(p, EXPONENTIALS));
          others = twoSum(others, pairSum(e));
          if (!hasCounts) continue;
          let sum = f64x2.splat(0);
          let dot = sum;
          for (let p = at; p < stop; p += 16) {
            const c = v128.load(p, COUNTS);
            const counted = f64x2.ne(c, f64x2.splat(0));
            sum = f64x2.add(sum, c);
            dot = f64x2.add(dot, v128.and(counted, f64x2.mul(c, v128.load(p, DISTANCES))));
          }
          sums = twoSum(sums, pairSum(sum));
          dots = twoSum(dots, pairSum(dot));
        }
        if (kept) narrowBlock<T>(scratch + EXPONENTIALS, n, toGrad);
        continue;
      }
      const factors = f64x2.splat(factor);
      const scales = f64x2.splat(scale);
      for (let at = scratch; at < beyond; at += 16) {
        let g = v128.and(counting, f64x2.mul(factors, v128.load(at, EXPONENTIALS)));
        if (hasCounts) g = f64x2.sub(g, v128.load(at, COUNTS));
        v128.store(at, g, DISTANCES);
      }
      if (hasLabel) store<f64>(toLabel, load<f64>(toLabel, DISTANCES) - atLabel, DISTANCES);
      if (hasPlace) store<f64>(toPlace, atTop, DISTANCES);
      for (let at = scratch; at < beyond; at += 16) {
        const g = v128.load(at, DISTANCES);
        const slope = softCap == 0 ? scales : f64x2.mul(v128.load(at, SLOPES), scales);
        v128.store(at, f64x2.mul(g, slope), DISTANCES);
      }
      narrowBlock<T>(scratch + DISTANCES, n, toGrad);
    }
    if (pass == 1) break;

    // origin - origin: NaN where the row has no finite maximum
    const rest = twoSumOf(others) * down + (origin - origin);
    const lnd = log1pOf<T>(rest);
    const ofOthers = twoSumOf(sums);
    const total = ofOthers + ofTop;
    if (total != 0) loss = total * lnd;
    loss -= twoSumOf(dots);
    if (own != 0) {
      const l = lnd - ofLabel;
      let focal: f64 = 1;
      atLabel = own;
      if (gamma != 0) {
        // (1 - q)^gamma, and the slope of that times ln q
        const q = ofOne(EXP, -l, scratch);
        const left = -ofOne(EXPM1, -l, scratch);
        focal = ofOne(EXP, gamma * ln(left), scratch);
        atLabel = own * (left == 0 ? 0 : q == 0 ? focal : focal * (1 + (gamma * (q * l)) / left));
      }
      loss += own * (focal * l);
    }
    let ofAll: f64 = 0;
    if (zLoss != 0) {
      const highest = softCap == 0 ? origin : softCap * ofOne(TANH, origin / softCap, scratch);
      const lse = highest / temperature + lnd;
      loss += zLoss * (lse * lse);
      ofAll = 2 * zLoss * lse;
    }
    if (!grad) break;
    const all = total + atLabel + ofAll;
    const d = 1 + rest;
    factor = (all / d) * down;
    counting = f64x2.ne(f64x2.splat(all), f64x2.splat(0));
    // all q - c of the largest, without all - c where that cancels
    const ownOfTop = ofTop + (label == place ? atLabel : 0);
    const left = ofOthers + (label == place ? 0 : atLabel) + ofAll;
    atTop = all == 0 ? -ownOfTop : (left - ownOfTop * rest) / d;
    scale /= temperature;
  }
  return loss;
}

/** losses = the loss of each row; its gradient where `grad` is given. */
export function generalCrossEntropy<T>(
  begin: i32,
  end: i32,
  logits: usize,
  labels: usize,
  targets: usize,
  indices: usize,
  shares: usize,
  weights: usize,
  grad: usize,
  losses: usize,
  classes: i32,
  entries: i32,
  ignoreIndex: i32,
  labelSmoothing: f64,
  temperature: f64,
  softCap: f64,
  zLoss: f64,
  gamma: f64,
  scale: f64,
  scratch: usize,
): void {
  const bytes = <usize>classes * sizeof<T>();
  const alpha = 1 - labelSmoothing;
  const beta = labelSmoothing / <f64>classes;
  for (let i = begin; i < end; i++) {
    const label = labels ? load<i32>(labels + ((<usize>i) << 2)) : -1;
    const ignored = labels != 0 && label == ignoreIndex;
    const own = labels && !ignored ? alpha * weightAt<T>(weights, <usize>label * sizeof<T>()) : 0;
    const out = grad ? grad + <usize>i * bytes : 0;
    let loss: f64 = 0;
    if (ignored || (labels && own == 0 && beta == 0 && zLoss == 0)) {
      if (out) memory.fill(out, 0, bytes);
    } else {
      loss = generalRow<T>(
        logits + <usize>i * bytes,
        label,
        targets ? targets + <usize>i * bytes : 0,
        indices ? indices + ((<usize>(i * entries)) << 2) : 0,
        shares ? shares + <usize>(i * entries) * sizeof<T>() : 0,
        weights,
        out,
        classes,
        entries,
        own,
        alpha,
        beta,
        temperature,
        softCap,
        zLoss,
        gamma,
        scale,
        scratch,
      );
    }
    store<f64>(losses + ((<usize>i) << 3), loss);
  }
}
