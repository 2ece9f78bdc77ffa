import { LOSS_BINS, PRODUCTS, SUMS } from "../descriptions/counters.ts";
import { ExactTotal } from "../numeric/exactTotal.ts";
import { ProductTotal } from "../numeric/productTotal.ts";
import { Confusion } from "./confusion.ts";
import type { Coverage } from "./coverage.ts";
import type { Options } from "./evaluatorOptions.ts";
import { addGroups, type Groups } from "./groups.ts";
import { Highest } from "./highest.ts";
import { LossSizes } from "./percentiles.ts";
import { Ranking } from "./ranking.ts";
import { TemperatureSums } from "./temperature.ts";
import type { WorstRow } from "./worstRows.ts";

export { tooManyGroups } from "./groups.ts";

/** Rows of one bin of confidence, those of them that are right, and the sum of their confidences in units of 2^-52. */
export interface ConfidenceBin {
  count: number;
  correct: number;
  confidence: bigint;
}

export interface ClassTotals {
  count: number;
  correct: number;
  loss: ExactTotal;
}

/** Everything that was added up: counts and exact sums, so that adding is associative and commutative. */
export interface Totals {
  readonly options: Options;
  coverage: Coverage;
  rows: number;
  counted: number;
  correct: number;
  nan: number;
  positiveInfinity: number;
  allNegativeInfinity: number;
  /** Of weighted losses r and weights w; those with w are 0 without weights. */
  readonly loss: ExactTotal;
  readonly weight: ExactTotal;
  /** Rows of a weight above 0. */
  weighing: number;
  /** Whether all rows are in the three sums below: not those of a state of version 1 with weights. */
  hasSpread: boolean;
  readonly lossSquare: ProductTotal;
  readonly weightLoss: ProductTotal;
  readonly weightSquare: ProductTotal;
  readonly entropy: ExactTotal;
  readonly brier: ExactTotal;
  readonly reciprocalRank: ExactTotal;
  /** Rows of a rank up to each of options.topK. */
  readonly tops: number[];
  readonly calibration: ConfidenceBin[];
  readonly losses: number[];
  /** By label; only with options.perClass. */
  readonly classes: Map<number, ClassTotals>;
  /** Only with options.confusion, and with options.percentiles. */
  readonly confusion: Confusion | null;
  readonly sizes: LossSizes | null;
  /** Each only with the option of its name; `worst` is empty without. */
  readonly ranking: Ranking | null;
  readonly temperature: TemperatureSums | null;
  worst: Highest<WorstRow>;
  /** Where rows were added with groups, and texts with their lengths; null where without. */
  groups: Groups | null;
  bytes: number | null;
  words: number | null;
}

export const COUNTS = ["rows", "counted", "correct", "nan", "positiveInfinity", "allNegativeInfinity"] as const;
const ADDED_COUNTS = [...COUNTS, "weighing"] as const;
const ADDED_SUMS = [...SUMS, ...PRODUCTS] as const;

export function createTotals(options: Options): Totals {
  return {
    options,
    coverage: null,
    rows: 0,
    counted: 0,
    correct: 0,
    nan: 0,
    positiveInfinity: 0,
    allNegativeInfinity: 0,
    loss: new ExactTotal(),
    weight: new ExactTotal(),
    weighing: 0,
    hasSpread: true,
    lossSquare: new ProductTotal(),
    weightLoss: new ProductTotal(),
    weightSquare: new ProductTotal(),
    entropy: new ExactTotal(),
    brier: new ExactTotal(),
    reciprocalRank: new ExactTotal(),
    tops: options.topK.map(() => 0),
    calibration: Array.from({ length: options.bins }, () => ({ count: 0, correct: 0, confidence: 0n })),
    losses: new Array(LOSS_BINS).fill(0),
    classes: new Map(),
    confusion: options.confusion ? new Confusion(options.classes) : null,
    sizes: options.percentiles === null ? null : new LossSizes(),
    ranking: options.ranking ? new Ranking() : null,
    temperature: options.fitTemperature ? new TemperatureSums() : null,
    worst: new Highest<WorstRow>(options.worst, ({ loss }) => loss),
    groups: null,
    bytes: null,
    words: null,
  };
}

export function classOf(totals: Totals, label: number): ClassTotals {
  let it = totals.classes.get(label);
  if (it === undefined) {
    it = { count: 0, correct: 0, loss: new ExactTotal() };
    totals.classes.set(label, it);
  }
  return it;
}

/** Adds totals of the same options; their coverage is not this one's. */
export function addTotals(to: Totals, from: Totals): void {
  for (const name of ADDED_COUNTS) to[name] += from[name];
  for (const name of ADDED_SUMS) to[name].addTotal(from[name]);
  to.hasSpread &&= from.hasSpread;
  from.tops.forEach((n, i) => {
    to.tops[i] += n;
  });
  from.calibration.forEach(({ count, correct, confidence }, i) => {
    to.calibration[i].count += count;
    to.calibration[i].correct += correct;
    to.calibration[i].confidence += confidence;
  });
  from.losses.forEach((n, i) => {
    to.losses[i] += n;
  });
  if (from.sizes !== null) to.sizes?.merge(from.sizes);
  if (from.ranking !== null) to.ranking?.merge(from.ranking);
  if (from.temperature !== null) to.temperature?.merge(from.temperature);
  to.worst.merge(from.worst);
  addLengths(to, from);
  if (from.confusion !== null) to.confusion?.merge(from.confusion);
  for (const [label, { count, correct, loss }] of from.classes) {
    const it = classOf(to, label);
    it.count += count;
    it.correct += correct;
    it.loss.addTotal(loss);
  }
}

/** Bytes and words at most: a state holds them and 1. */
export const MAXIMAL_LENGTH = Number.MAX_SAFE_INTEGER - 1;

/** What add() takes with rows, each with all of them or with none. */
export const BESIDE = ["groups", "bytes", "words"] as const;

/** Adds what rows came with; of totals without rows there is nothing that could be missing. */
function addLengths(to: Totals, from: Totals): void {
  for (const name of ["bytes", "words"] as const) {
    if (from[name] !== null) to[name] = (to[name] ?? 0) + from[name];
  }
  addGroups(to, from.groups);
}

/** What one of two totals has beside its rows, and the other has not; null where there is nothing. */
export function missingBeside(a: Totals, b: Totals): (typeof BESIDE)[number] | null {
  if (a.rows === 0 || b.rows === 0) return null;
  return BESIDE.find((name) => (a[name] === null) !== (b[name] === null)) ?? null;
}
