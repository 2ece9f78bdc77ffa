import type { FloatArray } from "../../test/inputs.ts";
import { softmaxOfRow } from "./softmax.ts";

/** Loss, its standard error, accuracy, top 5, mean reciprocal rank, entropy, Brier score and expected calibration error. */
export function evaluate(logits: FloatArray, labels: Int32Array, classes: number): number[] {
  const rows = labels.length;
  const q = new Float64Array(classes);
  const bins = Array.from({ length: 15 }, () => ({ correct: 0, confidence: 0 }));
  let [loss, squares, correct, top5, reciprocals, entropy, brier] = [0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < rows; i++) {
    const label = labels[i];
    softmaxOfRow(logits, i * classes, classes, q, 0);
    const own = logits[i * classes + label];
    let rank = 1;
    let confidence = 0;
    for (let j = 0; j < classes; j++) {
      const x = logits[i * classes + j];
      if (x > own || (x === own && j < label)) rank++;
      confidence = Math.max(confidence, q[j]);
      if (q[j] > 0) entropy -= q[j] * Math.log(q[j]);
      brier += (q[j] - (j === label ? 1 : 0)) ** 2;
    }
    const rowLoss = -Math.log(q[label]);
    loss += rowLoss;
    squares += rowLoss * rowLoss;
    if (rank === 1) correct++;
    if (rank <= 5) top5++;
    reciprocals += 1 / rank;
    const bin = bins[Math.ceil(confidence * bins.length) - 1];
    bin.confidence += confidence;
    if (rank === 1) bin.correct++;
  }
  const mean = loss / rows;
  const deviation = Math.sqrt(Math.max(0, squares / rows - mean * mean) / (rows - 1));
  const calibration = bins.reduce((sum, bin) => sum + Math.abs(bin.correct - bin.confidence), 0);
  return [mean, deviation, ...[correct, top5, reciprocals, entropy, brier, calibration].map((sum) => sum / rows)];
}

/** Mean divergence of rows of logits from others, quotient of perplexities, share of rows with the same maximum. */
export function compare(base: FloatArray, other: FloatArray, labels: Int32Array, classes: number): number[] {
  const rows = labels.length;
  const [p, q] = [new Float64Array(classes), new Float64Array(classes)];
  let [divergence, difference, same] = [0, 0, 0];
  for (let i = 0; i < rows; i++) {
    softmaxOfRow(base, i * classes, classes, p, 0);
    softmaxOfRow(other, i * classes, classes, q, 0);
    let [top, otherTop] = [0, 0];
    for (let j = 0; j < classes; j++) {
      if (p[j] > 0) divergence += p[j] * Math.log(p[j] / q[j]);
      if (base[i * classes + j] > base[i * classes + top]) top = j;
      if (other[i * classes + j] > other[i * classes + otherTop]) otherTop = j;
    }
    if (top === otherTop) same++;
    difference += Math.log(p[labels[i]] / q[labels[i]]);
  }
  return [divergence / rows, Math.exp(difference / rows), same / rows];
}
