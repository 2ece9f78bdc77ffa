import type { Cell as Counted } from "../../evaluate/confusion.ts";
import type { PrintedEvaluation } from "../printable.ts";
import { digits, percent } from "../tables.ts";
import type { Cell, Panel } from "./panel.ts";
import { grouped } from "./words.ts";

/** Of more classes, the pairs that are confused most often are listed instead. */
const MOST_SQUARED = 30;
const MOST_PAIRS = 30;

const nameOf = (predicted: number) => (predicted < 0 ? "NaN" : String(predicted));

/** Rows of one label by their predictions, each on a ground by its share of them. */
function square(cells: readonly Counted[], numbers: readonly number[]): Panel {
  const predictions = cells.some(({ predicted }) => predicted < 0) ? [...numbers, -1] : numbers;
  const counts = new Map(cells.map(({ label, predicted, count }) => [`${label} ${predicted}`, count]));
  const rows = numbers.map((label) => {
    const found = predictions.map((predicted) => counts.get(`${label} ${predicted}`) ?? 0);
    const all = found.reduce((sum, n) => sum + n, 0);
    return [
      String(label),
      ...found.map((n): Cell => ({ text: n === 0 ? "" : grouped(n), heat: n / Math.max(1, all) })),
    ];
  });
  return {
    id: "confusion-panel",
    title: "Which classes are taken for which",
    note: "Rows of each label, by prediction; the ground is the stronger the larger their share of the label's rows is.",
    charts: [],
    table: { head: ["label", ...predictions.map(nameOf)], rows },
  };
}

function pairs(cells: readonly Counted[]): Panel {
  const wrong = cells.filter(({ label, predicted }) => label !== predicted);
  const most = [...wrong].sort((a, b) => b.count - a.count).slice(0, MOST_PAIRS);
  return {
    id: "confusion-panel",
    title: "Which classes are taken for which",
    note: "The pairs that are confused most often.",
    charts: [],
    table: {
      head: ["label", "prediction", "rows"],
      rows: most.map(({ label, predicted, count }) => [
        String(label),
        nameOf(predicted),
        { text: grouped(count), share: count / most[0].count },
      ]),
    },
  };
}

/** What is confused, where it was asked for. */
export function confusion({ classification }: PrintedEvaluation): Panel | undefined {
  if (classification === undefined || classification.confusion.length === 0) return undefined;
  const { confusion: cells, perClass } = classification;
  return perClass.length > MOST_SQUARED
    ? pairs(cells)
    : square(
        cells,
        perClass.map(({ label }) => label),
      );
}

/** Precision, recall and F1 of each class. */
export function precisions({ classification }: PrintedEvaluation): Panel | undefined {
  if (classification === undefined || classification.perClass.length > MOST_SQUARED) return undefined;
  const share = (x: number): Cell => ({ text: percent(x, 1), share: x });
  return {
    id: "precision-panel",
    title: "Precision and recall of each class",
    note: "Precision is the share of right ones of what is taken for the class, recall that of the class's rows.",
    charts: [],
    table: {
      head: ["class", "rows", "precision", "recall", "F1"],
      rows: classification.perClass.map(({ label, support, precision, recall, f1 }) => [
        String(label),
        grouped(support),
        share(precision),
        share(recall),
        share(f1),
      ]),
    },
  };
}

/** Losses that so many percent of the rows are not above, where they were asked for. */
export function percentiles({ lossPercentiles }: PrintedEvaluation): Panel | undefined {
  if (lossPercentiles === undefined) return undefined;
  const all = Object.entries(lossPercentiles).sort(([a], [b]) => Number(a) - Number(b));
  const values = all.map(([, { value }]) => value);
  const most = Math.max(...values.filter(Number.isFinite), Number.MIN_VALUE);
  return {
    id: "percentiles-panel",
    title: "Percentiles of the loss",
    note: "So many percent of the rows have a loss that is not higher; it is off by the last column at most.",
    charts: [],
    table: {
      head: ["percent", "loss (nats)", "within"],
      rows: all.map(([percentage, { value, bound }]) => [
        percentage,
        { text: digits(value, 4), share: Number.isNaN(value) ? 0 : Math.min(1, value / most) },
        digits(bound, 2),
      ]),
    },
  };
}
