// Rows with all that a function may want beside them.

import type { IntegerArray } from "../../src/dtype.ts";
import type { CrossEntropyInput } from "../../src/exports.ts";
import {
  type Dtype,
  dtypes,
  type FloatArray,
  integer,
  labelArrays,
  labelsOf,
  logitsOf,
  mulberry32,
  probabilitiesOf,
  type Random,
  weightsOf,
  zeros,
} from "../inputs.ts";
import { pick } from "./entry.ts";
import { FORMATS, type Format, halfBits, type Input, SIGN } from "./half.ts";
import { PATTERN, patternOf, repeated } from "./pattern.ts";

/** Rows, and all that a function may want beside them. */
export interface Case {
  /** Of targets, weights and results: float32 where the logits are half precision. */
  readonly dtype: Dtype;
  readonly rows: number;
  readonly classes: number;
  /** One a row; -100 is ignored. */
  readonly labels: Int32Array;
  // The arrays below are made when they are asked for: those of a large case take megabytes.
  input(name: CrossEntropyInput): Input;
  /** [rows, classes] */
  targets(): FloatArray;
  /** One a class. */
  weight(): FloatArray;
  /** One a row. */
  sampleWeight(): FloatArray;
  /** It limits the options that are tried: a `switching` case is for logits only, a `large` one for few combinations. */
  readonly kind: "ordinary" | "switching" | "large";
}

/** Rows and classes: around lanes, rounds, blocks, launches and windows. */
const SHAPES: readonly (readonly [rows: number, classes: number])[] = [
  [0, 3],
  ...[1, 2, 3, 4, 5, 7, 8, 10, 16, 17, 31, 63, 64, 65].map((classes) => [19, classes] as const),
  ...[1, 2, 3, 4, 5, 6, 7].map((rows) => [rows, 10] as const),
  [1003, 10],
  [150, 129],
  [17, 1000],
  [5, 4097],
];

const HALF_SHAPES: typeof SHAPES = [
  ...[1, 2, 3, 10, 16, 17, 64, 65].map((classes) => [19, classes] as const),
  [33, 129],
  [5, 4097],
];

/** Shapes of large cases. */
const LARGE_SHAPES = {
  float32: [
    [2, 50257],
    // one launch has room for fewer rows, even on several threads
    [131_101, 2],
  ],
  float64: [
    [2, 50257],
    // a row of 4.2 MB does not fit the windows
    [1, 530_001],
  ],
  // 2^18 numbers are widened at once
  float16: [[9, 30_001]],
  // a row does not fit the windows together with probabilities and a gradient
  bfloat16: [[1, 350_003]],
} as const;

/** Elements of a large case are more than this. */
const LARGE = 2 ** 16;

/** Writes rows that no model should give, from the second one on. */
function addOddRows(logits: FloatArray, labels: Int32Array, classes: number): void {
  const row = (i: number) => logits.subarray(i * classes, (i + 1) * classes);
  row(1)[0] = Number.NaN;
  row(2)[0] = Number.POSITIVE_INFINITY;
  row(3).fill(Number.NEGATIVE_INFINITY);
  row(4)[1] = Number.NEGATIVE_INFINITY;
  row(5).forEach((x, j, it) => {
    it[j] = 1e8 + x;
  });
  row(6)[Math.max(0, labels[6])] = Number.NEGATIVE_INFINITY;
  row(7)[Math.max(0, labels[7])] = Number.POSITIVE_INFINITY;
  row(8)[classes - 1] = Number.NaN;
  row(9).fill(-3e38, 0, 2);
  row(10)[classes - 1] = 3e38;
  row(11).fill(0.5);
  row(12).fill(-0);
}

/** Probabilities that no model should give, in the first rows. */
const ODD_PROBABILITIES = [0, -0, Number.NaN, -0.5, 1, 2, 1e-310, 1e-40, Number.POSITIVE_INFINITY];

/** What is drawn when it is asked for, from a seed of its own: most functions take logits alone. */
function later<T>(random: Random, draw: (random: Random) => T): () => T {
  const seed = integer(random, 2 ** 32);
  let drawn: T | undefined;
  return () => {
    drawn ??= draw(mulberry32(seed));
    return drawn;
  };
}

/** Makes a case of inputs, which may be patterns. */
function caseOf(
  random: Random,
  dtype: Dtype,
  classes: number,
  labels: Int32Array,
  inputs: Readonly<Record<CrossEntropyInput, () => Input>>,
  kind?: "switching",
): Case {
  const rows = labels.length;
  const length = rows * classes;
  const targets = later(random, (random) => patternOf(probabilitiesOf, random, dtype, rows, classes));
  const weight = later(random, (random) => weightsOf(random, dtype, Math.min(classes, PATTERN)));
  return {
    dtype,
    rows,
    classes,
    kind: kind ?? (length > LARGE ? "large" : "ordinary"),
    labels,
    input(name) {
      const x = inputs[name]();
      return "wrap" in x ? { ...x, bits: repeated(x.bits, length) } : repeated(x, length);
    },
    // with one class any other target is one of binaryCrossEntropy
    targets: () => (classes === 1 ? zeros(dtype, rows).fill(1) : repeated(targets(), length)),
    weight: () => repeated(weight(), classes),
    sampleWeight: () => repeated(weight(), rows),
  };
}

