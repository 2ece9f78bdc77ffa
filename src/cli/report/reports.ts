/** The pages of --report: an evaluation's and a regression's. */
import type { Evaluation } from "../../evaluate/evaluation.ts";
import type { Regression } from "../../evaluate/regression.ts";
import { printable } from "../printable.ts";
import {
  digits,
  evaluationLines,
  type Line,
  nonFiniteText,
  percent,
  type Run,
  regressionLines,
  runLines,
} from "../tables.ts";
import { evaluationPanels, showsClasses } from "./evaluationPanels.ts";
import { type Making, originLines } from "./origin.ts";
import { pageHtml } from "./page.ts";
import type { Pair } from "./pairs.ts";
import { regressionPanels } from "./regressionPanels.ts";
import { type Subject, subtitle } from "./subject.ts";
import { counted, grouped } from "./words.ts";

interface EvaluationReport {
  readonly subject: Subject;
  readonly making: Making;
  readonly evaluation: Evaluation;
  /** What an evaluation does not hold of its options. */
  readonly options: readonly Line[];
  readonly run?: Run;
  /** Whether classes are shown however many there are. */
  readonly perClass: boolean;
}

export function evaluationReport(report: EvaluationReport): string {
  const { subject, making, options, run, perClass } = report;
  const { perClass: classes, ...rest } = report.evaluation;
  const evaluation = showsClasses(rest.classes, perClass) && classes ? { ...rest, perClass: classes } : rest;
  const data = printable(evaluation);
  const { loss, accuracy, calibration, perplexity } = evaluation;
  const nonFinite = nonFiniteText(evaluation);
  const right = Math.round(accuracy * evaluation.counted);
  return pageHtml({
    title: `Evaluation of ${subject.of}`,
    subtitle: subtitle(
      subject,
      `${counted(evaluation.rows, "row")} of ${counted(evaluation.classes, "class", "classes")}`,
    ),
    warnings: nonFinite === "" ? [] : [`Rows whose loss is NaN: ${nonFinite}.`],
    tiles: [
      {
        name: "Cross-entropy",
        value: digits(loss.mean, 4),
        unit: "nats",
        more: `standard error ${digits(loss.standardError, 2)}`,
      },
      { name: "Perplexity", value: digits(perplexity, 4), more: `${digits(evaluation.bitsPerRow, 3)} bits per row` },
      {
        name: "Accuracy",
        value: percent(accuracy),
        more: Number.isFinite(right) ? `${grouped(right)} of ${counted(evaluation.counted, "row")}` : "of no rows",
      },
      { name: "Calibration error", value: percent(calibration.expectedError), more: "expected; 0 is best" },
    ],
    figures: evaluationLines(evaluation),
    panels: evaluationPanels(data),
    origin: originLines(making, [...options, ...runLines(run, "logits")]),
    data,
  });
}

interface RegressionReport {
  readonly subject: Subject;
  readonly making: Making;
  readonly regression: Regression;
  readonly run?: Run;
  /** Some of the predictions and targets. */
  readonly sample?: readonly Pair[];
}

export function regressionReport({ subject, making, regression, run, sample = [] }: RegressionReport): string {
  const { rmse, mae, mape, maximumError, r2, count } = regression;
  return pageHtml({
    title: `Regression of ${subject.of}`,
    subtitle: subtitle(subject, counted(count, "pair")),
    warnings: [],
    tiles: [
      { name: "Root mean square error", value: digits(rmse, 4), more: `mean square ${digits(regression.mse, 4)}` },
      { name: "Mean absolute error", value: digits(mae, 4), more: `relative to targets ${digits(mape, 4)}` },
      { name: "Largest error", value: digits(maximumError, 4), more: "absolute" },
      { name: "R2", value: digits(r2, 4), more: "1 is best" },
    ],
    figures: regressionLines(regression),
    panels: regressionPanels(sample, count),
    origin: originLines(making, runLines(run, "elements")),
    data: regression,
  });
}
