import type { CrossEntropyInput } from "../api/crossEntropyOptions.ts";
import {
  checkChoice,
  checkInteger,
  checkOptions as checkNames,
  checkNumber,
  INT32_MAX,
  kindOf,
  weightOf,
} from "../check.ts";
import type { FloatArray } from "../dtype.ts";
import { USUAL_PERCENTILES } from "./percentiles.ts";
import { crc32 } from "./stateBytes.ts";

/** Options of evaluator() and evaluate(). */
export interface EvaluatorOptions {
  /** Length of a row, 1 to 2^24. */
  classes: number;
  /** What rows hold, as of crossEntropy; default `logits`. */
  input?: CrossEntropyInput | undefined;
  /** Rows with this label count for nothing; default -100. */
  ignoreIndex?: number | undefined;
  /** One a class, of the logits' dtype, none negative: weighs the loss (nothing else); default 1. */
  weight?: FloatArray | undefined;
  /** Shares of rows whose target is among the k largest logits; default [1, 5], at most 64 of them. */
  topK?: readonly number[] | undefined;
  /** Bins of the calibration, 1 to 1000; default 15. */
  bins?: number | undefined;
  /** Loss and accuracy of each class too; default false. Costs some nanoseconds a row. */
  perClass?: boolean | undefined;
  /** Counts rows by label and prediction, for precision, recall and the like; default false. */
  confusion?: boolean | undefined;
  /** Percentiles of the row losses, from 0 to 100, at most 64; true: 0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 99.9 and 100. */
  percentiles?: true | readonly number[] | undefined;
  /** AUROC, average precision and ROC of two classes, by the log-odds of class 1; default false. Costs some nanoseconds a row. */
  ranking?: boolean | undefined;
  /** By which temperature the logits are best divided; default false. Costs 5 times what the rest does. */
  fitTemperature?: boolean | undefined;
  /** So many rows of the highest loss are listed, at most 1000; default 0. */
  worst?: number | undefined;
  /**
   * Is told of rows when they are added, some thousands at a time; what it gets is only there during the call. It may call this
   * engine. What it throws `add` throws, and the rows that it was told of stay added.
   */
  onRows?: ((rows: EvaluatedRows) => void) | undefined;
}

/** Rows that were evaluated, each by its place. */
export interface EvaluatedRows {
  /** Number of the first one among all rows of the evaluator. */
  readonly first: number;
  readonly count: number;
  /** The target's class, as it was given. */
  label(i: number): number;
  /** The class of the first maximum; -1 of an ignored row, and where there is none. */
  predicted(i: number): number;
  /** Of the target, from 1; 0 of a row that holds a NaN, -1 of an ignored one. */
  rank(i: number): number;
  /** In nats, times the class's weight. */
  loss(i: number): number;
  /** ln of the target's probability, in nats: -loss without weights; 0 of an ignored row. */
  logProbability(i: number): number;
}

/** In the order of their numbers in a state. */
export const INPUTS: readonly CrossEntropyInput[] = ["logits", "probabilities", "logProbabilities"];

const KNOWN = [
  "classes",
  "input",
  "ignoreIndex",
  "weight",
  "topK",
  "bins",
  "perClass",
  "confusion",
  "percentiles",
  "ranking",
  "fitTemperature",
  "worst",
  "onRows",
];

/** Options, checked and as a state holds them. */
export interface Options {
  readonly classes: number;
  readonly input: CrossEntropyInput;
  readonly ignoreIndex: number;
  /** Rising. */
  readonly topK: readonly number[];
  readonly bins: number;
  readonly perClass: boolean;
  readonly confusion: boolean;
  /** Rising; null where none are asked for. */
  readonly percentiles: readonly number[] | null;
  readonly ranking: boolean;
  readonly fitTemperature: boolean;
  /** Rows that are listed; 0 where none are asked for. */
  readonly worst: number;
  /** CRC-32 of the weights as float64; null without weights. */
  readonly weights: number | null;
}

export const MAXIMAL_CLASSES = 2 ** 24;
export const MAXIMAL_BINS = 1000;
export const MAXIMAL_TOPS = 64;
/** Rows that a state lists, at most. */
export const MAXIMAL_WORST = 1000;

