// One seeded workload over every function, dtype and option; what its results' bits come to is one number, the same in
// every engine, for every backend and any number of threads.

import { type Losses, type LossesOptions, openLosses } from "../../src/inlinedLosses.ts";
import { SHARE_ALL } from "../backends.ts";
import {
  dtypes,
  type FloatArray,
  labelsOf,
  logitsOf,
  mulberry32,
  probabilitiesOf,
  values,
  weightsOf,
} from "../inputs.ts";

/** Two 32-bit FNV-1a hashes over words, the second one rotating: 64 bits. NaN counts as one value, 0 and -0 as two. */
class Digest {
  #a = 0x811c9dc5;
  #b = 0x9e3779b9;
  /** Values taken. */
  count = 0;

  add(result: number | FloatArray): void {
    const array = typeof result === "number" ? Float64Array.of(result) : result;
    const words = new Uint32Array(array.slice().buffer);
    const perValue = array.BYTES_PER_ELEMENT / 4;
    for (let i = 0; i < words.length; i++) {
      const nan = Number.isNaN(array[Math.floor(i / perValue)]);
      const word = nan ? 0x7ff80000 : words[i];
      this.#a = Math.imul(this.#a ^ word, 0x01000193);
      this.#b = Math.imul((this.#b << 13) | (this.#b >>> 19), 0x85ebca6b) ^ word;
    }
    this.count += array.length;
  }

  toString(): string {
    return [this.#a, this.#b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
  }
}

const REDUCTIONS = ["mean", "sum", "none"] as const;
const INPUTS = ["logits", "probabilities", "logProbabilities"] as const;

/** Rows and classes around lanes, rounds, chunks and windows. */
const SHAPES: readonly (readonly [number, number])[] = [
  ...[1, 2, 3, 4, 5, 7, 8, 10, 16, 17, 31, 63, 64, 65].map((classes) => [9, classes] as const),
  [1003, 10],
  [33, 129],
  [17, 1000],
  [5, 4097],
  [3, 50257],
];

function everything(losses: Losses, digest: Digest): void {
  const random = mulberry32(2026);
  for (const dtype of dtypes) {
    for (const [rows, classes] of SHAPES) {
      const logits = logitsOf(random, dtype, rows, classes);
      // rows that no model should give
      if (classes > 2 && rows > 8) {
        logits[0] = Number.NaN;
        logits[classes] = Number.POSITIVE_INFINITY;
        logits.fill(Number.NEGATIVE_INFINITY, 2 * classes, 3 * classes);
        logits[3 * classes + 1] = Number.NEGATIVE_INFINITY;
        logits.subarray(4 * classes, 5 * classes).forEach((x, i, row) => {
          row[i] = 1e8 + x;
        });
      }
      const labels = labelsOf(random, rows, classes, -100);
      const probabilities = probabilitiesOf(random, dtype, rows, classes);
      const weight = weightsOf(random, dtype, classes);
      for (const result of [
        losses.softmax(logits, { classes }),
        losses.logSoftmax(logits, { classes }),
        losses.logSumExp(logits, { classes }),
      ]) {
        digest.add(result);
      }
      for (const input of INPUTS) {
        const x =
          input === "logits"
            ? logits
            : input === "probabilities"
              ? probabilities
              : losses.logSoftmax(logits, { classes });
        for (const labelSmoothing of [0, 0.1, 1]) {
          for (const weights of [undefined, weight]) {
            const options = { classes, input, labelSmoothing, weight: weights };
            for (const targets of [labels, probabilities]) {
              for (const reduction of REDUCTIONS)
                digest.add(losses.crossEntropy(x, targets, { ...options, reduction }));
              const { loss, grad } = losses.crossEntropyWithGrad(x, targets, options);
              digest.add(loss);
              digest.add(grad);
            }
          }
        }
      }
    }
    for (const n of [0, 1, 15, 16, 17, 1023, 1024, 1025, 100_003]) {
      const [p, t] = [values(random, dtype, n), values(random, dtype, n)];
      for (const reduction of REDUCTIONS) digest.add(losses.mse(p, t, { reduction }));
      digest.add(losses.rmse(p, t));
      for (const { loss, grad } of [losses.mseWithGrad(p, t), losses.rmseWithGrad(p, t)]) {
        digest.add(loss);
        digest.add(grad);
      }
    }
  }
}

/** One line of the table: how it ran, and what came out. */
export interface Line {
  readonly backend: string;
  /** Asked for, and got. */
  readonly threads: number;
  readonly got: number;
  readonly digest: string;
  readonly values: number;
}

const RUNS: readonly LossesOptions[] = [
  { backend: "js" },
  { backend: "wasm", threads: 1 },
  { backend: "wasm", threads: 2 },
  { backend: "wasm", threads: 4 },
];

/** The workload in every backend. */
export async function digests(): Promise<Line[]> {
  const lines: Line[] = [];
  for (const options of RUNS) {
    const losses = await openLosses(options, SHARE_ALL);
    const digest = new Digest();
    everything(losses, digest);
    const { backend, threads: got } = losses;
    lines.push({
      backend,
      threads: (options.threads as number) ?? 1,
      got,
      digest: String(digest),
      values: digest.count,
    });
    losses.close();
  }
  return lines;
}
