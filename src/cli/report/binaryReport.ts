import type { BinaryEvaluation } from "../../evaluate/binary/binary.ts";
import { binaryLines, printableBinary } from "../binaryTable.ts";
import { digits, percent, type Run, runLines } from "../tables.ts";
import { reliability } from "./evaluationPanels.ts";
import { type Making, originLines } from "./origin.ts";
import { pageHtml } from "./page.ts";
import { roc } from "./rocPanel.ts";
import { type Subject, subtitle } from "./subject.ts";
import { counted } from "./words.ts";

interface BinaryReport {
  readonly subject: Subject;
  readonly making: Making;
  readonly evaluation: BinaryEvaluation;
  readonly run?: Run;
}

/** The page of --report of a binary evaluation. */
export function binaryReport({ subject, making, evaluation, run }: BinaryReport): string {
  const { loss, accuracy, brier, ranking, rows, counted: n, nan } = evaluation;
  const data = printableBinary(evaluation);
  const curve = roc(ranking);
  return pageHtml({
    title: `Evaluation of ${subject.of}`,
    subtitle: subtitle(subject, counted(rows, "row")),
    warnings: nan === 0 ? [] : [`Rows whose loss is NaN: ${nan}.`],
    tiles: [
      {
        name: "Binary cross-entropy",
        value: digits(loss.mean, 4),
        unit: "nats",
        more: `standard error ${digits(loss.standardError, 2)}`,
      },
      { name: "Accuracy", value: percent(accuracy), more: `of ${counted(n, "row")}` },
      { name: "AUROC", value: digits(ranking.auroc, 4), more: "1 is best, 0.5 is chance" },
      { name: "Brier score", value: digits(brier, 4), more: "0 is best" },
    ],
    figures: binaryLines(evaluation),
    panels: [...(curve ? [curve] : []), reliability(data)],
    origin: originLines(making, runLines(run, "rows")),
    data,
  });
}
