import { LOSS_BINS } from "../descriptions/counters.ts";
import { FINITE } from "../numeric/exactTotal.ts";
import type { Confusion } from "./confusion.ts";
import { readCoverage } from "./coverage.ts";
import {
  INPUTS,
  MAXIMAL_BINS,
  MAXIMAL_CLASSES,
  MAXIMAL_TOPS,
  MAXIMAL_WORST,
  type Options,
} from "./evaluatorOptions.ts";
import { type Groups, MAXIMAL_GROUPS } from "./groups.ts";
import type { Highest } from "./highest.ts";
import { type LossSizes, SIZE_BINS, sizeOf } from "./percentiles.ts";
import { readHighest } from "./placedRows.ts";
import { type Ranking, SCORE_BINS } from "./ranking.ts";
import type { Reader } from "./stateBytes.ts";
import * as sections from "./stateSections.ts";
import {
  ALL_FLAGS,
  CONFUSION,
  isWeighted,
  PER_CLASS,
  PERCENTILES,
  RANKING,
  type Section,
  TEMPERATURE,
  WEIGHTED,
  WORST,
} from "./stateSections.ts";
import type { TemperatureSums } from "./temperature.ts";
import { COUNTS, type ConfidenceBin, classOf, type Totals } from "./totals.ts";
import type { WorstRow } from "./worstRows.ts";

// How what stateSections.ts writes is read: apart from it, as a page that merges no states loads nothing of this.

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

/** What writeFilled wrote, of a list of so many: `read` gets the numbers, which rise. */
export function readFilled(from: Reader, what: string, length: number, read: (i: number) => void): void {
  let least = 0;
  for (let left = from.count(`entries of ${what}`, length); left > 0; left--) {
    const i = from.count(`an entry of ${what}`, length - 1, least);
    read(i);
    least = i + 1;
  }
}

/** Reads what writeCalibration wrote into bins that are empty. */
export function readCalibration(from: Reader, bins: ConfidenceBin[]): void {
  readFilled(from, "the calibration", bins.length, (i) => {
    const count = from.count("rows of a bin", undefined, 1);
    bins[i] = { count, correct: from.count("rows"), confidence: from.total().units };
  });
}

function readConfusion(from: Reader, confusion: Confusion, classes: number): void {
  let before = -1;
  for (let left = from.count("cells", classes * (classes + 1)); left > 0; left--) {
    const label = from.count("a label", classes - 1);
    const predicted = from.count("a prediction", classes) - 1;
    const key = label * (classes + 1) + predicted;
    if (key < before) from.fail("has cells that do not rise");
    before = key + 1;
    confusion.add(label, predicted, from.count("rows of a cell", undefined, 1));
  }
}

/** Reads what LossSizes.write() wrote into one that is empty. */
export function readSizes(from: Reader, sizes: LossSizes): void {
  let least = 0;
  const bins = from.count("sizes of the loss", SIZE_BINS);
  for (let left = bins; left > 0; left--) {
    const bin = from.count("a size of the loss", SIZE_BINS - 1, least);
    least = bin + 1;
    sizes.counts.addTimes(bin, from.count("rows of a size", undefined, 1));
  }
  if (bins === 0) return;
  sizes.least = from.float64();
  sizes.most = from.float64();
  const sorted = sizes.sorted();
  const ends = [sorted[0][0], sorted[sorted.length - 1][0]];
  if (sizeOf(sizes.least) !== ends[0] || sizeOf(sizes.most) !== ends[1]) {
    from.fail("has a smallest or largest loss outside of their bins");
  }
}

/** Reads what Ranking.write() wrote into one that is empty. */
export function readRanking(from: Reader, ranking: Ranking): void {
  let least = 0;
  for (let left = from.count("bins of scores", SCORE_BINS); left > 0; left--) {
    const bin = from.count("a bin of scores", SCORE_BINS - 1, least);
    least = bin + 1;
    const [p, n] = [from.count("positive rows"), from.count("negative rows")];
    if (p + n === 0) from.fail("has an empty bin of scores");
    if (p > 0) ranking.positives.addTimes(bin, p);
    if (n > 0) ranking.negatives.addTimes(bin, n);
  }
}

