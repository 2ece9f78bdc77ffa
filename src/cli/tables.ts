import type { Coverage } from "../evaluate/coverage.ts";
import type { Evaluation } from "../evaluate/evaluation.ts";
import { worse } from "../evaluate/highest.ts";
import type { Regression } from "../evaluate/regression.ts";
import type { MeanLoss } from "../evaluate/standardError.ts";
import { classificationTable, type NameOf } from "./classificationTable.ts";
import { columns, compact, oneLine, table } from "./text.ts";
import type { WorstRow } from "./worst.ts";

/** What computed, and how fast. */
export interface Run {
  readonly backend: string;
  readonly threads: number;
  readonly relaxed: boolean;
  readonly notes: readonly string[];
  readonly perSecond: number;
}

export type Line = readonly [name: string, value: string];

export function digits(value: number, significant = 7): string {
  return Number(value.toPrecision(significant)).toString();
}

export const percent = (share: number, decimals = 2) => `${(100 * share).toFixed(decimals)} %`;

/** The points of the top-k curve. */
const CURVE = [1, 2, 3, 4, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000];

/** The k that are counted where none are asked for: of the curve, as far as there are classes. */
export function defaultTops(classes: number): number[] {
  return CURVE.filter((k) => k <= classes);
}

/** The k of the table: all that were asked for, as far as there are classes; of the curve those that people ask for. */
function shownTops({ topK, classes }: Evaluation): string[] {
  const all = Object.keys(topK).filter((k) => k !== "1" && Number(k) <= classes);
  const isCurve = Object.keys(topK).join() === defaultTops(classes).join();
  return isCurve ? all.filter((k) => k === "5" || k === "10") : all;
}

export function rowsText({ rows, counted }: Pick<Evaluation, "rows" | "counted">): string {
  return rows === counted ? String(rows) : `${rows} (${counted} counted, ${rows - counted} ignored)`;
}

/** Rows whose loss is NaN, and why; nothing where there are none. */
export function nonFiniteText({ nonFinite }: Evaluation): string {
  const { nan, positiveInfinity, allNegativeInfinity } = nonFinite;
  const parts = [
    [nan, "with NaN"],
    [positiveInfinity, "with +Infinity"],
    [allNegativeInfinity, "of -Infinity alone"],
  ] as const;
  return parts.flatMap(([n, what]) => (n === 0 ? [] : [`${n} ${what}`])).join(", ");
}

/** What computed, and how fast: `unit` are what was read. */
export function runLines(run: Run | undefined, unit: string): Line[] {
  if (run === undefined) return [];
  const { backend, relaxed, threads } = run;
  return [
    ["backend", [backend, ...(relaxed ? ["relaxed"] : []), ...(threads > 1 ? [`${threads} threads`] : [])].join(", ")],
    ...run.notes.map((note): Line => ["note", note]),
    ["speed", `${compact(run.perSecond)} ${unit}/s`],
  ];
}

export const range = (ends: readonly number[], text: (x: number) => string) => ends.map((x) => text(x)).join(" to ");

export function calibrationText({ calibration }: Pick<Evaluation, "calibration">): string {
  const { expectedError, maximalError, rootMeanSquareError } = calibration;
  return `${percent(expectedError)} (maximal ${percent(maximalError)}, root mean square ${percent(rootMeanSquareError)})`;
}

const optional = (name: string, value: number | undefined, significant?: number): Line[] =>
  value === undefined ? [] : [[name, digits(value, significant)]];

/** Figures of two classes by the order of their scores. */
export function rankingLines({ ranking }: Pick<Evaluation, "ranking">): Line[] {
  if (ranking === undefined) return [];
  const { auroc, aurocBound, averagePrecision, averagePrecisionInterval } = ranking;
  return [
    ["AUROC", `${digits(auroc)} (within ${digits(aurocBound, 2)})`],
    ["average precision", `${digits(averagePrecision)} (${range(averagePrecisionInterval, (x) => digits(x, 6))})`],
  ];
}

function temperatureLines({ temperature }: Evaluation): Line[] {
  if (temperature === undefined) return [];
  const { best, bracket, lossBefore, lossAfter } = temperature;
  return [
    ["best temperature", `${digits(best, 5)} (${range(bracket, (x) => digits(x, 4))})`],
    ["loss at that", `${digits(lossAfter)} nats, ${digits(lossBefore)} before`],
  ];
}

/** A mean loss, and how certain it is. */
export function lossLines({ mean, standardError, clusteredStandardError, interval }: MeanLoss): Line[] {
  return [
    ["loss", `${digits(mean)} nats (mean)`],
    ["standard error", `${digits(standardError, 3)} (95 %: ${range(interval, (x) => digits(x, 6))})`],
    ...optional("clustered error", clusteredStandardError, 3),
  ];
}

