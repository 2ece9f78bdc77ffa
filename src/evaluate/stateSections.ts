import { ExactTotal } from "../numeric/exactTotal.ts";
import { writeCoverage } from "./coverage.ts";
import { INPUTS, type Options } from "./evaluatorOptions.ts";
import type { Writer } from "./stateBytes.ts";
import { COUNTS, type ConfidenceBin, type Totals } from "./totals.ts";
import { writeWorst } from "./worstRows.ts";

/** One section of a state. docs/state-format.md describes the bytes. */
export interface Section {
  readonly tag: number;
  /** Whether a state of these totals has it. */
  has(totals: Totals): boolean;
  write(to: Writer, totals: Totals): void;
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
export const isWeighted = ({ options }: Totals) => options.weights !== null;

/** Flags of the options. */
export const PER_CLASS = 1;
export const WEIGHTED = 2;
export const CONFUSION = 4;
export const PERCENTILES = 8;
export const RANKING = 16;
export const TEMPERATURE = 32;
export const WORST = 64;
export const ALL_FLAGS = 2 * WORST - 1;

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

export const counts: Section = {
  tag: 2,
  has: always,
  write(to, totals) {
    for (const name of COUNTS) to.count(totals[name]);
    for (const n of totals.tops) to.count(n);
  },
};

export const sums: Section = {
  tag: 3,
  has: always,
  write(to, totals) {
    for (const name of ["loss", "entropy", "brier", "reciprocalRank"] as const) to.total(totals[name]);
    if (isWeighted(totals)) to.total(totals.weight);
  },
};

export const spread: Section = {
  tag: SPREAD,
  has: ({ hasSpread }) => hasSpread,
  write(to, totals) {
    to.total(totals.lossSquare);
    if (!isWeighted(totals)) return;
    to.count(totals.weighing);
    to.total(totals.weightLoss);
    to.total(totals.weightSquare);
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

export function writeCalibration(to: Writer, bins: readonly ConfidenceBin[]): void {
  const isEmpty = ({ count }: ConfidenceBin) => count === 0;
  writeFilled(to, bins, isEmpty, ({ count, correct, confidence }) => {
    to.count(count);
    to.count(correct);
    to.total(new ExactTotal(confidence));
  });
}

export const calibration: Section = {
  tag: 5,
  has: always,
  write(to, totals) {
    writeCalibration(to, totals.calibration);
  },
};

export const losses: Section = {
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
};

export const classes: Section = {
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
};

export const confusion: Section = {
  tag: 8,
  has: ({ options }) => options.confusion,
  write(to, totals) {
    totals.confusion?.write(to);
  },
};

export const sizes: Section = {
  tag: 9,
  has: ({ options }) => options.percentiles !== null,
  write(to, totals) {
    totals.sizes?.write(to);
  },
};

export const ranking: Section = {
  tag: 10,
  has: ({ options }) => options.ranking,
  write(to, totals) {
    totals.ranking?.write(to);
  },
};

export const temperature: Section = {
  tag: 11,
  has: ({ options }) => options.fitTemperature,
  write(to, totals) {
    totals.temperature?.write(to);
  },
};

export const worst: Section = {
  tag: 14,
  has: ({ options }) => options.worst > 0,
  write(to, totals) {
    writeWorst(to, totals.worst);
  },
};

export const groups: Section = {
  tag: GROUPS,
  has: (totals) => totals.groups !== null,
  write(to, totals) {
    totals.groups?.write(to);
  },
};

/** Lengths of the texts: 1 more than there are bytes, and words; 0 where that is not known. */
export const lengths: Section = {
  tag: LENGTHS,
  has: (totals) => totals.bytes !== null || totals.words !== null,
  write(to, totals) {
    to.count(totals.bytes === null ? 0 : totals.bytes + 1);
    to.count(totals.words === null ? 0 : totals.words + 1);
  },
};

export const coverage: Section = {
  tag: COVERAGE,
  has: (totals) => totals.coverage !== null,
  write(to, totals) {
    writeCoverage(to, totals.coverage ?? []);
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
