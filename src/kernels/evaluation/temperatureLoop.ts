import { FARTHEST, NODES } from "../../descriptions/thresholds.ts";
import type { FloatArray } from "../../dtype.ts";
import { log } from "../functions/log.ts";
import { maximum } from "../rows/maximum.ts";
import { type Lanes, lanesOf, type Scratch } from "../scratch.ts";

/** The curve of one row, with the bits of assembly/evaluation/temperatureCurve.ts. */
function curveOfRow(
  lanes: Lanes,
  x: FloatArray,
  at: number,
  classes: number,
  label: number,
  curve: Float64Array,
): void {
  const { block, exp, more, narrow, shifted, values, width } = lanes;
  const round = 4 * width;
  const end = at + classes;
  const m = maximum(x, at, end, Number.NEGATIVE_INFINITY);
  const sums = new Float64Array(4 * NODES);
  const lanesOfBlock = x instanceof Float32Array ? new Float32Array(2 * width) : new Float64Array(2 * width);
  for (let begin = at; begin < end; begin += block) {
    const n = Math.min(block, end - begin);
    const rounds = Math.ceil(n / round) * round;
    for (let j = 0; j < rounds; j++) {
      const z = j < n ? narrow(x[begin + j] - m) : FARTHEST;
      more[j] = z < FARTHEST ? FARTHEST : z;
      shifted[j] = 0.125 * more[j];
    }
    exp(shifted, 0, rounds, 0, values, 0);
    // the powers
    for (let j = 0; j < rounds; j++) shifted[j] = values[j];
    for (let k = 0; k < NODES; k++) {
      lanesOfBlock.fill(0);
      for (let j = 0; j < rounds; j += round) {
        for (let lane = 0; lane < width; lane++) {
          const a = j + lane;
          const [b, c, d] = [a + width, a + 2 * width, a + 3 * width];
          lanesOfBlock[lane] += narrow(narrow(shifted[a] + shifted[b]) + narrow(shifted[c] + shifted[d]));
          lanesOfBlock[width + lane] += narrow(
            narrow(narrow(shifted[a] * more[a]) + narrow(shifted[b] * more[b])) +
              narrow(narrow(shifted[c] * more[c]) + narrow(shifted[d] * more[d])),
          );
        }
      }
      for (let j = 0; j < rounds; j++) shifted[j] *= values[j];
      for (let i = 0; i < 2; i++) {
        for (let lane = 0; lane < 2; lane++) {
          const from = i * width + lane;
          sums[4 * k + 2 * i + lane] += width === 4 ? lanesOfBlock[from] + lanesOfBlock[from + 2] : lanesOfBlock[from];
        }
      }
    }
  }
  const distance = x[at + label] - m;
  for (let k = 0; k < NODES; k++) {
    const sum = sums[4 * k] + sums[4 * k + 1];
    curve[2 * k] = log(sum) - (k + 1) * 0.125 * distance;
    curve[2 * k + 1] = (sums[4 * k + 2] + sums[4 * k + 3]) / sum - distance;
  }
}

export function temperatureCurve(
  begin: number,
  end: number,
  logits: FloatArray,
  labels: Int32Array,
  curve: Float64Array,
  classes: number,
  ignoreIndex: number,
  work: Scratch,
): void {
  const lanes = lanesOf(work, logits);
  for (let i = begin; i < end; i++) {
    const to = curve.subarray(2 * NODES * i, 2 * NODES * (i + 1));
    if (labels[i] === ignoreIndex) to.fill(0);
    else curveOfRow(lanes, logits, i * classes, classes, labels[i], to);
  }
}
