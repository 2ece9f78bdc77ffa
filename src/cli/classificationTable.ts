import type { Average, Classification } from "../evaluate/confusion.ts";
import { columns } from "./text.ts";

/** Names of classes by their number; numbers where there are none. */
export type NameOf = (label: number) => string;

/** Of more classes the pairs that are confused most are printed instead of a matrix, so many; and no class by itself. */
const MATRIX_CLASSES = 20;
const PAIRS = 20;
const LISTED_CLASSES = 100;

const two = (x: number) => x.toFixed(2);

/** What scikit-learn's classification_report prints, the confusion matrix (or what is confused most), and three coefficients. */
export function classificationTable(it: Classification, accuracy: number, nameOf: NameOf): string {
  const { perClass, macro, weighted, balancedAccuracy, matthews, kappa } = it;
  const rows = perClass.reduce((sum, { support }) => sum + support, 0);
  const cells = ({ precision, recall, f1 }: Average) => [two(precision), two(recall), two(f1)];
  const listed = perClass.length <= LISTED_CLASSES ? perClass : [];
  const report = columns([
    ["", "precision", "recall", "f1-score", "support"],
    ...listed.map(({ label, support, ...figures }) => [nameOf(label), ...cells(figures), String(support)]),
    ["accuracy", "", "", two(accuracy), String(rows)],
    ["macro avg", ...cells(macro), String(rows)],
    ["weighted avg", ...cells(weighted), String(rows)],
  ]);
  const coefficients = columns([
    ["balanced accuracy", balancedAccuracy.toFixed(4)],
    ["Matthews", matthews.toFixed(4)],
    ["Cohen's kappa", kappa.toFixed(4)],
  ]);
  return [report, perClass.length <= MATRIX_CLASSES ? matrix(it, nameOf) : mostConfused(it, nameOf), coefficients].join(
    "\n",
  );
}

function matrix({ confusion, perClass }: Classification, nameOf: NameOf): string {
  const labels = perClass.map(({ label }) => label);
  const hasNone = confusion.some(({ predicted }) => predicted < 0);
  const predictions = hasNone ? [...labels, -1] : labels;
  const counts = new Map(confusion.map(({ label, predicted, count }) => [`${label} ${predicted}`, count]));
  return columns([
    ["label \\ predicted", ...predictions.map((predicted) => (predicted < 0 ? "none" : nameOf(predicted)))],
    ...labels.map((label) => [
      nameOf(label),
      ...predictions.map((predicted) => String(counts.get(`${label} ${predicted}`) ?? 0)),
    ]),
  ]);
}

function mostConfused({ confusion, perClass }: Classification, nameOf: NameOf): string {
  const supports = new Map(perClass.map(({ label, support }) => [label, support]));
  const wrong = confusion.filter(({ label, predicted }) => label !== predicted);
  const first = wrong
    .sort((a, b) => b.count - a.count || a.label - b.label || a.predicted - b.predicted)
    .slice(0, PAIRS);
  return columns([
    ["label", "predicted as", "rows", "of the label's"],
    ...first.map(({ label, predicted, count }) => [
      nameOf(label),
      predicted < 0 ? "none" : nameOf(predicted),
      String(count),
      `${((100 * count) / (supports.get(label) ?? count)).toFixed(2)} %`,
    ]),
  ]);
}
