import { LOSS_BINS } from "../descriptions/counters.ts";
import { ExactTotal } from "../numeric/exactTotal.ts";
import { readCoverage, writeCoverage } from "./coverage.ts";
import {
  INPUTS,
  MAXIMAL_BINS,
  MAXIMAL_CLASSES,
  MAXIMAL_TOPS,
  MAXIMAL_WORST,
  type Options,
} from "./evaluatorOptions.ts";
import type { Reader, Writer } from "./stateBytes.ts";
import { COUNTS, type ConfidenceBin, classOf, type Totals } from "./totals.ts";
import { readWorst, writeWorst } from "./worstRows.ts";

/** One section of a state. docs/state-format.md describes the bytes. */
export interface Section {
  readonly tag: number;
  /** Whether a state of these totals has it. */
  has(totals: Totals): boolean;
  write(to: Writer, totals: Totals): void;
  read(from: Reader, totals: Totals): void;
}

/** The tag of the options, the first section: all others are read by them. */
export const OPTIONS = 1;
/** That of what the standard error is made of: of rows of version 1 with weights there is none. */
export const SPREAD = 4;
/** Those of what rows came with. */
export const GROUPS = 12;
export const LENGTHS = 13;
/** That of what rows of which files a state holds, where that is known. */
export const COVERAGE = 15;

const always = () => true;
const isWeighted = ({ options }: Totals) => options.weights !== null;

/** Flags of the options. */
const PER_CLASS = 1;
const WEIGHTED = 2;
const CONFUSION = 4;
const PERCENTILES = 8;
const RANKING = 16;
const TEMPERATURE = 32;
const WORST = 64;
const ALL_FLAGS = 2 * WORST - 1;

export function writeOptions(to: Writer, options: Options): void {
  const { classes, input, ignoreIndex, bins, topK, perClass, confusion, percentiles, weights } = options;
  const { ranking, fitTemperature, worst } = options;
  to.count(classes);
  to.count(INPUTS.indexOf(input));
  to.signed(ignoreIndex);
  to.count(bins);
  to.count(topK.length);
  for (const k of topK) to.count(k);
  const flags = { [PER_CLASS]: perClass, [WEIGHTED]: weights !== null, [CONFUSION]: confusion };
  const more = { [RANKING]: ranking, [TEMPERATURE]: fitTemperature, [WORST]: worst > 0 };
  const all = { ...flags, [PERCENTILES]: percentiles !== null, ...more };
  to.count(Object.entries(all).reduce((sum, [flag, isSet]) => sum + (isSet ? Number(flag) : 0), 0));
  if (weights !== null) to.uint32(weights);
  if (percentiles !== null) {
    to.count(percentiles.length);
    for (const percent of percentiles) to.float64(percent);
  }
  if (worst > 0) to.count(worst);
}

/** Options; those of version 1 have no kind of input. */
export function readOptions(from: Reader, version: number): Options {
  const classes = from.count("classes", MAXIMAL_CLASSES, 1);
  const input = INPUTS[version === 1 ? 0 : from.count("an input", INPUTS.length - 1)];
  const ignoreIndex = from.signed("ignoreIndex", 2 ** 32 - 1);
  const bins = from.count("bins", MAXIMAL_BINS, 1);
  const tops = from.count("topK of length", MAXIMAL_TOPS);
  const topK: number[] = [];
  for (let i = 0; i < tops; i++) topK.push(from.count("topK", MAXIMAL_CLASSES, i === 0 ? 1 : topK[i - 1] + 1));
  const flags = from.count("flags of options", version === 1 ? PER_CLASS + WEIGHTED : ALL_FLAGS);
  const weights = flags & WEIGHTED ? from.uint32() : null;
  const has = (flag: number) => (flags & flag) !== 0;
  const percentiles = has(PERCENTILES) ? readPercentiles(from) : null;
  const shown = {
    perClass: has(PER_CLASS),
    confusion: has(CONFUSION),
    percentiles,
    ranking: has(RANKING),
    fitTemperature: has(TEMPERATURE),
    worst: has(WORST) ? from.count("rows in a list", MAXIMAL_WORST, 1) : 0,
  };
  if (shown.ranking && classes !== 2) from.fail(`has a ranking of ${classes} classes`);
  return { classes, input, ignoreIndex, bins, topK, ...shown, weights };
}

