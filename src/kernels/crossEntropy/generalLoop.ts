import {
  BLOCK_ELEMENTS,
  CAPPED_AT,
  DOWN_100,
  LIKELIHOOD_BLOCK,
  LOWEST_100,
  MAGIC_100,
} from "../../descriptions/thresholds.ts";
import type { FloatArray } from "../../dtype.ts";
import { expm1F64, fineExpF64 } from "../functions/fineExp.ts";
import { log, log1p } from "../functions/log.ts";
import { tanhF64 } from "../functions/tanh.ts";
import { maximum } from "../rows/maximum.ts";
import { type Carried, carry, totalOf } from "../rows/passes.ts";
import { type Lanes, lanesOf, type Scratch } from "../scratch.ts";

// Cross-entropy with temperature, soft cap, gamma and z-loss, and with sparse targets: see
// assembly/crossEntropy/generalCrossEntropy.ts, which has the formulas.

const { abs } = Math;

/** What a block of classes is made of; all as there. */
interface Planes {
  readonly distances: Float64Array;
  readonly exponentials: Float64Array;
  readonly counts: Float64Array;
  readonly slopes: Float64Array;
}

const PLANES = 4;

/** What all rows of a call have in common. */
interface Call {
  readonly planes: Planes;
  readonly lanes: Lanes;
  readonly logits: FloatArray;
  readonly targets: FloatArray | null;
  readonly indices: Int32Array | null;
  readonly shares: FloatArray | null;
  readonly weights: FloatArray | null;
  readonly grad: FloatArray | null;
  readonly classes: number;
  readonly entries: number;
  readonly alpha: number;
  readonly beta: number;
  readonly temperature: number;
  readonly softCap: number;
  readonly zLoss: number;
  readonly gamma: number;
  readonly scale: number;
}

/** The largest logit of a row, where it stands, and what capped logits' distances from it need. */
interface Top {
  readonly place: number;
  readonly origin: number;
  readonly above: number;
  readonly below: number;
}

function topOf({ logits, classes, softCap }: Call, at: number): Top {
  const m = maximum(logits, at, at + classes, Number.NEGATIVE_INFINITY);
  let place = 0;
  while (place < classes && logits[at + place] !== m) place++;
  if (softCap === 0) return { place, origin: m, above: 0, below: 0 };
  const origin = capped(m, softCap);
  const e = fineExpF64(-2 * (abs(origin) / softCap));
  return { place, origin, above: (origin < 0 ? e : 1) / (1 + e), below: (origin < 0 ? 1 : e) / (1 + e) };
}

function capped(x: number, softCap: number): number {
  const y = x < -CAPPED_AT * softCap ? -CAPPED_AT * softCap : x;
  return CAPPED_AT * softCap < y ? CAPPED_AT * softCap : y;
}

/** The distances of n logits from the top, and the slopes of capped ones. */
function distances(
  { logits, temperature, softCap, planes: { distances, slopes } }: Call,
  { origin, above, below }: Top,
  at: number,
  n: number,
): void {
  if (softCap === 0) {
    for (let k = 0; k < n; k++) distances[k] = (logits[at + k] - origin) / temperature;
    return;
  }
  const scale = 2 * above * below * (softCap / temperature);
  for (let k = 0; k < n; k++) {
    const x = capped(logits[at + k], softCap);
    const y = 2 * ((x - origin) / softCap);
    const e = above * fineExpF64(y);
    const d = below + e;
    distances[k] = (scale * expm1F64(y)) / d;
    slopes[k] = (abs(x) < CAPPED_AT * softCap ? 4 : 0) * (below / d) * (e / d);
  }
}

/** The exponentials of n distances: of rows of float32 in float32, and times 2^100. */
function exponentials({ lanes, planes: { distances, exponentials } }: Call, n: number): void {
  if (lanes.dtype === "f64") {
    for (let k = 0; k < n; k++) exponentials[k] = fineExpF64(distances[k]);
    return;
  }
  const { values, block } = lanes;
  for (let begin = 0; begin < n; begin += block) {
    const length = Math.min(block, n - begin);
    for (let k = 0; k < length; k++) values[k] = distances[begin + k];
    lanes.powers(values, 0, length, LOWEST_100, MAGIC_100, values, 0);
    for (let k = 0; k < length; k++) exponentials[begin + k] = values[k];
  }
}

/** What classes [first, first + n) of row i count. */
function counts(call: Call, i: number, first: number, n: number): void {
  const { targets, indices, shares, weights, classes, entries, alpha, beta, planes } = call;
  for (let k = 0; k < n; k++) {
    const t = targets ? targets[i * classes + first + k] * alpha + beta : beta;
    planes.counts[k] = (weights ? weights[first + k] : 1) * t;
  }
  if (!indices || !shares) return;
  for (let at = i * entries; at < (i + 1) * entries; at++) {
    const k = indices[at] - first;
    if (k >= 0 && k < n) planes.counts[k] += (weights ? weights[first + k] : 1) * (alpha * shares[at]);
  }
}

