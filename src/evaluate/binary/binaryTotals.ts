import { ExactTotal } from "../../numeric/exactTotal.ts";
import { ProductTotal } from "../../numeric/productTotal.ts";
import { addBesideTotals, type BesideTotals } from "../besideRows.ts";
import { Ranking } from "../ranking.ts";
import type { ConfidenceBin } from "../totals.ts";

/** Options of binaryEvaluator(), as a state holds them. */
export interface BinaryBy {
  readonly input: "logits" | "probabilities";
  readonly bins: number;
}

export interface BinaryTotals extends BesideTotals {
  readonly options: BinaryBy;
  /** Those that count. */
  rows: number;
  nan: number;
  correct: number;
  readonly loss: ExactTotal;
  readonly lossSquare: ProductTotal;
  readonly brier: ExactTotal;
  readonly calibration: ConfidenceBin[];
  readonly ranking: Ranking;
}

export function createBinaryTotals(options: BinaryBy): BinaryTotals {
  return {
    options,
    coverage: null,
    ignored: 0,
    groups: null,
    rows: 0,
    nan: 0,
    correct: 0,
    loss: new ExactTotal(),
    lossSquare: new ProductTotal(),
    brier: new ExactTotal(),
    calibration: Array.from({ length: options.bins }, () => ({ count: 0, correct: 0, confidence: 0n })),
    ranking: new Ranking(),
  };
}

/** Adds totals of the same options; their coverage is not this one's. */
export function addBinaryTotals(to: BinaryTotals, from: BinaryTotals): void {
  for (const name of ["rows", "nan", "correct"] as const) to[name] += from[name];
  for (const name of ["loss", "lossSquare", "brier"] as const) to[name].addTotal(from[name]);
  from.calibration.forEach(({ count, correct, confidence }, i) => {
    to.calibration[i].count += count;
    to.calibration[i].correct += correct;
    to.calibration[i].confidence += confidence;
  });
  to.ranking.merge(from.ranking);
  addBesideTotals(to, from);
}