function caseOfLogits(random: Random, classes: number, labels: Int32Array, logits: FloatArray, kind?: "switching") {
  const dtype = logits instanceof Float32Array ? "float32" : "float64";
  const inputs = {
    logits: () => logits,
    probabilities: later(random, (random) => {
      const probabilities = patternOf(probabilitiesOf, random, dtype, labels.length, classes);
      if (labels.length > 15) probabilities.set(ODD_PROBABILITIES);
      return probabilities;
    }),
    logProbabilities: later(random, () => logits.map((x) => -Math.abs(x))),
  };
  return caseOf(random, dtype, classes, labels, inputs, kind);
}

/** One a row; -100 in an eighth of them, if there are several. */
function someLabels(random: Random, rows: number, classes: number): Int32Array {
  return repeated(labelsOf(random, Math.min(rows, PATTERN), classes, rows === 1 ? undefined : -100), rows);
}

function floatCase(random: Random, dtype: Dtype, rows: number, classes: number): Case {
  const labels = someLabels(random, rows, classes);
  const pattern = patternOf(logitsOf, random, dtype, rows, classes);
  if (rows <= 15 || rows * classes > LARGE) return caseOfLogits(random, classes, labels, pattern);
  const logits = repeated(pattern, rows * classes);
  addOddRows(logits, labels, classes);
  return caseOfLogits(random, classes, labels, logits);
}

/**
 * Rows switch to another way of computing at maxima of -10 and 30 and targets of -30 and -300 (short rows), at 350, 40 above the
 * first round and 60 below that (long rows): these are a row's offset, how far its last element lies above it, and how far its
 * target lies below it, on both sides of each switch and where exp becomes 0.
 */
const OFFSETS = [0, -9.95, -10.05, 29.95, 30.05, 349.95, 350.05, -349.95, -350.05, 1e8, -1e8, 1e30];
const RISES = [0, 39.95, 40.05, 90, 800];
const FALLS = [0, 19.9, 20, 29.95, 30.05, 59.95, 60.05, 86, 95, 105, 299.95, 300.05, 800];
/** Where no fall is given it is drawn. */
const SWITCHING_ROWS: readonly { offset: number; rise: number; fall?: number }[] = [
  ...OFFSETS.flatMap((offset) => RISES.map((rise) => ({ offset, rise }))),
  ...FALLS.map((fall) => ({ offset: 0, rise: 0, fall })),
];
/** Classes of such rows. */
const SWITCHING = [10, 64, 65, 300];

function switching(random: Random, dtype: Dtype, classes: number): Case {
  const labels = Int32Array.from(SWITCHING_ROWS, () => 1 + integer(random, classes - 2));
  const logits = zeros(dtype, labels.length * classes);
  SWITCHING_ROWS.forEach(({ offset, rise, fall = pick(random, FALLS) }, i) => {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    row.forEach((_, j) => {
      row[j] = offset - (j === 0 ? 0 : 3 * random());
    });
    row[classes - 1] = offset + rise;
    row[labels[i]] = offset - fall;
  });
  return caseOfLogits(random, classes, labels, logits, "switching");
}

function halfCase(random: Random, format: Format, rows: number, classes: number): Case {
  const { wrap } = format;
  const bits = halfBits(random, format, rows, classes);
  return caseOf(random, "float32", classes, someLabels(random, rows, classes), {
    logits: () => ({ wrap, bits }),
    probabilities: () => ({ wrap, bits: bits.map((x) => x & ~SIGN) }),
    logProbabilities: () => ({ wrap, bits: bits.map((x) => x | SIGN) }),
  });
}

/** Every case of at most so many elements. */
export function* cases(random: Random, elements = Number.POSITIVE_INFINITY): Generator<Case> {
  const fitting = ([rows, classes]: readonly [number, number]) => rows * classes <= elements;
  for (const dtype of dtypes) {
    for (const [rows, classes] of SHAPES.filter(fitting)) yield floatCase(random, dtype, rows, classes);
    for (const classes of SWITCHING.filter((classes) => SWITCHING_ROWS.length * classes <= elements)) {
      yield switching(random, dtype, classes);
    }
    for (const [rows, classes] of LARGE_SHAPES[dtype].filter(fitting)) yield floatCase(random, dtype, rows, classes);
  }
  for (const format of FORMATS) {
    const shapes: typeof SHAPES = [...HALF_SHAPES, ...LARGE_SHAPES[format.name]];
    for (const [rows, classes] of shapes.filter(fitting)) yield halfCase(random, format, rows, classes);
  }
}

/** Rows [begin, end) of an input. */
export function rowsOf(x: Input, classes: number, begin: number, end: number): Input {
  if ("wrap" in x) return { ...x, bits: x.bits.subarray(begin * classes, end * classes) };
  return x.subarray(begin * classes, end * classes);
}

/** Labels in an array of every integer type, and what is ignored in place of -100. */
export function* typedLabels(labels: Int32Array): Generator<{ labels: IntegerArray; ignoreIndex: number }> {
  for (const type of labelArrays) {
    for (const ignoreIndex of type.name.includes("Uint") ? [100, 0] : [100, 0, -1, -100]) {
      const replaced = replaceIgnored(labels, ignoreIndex);
      if (type === BigInt64Array || type === BigUint64Array) {
        yield { labels: type.from(Array.from(replaced, BigInt)), ignoreIndex };
      } else yield { labels: (type as Int32ArrayConstructor).from(replaced), ignoreIndex };
    }
  }
}

export function replaceIgnored(labels: Int32Array, ignoreIndex: number): Int32Array {
  return labels.map((label) => (label === -100 ? ignoreIndex : label));
}
