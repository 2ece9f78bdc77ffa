import { ExactTotal } from "../numeric/exactTotal.ts";
import type { Cell } from "./confusion.ts";
import type { Totals } from "./totals.ts";

const sum = (counts: readonly number[]) => counts.reduce((total, n) => total + n, 0);

/** Units of a confidence of 1. */
const ONE = 2n ** 52n;

/** Refuses totals that no rows add up to: parts above their whole, or parts of a whole that don't make it up. */
export function checkTotals(totals: Totals, fail: (what: string) => never): void {
  const { options, rows, counted, correct, nan, positiveInfinity, allNegativeInfinity, tops, calibration } = totals;
  const atMost = (name: string, n: number, whole: string, most: number) => {
    if (n > most) fail(`has ${name} ${n}, but ${whole} ${most}`);
  };
  const same = (name: string, n: number, whole: string, all: number) => {
    if (n !== all) fail(`has ${name} ${n}, but ${whole} ${all}`);
  };
  atMost("counted", counted, "rows", rows);
  // a row that holds a NaN is right in none of these ways
  const within = [correct, ...tops];
  const names = ["correct", ...options.topK.map((k) => `top-${k}`)];
  within.forEach((n, i) => {
    atMost(`nan ${nan} and ${names[i]}`, n + nan, "counted", counted);
    if (i > 0) atMost(names[i - 1], within[i - 1], names[i], n);
  });
  if (options.topK[0] === 1) same("top-1", tops[0], "correct", correct);

  const finite = counted - nan - positiveInfinity - allNegativeInfinity;
  same("rows in bins of confidence", sum(calibration.map(({ count }) => count)), "counted and finite", finite);
  atMost("correct in bins of confidence", sum(calibration.map((bin) => bin.correct)), "correct", correct);
  calibration.forEach((bin, i) => {
    atMost(`correct in bin ${i} of confidence`, bin.correct, "its rows are", bin.count);
    if (bin.confidence < 0n || bin.confidence > BigInt(bin.count) * ONE) fail(`has a confidence above 1 in bin ${i}`);
  });
  atMost("rows in bins of loss", sum(totals.losses), "counted", counted);

  if (totals.lossSquare.units < 0n || totals.weightSquare.units < 0n) fail("has a negative sum of squares");
  atMost("rows of a weight above 0", totals.weighing, "counted", counted);

  if (totals.ranking !== null) atMost("rows of scores", totals.ranking.rows, "counted", counted);
  if (totals.temperature !== null) atMost("rows with a curve", totals.temperature.rows, "counted", counted);
  const listed = totals.worst.sorted().length;
  if (options.worst > 0) same("rows in a list", listed, "wanted are", Math.min(counted, options.worst));
  if (totals.groups !== null) {
    const weight = options.weights === null ? new ExactTotal(BigInt(counted) << 1074n) : totals.weight;
    totals.groups.checkSums(totals.loss, weight, fail);
  }
  if (totals.sizes !== null) atMost("rows of sizes of the loss", totals.sizes.rows, "counted", counted);
  if (totals.confusion !== null) {
    const cells = totals.confusion.cells();
    const rowsOf = (f: (cell: Cell) => boolean) => sum(cells.filter(f).map(({ count }) => count));
    same("rows of all cells", sum(cells.map(({ count }) => count)), "counted", counted);
    same(
      "right rows of cells",
      rowsOf(({ label, predicted }) => label === predicted),
      "correct",
      correct,
    );
    same(
      "rows of cells without a prediction",
      rowsOf(({ predicted }) => predicted < 0),
      "nan",
      nan,
    );
  }

  if (!options.perClass) return;
  const classes = [...totals.classes];
  for (const [label, it] of classes) atMost(`correct of class ${label}`, it.correct, "its rows are", it.count);
  same("rows of all classes", sum(classes.map(([, { count }]) => count)), "counted", counted);
  same("correct of all classes", sum(classes.map(([, it]) => it.correct)), "correct", correct);
}