/** Every figure of an evaluation, a line each. */
export function evaluationLines(it: Evaluation, run?: Run): Line[] {
  const nonFinite = nonFiniteText(it);
  return [
    ...lossLines(it.loss),
    ["perplexity", `${digits(it.perplexity)} ± ${digits(it.perplexityError, 3)}`],
    ["bits per row", digits(it.bitsPerRow)],
    ...optional("bits per byte", it.bitsPerByte),
    ...optional("byte perplexity", it.bytePerplexity),
    ...optional("word perplexity", it.wordPerplexity),
    ["accuracy", `${percent(it.accuracy)} (95 %: ${range(it.accuracyInterval, percent)})`],
    ...shownTops(it).map((k): Line => [`top-${k}`, percent(it.topK[Number(k)])]),
    ["reciprocal rank", `${digits(it.meanReciprocalRank)} (mean)`],
    ["entropy", `${digits(it.entropy)} nats (mean)`],
    ["Brier score", digits(it.brier)],
    ["calibration error", calibrationText(it)],
    ...rankingLines(it),
    ...temperatureLines(it),
    ["rows", rowsText(it)],
    ...(nonFinite === "" ? [] : [["not finite", nonFinite] as const]),
    ["classes", String(it.classes)],
    ...runLines(run, "logits"),
  ];
}

/** The worst rows as cells of text, the columns' names first. */
export function worstCells(worst: readonly WorstRow[]): string[][] {
  const isOfSequences = worst.some(({ sequence }) => sequence !== undefined);
  const places = isOfSequences ? (["sequence", "position"] as const) : (["row"] as const);
  const text = (value: number | null | undefined) => (value === null || value === undefined ? "-" : String(value));
  return [
    [...places, "label", "predicted", "rank", "loss"],
    ...worst.map((it) => [
      ...[...places, "label" as const, "predicted" as const, "rank" as const].map((key) => text(it[key])),
      digits(it.loss),
    ]),
  ];
}

/** Of more than twice as many classes so many of the highest loss are printed, and so many of the lowest. */
const SHOWN_CLASSES = 20;

/** Percentiles of the loss, where they were asked for. */
export function percentileLists({ lossPercentiles }: Evaluation): string[] {
  if (lossPercentiles === undefined) return [];
  // keys that are integers come first: in the order of their numbers
  const all = Object.entries(lossPercentiles).sort(([a], [b]) => Number(a) - Number(b));
  return [
    columns([
      ["percentile", "loss", "within"],
      ...all.map(([percent, { value, bound }]) => [percent, digits(value), digits(bound, 2)]),
    ]),
  ];
}

/** The table of what is confused, where it was asked for. */
export function classificationLists({ classification, accuracy }: Evaluation, nameOf: NameOf): string[] {
  return classification === undefined ? [] : [classificationTable(classification, accuracy, nameOf)];
}

/** The classes that occur, in the same way: all of them by their number, or those at either end by their loss. */
export function classCells({ perClass = [] }: Evaluation, nameOf: NameOf = String): string[][] {
  const cellsOf = (classes: typeof perClass) =>
    classes.map(({ label, count, loss, accuracy }) => [nameOf(label), String(count), digits(loss), percent(accuracy)]);
  const head = ["class", "rows", "loss", "accuracy"];
  if (perClass.length <= 2 * SHOWN_CLASSES) return [head, ...cellsOf(perClass)];
  const sorted = [...perClass].sort((a, b) => (worse(a.loss, b.loss) ? -1 : worse(b.loss, a.loss) ? 1 : 0));
  const [highest, lowest] = [sorted.slice(0, SHOWN_CLASSES), sorted.slice(-SHOWN_CLASSES)];
  return [head, ...cellsOf(highest), head.map(() => "..."), ...cellsOf(lowest)];
}

/** What a state holds of each of its files. */
export function coverageLines(coverage: Coverage): Line[] {
  return (coverage ?? []).map(({ name, total, rows }): Line => {
    const stretches = rows.map(([first, last]) => `${first}..${last}`).join(", ");
    return ["holds", `rows ${stretches || "none"} of ${total} of ${oneLine(name)}`];
  });
}

/** The figures, what a state holds, and further tables below them. */
export function evaluationTable(
  it: Evaluation,
  run?: Run,
  lists: readonly string[] = [],
  coverage: Coverage = null,
): string {
  return [table([...evaluationLines(it, run), ...coverageLines(coverage)]), ...lists].join("\n");
}

/** How certain the mean square error is, where that was asked for. */
function clusteredLines({ clusteredStandardError: error, interval }: Regression): Line[] {
  if (error === undefined || interval === undefined) return [];
  return [["clustered error", `${digits(error, 3)} of mse (95 %: ${range(interval, (x) => digits(x, 6))})`]];
}

/** Every figure of a regression, a line each. */
export function regressionLines(it: Regression): Line[] {
  return [
    ["mse", digits(it.mse)],
    ["rmse", digits(it.rmse)],
    ...clusteredLines(it),
    ["mae", digits(it.mae)],
    ["maximum error", digits(it.maximumError)],
    ["mape", digits(it.mape)],
    ["R2", digits(it.r2)],
    ["elements", rowsText({ rows: it.elements, counted: it.count })],
  ];
}

export function regressionTable(it: Regression, run?: Run): string {
  return table([...regressionLines(it), ...runLines(run, "elements")]);
}
