import { LOSS_BINS } from "../descriptions/counters.ts";
import { ExactTotal, NOT_A_NUMBER } from "../numeric/exactTotal.ts";
import type { Reader } from "./stateBytes.ts";
import { readFilled, readOptions } from "./stateReaders.ts";
import { COUNTS, classOf, createTotals, type Totals } from "./totals.ts";

/**
 * Reads an evaluation's state of version 1, which docs/state-format.md describes. Its squares were rounded before they were
 * added; with weights they are of no use for the standard error, nor are the weighted losses of classes for plain means.
 */
export function readVersion1(from: Reader): Totals {
  const totals = createTotals(readOptions(from, 1));
  const { options } = totals;
  const isWeighted = options.weights !== null;
  for (const name of COUNTS) totals[name] = from.count(name);
  for (let i = 0; i < options.topK.length; i++) totals.tops[i] = from.count("rows");
  totals.weight.addTotal(from.wholeTotal());
  totals.loss.addTotal(from.wholeTotal());
  const square = from.wholeTotal();
  totals.hasSpread = !isWeighted;
  if (!isWeighted) totals.lossSquare.addSum(square);
  for (const name of ["entropy", "brier", "reciprocalRank"] as const) totals[name].addTotal(from.wholeTotal());
  for (const bin of totals.calibration) {
    bin.count = from.count("rows");
    bin.correct = from.count("rows");
    bin.confidence = from.wholeTotal().units;
  }
  readFilled(from, "the losses", LOSS_BINS, (i) => {
    totals.losses[i] = from.count("rows of a bin", undefined, 1);
  });
  if (options.perClass) {
    readFilled(from, "the classes", options.classes, (label) => {
      const it = classOf(totals, label);
      it.count = from.count("rows of a class", undefined, 1);
      it.correct = from.count("rows");
      const loss = from.wholeTotal();
      it.loss.addTotal(isWeighted ? new ExactTotal(0n, NOT_A_NUMBER) : loss);
    });
  }
  return totals;
}