function readPercentiles(from: Reader): number[] {
  const percentiles: number[] = [];
  for (let left = from.count("percentiles", MAXIMAL_TOPS); left > 0; left--) {
    const percent = from.float64();
    const before = percentiles.at(-1) ?? Number.NEGATIVE_INFINITY;
    if (!(percent >= 0 && percent <= 100 && percent > before))
      from.fail(`has a percentile of ${percent} behind ${before}`);
    percentiles.push(percent);
  }
  return percentiles;
}

const counts: Section = {
  tag: 2,
  has: always,
  write(to, totals) {
    for (const name of COUNTS) to.count(totals[name]);
    for (const n of totals.tops) to.count(n);
  },
  read(from, totals) {
    for (const name of COUNTS) totals[name] = from.count(name);
    for (let i = 0; i < totals.tops.length; i++) totals.tops[i] = from.count("rows");
  },
};

const sums: Section = {
  tag: 3,
  has: always,
  write(to, totals) {
    for (const name of ["loss", "entropy", "brier", "reciprocalRank"] as const) to.total(totals[name]);
    if (isWeighted(totals)) to.total(totals.weight);
  },
  read(from, totals) {
    for (const name of ["loss", "entropy", "brier", "reciprocalRank"] as const) totals[name].addTotal(from.total());
    if (isWeighted(totals)) totals.weight.addTotal(from.total());
  },
};

const spread: Section = {
  tag: SPREAD,
  has: ({ hasSpread }) => hasSpread,
  write(to, totals) {
    to.total(totals.lossSquare);
    if (!isWeighted(totals)) return;
    to.count(totals.weighing);
    to.total(totals.weightLoss);
    to.total(totals.weightSquare);
  },
  read(from, totals) {
    totals.lossSquare.addTotal(from.productTotal());
    if (!isWeighted(totals)) return;
    totals.weighing = from.count("rows of a weight above 0");
    totals.weightLoss.addTotal(from.productTotal());
    totals.weightSquare.addTotal(from.productTotal());
  },
};

/** Entries of a list that are not empty, each after its number. */
function writeFilled<T>(to: Writer, list: readonly T[], isEmpty: (it: T) => boolean, write: (it: T) => void): void {
  to.count(list.filter((it) => !isEmpty(it)).length);
  list.forEach((it, i) => {
    if (isEmpty(it)) return;
    to.count(i);
    write(it);
  });
}

/** What writeFilled wrote, of a list of so many: `read` gets the numbers, which rise. */
export function readFilled(from: Reader, what: string, length: number, read: (i: number) => void): void {
  let least = 0;
  for (let left = from.count(`entries of ${what}`, length); left > 0; left--) {
    const i = from.count(`an entry of ${what}`, length - 1, least);
    read(i);
    least = i + 1;
  }
}

export function writeCalibration(to: Writer, bins: readonly ConfidenceBin[]): void {
  const isEmpty = ({ count }: ConfidenceBin) => count === 0;
  writeFilled(to, bins, isEmpty, ({ count, correct, confidence }) => {
    to.count(count);
    to.count(correct);
    to.total(new ExactTotal(confidence));
  });
}

/** Reads what writeCalibration wrote into bins that are empty. */
export function readCalibration(from: Reader, bins: ConfidenceBin[]): void {
  readFilled(from, "the calibration", bins.length, (i) => {
    const count = from.count("rows of a bin", undefined, 1);
    bins[i] = { count, correct: from.count("rows"), confidence: from.total().units };
  });
}