function readTemperature(from: Reader, temperature: TemperatureSums): void {
  temperature.rows = from.count("rows with a curve");
  for (const sum of temperature.gathered()) {
    sum.addTotal(from.total());
    if (sum.kind !== FINITE) from.fail("has a curve that is not finite");
  }
}

/** Reads what Groups.write() wrote into groups that are empty. */
export function readGroups(from: Reader, groups: Groups): void {
  let before: bigint | undefined;
  for (let left = from.count("groups", MAXIMAL_GROUPS); left > 0; left--) {
    const id = from.total().units;
    if (before !== undefined && id <= before) from.fail("has groups that do not rise");
    before = id;
    const group = groups.open(id, () => from.fail("has too many groups"));
    group.loss.addTotal(groups.ofSquares ? from.productTotal() : from.total());
    group.weight.addTotal(from.total());
  }
}

function readWorst(from: Reader, worst: Highest<WorstRow>, classes: number): void {
  readHighest(from, worst, (place) => ({
    ...place,
    positions: from.count("positions"),
    label: from.count("a label", classes - 1),
    predicted: from.count("a prediction", classes) - 1,
    rank: from.count("a rank", classes),
    loss: from.number(),
  }));
}

/** The sections, rising by tag, each with what reads it into totals that are empty. */
export const READERS: readonly (readonly [Section, (from: Reader, totals: Totals) => void])[] = [
  [
    sections.counts,
    (from, totals) => {
      for (const name of COUNTS) totals[name] = from.count(name);
      for (let i = 0; i < totals.tops.length; i++) totals.tops[i] = from.count("rows");
    },
  ],
  [
    sections.sums,
    (from, totals) => {
      for (const name of ["loss", "entropy", "brier", "reciprocalRank"] as const) totals[name].addTotal(from.total());
      if (isWeighted(totals)) totals.weight.addTotal(from.total());
    },
  ],
  [
    sections.spread,
    (from, totals) => {
      totals.lossSquare.addTotal(from.productTotal());
      if (!isWeighted(totals)) return;
      totals.weighing = from.count("rows of a weight above 0");
      totals.weightLoss.addTotal(from.productTotal());
      totals.weightSquare.addTotal(from.productTotal());
    },
  ],
  [sections.calibration, (from, totals) => readCalibration(from, totals.calibration)],
  [
    sections.losses,
    (from, totals) => {
      readFilled(from, "the losses", LOSS_BINS, (i) => {
        totals.losses[i] = from.count("rows of a bin", undefined, 1);
      });
    },
  ],
  [
    sections.classes,
    (from, totals) => {
      readFilled(from, "the classes", totals.options.classes, (label) => {
        const it = classOf(totals, label);
        it.count = from.count("rows of a class", undefined, 1);
        it.correct = from.count("rows");
        it.loss.addTotal(from.total());
      });
    },
  ],
  [
    sections.confusion,
    (from, totals) => {
      if (totals.confusion) readConfusion(from, totals.confusion, totals.options.classes);
    },
  ],
  [
    sections.sizes,
    (from, totals) => {
      if (totals.sizes) readSizes(from, totals.sizes);
    },
  ],
  [
    sections.ranking,
    (from, totals) => {
      if (totals.ranking) readRanking(from, totals.ranking);
    },
  ],
  [
    sections.temperature,
    (from, totals) => {
      if (totals.temperature) readTemperature(from, totals.temperature);
    },
  ],
  [
    sections.groups,
    (from, totals) => {
      if (totals.groups) readGroups(from, totals.groups);
    },
  ],
  [
    sections.lengths,
    (from, totals) => {
      const [bytes, words] = [from.count("bytes"), from.count("words")];
      totals.bytes = bytes === 0 ? null : bytes - 1;
      totals.words = words === 0 ? null : words - 1;
      if (bytes === 0 && words === 0) from.fail("is not in its canonical form");
    },
  ],
  [sections.worst, (from, totals) => readWorst(from, totals.worst, totals.options.classes)],
  [
    sections.coverage,
    (from, totals) => {
      totals.coverage = readCoverage(from, totals.rows);
    },
  ],
];
