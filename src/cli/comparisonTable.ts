import type { ChangedRow, Comparison, Spread, Uncertain } from "../evaluate/comparison/comparison.ts";
import type { Coverage } from "../evaluate/coverage.ts";
import { coverageLines, digits, type Line, percent, type Run, runLines } from "./tables.ts";
import { columns, table } from "./text.ts";

function plusMinus({ value, error, clusteredError }: Uncertain): string {
  const clustered = clusteredError === undefined ? "" : ` (clustered ± ${digits(clusteredError, 3)})`;
  return `${digits(value)} ± ${digits(error, 3)}${clustered}`;
}
const percentPoints = (x: number) => `${digits(100 * x, 4)} %`;
const plusMinusPercent = ({ value, error }: Uncertain) => `${digits(100 * value, 4)} ± ${digits(100 * error, 3)} %`;

/** Ends and percentiles, the largest first, as llama.cpp lists them. */
function spreadLines(name: string, { maximum, minimum, percentiles }: Spread, text: (x: number) => string): Line[] {
  const all = Object.entries(percentiles).sort(([a], [b]) => Number(b) - Number(a));
  return [
    [`Maximum ${name}`, text(maximum)],
    ...all.map(([at, { value }]): Line => [at === "50" ? `Median ${name}` : `${at}% ${name}`, text(value)]),
    [`Minimum ${name}`, text(minimum)],
  ];
}

/** Every figure of a comparison, a line each, by the names that llama.cpp prints: Q is the model that is compared. */
export function comparisonLines(it: Comparison): Line[] {
  const lines: Line[] = [];
  if (it.base && it.other) {
    lines.push(
      ["Mean PPL(Q)", plusMinus(it.other.perplexity)],
      ["Mean PPL(base)", plusMinus(it.base.perplexity)],
      ["Cor(ln(PPL(Q)), ln(PPL(base)))", percent(it.correlation!)],
      ["Mean ln(PPL(Q)/PPL(base))", plusMinus(it.logPerplexityRatio!)],
      ["Mean PPL(Q)/PPL(base)", plusMinus(it.perplexityRatio!)],
      ["Mean PPL(Q)-PPL(base)", plusMinus(it.perplexityDifference!)],
    );
  }
  lines.push(["Mean KLD", plusMinus(it.divergence.mean)]);
  lines.push(...spreadLines("KLD", it.divergence, (x) => digits(x, 5)));
  if (it.probabilityChange) {
    lines.push(["Mean Δp", plusMinusPercent(it.probabilityChange.mean)]);
    lines.push(...spreadLines("Δp", it.probabilityChange, percentPoints));
    lines.push(["RMS Δp", plusMinusPercent(it.probabilityChange.rootMeanSquare)]);
  }
  lines.push(["Same top p", plusMinusPercent(it.sameTop)]);
  if (it.agreement && it.mcnemar && it.base && it.other) {
    const { both, onlyBase, onlyOther, neither } = it.agreement;
    const { pValue, statistic } = it.mcnemar;
    const how = statistic === undefined ? "exact" : `chi square ${digits(statistic, 5)}`;
    lines.push(
      ["accuracy", `${percent(it.other.accuracy)}, of the base ${percent(it.base.accuracy)}`],
      ["right", `both ${both}, only the base ${onlyBase}, only Q ${onlyOther}, neither ${neither}`],
      ["McNemar", `p = ${digits(pValue, 4)} (${how})`],
    );
  }
  const ignored = it.rows - it.counted;
  lines.push(["rows", ignored === 0 ? String(it.rows) : `${it.rows} (${it.counted} counted, ${ignored} ignored)`]);
  if (it.nonFinite > 0) lines.push(["not finite", `${it.nonFinite} rows`]);
  lines.push(["classes", String(it.classes)]);
  return lines;
}

/** Rows of a list as cells of text, the columns' names first. */
export function changedCells(rows: readonly ChangedRow[]): string[][] {
  const class_ = (n: number) => (n < 0 ? "-" : String(n));
  const isOfSequences = rows.some(({ sequence }) => sequence !== undefined);
  const places = isOfSequences ? (["sequence", "position"] as const) : (["row"] as const);
  return [
    [...places, "label", "base", "Q", "loss of base", "loss of Q", "difference"],
    ...rows.map(({ label, basePredicted, otherPredicted, baseLoss, otherLoss, ...place }) => [
      ...places.map((key) => String(place[key] ?? "-")),
      String(label),
      class_(basePredicted),
      class_(otherPredicted),
      digits(baseLoss),
      digits(otherLoss),
      digits(otherLoss - baseLoss, 5),
    ]),
  ];
}

/** The figures, what a state holds, and the rows whose losses changed most. */
export function comparisonTable(it: Comparison, run?: Run, coverage: Coverage = null): string {
  const lists = [
    ["the loss grew most", it.worse],
    ["the loss fell most", it.better],
  ] as const;
  const lines = [...comparisonLines(it), ...runLines(run, "logits"), ...coverageLines(coverage)];
  return [
    table(lines),
    ...lists.flatMap(([title, rows = []]) => (rows.length === 0 ? [] : [`${title}\n${columns(changedCells(rows))}`])),
  ].join("\n");
}