/** Row i: writes its gradient where that is wanted, and returns its loss. */
function generalRow(call: Call, i: number, label: number, own: number): number {
  const { lanes, grad, classes, targets, indices, beta, temperature, softCap, zLoss, gamma, planes } = call;
  const hasCounts = targets !== null || indices !== null || beta !== 0;
  const at = i * classes;
  const top = topOf(call, at);
  const { place, origin } = top;
  const sums: Carried = { sum: 0, error: 0 };
  const dots: Carried = { sum: 0, error: 0 };
  const others: Carried = { sum: 0, error: 0 };
  // the exponentials of a long row wait in the gradient's place
  const kept = grad !== null && softCap === 0 && classes > BLOCK_ELEMENTS ? grad : null;
  let ofTop = 0;
  let ofLabel = 0;

  function fill(first: number, n: number): void {
    distances(call, top, at + first, n);
    if (hasCounts) {
      counts(call, i, first, n);
      if (place >= first && place < first + n) {
        ofTop = planes.counts[place - first];
        planes.counts[place - first] = 0;
      }
    }
    exponentials(call, n);
    if (place >= first && place < first + n) planes.exponentials[place - first] = 0;
  }

  for (let first = 0; first < classes; first += BLOCK_ELEMENTS) {
    const n = Math.min(BLOCK_ELEMENTS, classes - first);
    fill(first, n);
    if (label >= first && label < first + n) ofLabel = planes.distances[label - first];
    for (let begin = 0; begin < n; begin += LIKELIHOOD_BLOCK) {
      const end = Math.min(begin + LIKELIHOOD_BLOCK, n);
      const e = [0, 0];
      const sum = [0, 0];
      const dot = [0, 0];
      for (let k = begin; k < end; k++) {
        e[k & 1] += planes.exponentials[k];
        if (!hasCounts) continue;
        const c = planes.counts[k];
        sum[k & 1] += c;
        if (c !== 0) dot[k & 1] += c * planes.distances[k];
      }
      carry(others, e[0] + e[1]);
      carry(sums, sum[0] + sum[1]);
      carry(dots, dot[0] + dot[1]);
    }
    if (kept) for (let k = 0; k < n; k++) kept[at + first + k] = planes.exponentials[k];
  }

  // origin - origin: NaN where the row has no finite maximum
  const down = lanes.dtype === "f32" ? DOWN_100 : 1;
  const rest = totalOf(others) * down + (origin - origin);
  const lnd = log1p(rest, lanes.dtype);
  const ofOthers = totalOf(sums);
  const total = ofOthers + ofTop;
  let loss = total === 0 ? 0 : total * lnd;
  loss -= totalOf(dots);
  let atLabel = 0;
  if (own !== 0) {
    const l = lnd - ofLabel;
    let focal = 1;
    atLabel = own;
    if (gamma !== 0) {
      // (1 - q)^gamma, and the slope of that times ln q
      const q = fineExpF64(-l);
      const left = -expm1F64(-l);
      focal = fineExpF64(gamma * log(left));
      atLabel = own * (left === 0 ? 0 : q === 0 ? focal : focal * (1 + (gamma * (q * l)) / left));
    }
    loss += own * (focal * l);
  }
  let ofAll = 0;
  if (zLoss !== 0) {
    const highest = softCap === 0 ? origin : softCap * tanhF64(origin / softCap);
    const lse = highest / temperature + lnd;
    loss += zLoss * (lse * lse);
    ofAll = 2 * zLoss * lse;
  }
  if (grad === null) return loss;

  const all = total + atLabel + ofAll;
  const d = 1 + rest;
  const factor = (all / d) * down;
  // all q - c of the largest, without all - c where that cancels
  const ownOfTop = ofTop + (label === place ? atLabel : 0);
  const left = ofOthers + (label === place ? 0 : atLabel) + ofAll;
  const atTop = all === 0 ? -ownOfTop : (left - ownOfTop * rest) / d;
  const scale = call.scale / temperature;
  for (let first = 0; first < classes; first += BLOCK_ELEMENTS) {
    const n = Math.min(BLOCK_ELEMENTS, classes - first);
    if (kept) {
      for (let k = 0; k < n; k++) planes.exponentials[k] = kept[at + first + k];
      if (hasCounts) counts(call, i, first, n);
    } else if (classes > BLOCK_ELEMENTS) fill(first, n);
    for (let k = 0; k < n; k++) {
      const j = first + k;
      let g = all === 0 ? 0 : factor * planes.exponentials[k];
      if (hasCounts) g -= planes.counts[k];
      if (j === label) g -= atLabel;
      if (j === place) g = atTop;
      grad[at + j] = g * (softCap === 0 ? scale : planes.slopes[k] * scale);
    }
  }
  return loss;
}

/** losses = the loss of each row; its gradient where `grad` is given. */
export function generalCrossEntropy(
  begin: number,
  end: number,
  logits: FloatArray,
  labels: Int32Array | null,
  targets: FloatArray | null,
  indices: Int32Array | null,
  shares: FloatArray | null,
  weights: FloatArray | null,
  grad: FloatArray | null,
  losses: Float64Array,
  classes: number,
  entries: number,
  ignoreIndex: number,
  labelSmoothing: number,
  temperature: number,
  softCap: number,
  zLoss: number,
  gamma: number,
  scale: number,
  work: Scratch,
): void {
  const [distances, exponentials, counts, slopes] = Array.from(
    { length: PLANES },
    () => new Float64Array(Math.min(classes, BLOCK_ELEMENTS)),
  );
  const call: Call = {
    planes: { distances, exponentials, counts, slopes },
    lanes: lanesOf(work, logits),
    logits,
    targets,
    indices,
    shares,
    weights,
    grad,
    classes,
    entries,
    alpha: 1 - labelSmoothing,
    beta: labelSmoothing / classes,
    temperature,
    softCap,
    zLoss,
    gamma,
    scale,
  };
  for (let i = begin; i < end; i++) {
    const label = labels ? labels[i] : -1;
    const ignored = labels !== null && label === ignoreIndex;
    const own = labels && !ignored ? call.alpha * (weights ? weights[label] : 1) : 0;
    losses[i] = 0;
    if (ignored || (labels && own === 0 && call.beta === 0 && zLoss === 0)) {
      grad?.fill(0, i * classes, (i + 1) * classes);
    } else losses[i] = generalRow(call, i, label, own);
  }
}