const calibration: Section = {
  tag: 5,
  has: always,
  write(to, totals) {
    writeCalibration(to, totals.calibration);
  },
  read(from, totals) {
    readCalibration(from, totals.calibration);
  },
};

const losses: Section = {
  tag: 6,
  has: always,
  write(to, totals) {
    writeFilled(
      to,
      totals.losses,
      (n) => n === 0,
      (n) => to.count(n),
    );
  },
  read(from, totals) {
    readFilled(from, "the losses", LOSS_BINS, (i) => {
      totals.losses[i] = from.count("rows of a bin", undefined, 1);
    });
  },
};

const classes: Section = {
  tag: 7,
  has: ({ options }) => options.perClass,
  write(to, totals) {
    const classes = [...totals.classes].sort(([a], [b]) => a - b);
    to.count(classes.length);
    for (const [label, { count, correct, loss }] of classes) {
      to.count(label);
      to.count(count);
      to.count(correct);
      to.total(loss);
    }
  },
  read(from, totals) {
    readFilled(from, "the classes", totals.options.classes, (label) => {
      const it = classOf(totals, label);
      it.count = from.count("rows of a class", undefined, 1);
      it.correct = from.count("rows");
      it.loss.addTotal(from.total());
    });
  },
};

const confusion: Section = {
  tag: 8,
  has: ({ options }) => options.confusion,
  write(to, totals) {
    totals.confusion?.write(to);
  },
  read(from, totals) {
    totals.confusion?.read(from);
  },
};

const sizes: Section = {
  tag: 9,
  has: ({ options }) => options.percentiles !== null,
  write(to, totals) {
    totals.sizes?.write(to);
  },
  read(from, totals) {
    totals.sizes?.read(from);
  },
};

const ranking: Section = {
  tag: 10,
  has: ({ options }) => options.ranking,
  write(to, totals) {
    totals.ranking?.write(to);
  },
  read(from, totals) {
    totals.ranking?.read(from);
  },
};

const temperature: Section = {
  tag: 11,
  has: ({ options }) => options.fitTemperature,
  write(to, totals) {
    totals.temperature?.write(to);
  },
  read(from, totals) {
    totals.temperature?.read(from);
  },
};

const worst: Section = {
  tag: 14,
  has: ({ options }) => options.worst > 0,
  write(to, totals) {
    writeWorst(to, totals.worst);
  },
  read(from, totals) {
    readWorst(from, totals.worst, totals.options.classes);
  },
};

const groups: Section = {
  tag: GROUPS,
  has: (totals) => totals.groups !== null,
  write(to, totals) {
    totals.groups?.write(to);
  },
  read(from, totals) {
    totals.groups?.read(from);
  },
};

/** Lengths of the texts: 1 more than there are bytes, and words; 0 where that is not known. */
const lengths: Section = {
  tag: LENGTHS,
  has: (totals) => totals.bytes !== null || totals.words !== null,
  write(to, totals) {
    to.count(totals.bytes === null ? 0 : totals.bytes + 1);
    to.count(totals.words === null ? 0 : totals.words + 1);
  },
  read(from, totals) {
    const [bytes, words] = [from.count("bytes"), from.count("words")];
    totals.bytes = bytes === 0 ? null : bytes - 1;
    totals.words = words === 0 ? null : words - 1;
    if (bytes === 0 && words === 0) from.fail("is not in its canonical form");
  },
};

const coverage: Section = {
  tag: COVERAGE,
  has: (totals) => totals.coverage !== null,
  write(to, totals) {
    writeCoverage(to, totals.coverage ?? []);
  },
  read(from, totals) {
    totals.coverage = readCoverage(from, totals.rows);
  },
};

/** All sections but the options, rising by tag. */
export const SECTIONS: readonly Section[] = [
  counts,
  sums,
  spread,
  calibration,
  losses,
  classes,
  confusion,
  sizes,
  ranking,
  temperature,
  groups,
  lengths,
  worst,
  coverage,
];