/** The options, checked, and the weights; each is read once. */
export function checkEvaluatorOptions(
  name: string,
  options: EvaluatorOptions,
): { options: Options; weight: FloatArray | undefined; onRows: EvaluatorOptions["onRows"] } {
  checkNames(name, options, KNOWN);
  const { classes, ignoreIndex = -100, weight, topK = [1, 5], bins = 15, perClass = false, onRows } = options;
  const { input = "logits", confusion = false, ranking = false, fitTemperature = false, worst = 0 } = options;
  checkInteger(name, "classes", classes, 1, MAXIMAL_CLASSES);
  checkChoice(name, "input", input, INPUTS);
  checkInteger(name, "ignoreIndex", ignoreIndex, -INT32_MAX - 1, INT32_MAX);
  checkInteger(name, "bins", bins, 1, MAXIMAL_BINS);
  if (!Array.isArray(topK)) throw new TypeError(`${name}: topK must be an array of integers`);
  if (topK.length > MAXIMAL_TOPS) {
    throw new RangeError(`${name}: topK has length ${topK.length}, but at most ${MAXIMAL_TOPS} are counted`);
  }
  // holes, too
  const tops = [...topK];
  tops.forEach((k, i) => {
    checkInteger(name, `topK[${i}]`, k, 1, MAXIMAL_CLASSES);
  });
  for (const [option, value] of Object.entries({ perClass, confusion, ranking, fitTemperature })) {
    if (typeof value === "boolean") continue;
    throw new TypeError(`${name}: ${option} must be a boolean, but is ${kindOf(value)}`);
  }
  if (ranking && classes !== 2) throw new RangeError(`${name}: ranking is of 2 classes, but classes is ${classes}`);
  if (fitTemperature && input !== "logits") {
    throw new TypeError(`${name}: fitTemperature is of logits, but input is "${input}"`);
  }
  checkInteger(name, "worst", worst, 0, MAXIMAL_WORST);
  const percentiles = checkPercentiles(name, options.percentiles);
  let weights: number | null = null;
  let own: FloatArray | undefined;
  if (weight !== undefined) {
    own = weightOf(name, weight, classes).slice();
    weights = crc32(new Uint8Array(Float64Array.from(own, (w) => w + 0).buffer));
  }
  const sorted = [...new Set(tops)].sort((a, b) => a - b);
  if (onRows !== undefined && typeof onRows !== "function") {
    throw new TypeError(`${name}: onRows must be a function, but is ${kindOf(onRows)}`);
  }
  return {
    options: {
      classes,
      input,
      ignoreIndex,
      topK: sorted,
      bins,
      perClass,
      confusion,
      percentiles,
      ranking,
      fitTemperature,
      worst,
      weights,
    },
    weight: own,
    onRows,
  };
}

function checkPercentiles(name: string, value: EvaluatorOptions["percentiles"]): readonly number[] | null {
  if (value === undefined) return null;
  const list = value === true ? USUAL_PERCENTILES : value;
  if (!Array.isArray(list)) {
    throw new TypeError(`${name}: percentiles must be true or an array of numbers, but is ${kindOf(value)}`);
  }
  if (list.length > MAXIMAL_TOPS) {
    throw new RangeError(`${name}: percentiles has length ${list.length}, but at most ${MAXIMAL_TOPS} are computed`);
  }
  [...list].forEach((percent, i) => {
    checkNumber(name, { name: `percentiles[${i}]`, atLeast: 0, atMost: 100 }, percent);
  });
  return [...new Set<number>(list)].sort((a, b) => a - b);
}

/** What two lists of options differ in, in words; null if in nothing. */
export function difference(a: Options, b: Options): string | null {
  for (const key of [
    "classes",
    "input",
    "ignoreIndex",
    "topK",
    "bins",
    "perClass",
    "confusion",
    "percentiles",
    "ranking",
    "fitTemperature",
    "worst",
    "weights",
  ] as const) {
    if (JSON.stringify(a[key]) === JSON.stringify(b[key])) continue;
    if (key === "weights") return "other weights than";
    return `${key} ${JSON.stringify(a[key])}, but ${JSON.stringify(b[key])} is that of`;
  }
  return null;
}
