import { type Dtype, dtypes, type FloatArray, floats, type Random, zeros } from "../inputs.ts";
import { FORMATS, halfBits, type Input } from "./half.ts";
import { PATTERN, repeated } from "./pattern.ts";

/** Rows and classes of half-precision predictions; the last ones have odd values among them. */
const HALF_PAIRS: readonly (readonly [rows: number, classes: number])[] = [
  ...[1, 15, 16, 17, 1024, 1025, 2051].map((n) => [1, n] as const),
  [19, 10],
];

/** Numbers of predictions: around lanes, rounds, blocks and launches. */
const LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 1023, 1024, 1025, 2051, 100_003];
const ODD_PREDICTIONS = [0, -0, 1, -1, 1e-30, 1e-45, 5e-324, 1e18, -1e18];
const ODDER_PREDICTIONS = [1e30, 3e38, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/** Predictions and targets: at most so many random ones, and every pair of odd values. */
export function* pairsOf(
  random: Random,
  dtype: Dtype,
  elements = Number.POSITIVE_INFINITY,
): Generator<[FloatArray, FloatArray]> {
  for (const n of LENGTHS.filter((n) => n <= elements)) {
    const some = zeros(dtype, Math.min(n, PATTERN));
    const [predictions, targets] = [0, 1].map(() =>
      repeated(
        some.map(() => 6 * random() - 3),
        n,
      ),
    );
    yield [predictions, targets];
  }
  for (const odd of [ODD_PREDICTIONS, [...ODD_PREDICTIONS, ...ODDER_PREDICTIONS]]) {
    const predictions = odd.flatMap((p) => odd.map(() => p));
    const targets = odd.flatMap(() => odd);
    yield [floats(dtype, predictions), floats(dtype, targets)];
  }
}

/** The same in every precision, of at most so many elements. */
export function* inputPairs(random: Random, elements: number): Generator<[Input, Input, length: number]> {
  for (const dtype of dtypes) {
    for (const [predictions, targets] of pairsOf(random, dtype, elements)) {
      yield [predictions, targets, predictions.length];
    }
  }
  for (const format of FORMATS) {
    const { wrap } = format;
    for (const [rows, classes] of HALF_PAIRS) {
      const [predictions, targets] = [0, 1].map(() => ({ wrap, bits: halfBits(random, format, rows, classes) }));
      yield [predictions, targets, rows * classes];
    }
  }
}
